"""A block that was laid out on a plane, stood on hills: houses in terraces, none where it is too steep to build."""

from dataclasses import replace

import numpy as np
import shapely

from scenes.block import Block, Building, Ground
from scenes.terrain import Terrain
from scenes.unite import GRID_M, rings_of, unite
from scenes.walls import plan_polygon

# A row of houses follows a slope house by house, each this wide at most, m (A: a house of 6 to 9 m).
HOUSE_M = 8.0
# Feet of houses are told to this, m (A): on nearly level ground a row stays one building.
STEP_M = 0.5
# Steeper ground than this is not built on: where Pittsburgh's Steep Slope Overlay begins (Zoning Code 906.08).
STEEPEST = 0.25


def stand_on(block: Block, terrain: Terrain) -> Block:
    """Stand the buildings of a flat block on a terrain.

    Parameters
    ----------
    block : Block
        On the plane z = 0.
    terrain : Terrain
        That covers its bounds.

    Returns
    -------
    Block
        Each building is cut across its longer side into pieces of `HOUSE_M` at most, which keep its height above the
        lowest ground at their walls; pieces whose ground falls by more than `STEEPEST` from end to end of their plan
        are left out. Neighbours with one roof are united again.
    """
    pieces: list[tuple[shapely.Polygon, Building, float]] = []
    for building in block.buildings:
        for plan in _houses(plan_polygon(building)):
            corners = shapely.get_coordinates(plan.exterior)
            heights = terrain.height_at(corners)
            away = np.hypot(*(corners - corners[int(heights.argmin())]).T)
            if np.ptp(heights) <= STEEPEST * away[int(heights.argmax())]:
                pieces.append((plan, building, np.floor(terrain.lowest_at(corners) / STEP_M) * STEP_M))
    tops = np.array([building.height_m + base for _, building, base in pieces])
    named = [f"{base:.2f} {building.height_m:.2f} {building.facade}" for _, building, base in pieces]
    united = unite(
        [plan for plan, _, _ in pieces], tops, np.unique(named, return_inverse=True)[1], slot_m=0.0
    )
    buildings = []
    for number, one in enumerate(united, start=1):
        _, building, base = pieces[one.members[0]]
        outline, courtyards = rings_of(one.plan)
        buildings.append(
            replace(
                building,
                id=f"{building.id}/{number}",
                outline=outline,
                courtyards=courtyards,
                base_m=float(base),
            )
        )
    ground = Ground(block.ground.surface, block.ground.patches, terrain)
    return replace(block, name=f"{block.name} on hills", buildings=tuple(buildings), ground=ground)


def _houses(plan: shapely.Polygon) -> list[shapely.Polygon]:
    """Cut a plan across its longer side into even pieces of `HOUSE_M` at most."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(plan))[:4]
    sides = np.diff(corners, axis=0)[:2]
    spans = np.hypot(*sides.T)
    longer = int(spans[1] > spans[0])
    along, across = sides[longer], sides[1 - longer]
    count = int(np.ceil(spans[longer] / HOUSE_M - 1e-6))
    shares = np.arange(1, count) / max(count, 1) - 0.5
    middles = corners.mean(axis=0) + shares[:, None] * along
    cuts = [shapely.LineString([middle - 0.6 * across, middle + 0.6 * across]) for middle in middles]
    linework = shapely.union_all([shapely.boundary(plan), *cuts], grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize([linework]))
    shapely.prepare(plan)
    return [face for face in faces if shapely.contains_xy(plan, *shapely.point_on_surface(face).coords[0])]
