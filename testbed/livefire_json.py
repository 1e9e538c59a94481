"""The JSON of the live-fire set, piece by piece; mistakes are noted with the words that say where."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from scenes.errors import BadInput
from testbed.json_checks import Mistakes, is_number, load_json, note_repeats, take_number, take_text

AUDIO_SUFFIXES = (".flac", ".wav")
NEVER = datetime.min.replace(tzinfo=UTC)
Point = tuple[float, float, float]


def load_part(folder: Path, part: str, mistakes: Mistakes, kind: type = dict) -> Any:
    """Return one of the test's files, empty after a mistake."""
    path = folder / f"{folder.name}.{part}.json"
    try:
        content = load_json(path)
    except BadInput as error:
        mistakes.append(str(error).removeprefix(f"{folder}/"))
        return kind()
    if isinstance(content, kind):
        return content
    mistakes.append(f"{path.name}: must be {'a list' if kind is list else 'an object'}")
    return kind()


def take_time(record: dict[str, Any], key: str, where: str, mistakes: Mistakes) -> datetime:
    """Return a UTC time that must be there."""
    text = take_text(record, key, where, mistakes)
    try:
        stamp = datetime.fromisoformat(text) if text else NEVER
    except ValueError:
        stamp = None
    if stamp is not None and stamp.utcoffset() == timedelta(0):
        return stamp
    mistakes.append(f"{where}: {key} must be a time in UTC (2018-12-19T00:49:27.467Z), not {text!r}")
    return NEVER


def take_point(record: dict[str, Any], key: str, where: str, mistakes: Mistakes) -> Point:
    """Return a place that must be there, m."""
    value = record.get(key)
    if isinstance(value, dict) and all(is_number(value.get(axis)) for axis in "xyz"):
        return float(value["x"]), float(value["y"]), float(value["z"])
    mistakes.append(f"{where}: {key} must hold finite x, y, z in metres, not {value!r}")
    return 0.0, 0.0, 0.0


def take_wind(record: dict[str, Any], where: str, mistakes: Mistakes) -> tuple[float, float]:
    """Turn speed and the direction FROM which it blows (degrees from north) into where the air goes."""
    speed = take_number(record, "speed", where, mistakes)
    bearing = np.radians(take_number(record, "direction", where, mistakes))
    return float(-speed * np.sin(bearing)), float(-speed * np.cos(bearing))


def take_optional(record: dict[str, Any], key: str) -> float:
    """Return a number that a sensor may have left out, NaN where it did."""
    value = record.get(key)
    return float(value) if is_number(value) else math.nan


def take_count(record: dict[str, Any], key: str, where: str, mistakes: Mistakes) -> int:
    """Return a whole number from 1 that must be there."""
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    mistakes.append(f"{where}: {key} must be a whole number from 1, not {value!r}")
    return 1


def find_clips(folder: Path, mistakes: Mistakes) -> list[tuple[str, Path, datetime, Point]]:
    """Return sensor, file, start and fix of each audio file; JSON without audio is a clip that was not published."""
    clips = []
    sounds = sorted(path for path in folder.glob("*.audio.*") if path.suffix in AUDIO_SUFFIXES)
    # Both formats side by side are the same clip twice: FLAC comes first in the alphabet and is kept.
    first = {sound.stem: sound for sound in reversed(sounds)}
    for sound in sorted(first.values()):
        path = sound.with_suffix(".json")
        try:
            record = load_json(path)
        except BadInput as error:
            mistakes.append(str(error).removeprefix(f"{folder}/"))
            continue
        if not isinstance(record, dict):
            mistakes.append(f"{path.name}: must be an object")
            continue
        sensor = take_text(record, "serial_number", path.name, mistakes)
        stamp = take_time(record, "timestamp", path.name, mistakes)
        clips.append((sensor, sound, stamp, take_point(record, "location", path.name, mistakes)))
    note_repeats([sensor for sensor, *_ in clips], "clips", "audio", mistakes)
    return clips
