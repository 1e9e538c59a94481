"""Files of mounts: CSV with `id,x,y,z` (m) or `id,lon,lat,z_agl`, GeoJSON points with `id` and `z_agl`."""

import csv
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scenes.block import Block
from scenes.errors import BadInput
from scenes.frame import lonlat_to_local
from scenes.geojson import (
    LARGEST_FILE_BYTES,
    is_lonlat,
    properties_of,
    read_features,
    require_lonlat,
    ring_lonlat,
)
from scenes.heights import parse_length
from scenes.layouts.mount import POLE, Mount

ACCEPTED = "a CSV with columns id,x,y,z (m) or id,lon,lat,z_agl, or a GeoJSON of points, is accepted"


def read_mounts(path: str | Path, block: Block, height_m: float) -> tuple[Mount, ...]:
    """Read mounts.

    Parameters
    ----------
    path : path
        `.csv`: `id` and `x,y` (and `z`) in the block's frame, or `lon,lat` (and `z_agl`), and perhaps `type`.
        `.geojson` or `.json`: points with the properties `id` (or `osm_id`), `z_agl` or `height`, `type` or `kind`.
    block : Block
        Its origin is needed for longitudes and latitudes, its ground for heights above ground.
    height_m : float
        Height above ground where the file gives none, m.

    Raises
    ------
    BadInput
        One line for each mistake.
    """
    file = Path(path)
    if not str(path):
        msg = f"layout: no file given; {ACCEPTED}"
        raise BadInput(msg)
    if file.suffix.lower() == ".csv":
        mounts = _from_csv(file, block, height_m)
    elif file.suffix.lower() in (".geojson", ".json"):
        mounts = _from_geojson(file, block, height_m)
    else:
        msg = f"{file}: {ACCEPTED}"
        raise BadInput(msg)
    if not mounts:
        msg = f"{file}: holds no mounts; {ACCEPTED}"
        raise BadInput(msg)
    twice = [name for name, n in Counter(mount.id for mount in mounts).items() if n > 1]
    if twice:
        msg = "\n".join(
            f"{file}: mount id {name!r} occurs more than once; ids must differ" for name in twice[:20]
        )
        raise BadInput(msg)
    return mounts


def _from_csv(file: Path, block: Block, height_m: float) -> tuple[Mount, ...]:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            msg = f"{file}: too large; at most {LARGEST_FILE_BYTES / 1e6:.0f} MB are read"
            raise BadInput(msg)
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, skipinitialspace=True))
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror})"
        raise BadInput(msg) from error
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{file}: is not a CSV ({error}); {ACCEPTED}"
        raise BadInput(msg) from error
    columns = set(rows[0]) if rows else {"id", "x", "y"}
    local = {"x", "y"} <= columns
    if "id" not in columns or not (local or {"lon", "lat"} <= columns):
        msg = f"{file}: columns {sorted(map(str, columns))}; {ACCEPTED}"
        raise BadInput(msg)
    if not local:
        _require_origin(file, block)
    mounts, mistakes = [], []
    for line, row in enumerate(rows, start=2):
        try:
            mounts.append(_csv_mount(row, local, block, height_m))
        except (TypeError, ValueError) as error:
            mistakes.append(f"{file}: line {line}: {error}")
    if mistakes:
        raise BadInput("\n".join(mistakes[:20]))
    return tuple(mounts)


def _csv_mount(row: Mapping[str, str], local: bool, block: Block, height_m: float) -> Mount:
    name = (row["id"] or "").strip()
    if not name:
        msg = "has no id"
        raise ValueError(msg)
    first, second = (_number(row, key) for key in (("x", "y") if local else ("lon", "lat")))
    kind = row.get("type") or POLE
    if local and row.get("z"):
        return Mount(name, (first, second, _number(row, "z")), kind)
    x, y = first, second
    if not local and block.origin is not None:
        x, y = lonlat_to_local(block.origin, [first, second])[0].tolist()
    above_m = _number(row, "z_agl") if row.get("z_agl") and not (local and "z" in row) else height_m
    return Mount(name, (x, y, float(block.ground.height_at((x, y))) + above_m), kind)


def _number(row: Mapping[str, str], key: str) -> float:
    try:
        value = float(row[key])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        msg = f"{key} must be a number, not {row[key]!r}"
        raise ValueError(msg)
    return value


def _from_geojson(file: Path, block: Block, height_m: float) -> tuple[Mount, ...]:
    features = read_features(file)
    _require_origin(file, block)
    points = [_point(feature) for feature in features]
    known = [(feature, point) for feature, point in zip(features, points, strict=True) if point is not None]
    require_lonlat(file, sum(not is_lonlat(point) for _, point in known), len(known))
    mounts = []
    for number, (feature, point) in enumerate(known, start=1):
        if not is_lonlat(point) or block.origin is None:
            continue
        properties = properties_of(feature)
        name = next((str(properties[k]) for k in ("id", "osm_id", "@id") if properties.get(k)), f"M{number}")
        said = properties.get("z_agl", properties.get("height"))
        z = parse_length(said)
        x, y = lonlat_to_local(block.origin, point)[0].tolist()
        ground_m = float(block.ground.height_at((x, y)))
        kind = str(properties.get("type") or properties.get("kind") or POLE)
        mounts.append(Mount(name, (x, y, ground_m + (height_m if z is None else z)), kind))
    return tuple(mounts)


def _point(feature: Mapping[str, Any]) -> npt.NDArray[np.float64] | None:
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    return ring_lonlat([geometry.get("coordinates")])


def _require_origin(file: Path, block: Block) -> None:
    if block.origin is None:
        msg = f"{file}: gives longitudes and latitudes, but this block lies nowhere; give x,y,z in m"
        raise BadInput(msg)
