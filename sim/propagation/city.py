"""The static structure of a block: walls, corners and a uniform grid over them, built once.

Walls and corners are the same geometry: no vertex is moved, merged or left out, since a wall that a corner's
neighbour does not know of makes wrong detours. Buildings are solid from the ground to their roof.
"""

import math
from dataclasses import dataclass
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
        Which corners see each other along a taut string.
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
    parts = []
    total = 0
    for number, building in enumerate(block.buildings):
        if not building.height_m > 0.0:  # nothing stands in the way of sound
            continue
        factor = specular_factor(load_material(building.facade))
        for ring, turn in ((building.outline, 1.0), *((yard, -1.0) for yard in building.courtyards)):
            points = _clean_ring(ring, turn, building.id)
            count = len(points)
            index = np.arange(count)
            part = np.empty(count, WALL)
            part["ax"], part["ay"] = points.T
            part["bx"], part["by"] = np.roll(points, -1, axis=0).T
            part["top"], part["building"] = building.top_m, number
            part["factor"] = factor
            part["after"] = total + (index + 1) % count
            part["before"] = total + (index - 1) % count
            parts.append(part)
            total += count
    return np.concatenate(parts) if parts else np.empty(0, WALL)


def _clean_ring(ring: Floats, turn: float, name: str) -> Floats:
    """Return a ring without repeated points, counter-clockwise for `turn` 1, clockwise for -1."""
    points = np.asarray(ring, dtype=np.float64)
    moved = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
    if len(moved) < 3 or not np.all(np.isfinite(moved)):
        msg = f"building {name!r} has an outline of {len(moved)} different finite corners; it needs 3 or more"
        raise BadInput(msg)
    x, y = moved[:, 0] - moved[0, 0], moved[:, 1] - moved[0, 1]
    area = 0.5 * math.fsum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    return moved if area * turn > 0.0 else moved[::-1]


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
