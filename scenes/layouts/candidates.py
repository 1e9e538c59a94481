"""Where sensors could be: lamp posts along streets, parapets of roofs, and open ground; and choices among them."""

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import KDTree

from scenes.block import Block
from scenes.errors import BadInput
from scenes.layouts.mount import POLE, ROOF
from scenes.walls import in_bounds, is_inside, plan_polygons, wall_distance

Points = npt.NDArray[np.float64]

ALLEY_M = 10.0
"""Houses nearer than this to each other belong to one city block: what parts them is an alley, not a street."""
KERB_M = 2.0
LLOYD_STEPS = 50
POLE_CLEARANCE_M = 0.5
PARAPET_M = 0.3
MAST_M = 1.5
"""A roof sensor stands 0.3 m inside the facade, 1.5 m above the roof: the parapet does not shade the street."""


def lampposts(block: Block, spacing_m: float, height_m: float) -> Points:
    """Return lamp posts (n, 3), m: at the outer corners of city blocks, then along their sides.

    City blocks are what a closing of the footprints by alleys makes; posts stand 2 m outside, on the pavement.
    """
    if not block.buildings:
        return np.empty((0, 3))
    half = 0.5 * ALLEY_M
    grown = shapely.union_all(
        shapely.buffer(plan_polygons(block), half + KERB_M, join_style="mitre", mitre_limit=2.0)
    )
    kerb = shapely.buffer(grown, -half, join_style="mitre", mitre_limit=2.0)
    # 1 m is the scale of street corners: bays and steps of facades are no corners to put a lamp at.
    rings = [ring.exterior.simplify(1.0) for ring in shapely.get_parts(kerb) if ring.geom_type == "Polygon"]
    corners = [_corners(shapely.get_coordinates(ring)) for ring in rings]
    between = [
        shapely.get_coordinates(shapely.line_interpolate_point(r, _steps(r.length, spacing_m))) for r in rings
    ]
    places = np.concatenate([*corners, *between])
    places = places[in_bounds(block, places) & ~is_inside(block, places)]
    places = places[wall_distance(block, places) >= POLE_CLEARANCE_M]
    return np.column_stack([places, block.ground.height_at(places) + height_m])


def parapets(block: Block) -> Points:
    """Return places on roofs (n, 3), m: behind each corner of each building, where no higher one stands."""
    places = []
    for building in block.buildings:
        inner = shapely.buffer(shapely.Polygon(building.outline), -PARAPET_M, join_style="mitre")
        for piece in shapely.get_parts(inner):
            corners = (
                _corners(shapely.get_coordinates(piece.exterior)) if piece.geom_type == "Polygon" else []
            )
            places += [(x, y, building.top_m + MAST_M) for x, y in corners]
    found = np.array(places, dtype=np.float64).reshape(-1, 3)
    return found[~is_inside(block, found)]


def candidates(block: Block, on: str, height_m: float, spacing_m: float = 40.0) -> Points:
    """Return places (n, 3) "on" poles (lamp posts) or roofs (parapets)."""
    if on == POLE:
        return lampposts(block, spacing_m, height_m)
    if on == ROOF:
        return parapets(block)
    msg = f"layout: on must be 'pole' or 'roof', not {on!r}"
    raise BadInput(msg)


def spread(places: Points, count: int, centre: tuple[float, float]) -> Points:
    """Choose `count` of the places so that every place has a chosen one near.

    Farthest-point greedy (Gonzalez 1985) from the place nearest the centre, which favours the rim, then Lloyd's
    iteration (1982): each chosen place moves to the place nearest the middle of those it serves. Shape (count, 3), in
    order of choice.

    Raises
    ------
    BadInput
        When there are fewer different places.
    """
    if count < 1:
        msg = f"layout: count must be 1 or more, not {count}"
        raise BadInput(msg)
    different = (
        np.unique(places[:, :2], axis=0, return_index=True)[1] if len(places) else np.empty(0, dtype=int)
    )
    if len(different) < count:
        msg = f"layout: {count} sensors wanted, but only {len(different)} fit here"
        raise BadInput(msg)
    candidates = places[np.sort(different)]
    return candidates[_settle(candidates[:, :2], _farthest(candidates[:, :2], count, centre))]


def _farthest(plan: Points, count: int, centre: tuple[float, float]) -> list[int]:
    chosen = [int(np.argmin(_distance(plan, np.array(centre))))]
    nearest = _distance(plan, plan[chosen[0]])
    while len(chosen) < count:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, _distance(plan, plan[chosen[-1]]))
    return chosen


def _settle(plan: Points, chosen: list[int]) -> list[int]:
    """Move each chosen place to the middle of what it serves until none moves (none meet: nothing is served twice)."""
    for _ in range(LLOYD_STEPS):
        serving = KDTree(plan[chosen]).query(plan)[1]
        moved = []
        for rank in range(len(chosen)):
            served = serving == rank
            distance = _distance(plan, plan[served].mean(axis=0))
            moved.append(int(np.argmin(np.where(served, distance, np.inf))))
        if moved == chosen:
            break
        chosen = moved
    return chosen


def _distance(plan: Points, place: Points) -> Points:
    return np.hypot(plan[:, 0] - place[0], plan[:, 1] - place[1])


def centre_of(block: Block) -> tuple[float, float]:
    """Return the middle of the bounds, m."""
    west, south, east, north = block.bounds_m
    return 0.5 * (west + east), 0.5 * (south + north)


def _corners(ring: Points) -> Points:
    """Return the corners of a closed ring (counter-clockwise or not) that point outwards by 30 degrees or more."""
    if len(ring) < 4:
        return np.empty((0, 2))
    corners = ring[:-1]
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turn = np.arctan2(cross, np.sum(before * after, axis=1))
    outward = turn * np.sign(turn.sum())
    return corners[outward >= np.radians(30.0)]


def _steps(length_m: float, spacing_m: float) -> Points:
    """Return distances along a ring, evenly spaced by about `spacing_m`."""
    count = max(int(length_m // spacing_m), 1)
    return (np.arange(count, dtype=np.float64) + 0.5) * np.float64(length_m / count)
