"""Geometry of maps in the local frame of a block."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.errors import GEOSException, ShapelyError

from scenes.block import Block, Origin
from scenes.errors import BadInput
from scenes.frame import lonlat_to_local
from scenes.geojson import is_lonlat, properties_of
from scenes.map_file import Feature, read_map

Notes = list[tuple[str, str]]

# Worlds that lie nowhere are drawn where nobody lives.
NOWHERE = Origin(0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Shapes of a map in the local frame, m, with their names, properties, and what was left out and why."""

    names: tuple[str, ...]
    shapes: tuple[Any, ...]
    features: tuple[Feature, ...]
    notes: tuple[tuple[str, str], ...]


def origin_of(block: Block) -> Origin:
    """Return where the block lies, `NOWHERE` for one that lies nowhere."""
    return block.origin or NOWHERE


def read_drawn(path: str | Path, block: Block, layers: str, kinds: Sequence[str]) -> Drawn:
    """Read the shapes of some kinds ("Point", "LineString", ...) from a map.

    Raises
    ------
    BadInput
        When the file cannot be read, or holds no such shape.
    """
    names, shapes, kept, notes = [], [], [], []
    features = read_map(path, layers)
    for number, feature in enumerate(features, start=1):
        properties = properties_of(feature)
        said = (properties.get(key) for key in ("id", "osm_id", "@id", "name", "GEOID"))
        name = str(next((one for one in said if one not in (None, "")), f"feature{number}"))
        shape = _shape_of(feature)
        why = _fault(shape, kinds)
        if shape is None or why:
            notes.append((name, why or "its geometry cannot be read"))
            continue
        local: Any = shapely.transform(shape, lambda p: lonlat_to_local(origin_of(block), p))
        if not local.is_valid:
            local = shapely.make_valid(local)
            notes.append((name, "mended: crossed itself"))
        names.append(name)
        shapes.append(local)
        kept.append(feature)
    if not shapes:
        why = f"; the first: {notes[0][0]}: {notes[0][1]}" if notes else ""
        raise BadInput(f"{path}: no {' or '.join(kinds)} among its {len(features)} features{why}")
    return Drawn(tuple(names), tuple(shapes), tuple(kept), tuple(notes))


def _shape_of(feature: Feature) -> Any:
    try:
        return shapely.from_geojson(json.dumps(feature.get("geometry")))
    except (ShapelyError, GEOSException, TypeError, ValueError):
        return None


def _fault(shape: Any, kinds: Sequence[str]) -> str:
    if shape is None or shape.is_empty:
        return "its geometry is absent or cannot be read"
    if shape.geom_type not in kinds:
        return f"its geometry is {shape.geom_type}, not {' or '.join(kinds)}"
    points = shapely.get_coordinates(shape)
    if not np.isfinite(points).all() or not is_lonlat(points):
        return "has coordinates beyond 180 and 90 degrees"
    return ""
