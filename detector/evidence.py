"""Evidence beside the alerts: what each rests on, and the sound itself."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import soundfile

from detector.alert import Alert, alert_to_record, describe_fire
from detector.choices import name_of
from detector.detect import DetectionResult, detect
from detector.fix import Fix
from detector.incident import Incident
from detector.influence import Shift
from detector.options import Detector
from detector.packet import close_packet, write_inputs
from detector.packet_record import FORMAT
from detector.pulse import Pulses
from detector.recording import Recording, read_clip
from detector.site import Site

AROUND_S = (0.5, 1.5)  # sound kept before the first pulse of a station and after its last
WHOLE = 20_000  # recordings with at most so many pulses go whole into each packet
CONTEXT_S = 120.0  # of longer ones, what was heard so long before and after
Row = dict[str, object]


def write_evidence(
    result: DetectionResult, options: Detector, folder: Path, recording: Recording | None = None
) -> tuple[Alert, ...]:
    """Write `evidence/ID/` for each alert.

    Parameters
    ----------
    result : DetectionResult
    options : Detector
        Those that gave it.
    folder : Path
        Where `alerts.jsonl` lies or will lie.
    recording : Recording, optional
        Without it no sound is kept.

    Returns
    -------
    tuple of Alert
        The alerts, each naming its folder (`detector.packet`): `packet.json` with the pulses used and rejected, their
        residuals, how far each sensor pulls the place, other places considered, all options and the sensors in
        trouble; what was heard around it; and for every station that heard it `STATION.flac`, the first channel
        around its pulses. `detector.replay` computes the same alert from it.
    """
    named = []
    taken = {
        int(p): alert.id for alert, i in zip(result.alerts, result.incidents, strict=True) for p in i.pulse
    }
    for alert, incident, fix in zip(result.alerts, result.incidents, result.fixes, strict=True):
        alert = replace(alert, evidence=f"evidence/{alert.id}/")  # noqa: PLW2901 - the same alert, with its folder
        place = folder / "evidence" / alert.id
        place.mkdir(parents=True)
        heard = _choose_context(result, options, alert, incident)
        write_inputs(result.site, heard, place)
        packet: Row = {
            "format": FORMAT,
            "alert": alert_to_record(alert),
            "fire": describe_fire(alert),
            "detector": name_of(options),
            "options": asdict(options),  # pyright: ignore[reportArgumentType] - every detector is a dataclass of options
            "sensor_health": [asdict(trouble) for trouble in result.troubles],
            "pulses_heard": len(heard),
            "pulses_heard_in_all": len(result.pulses),
            "pulses_used": _list_used(result.site, result.pulses, incident, fix),
            "pulses_rejected": _list_rejected(result.site, result.pulses, incident, alert.id, taken),
            "left_out": _list_left_out(options.leave_each_out(result.site, result.pulses, incident, fix)),
            "other_places": [
                {"position_m": rival.position_m, "log_odds": rival.log_odds} for rival in incident.rivals
            ],
            "clips": _write_clips(recording, result.pulses, incident, place) if recording else [],
        }
        close_packet(packet, place)
        named.append(alert)
    return tuple(named)


def _choose_context(result: DetectionResult, options: Detector, alert: Alert, incident: Incident) -> Pulses:
    """Return the pulses from which this alert follows again, digit by digit.

    All of them where they are few; else those around the alert, widened until detecting among them alone gives it.
    """
    pulses = result.pulses
    times = pulses.time_s[incident.pulse]
    around_s = CONTEXT_S
    while len(pulses) > WHOLE:
        near = (pulses.time_s >= times.min() - around_s) & (pulses.time_s <= times.max() + around_s)
        if near.all():
            break
        part = Pulses(**{name: column[near] for name, column in vars(pulses).items()})
        if any(other.id == alert.id for other in detect(result.site, part, options).alerts):
            return part
        around_s *= 4.0
    return pulses


def _list_left_out(shifts: dict[str, Shift]) -> list[Row]:
    """List how the place moves without each sensor, m."""
    return [
        {"sensor": name, "shift_m": None if shift is None else [round(v, 2) for v in shift]}
        for name, shift in shifts.items()
    ]


def _list_used(site: Site, pulses: Pulses, incident: Incident, fix: Fix) -> list[Row]:
    return [
        _describe(site, pulses, int(p)) | {"round": int(r), "residual_s": round(float(residual), 6)}
        for p, r, residual in zip(incident.pulse, incident.round, fix.residuals_s, strict=True)
    ]


def _list_rejected(
    site: Site, pulses: Pulses, incident: Incident, name: str, taken: dict[int, str]
) -> list[Row]:
    """List the other pulses of the same time, each with the reason why it was not used."""
    times = pulses.time_s[incident.pulse]
    near = (pulses.time_s >= times.min() - AROUND_S[0]) & (pulses.time_s <= times.max() + AROUND_S[1])
    rows = []
    for p in np.flatnonzero(near):
        owner = taken.get(int(p))
        if owner != name:
            reason = "no direct sound of any incident" if owner is None else f"direct sound of alert {owner}"
            rows.append(_describe(site, pulses, int(p)) | {"reason": reason})
    return rows


def _describe(site: Site, pulses: Pulses, p: int) -> Row:
    def number(value: float, digits: int) -> float | None:
        return round(float(value), digits) if np.isfinite(value) else None

    return {
        "sensor": site.stations[pulses.station[p]].id,
        "time_s": number(pulses.time_s[p], 6),
        "sigma_s": number(pulses.sigma_s[p], 6),
        "level_db": number(pulses.level_db[p], 2),
        "snr_db": number(pulses.snr_db[p], 2),
        "clipped": bool(pulses.clipped[p]),
    }


def _write_clips(recording: Recording, pulses: Pulses, incident: Incident, place: Path) -> list[Row]:
    rows: list[Row] = []
    for station in np.unique(pulses.station[incident.pulse]):
        times = pulses.time_s[incident.pulse][pulses.station[incident.pulse] == station]
        start_s, samples = read_clip(
            recording, int(station), times.min() - AROUND_S[0], times.max() + AROUND_S[1]
        )
        if not samples.shape[1]:
            continue
        record = recording.site.stations[station]
        file = f"{record.id}.flac"
        soundfile.write(place / file, samples[0], round(record.rate_hz), subtype="PCM_24")
        rows.append({"sensor": record.id, "file": file, "start_s": round(start_s, 6)})
    return rows
