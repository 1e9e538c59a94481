"""What happened, as the judge reads it: `truth.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.json_checks import (
    Mistakes,
    is_number,
    is_numbers,
    load_json,
    note_repeats,
    raise_noted,
    take_number,
    take_text,
)

FORMAT = "echoblock-truth/1"


@dataclass(frozen=True)
class Hearing:
    """The first arrival of one event at one sensor.

    Attributes
    ----------
    time_s : float
        True time of the first arrival, s after the epoch (not the sensor's clock).
    level_db : float
        Peak level, dB re 20 uPa.
    path : str
        What the first arrival met ("direct", "reflected", "corner", ...).
    clipped : bool
    """

    time_s: float
    level_db: float
    path: str
    clipped: bool = False


@dataclass(frozen=True)
class TruthEvent:
    """One bang: the same fields as `scenes.event.Event`, and who heard it.

    `heard` maps sensor ids to `Hearing`; None where the truth does not tell (a foreign or a surveyed truth).
    """

    id: str
    incident: str
    kind: str
    time_s: float
    position_m: tuple[float, float, float]
    traits: Mapping[str, float | str | bool] = field(default_factory=dict)
    heard: Mapping[str, Hearing] | None = None


@dataclass(frozen=True)
class Watch:
    """What was watched: optional in the file, needed for rates per area and day.

    Attributes
    ----------
    duration_s : float or None
        How long the network listened, s.
    bounds_m : tuple (west, south, east, north) or None
        The area that it covers, m.
    sensors_m : mapping of id to (x, y, z)
        TRUE positions, m.
    noise_db_rms : float or None
        Broadband level of the street noise, dB re 20 uPa rms.
    stated_area_km2 : float or None
        Area where no bounds are known, or other than theirs; not in the file.
    """

    duration_s: float | None = None
    bounds_m: tuple[float, float, float, float] | None = None
    sensors_m: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    noise_db_rms: float | None = None
    stated_area_km2: float | None = None

    @property
    def area_km2(self) -> float | None:
        """Area as stated, else within the bounds, km2."""
        if self.bounds_m is None or self.stated_area_km2 is not None:
            return self.stated_area_km2
        west, south, east, north = self.bounds_m
        return (east - west) * (north - south) / 1e6


@dataclass(frozen=True)
class Truth:
    """Events in time order, and what was watched."""

    events: tuple[TruthEvent, ...]
    watch: Watch = field(default_factory=Watch)


def write_truth(truth: Truth, path: Path) -> None:
    """Write `truth.json`, events in time order; the file appears whole or not at all."""
    events = sorted(truth.events, key=lambda e: (e.time_s, e.id))
    content = {
        "format": FORMAT,
        "watch": {
            "duration_s": truth.watch.duration_s,
            "bounds_m": truth.watch.bounds_m,
            "sensors_m": dict(truth.watch.sensors_m),
            "noise_db_rms": truth.watch.noise_db_rms,
        },
        "events": [_event_record(event) for event in events],
    }
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _event_record(event: TruthEvent) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": event.id,
        "incident": event.incident,
        "kind": event.kind,
        "time_s": event.time_s,
        "position_m": event.position_m,
        "traits": dict(event.traits),
    }
    if event.heard is not None:
        record["heard"] = {station: vars(hearing) for station, hearing in event.heard.items()}
    return record


def read_truth(path: Path) -> Truth:
    """Read and check `truth.json`.

    Raises
    ------
    BadInput
        One line for each mistake, all mistakes of the file at once.
    """
    content = load_json(path)
    mistakes: Mistakes = []
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        mistakes.append(f'{path}: must be an object with "format": "{FORMAT}"')
        raise_noted(mistakes)
    records = content.get("events")
    if not isinstance(records, list):
        mistakes.append(f"{path}: events must be a list")
        records = []
    events = [_parse_event(record, f"{path}: event {i}", mistakes) for i, record in enumerate(records)]
    note_repeats([event.id for event in events if event.id], "events", str(path), mistakes)
    watch = _parse_watch(content.get("watch"), f"{path}: watch", mistakes)
    raise_noted(mistakes)
    return Truth(tuple(sorted(events, key=lambda e: (e.time_s, e.id))), watch)


def _parse_event(record: Any, where: str, mistakes: Mistakes) -> TruthEvent:
    if not isinstance(record, dict):
        mistakes.append(f"{where}: must be an object")
        record = {}
    name = record.get("id")
    where = f"{where} ({name})" if isinstance(name, str) else where
    position = record.get("position_m")
    if not is_numbers(position, (3,)):
        mistakes.append(f"{where}: position_m must be three finite numbers, not {position!r}")
        position = [0.0, 0.0, 0.0]
    traits = record.get("traits", {})
    if not isinstance(traits, dict):
        mistakes.append(f"{where}: traits must be an object, not {traits!r}")
        traits = {}
    return TruthEvent(
        id=take_text(record, "id", where, mistakes),
        incident=take_text(record, "incident", where, mistakes),
        kind=take_text(record, "kind", where, mistakes),
        time_s=take_number(record, "time_s", where, mistakes),
        position_m=(float(position[0]), float(position[1]), float(position[2])),
        traits=traits,
        heard=_parse_heard(record.get("heard"), where, mistakes),
    )


def _parse_heard(record: Any, where: str, mistakes: Mistakes) -> dict[str, Hearing] | None:
    if record is None:
        return None
    if not isinstance(record, dict):
        mistakes.append(f"{where}: heard must map station ids to arrivals, not {record!r}")
        return None
    heard = {}
    for station, entry in record.items():
        place = f"{where}: heard {station}"
        if not isinstance(entry, dict):
            mistakes.append(f"{place}: must be an object")
            continue
        heard[station] = Hearing(
            time_s=take_number(entry, "time_s", place, mistakes),
            level_db=take_number(entry, "level_db", place, mistakes),
            path=take_text(entry, "path", place, mistakes),
            clipped=bool(entry.get("clipped", False)),
        )
    return heard


def _parse_watch(record: Any, where: str, mistakes: Mistakes) -> Watch:
    if record is None:
        return Watch()
    if not isinstance(record, dict):
        mistakes.append(f"{where}: must be an object")
        return Watch()
    duration, bounds, noise = (record.get(key) for key in ("duration_s", "bounds_m", "noise_db_rms"))
    sensors = record.get("sensors_m", {})
    if duration is not None and not (is_number(duration) and duration > 0.0):
        mistakes.append(f"{where}: duration_s must be above 0 or null, not {duration!r}")
    if noise is not None and not is_number(noise):
        mistakes.append(f"{where}: noise_db_rms must be a finite number or null, not {noise!r}")
    if bounds is not None and not (
        is_numbers(bounds, (4,)) and bounds[0] < bounds[2] and bounds[1] < bounds[3]
    ):
        mistakes.append(f"{where}: bounds_m must be [west, south, east, north] or null, not {bounds!r}")
    if not (isinstance(sensors, dict) and all(is_numbers(p, (3,)) for p in sensors.values())):
        mistakes.append(f"{where}: sensors_m must map ids to [x, y, z]")
    if mistakes:
        return Watch()
    west_to_north = None if bounds is None else (bounds[0], bounds[1], bounds[2], bounds[3])
    return Watch(duration, west_to_north, {k: (p[0], p[1], p[2]) for k, p in sensors.items()}, noise)
