"""Footprints that touch or overlap, made into prisms that do not.

The plan is cut along every wall into faces; a face belongs to the highest footprint over it; faces of one kind that
touch become one outline. So party walls between equal houses vanish, those between different ones are shared vertex
for vertex, and no ray slips between two houses that a surveyor drew a hand apart.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import shapely

from scenes.block import Outline

GRID_M = 1e-3
"""Corners lie on a grid of 1 mm: 3 us of sound, far below the 1 cm to which maps give coordinates."""

SAME_WALL_M = 0.1
"""A corner is flat, and goes, when it spans less than this squared (m2) with its neighbours: 1 mm in a 20 m wall."""

CRUMB_M2 = 1.0
"""Smaller than this, a piece or a gap is an error of drawing, not a building or a courtyard."""


@dataclass(frozen=True, eq=False)
class United:
    """One outline: its plan polygon (valid, holes are courtyards) and the indices of the footprints in it."""

    plan: shapely.Polygon
    members: tuple[int, ...]


def unite(
    plans: list[shapely.Polygon],
    tops_m: npt.NDArray[np.float64],
    kinds: npt.NDArray[np.intp],
    slot_m: float = 0.3,
) -> list[United]:
    """Unite what touches and is of one kind; part what overlaps.

    Parameters
    ----------
    plans : list of Polygon
        Valid, m.
    tops_m : ndarray, shape (n,)
        Height of each roof: where footprints overlap, the highest has the ground.
    kinds : ndarray of int, shape (n,)
        Footprints of one kind (same height, same facade) may be united.
    slot_m : float
        Gaps narrower than this between walls are closed, by the lower neighbour.

    Returns
    -------
    list of United
        In order of their first members. Together a valid coverage: no overlaps, walls in common have vertices in
        common. A footprint that higher ones cut apart is a member of several; one wholly under others, of none.
    """
    if not plans:
        return []
    footprints = np.array(plans, dtype=object)
    linework = shapely.union_all(
        np.concatenate([shapely.boundary(footprints), shapely.boundary(_slots(footprints, slot_m))]),
        grid_size=GRID_M,
    )
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(linework)))
    owner = _whose(faces, footprints, tops_m, kinds, slot_m)
    faces, owner = faces[owner >= 0], owner[owner >= 0]
    outlines = shapely.coverage_simplify(_dissolve(faces, kinds[owner]), SAME_WALL_M)
    members = _members(outlines, faces, owner)
    united = [United(cast("shapely.Polygon", plan), who) for plan, who in zip(outlines, members, strict=True)]
    return sorted(united, key=lambda one: (one.members, shapely.bounds(one.plan).tolist()))


def rings_of(plan: shapely.Polygon) -> tuple[Outline, tuple[Outline, ...]]:
    """Return a polygon's outer ring, counter-clockwise, and inner rings, clockwise, first points not repeated.

    Each ring starts at its lowest, then leftmost corner, so that equal plans give equal arrays.
    """
    turned = shapely.orient_polygons(plan)
    return _open_ring(turned.exterior), tuple(_open_ring(ring) for ring in turned.interiors)


def _open_ring(ring: shapely.LinearRing) -> Outline:
    corners = shapely.get_coordinates(ring)[:-1]
    return np.roll(corners, -int(np.lexsort((corners[:, 0], corners[:, 1]))[0]), axis=0)


def _slots(footprints: npt.NDArray[np.object_], slot_m: float) -> npt.NDArray[np.object_]:
    """Return what a closing (grow, then shrink by half a slot) adds to the footprints: the gaps between walls."""
    if slot_m <= 0.0:
        return np.empty(0, dtype=object)
    half = 0.5 * slot_m
    # Mitred joins leave reentrant corners as they are; only true gaps are filled.
    grown = shapely.disjoint_subset_union_all(shapely.buffer(footprints, half, join_style="mitre"))
    closed = shapely.buffer(shapely.get_parts(grown), -half, join_style="mitre")
    filled = shapely.disjoint_subset_union_all(footprints)
    gaps = shapely.get_parts(shapely.difference(shapely.multipolygons(shapely.get_parts(closed)), filled))
    return gaps[shapely.area(gaps) > slot_m * GRID_M]


def _owners(
    faces: npt.NDArray[np.object_], footprints: npt.NDArray[np.object_], tops_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Return for each face the highest footprint over it (the earliest among equals), -1 for open ground."""
    face, footprint = shapely.STRtree(footprints).query(shapely.point_on_surface(faces), predicate="within")
    lowest_first = np.lexsort((-footprint, tops_m[footprint]))
    owner = np.full(len(faces), -1, dtype=np.intp)
    owner[face[lowest_first]] = footprint[lowest_first]
    return owner


