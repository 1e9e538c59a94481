"""The public live-fire set: one folder a test, real gunshots, as its vendor published them.

The layout is that of "ShotSpotter Sample Live Fire Test Data" (Calhoun et al., arXiv 2108.07377). Its traps are met
here: pulses stored twice, selections that name pulses which are not there, tests without audio, selections with
fewer rounds than were fired, sensors whose audio carries a single satellite fix where their pulses carry an average.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scenes.errors import BadInput
from testbed.json_checks import Mistakes, raise_noted, take_number, take_text
from testbed.livefire_json import (
    NEVER,
    Point,
    find_clips,
    load_part,
    take_count,
    take_optional,
    take_point,
    take_time,
    take_wind,
)

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class LivePulse:
    """A pulse as its sensor reported it: time s after the test's epoch, place m, SNR dB, peak level dB SPL."""

    id: str
    sensor: str
    time_s: float
    position_m: Point
    position_error_m: float
    snr_db: float
    level_db: float


@dataclass(frozen=True)
class LiveClip:
    """A sensor's audio: file, time of its first sample s after the epoch, the single satellite fix it carries."""

    sensor: str
    file: Path
    start_s: float
    position_m: Point


@dataclass(frozen=True)
class LiveTest:
    """One test: one shooter at one place, one or more rounds.

    Attributes
    ----------
    name, position : str
        "test_001", "FP1". Every firing position has a frame of its own.
    epoch : datetime
        The whole UTC second before the first pulse.
    survey_m : tuple of float
        Where the shooter stood, m.
    rounds_fired : int
    firearm : str
    temperature_c : float
    wind_mps : tuple of float
        [east, north], where the air goes.
    pulses : tuple of LivePulse
        In time order, repeats removed.
    selections : tuple of tuple of LivePulse
        The pulses that the vendor used, by round; those of its list that are not there are skipped.
    clips : tuple of LiveClip
        By sensor.
    """

    name: str
    position: str
    epoch: datetime
    survey_m: Point
    rounds_fired: int
    firearm: str
    temperature_c: float
    wind_mps: tuple[float, float]
    pulses: tuple[LivePulse, ...]
    selections: tuple[tuple[LivePulse, ...], ...]
    clips: tuple[LiveClip, ...]

    @property
    def key(self) -> str:
        """Position and name, unique in the set."""
        return f"{self.position}/{self.name}"

    @property
    def selected_sensors(self) -> tuple[str, ...]:
        """Sensors that the vendor used in any round, sorted."""
        return tuple(sorted({pulse.sensor for selection in self.selections for pulse in selection}))


def find_tests(data: Path, positions: Sequence[str] = ()) -> tuple[Path, ...]:
    """Return the folders of all tests, sorted by position and name.

    Parameters
    ----------
    data : Path
        The set: `FPn/test_nnn/`.
    positions : sequence of str
        Firing positions to keep; empty for all.

    Raises
    ------
    BadInput
        When the folder, a position or every test is missing.
    """
    if not data.is_dir():
        msg = f"{data}: no such folder; data must name the folder that holds FP1, FP2, ..."
        raise BadInput(msg)
    known = sorted(
        folder.name for folder in data.iterdir() if folder.is_dir() and list(folder.glob("test_*/"))
    )
    if not known:
        msg = f"{data}: holds no FPn/test_nnn folders; it is not the live-fire set"
        raise BadInput(msg)
    strange = sorted(set(positions) - set(known))
    if strange:
        msg = f"{data}: no firing position {', '.join(strange)}; there are {', '.join(known)}"
        raise BadInput(msg)
    chosen = [name for name in known if not positions or name in positions]
    return tuple(test for name in chosen for test in sorted((data / name).glob("test_*/")))


def read_test(folder: Path) -> LiveTest:
    """Read one test's JSON files (audio is opened later).

    Raises
    ------
    BadInput
        One line a mistake: a file that is missing or malformed, a number out of range, audio without its JSON.
    """
    mistakes: Mistakes = []
    survey = load_part(folder, "survey", mistakes)
    weather = load_part(folder, "weather", mistakes)
    stamped = _parse_pulses(load_part(folder, "allpulses", mistakes, kind=list), "allpulses", mistakes)
    tuples = load_part(folder, "nlos-tuples", mistakes, kind=list)
    clips = find_clips(folder, mistakes)
    epoch = min((stamp for stamp, _ in stamped), default=NEVER).replace(microsecond=0)
    pulses = [replace(pulse, time_s=(stamp - epoch) / SECOND) for stamp, pulse in stamped]
    test = LiveTest(
        name=folder.name,
        position=folder.parent.name,
        epoch=epoch,
        survey_m=take_point(survey, "survey_location", "survey", mistakes),
        rounds_fired=take_count(survey, "num_rounds", "survey", mistakes),
        firearm=take_text(survey, "firearm", "survey", mistakes),
        temperature_c=take_number(weather, "temperature", "weather", mistakes),
        wind_mps=take_wind(weather, "weather", mistakes),
        pulses=_drop_repeats(pulses),
        selections=_select(tuples, pulses, "nlos-tuples", mistakes),
        clips=tuple(
            LiveClip(sensor, file, (stamp - epoch) / SECOND, at) for sensor, file, stamp, at in clips
        ),
    )
    raise_noted([f"{folder}: {line}" for line in mistakes])
    return test


def _parse_pulses(records: list[Any], where: str, mistakes: Mistakes) -> list[tuple[datetime, LivePulse]]:
    if not records and not mistakes:
        mistakes.append(f"{where}: lists no pulse")
    return [_parse_pulse(record, f"{where}[{i}]", mistakes) for i, record in enumerate(records)]


def _parse_pulse(record: Any, where: str, mistakes: Mistakes) -> tuple[datetime, LivePulse]:
    """Return the time stamp and the pulse, whose time is yet to be set."""
    if not isinstance(record, dict):
        mistakes.append(f"{where}: must be an object")
        record = {}
    pulse = LivePulse(
        id=take_text(record, "pulse_uuid", where, mistakes),
        sensor=take_text(record, "serial_number", where, mistakes),
        time_s=math.nan,
        position_m=take_point(record, "location", where, mistakes),
        position_error_m=take_optional(record, "location_error"),
        snr_db=take_optional(record, "signal_to_noise_dB"),
        level_db=take_optional(record, "power_dB_SPL"),
    )
    return take_time(record, "arrival_time_utc", where, mistakes), pulse


def _drop_repeats(pulses: Sequence[LivePulse]) -> tuple[LivePulse, ...]:
    """Keep one pulse a sensor and millisecond: some positions store each twice."""
    first: dict[tuple[str, float], LivePulse] = {}
    for pulse in sorted(pulses, key=lambda p: (p.time_s, p.sensor, p.id)):
        first.setdefault((pulse.sensor, pulse.time_s), pulse)
    return tuple(first.values())


def _select(
    tuples: Sequence[Any], pulses: Sequence[LivePulse], where: str, mistakes: Mistakes
) -> tuple[tuple[LivePulse, ...], ...]:
    known = {pulse.id: pulse for pulse in pulses}
    selections = []
    for i, record in enumerate(tuples):
        ids = record.get("pulse_uuids") if isinstance(record, dict) else None
        if not (isinstance(ids, list) and all(isinstance(name, str) for name in ids)):
            mistakes.append(f"{where}[{i}]: pulse_uuids must be a list of texts")
            continue
        selections.append(tuple(known[name] for name in ids if name in known))
    return tuple(selections)
