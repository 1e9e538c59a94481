"""`echoblock listen`: the detector alone, on a recording folder or a pulse table."""

import sys
from dataclasses import replace
from pathlib import Path

import hydra
from omegaconf import DictConfig

from detector.alert import write_alerts, write_geojson
from detector.alert_csv import write_csv
from detector.cap import CapOptions, write_cap
from detector.delay_table import read_delay_table
from detector.detect import DetectionResult, detect, listen_recording
from detector.errors import BadInput
from detector.evidence import write_evidence
from detector.options import Detector
from detector.pulse_file import write_pulses
from detector.pulse_table import read_pulse_table
from detector.recording import Recording, open_recording
from detector.site import Site
from detector.site_file import read_site
from testbed.command_detector import CommandDetector, CommandResult, run_command
from testbed.config import ListenSettings
from testbed.config_groups import register
from testbed.job import perform
from testbed.progress import progress_bar

PRODUCTS = ("alerts.jsonl", "alerts.geojson", "alerts.csv", "cap", "evidence", "pulses.parquet")

SETTINGS = ListenSettings
register(SETTINGS, "listen")


def listen(settings: ListenSettings, folder: Path) -> DetectionResult:
    """Detect and write `alerts.jsonl`, `alerts.geojson`, `pulses.parquet` and `evidence/` into an existing folder.

    Parameters
    ----------
    settings : ListenSettings
    folder : Path

    Raises
    ------
    BadInput
        When what to hear is not said or cannot be read.
    """
    chosen = (settings.recording is not None, settings.pulses is not None, settings.site is not None)
    if chosen == (True, False, False) and settings.recording is not None:
        return listen_to_recording(
            settings.recording, settings.detector, settings.workers, folder, settings.cap, settings.delays
        )
    if settings.pulses is not None and settings.site is not None and settings.recording is None:
        site = _with_delays(read_site(settings.site), settings.delays)
        result = detect(site, read_pulse_table(settings.pulses, site), settings.detector)
        write_result(result, settings.detector, folder, settings.cap)
        return result
    raise BadInput("listen wants recording=DIR, or pulses=FILE with site=FILE")


def listen_with_command(
    recording: Path, detector: CommandDetector, folder: Path, delays: Path | None = None
) -> CommandResult:
    """Let the user's own program hear a recording folder; write its `alerts.jsonl` as it is.

    Raises
    ------
    BadInput
        When there are delays, which no own program is told; when the program fails.
    """
    if delays is not None:
        raise BadInput("detector=command is given the recording alone: no delays, no map_help")
    result = run_command(detector, recording)
    (folder / "alerts.jsonl").write_bytes(result.text)
    return result


def _with_delays(site: Site, delays: Path | None) -> Site:
    return site if delays is None else replace(site, detours=read_delay_table(delays, site))


def listen_to_recording(
    recording: Path,
    options: Detector,
    workers: int,
    folder: Path,
    cap: CapOptions,
    delays: Path | None = None,
) -> DetectionResult:
    """Detect in a recording folder; `run` hears its own recording through this too.

    Parameters
    ----------
    recording : Path
        With its `site.json`; nothing else is opened.
    options : Detector
    workers : int
        Changes the time, not the alerts.
    folder : Path
        Where to write; must exist.
    cap : CapOptions
        Of the messages, where the site has origin and epoch.
    delays : Path, optional
        What a map says of first arrivals.
    """
    heard = open_recording(recording)
    heard = replace(heard, site=_with_delays(heard.site, delays))
    with progress_bar("listening", "station") as progress:
        result = listen_recording(heard, options, workers, progress)
    write_result(result, options, folder, cap, heard)
    return result


def write_result(
    result: DetectionResult,
    options: Detector,
    folder: Path,
    cap: CapOptions,
    recording: Recording | None = None,
) -> None:
    """Write alerts and evidence; `alerts.geojson` where the site has an origin, `cap/` where it has an epoch too."""
    (folder / "evidence").mkdir()
    alerts = write_evidence(result, options, folder, recording)
    write_alerts(alerts, folder / "alerts.jsonl")
    write_csv(alerts, folder / "alerts.csv")
    write_pulses(result.site, result.pulses, options.belief, folder / "pulses.parquet")
    site = result.site
    if site.origin is not None:
        write_geojson(alerts, site, folder / "alerts.geojson")
    if site.origin is not None and site.epoch_utc is not None:
        (folder / "cap").mkdir()
        for alert in alerts:
            write_cap(alert, site, cap, folder / "cap" / f"{alert.id}.xml")


def _listen_and_tell(settings: ListenSettings, folder: Path) -> None:
    if isinstance(settings.detector, CommandDetector):
        if settings.recording is None or settings.pulses is not None or settings.site is not None:
            raise BadInput("detector=command hears a recording folder: it wants recording=DIR alone")
        said = listen_with_command(settings.recording, settings.detector, folder, settings.delays)
        sys.stdout.write(f"{len(said.alerts)} alerts\n")
        return
    result = listen(settings, folder)
    sys.stdout.write(f"{len(result.pulses)} pulses, {len(result.alerts)} alerts\n")
    for trouble in result.troubles:
        sys.stdout.write(f"  sensor {trouble.sensor}: {trouble.kind}, {trouble.detail}; left out\n")
    for alert in result.alerts:
        x, y = alert.position_m[:2]
        second = alert.with_history
        history = "" if second is None else f", {second.belief.call} with location history"
        sys.stdout.write(
            f"  {alert.time_s:9.3f} s  {x:8.1f} east {y:8.1f} north  {alert.call:9s}  "
            f"{alert.rounds} rounds{history}\n"
        )


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="listen")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, _listen_and_tell, PRODUCTS)