def _whose(
    faces: npt.NDArray[np.object_],
    footprints: npt.NDArray[np.object_],
    tops_m: npt.NDArray[np.float64],
    kinds: npt.NDArray[np.intp],
    slot_m: float,
) -> npt.NDArray[np.intp]:
    """Return for each face the footprint that has it, slots and crumbs given to neighbours; -1 for open ground."""
    owner = _owners(faces, footprints, tops_m)
    width = 2.0 * shapely.area(faces) / shapely.length(faces)
    gaps = (owner < 0) & ((width < slot_m) | (shapely.area(faces) < CRUMB_M2))
    owner = _give_to_neighbours(gaps, faces, owner, tops_m)
    crumbs = _crumbs(faces, owner, kinds)
    return _give_to_neighbours(crumbs, faces, np.where(crumbs, -1, owner), tops_m)


def _give_to_neighbours(
    given: npt.NDArray[np.bool_],
    faces: npt.NDArray[np.object_],
    owner: npt.NDArray[np.intp],
    tops_m: npt.NDArray[np.float64],
) -> npt.NDArray[np.intp]:
    """Give faces to the lower of the houses that share a wall with them; without one they are open ground."""
    if not given.any():
        return owner
    face, house = shapely.STRtree(faces).query(faces[given], predicate="touches")
    face = np.flatnonzero(given)[face]
    shared = shapely.length(shapely.intersection(faces[face], faces[house])) > 0.0
    built = shared & (owner[house] >= 0) & ~given[house]
    face, house = face[built], house[built]
    highest_first = np.lexsort((-owner[house], -tops_m[owner[house]]))
    result = owner.copy()
    result[face[highest_first]] = owner[house[highest_first]]
    return result


def _crumbs(
    faces: npt.NDArray[np.object_], owner: npt.NDArray[np.intp], kinds: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Tell which faces make up outlines too small for a building: what is left of drawing errors."""
    built = owner >= 0
    if not built.any():
        return built
    outlines = _dissolve(faces[built], kinds[owner[built]])
    small = outlines[shapely.area(outlines) < CRUMB_M2]
    face, _ = shapely.STRtree(small).query(shapely.point_on_surface(faces), predicate="within")
    crumbs = np.zeros(len(faces), dtype=bool)
    crumbs[face] = True
    return crumbs & built


def _dissolve(faces: npt.NDArray[np.object_], kind: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    """Unite the faces of each kind; pieces that do not touch stay apart."""
    return np.concatenate(
        [shapely.get_parts(shapely.coverage_union_all(faces[kind == k])) for k in np.unique(kind)]
    )


def _members(
    outlines: npt.NDArray[np.object_], faces: npt.NDArray[np.object_], owner: npt.NDArray[np.intp]
) -> list[tuple[int, ...]]:
    """Return the footprints in each outline, ascending."""
    face, outline = shapely.STRtree(outlines).query(shapely.point_on_surface(faces), predicate="within")
    found: list[set[int]] = [set() for _ in outlines]
    for f, o in zip(face, outline, strict=True):
        found[o].add(int(owner[f]))
    return [tuple(sorted(one)) for one in found]
