"""From features of a map to clean plan polygons with names: what is no building is dropped, what is broken mended."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from scenes.geojson import is_lonlat, properties_of, ring_lonlat
from scenes.import_account import Notes

NO_WALLS = {"roof", "construction", "no", "carport", "canopy", "proposed", "demolished", "razed", "collapsed"}
SMALLEST_M2 = 1.0

Ring = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """One polygon of a feature: its unique id, plan (degrees, later m), and the feature's properties."""

    id: str
    plan: shapely.Polygon
    properties: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Sifted:
    """What came of a step: the parts that go on, what was repaired and dropped, and how many lie off the globe."""

    parts: tuple[Part, ...] = ()
    repaired: Notes = ()
    dropped: Notes = ()
    off_globe: int = 0


def parts_of_features(features: Sequence[Mapping[str, Any]]) -> Sifted:
    """Return the polygons of all features that are buildings, in degrees, as drawn (not yet made valid)."""
    taken: set[str] = set()
    sifted = []
    for index, feature in enumerate(features):
        said = _said_id(feature, index)
        name = _unique(said, taken)
        taken.add(name)
        if name != said:
            sifted.append(
                Sifted(repaired=((name, f"id {said!r} occurs again; this one is called {name!r}"),))
            )
        sifted.append(_sift_feature(name, feature))
    return _gather(sifted)


def project_parts(sifted: Sifted, to_local: Callable[[Ring], Ring], reach_m: float) -> Sifted:
    """Bring parts to local metres, mend them, and drop those further than `reach_m` from the frame's origin."""
    if not sifted.parts:
        return sifted
    plans = shapely.transform(np.array([part.plan for part in sifted.parts], dtype=object), to_local)
    corners, owner = shapely.get_coordinates(plans, return_index=True)
    furthest = np.zeros(len(plans))
    # A point that the projection cannot reach comes back infinite.
    np.maximum.at(furthest, owner, np.nan_to_num(np.hypot(*corners.T), nan=np.inf))
    steps = [replace(sifted, parts=())]
    for part, plan, far in zip(sifted.parts, plans, furthest, strict=True):
        if far > reach_m:
            steps.append(_dropped(part.id, f"reaches {far / 1e3:.0f} km from the middle of the others"))
        else:
            steps.append(_mend(replace(part, plan=plan)))
    return _gather(steps)


def _gather(steps: Iterable[Sifted]) -> Sifted:
    steps = list(steps)
    return Sifted(
        tuple(part for step in steps for part in step.parts),
        tuple(note for step in steps for note in step.repaired),
        tuple(note for step in steps for note in step.dropped),
        sum(step.off_globe for step in steps),
    )


def _dropped(name: str, why: str) -> Sifted:
    return Sifted(dropped=((name, why),))


def _sift_feature(name: str, feature: Mapping[str, Any]) -> Sifted:
    """Return the polygons of one feature."""
    properties = properties_of(feature)
    use = str(properties.get("building", properties.get("building:part", ""))).lower()
    if use in NO_WALLS:
        return _dropped(name, f"building={use} has no walls")
    if str(properties.get("location", "")).lower() == "underground":
        return _dropped(name, "lies underground")
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list):
        return _dropped(name, f"its geometry is {kind or 'absent'}, not a Polygon or MultiPolygon")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not polygons:
        return _dropped(name, "its geometry is empty")
    single = len(polygons) == 1
    return _gather(
        _sift_polygon(name if single else f"{name}.{number}", rings, properties)
        for number, rings in enumerate(polygons, start=1)
    )


def _sift_polygon(name: str, rings: object, properties: Mapping[str, Any]) -> Sifted:
    """Return one polygon, its useless inner rings left out."""
    if not isinstance(rings, list) or not rings:
        return _dropped(name, "its geometry is empty")
    read = [_ring(ring) for ring in rings]
    outer, inner = read[0], [ring for ring in read[1:] if ring is not None]
    if outer is None:
        return _dropped(name, "its outer ring is not 3 or more different points with finite coordinates")
    if not all(is_lonlat(ring) for ring in (outer, *inner)):
        return replace(_dropped(name, "has coordinates beyond 180 and 90 degrees"), off_globe=1)
    lost = len(read) - 1 - len(inner)
    repaired = ((name, f"{lost} inner rings of fewer than 3 points left out"),) if lost else ()
    return Sifted((Part(name, shapely.Polygon(outer, inner), properties),), repaired)


def _ring(coordinates: object) -> Ring | None:
    """Return a ring that can enclose something, in degrees, else None."""
    points = ring_lonlat(coordinates)
    return points if points is not None and len(set(map(tuple, points.tolist()))) >= 3 else None


def _mend(part: Part) -> Sifted:
    """Make one plan valid: self-crossings are cut, loops kept; what encloses under 1 m2 is no building."""
    repaired: Notes = ()
    plan = part.plan
    if not plan.is_valid:
        why = shapely.is_valid_reason(plan).split("[")[0].lower()
        repaired = ((part.id, f"{why} mended"),)
        plan = shapely.make_valid(plan, method="structure", keep_collapsed=False)
    pieces = [p for p in shapely.get_parts(plan) if p.geom_type == "Polygon" and p.area >= SMALLEST_M2]
    if not pieces:
        return replace(_dropped(part.id, f"encloses less than {SMALLEST_M2:g} m2"), repaired=repaired)
    names = [part.id] if len(pieces) == 1 else [f"{part.id}.{i}" for i in range(1, len(pieces) + 1)]
    parts = tuple(replace(part, id=name, plan=piece) for name, piece in zip(names, pieces, strict=True))
    return Sifted(parts, repaired)


def _said_id(feature: Mapping[str, Any], index: int) -> str:
    """Return the id that a feature gives itself, else its number in the file, from 1."""
    properties = properties_of(feature)
    said = (properties.get("id"), properties.get("osm_id"), properties.get("@id"), feature.get("id"))
    return next((str(name) for name in said if name not in (None, "")), f"feature{index + 1}")


def _unique(name: str, taken: set[str]) -> str:
    number = 2
    unique = name
    while unique in taken:
        unique = f"{name}#{number}"
        number += 1
    return unique
