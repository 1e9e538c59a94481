"""One live-fire test through the detector, as one process does it."""

import json
import tempfile
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from detector.alert import alert_to_record, sort_alerts
from detector.detect import detect
from detector.options import Detector
from detector.pulse import Pulses
from detector.recording import open_recording
from detector.site import Site
from scenes.streams import draw_stream
from testbed.cause import Workings
from testbed.command_detector import CommandDetector, run_command
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey, keep_off_edges, pulse_network, write_audio_network
from testbed.workings import workings_of

Source = Literal["audio", "pulses"]


@dataclass(frozen=True, eq=False)
class Night:
    """What the detector said of one test with one set of sensors.

    Attributes
    ----------
    draw : int
        Which set of sensors.
    sensors : tuple of str
        Those that the detector was given.
    alerts : tuple of dict
        Lines of `alerts.jsonl`.
    workings : Workings or None
        None for an own program.
    """

    draw: int
    sensors: tuple[str, ...]
    alerts: tuple[Mapping[str, Any], ...]
    workings: Workings | None


def draw_sensors(
    test: LiveTest, source: Source, sensors_max: int | None, draws: int, seed: int
) -> list[tuple[str, ...]]:
    """Return the sets of sensors that a test is run with.

    Without `sensors_max`, all that reported a pulse (or recorded audio), once. With it, random subsets of those among
    them that the vendor selected in this test; where there are no more than `sensors_max`, all of them.
    """
    reporting = (
        {pulse.sensor for pulse in test.pulses} if source == "pulses" else {c.sensor for c in test.clips}
    )
    if sensors_max is None:
        return [tuple(sorted(reporting))]
    pool = sorted(reporting & set(test.selected_sensors))
    size = min(sensors_max, len(pool))
    return [
        tuple(
            sorted(
                draw_stream(seed, "field sensors", f"{test.key}/{draw}")
                .choice(pool, size, replace=False)
                .tolist()
            )
        )
        for draw in range(draws)
    ]


def hear_test(
    test: LiveTest,
    survey: Survey,
    source: Source,
    subsets: Sequence[tuple[str, ...]],
    detector: Detector | CommandDetector,
) -> list[Night]:
    """Run the detector on every subset of sensors; an own program on audio only.

    Raises
    ------
    BadInput
        When audio cannot be read, or an own program fails.
    """
    if isinstance(detector, CommandDetector):
        return [_ask(test, survey, sensors, detector, draw) for draw, sensors in enumerate(subsets)]
    everyone = sorted({sensor for subset in subsets for sensor in subset})
    ((site, pulses),) = hear_network(test, survey, source, everyone, [detector])
    return [listen(*_restrict(site, pulses, sensors), detector, draw) for draw, sensors in enumerate(subsets)]


def _ask(
    test: LiveTest, survey: Survey, sensors: tuple[str, ...], detector: CommandDetector, draw: int
) -> Night:
    """Let the user's own program hear the audio of the given sensors."""
    records: tuple[Mapping[str, Any], ...] = ()
    if sensors:
        with tempfile.TemporaryDirectory() as folder:
            write_audio_network(test, survey, sensors, Path(folder) / "recording")
            said = run_command(detector, Path(folder) / "recording")
        records = tuple(json.loads(line) for line in said.text.splitlines() if line.strip())
    return Night(draw, sensors, records, None)


def hear_network(
    test: LiveTest, survey: Survey, source: Source, sensors: Sequence[str], choices: Sequence[Detector]
) -> list[tuple[Site, Pulses]]:
    """Return what the given sensors hear with each detector; those that hear alike hear once.

    Audio is heard off the edges of masks.

    Raises
    ------
    BadInput
        When audio cannot be read.
    """
    if source == "pulses" or not sensors:
        return [pulse_network(test, survey, sensors)] * len(choices)
    heard: dict[Hashable, tuple[Site, Pulses]] = {}
    with tempfile.TemporaryDirectory() as folder:
        edges = write_audio_network(test, survey, sensors, Path(folder) / "recording")
        recording = open_recording(Path(folder) / "recording")
        for choice in choices:
            if choice.onset not in heard:
                heard[choice.onset] = (recording.site, keep_off_edges(choice.hear(recording), edges))
    return [heard[choice.onset] for choice in choices]


def listen(site: Site, pulses: Pulses, detector: Detector, draw: int = 0) -> Night:
    """Run the detector on what a network heard."""
    result = detect(site, pulses, detector)
    sensors = tuple(station.id for station in site.stations)
    records = tuple(alert_to_record(alert) for alert in sort_alerts(result.alerts))
    return Night(draw, sensors, records, workings_of(site, result))


def _restrict(site: Site, pulses: Pulses, sensors: Sequence[str]) -> tuple[Site, Pulses]:
    """Keep the given stations and their pulses."""
    kept = [i for i, station in enumerate(site.stations) if station.id in sensors]
    renumbered = np.full(len(site.stations), -1, dtype=np.int32)
    renumbered[kept] = np.arange(len(kept), dtype=np.int32)
    inside = renumbered[pulses.station] >= 0
    columns = {name: column[inside] for name, column in vars(pulses).items()}
    columns["station"] = renumbered[columns["station"]]
    return replace(site, stations=tuple(site.stations[i] for i in kept)), Pulses(**columns)
