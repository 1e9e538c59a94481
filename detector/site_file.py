"""Reads `site.json`: the network as its operator knows it."""

import itertools
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.errors import BadInput
from detector.site import AirReading, AudioPiece, Site, Station

LATEST_S = 1e10  # three centuries; much further from the epoch float64 has too few digits for an onset
MAXIMUM_BYTES = 64 * 2**20  # a site of 10,000 stations with a day of one-minute files is below this

Point = tuple[float, float, float]
Identifier = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^/\\\x00-\x1f]+$")]


class _Record(BaseModel):
    # Unknown keys are left alone: operators keep notes beside what the detector needs.
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class _Origin(_Record):
    lon: float = Field(ge=-180.0, le=180.0)
    lat: float = Field(ge=-90.0, le=90.0)


class _Air(_Record):
    temperature_c: float = Field(ge=-60.0, le=60.0)
    humidity: float = Field(ge=0.0, le=100.0)
    wind_mps: tuple[Annotated[float, Field(ge=-100, le=100)], Annotated[float, Field(ge=-100, le=100)]]


class _Piece(_Record):
    file: str = Field(min_length=1, max_length=1000)
    start_s: float = Field(ge=-LATEST_S, le=LATEST_S)
    samples: int = Field(ge=1)


class _Station(_Record):
    id: Identifier
    position_m: Point
    position_sigma_m: float = Field(ge=0.0)
    microphones_m: tuple[Point, ...] = Field(default=((0.0, 0.0, 0.0),), min_length=1)
    sample_rate_hz: float = Field(default=0.0, ge=0.0, le=1e6)
    full_scale_pa: float = Field(default=1.0, gt=0.0)
    clock_sigma_s: float = Field(ge=0.0)
    audio: tuple[_Piece, ...] | None = None


class _Site(_Record):
    format: Literal["echoblock-recording/1"]
    epoch_utc: str | None
    origin: _Origin | None
    air: _Air
    stations: tuple[_Station, ...] = Field(min_length=1)


def read_site(path: Path, *, need_audio: bool = False) -> Site:
    """Read and check a `site.json`.

    Parameters
    ----------
    path : Path
    need_audio : bool
        Whether every station must say which audio it delivered (an empty list is a dead station). Sites of
        networks that report pulses have none.

    Returns
    -------
    Site
        Its stations in the file's order, their pieces in time order.

    Raises
    ------
    BadInput
        Missing, unreadable or wrong in any place; one line a mistake.
    """
    record = _parse(path)
    mistakes = _find_mistakes(record, need_audio=need_audio)
    if mistakes:
        raise BadInput("\n".join(f"{path}: {line}" for line in mistakes))
    origin = None if record.origin is None else (record.origin.lon, record.origin.lat)
    air = AirReading(record.air.temperature_c, record.air.humidity, record.air.wind_mps)
    return Site(tuple(_as_station(s) for s in record.stations), air, record.epoch_utc, origin)


def _parse(path: Path) -> _Site:
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise BadInput(f"{path}: larger than {MAXIMUM_BYTES // 2**20} MiB, which no site needs")
        text = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        return _Site.model_validate_json(text)
    except ValidationError as error:
        lines = [
            f"{path}: {_describe_place(item['loc'])}{item['msg'][0].lower()}{item['msg'][1:]}"
            for item in error.errors(include_url=False)
        ]
        raise BadInput("\n".join(lines)) from error


def _describe_place(place: tuple[int | str, ...]) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"{text}: " if text else ""


def _find_mistakes(record: _Site, *, need_audio: bool) -> list[str]:
    mistakes = []
    if record.epoch_utc is not None and not _is_utc(record.epoch_utc):
        mistakes.append(
            f"epoch_utc: {record.epoch_utc!r} is no ISO 8601 time in UTC, as 2026-01-31T20:00:00Z"
        )
    seen: set[str] = set()
    files: set[str] = set()
    for station in record.stations:
        if station.id in seen:
            mistakes.append(f"stations: two have the id {station.id!r}; ids must be unique")
        seen.add(station.id)
        if station.audio is None:
            if need_audio:
                mistakes.append(f"station {station.id!r}: no 'audio'; a dead station has an empty list")
            continue
        mistakes.extend(f"station {station.id!r}: {line}" for line in _check_pieces(station, files))
    return mistakes


def _check_pieces(station: _Station, files: set[str]) -> list[str]:
    """Check one station's pieces; `files` collects the names met so far, over all stations."""
    pieces = sorted(station.audio or (), key=lambda p: p.start_s)
    if not pieces:
        return []
    if station.sample_rate_hz < 1.0:
        return [f"sample_rate_hz is {station.sample_rate_hz:g}; audio needs at least 1 Hz"]
    mistakes = []
    for piece in pieces:
        if piece.file in files:
            mistakes.append(f"audio file {piece.file!r} is listed twice")
        files.add(piece.file)
    for first, second in itertools.pairwise(pieces):
        overlap = first.start_s + first.samples / station.sample_rate_hz - second.start_s
        if overlap > 1e-3 + 1.0 / station.sample_rate_hz:  # start times are often rounded to a millisecond
            mistakes.append(f"audio {first.file!r} and {second.file!r} overlap by {overlap:.3f} s")
    return mistakes


def _is_utc(text: str) -> bool:
    try:
        return text.endswith("Z") and datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def _as_station(record: _Station) -> Station:
    pieces = sorted(record.audio or (), key=lambda p: p.start_s)
    return Station(
        record.id,
        record.position_m,
        record.position_sigma_m,
        np.array(record.microphones_m, dtype=np.float64),
        record.sample_rate_hz,
        record.full_scale_pa,
        record.clock_sigma_s,
        tuple(AudioPiece(p.file, p.start_s, p.samples) for p in pieces),
    )
