"""The static structure of a block: walls, corners and a uniform grid over them, built once.

Walls and corners are the same geometry: no vertex is moved, merged or left out, since a wall that a corner's
neighbour does not know of makes wrong detours. Buildings are solid from the ground to their roof.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scenes.block import Block, Ground
from scenes.errors import BadInput
from scenes.material import Material, load_material
from scenes.terrain import Terrain
from sim.propagation.corner_graph import CornerGraph, link_corners
from sim.propagation.corners import find_corners
from sim.propagation.grid import Grid, lay_grid
from sim.propagation.paths import BANDS_HZ

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]


# Wall i runs from (ax, ay) to (bx, by), m, solid on its left, air on its right. `top` is the height of its roof edge,
# m; `after` and `before` are the walls of the same ring that start where it ends and end where it starts; `building`
# is its place in the block; `factor` the specular reflection factor of pressure in each band. One record array is one
# argument to compiled code, which compiles several times faster than with as many plain arrays.
WALL = np.dtype(
    [(name, np.float64) for name in ("ax", "ay", "bx", "by", "top")]
    + [(name, np.int64) for name in ("after", "before", "building")]
    + [("factor", np.float64, (len(BANDS_HZ),))]
)


# A piece of ground: corners `start` to `end` - 1 of the outlines' points, the box round it, flow resistivity Pa s/m2.
# Piece 0 has no corners and lies under all; a later piece lies over an earlier one.
PATCH = np.dtype(
    [("start", np.int64), ("end", np.int64)]
    + [(name, np.float64) for name in ("west", "south", "east", "north", "resistivity")]
)


class Surfaces(NamedTuple):
    """The ground: `patches` (PATCH), and the `points` (n, 2) of all their outlines, m."""

    patches: Records
    points: Floats


class Plan(NamedTuple):
    """What compiled path search needs of a block.

    Attributes
    ----------
    walls : ndarray of WALL
    corners : ndarray of CORNER
        Vertical edges where the air turns by more than 180 degrees.
    corner_start : ndarray of int64
        Grid cell g holds the corners corner_start[g] to corner_start[g + 1] - 1.
    grid : Grid
        Cells with the walls in them.
    graph : CornerGraph
        Which corners see each other along a taut string; that of `City.lit_plan` also those of which one hides what
        the other sends on.
    surfaces : Surfaces
    """

    walls: Records
    corners: Records
    corner_start: Ints
    grid: Grid
    graph: CornerGraph
    surfaces: Surfaces


@dataclass(frozen=True, eq=False)
class City:
    """The static structure of a block: its `plan`, the `names` of its buildings for messages, its relief if any."""

    plan: Plan
    names: tuple[str, ...]
    terrain: Terrain | None = None

    @cached_property
    def lit_plan(self) -> Plan:
        """The plan with the corners joined that `sim.propagation.lit_corners` needs, built when first asked for."""
        plan = self.plan
        graph = link_corners(plan.walls, plan.corners, plan.corner_start, plan.grid, lit_too=True)
        return plan._replace(graph=graph)


def index_block(block: Block) -> City:
    """Build the static structure of a block.

    Raises
    ------
    BadInput
        When a building's outline has fewer than three corners, or a material or surface is unknown.
    """
    walls = _walls_of(block)
    grid = lay_grid(walls)
    corners, corner_start = find_corners(walls, grid)
    plan = Plan(
        walls,
        corners,
        corner_start,
        grid,
        link_corners(walls, corners, corner_start, grid),
        _surfaces_of(block.ground),
    )
    return City(plan, tuple(building.id for building in block.buildings), block.ground.terrain)


def specular_factor(material: Material) -> Floats:
    """Return sqrt((1 - absorption)(1 - scattering)), shape (bands,): what is neither absorbed nor scattered."""
    return np.sqrt((1.0 - np.array(material.absorption)) * (1.0 - np.array(material.scattering)))


def rigid(plan: Plan) -> Plan:
    """Return the same block with facades that reflect everything."""
    walls, corners = plan.walls.copy(), plan.corners.copy()
    walls["factor"] = 1.0
    corners["factor_0"] = corners["factor_n"] = 1.0
    return plan._replace(walls=walls, corners=corners)


def _walls_of(block: Block) -> Records:
    rings, turns, owners = [], [], []
    for number, building in enumerate(block.buildings):
        if building.height_m > 0.0:  # otherwise nothing stands in the way of sound
            rings += (building.outline, *building.courtyards)
            turns += (1.0, *(-1.0 for _ in building.courtyards))
            owners += [number] * (1 + len(building.courtyards))
    if not rings:
        return np.empty(0, WALL)
    names = tuple(block.buildings[number].id for number in owners)
    points, count = _clean_rings(rings, np.array(turns), names)
    after, before = neighbours(count)
    walls = np.empty(len(points), WALL)
    walls["ax"], walls["ay"] = points.T
    walls["bx"], walls["by"] = points[after].T
    walls["after"], walls["before"] = after, before
    houses = [block.buildings[number] for number in owners]
    factors = {name: specular_factor(load_material(name)) for name in dict.fromkeys(h.facade for h in houses)}
    walls["building"] = np.repeat(owners, count)
    walls["top"] = np.repeat([house.top_m for house in houses], count)
    walls["factor"] = np.repeat([factors[house.facade] for house in houses], count, axis=0)
    return walls


def _clean_rings(rings: list[Floats], turns: Floats, names: tuple[str, ...]) -> tuple[Floats, Ints]:
    """Return rings (n, 2) of named buildings without repeated points, in one array, and how many each has.

    They run counter-clockwise where `turns` is 1, clockwise where it is -1.
    """
    raw = np.concatenate([np.asarray(ring, dtype=np.float64) for ring in rings])
    sizes = np.array([len(ring) for ring in rings])
    moved = np.any(raw != raw[neighbours(sizes)[1]], axis=1)
    ring = np.repeat(np.arange(len(rings)), sizes)[moved]
    points, count = raw[moved], np.bincount(ring, minlength=len(rings))
    endless = np.bincount(ring[~np.isfinite(points).all(axis=1)], minlength=len(rings))
    bad = np.flatnonzero((count < 3) | (endless > 0))
    if len(bad):
        name, corners = names[bad[0]], count[bad[0]]
        msg = f"building {name!r} has an outline of {corners} different finite corners; it needs 3 or more"
        raise BadInput(msg)
    first = np.cumsum(count) - count
    after = neighbours(count)[0]
    x, y = (points - points[first][ring]).T
    twice = x * y[after] - x[after] * y
    area, rounding = np.add.reduceat(twice, first), np.add.reduceat(np.abs(twice), first) * count * 1e-15
    for thin in np.flatnonzero(np.abs(area) <= rounding):  # its sign may be one of rounding
        area[thin] = math.fsum(twice[ring == thin])
    place = np.arange(len(points))
    turned = (2 * first + count - 1)[ring] - place
    return points[np.where((area * turns > 0.0)[ring], place, turned)], count


def neighbours(count: Ints) -> tuple[Ints, Ints]:
    """Return which point of its ring comes after and which before each, of rings of `count` points in one array."""
    place, last = np.arange(count.sum()), np.cumsum(count) - 1
    first, last = (last - count + 1)[count > 0], last[count > 0]
    after, before = place + 1, place - 1
    after[last], before[first] = first, last
    return after, before


def _surfaces_of(ground: Ground) -> Surfaces:
    outlines = [np.empty((0, 2)), *(np.asarray(patch.outline, dtype=np.float64) for patch in ground.patches)]
    patches = np.empty(len(outlines), PATCH)
    patches["start"] = np.cumsum([0, *(len(outline) for outline in outlines[:-1])])
    patches["end"] = np.cumsum([len(outline) for outline in outlines])
    patches["resistivity"] = [
        _resistivity(name) for name in (ground.surface, *(p.surface for p in ground.patches))
    ]
    boxes = [(*outline.min(axis=0), *outline.max(axis=0)) for outline in outlines[1:]]
    edges = np.array([(-np.inf, -np.inf, np.inf, np.inf), *boxes])
    for column, name in enumerate(("west", "south", "east", "north")):
        patches[name] = edges[:, column]
    return Surfaces(patches, np.concatenate(outlines))


def _resistivity(name: str) -> float:
    value = load_material(name).flow_resistivity
    if value is None:
        msg = f"ground surface {name!r} is a facade material; use asphalt, concrete, gravel or grass"
        raise BadInput(msg)
    return value
