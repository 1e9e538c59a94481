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
from sim.propagation.corner_graph import CornerGraph, link_corners
from sim.propagation.corners import Corners, find_corners
from sim.propagation.grid import Grid, lay_grid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Walls(NamedTuple):
    """Wall i runs from (ax, ay) to (bx, by), m, solid on its left, air on its right.

    `top` is the height of its roof edge, m; `after` and `before` are the walls of the same ring that start where it
    ends and end where it starts; `building` and `facade` are indices into the block's buildings and `City.facades`.
    """

    ax: Floats
    ay: Floats
    bx: Floats
    by: Floats
    top: Floats
    after: Ints
    before: Ints
    building: Ints
    facade: Ints


class Surfaces(NamedTuple):
    """The ground: patch p has the corners x, y [start[p]:start[p + 1]]; entry -1 of `resistivity` lies under all."""

    x: Floats
    y: Floats
    start: Ints
    box: Floats
    resistivity: Floats


class Plan(NamedTuple):
    """What compiled path search needs of a block.

    Attributes
    ----------
    walls : Walls
    corners : Corners
        Vertices where the air turns by more than 180 degrees.
    grid : Grid
        Cells with the walls in them.
    graph : CornerGraph
        Which corners see each other along a taut string.
    surfaces : Surfaces
    facades : ndarray, shape (materials, 8)
        Specular pressure reflection factor sqrt((1 - absorption)(1 - scattering)) per octave band.
    """

    walls: Walls
    corners: Corners
    grid: Grid
    graph: CornerGraph
    surfaces: Surfaces
    facades: Floats


@dataclass(frozen=True, eq=False)
class City:
    """The static structure of a block: its `plan`, and the `names` of its buildings for messages."""

    plan: Plan
    names: tuple[str, ...]


def index_block(block: Block) -> City:
    """Build the static structure of a block.

    Raises
    ------
    BadInput
        When a building's outline has fewer than three corners, or a material or surface is unknown.
    """
    materials = sorted({building.facade for building in block.buildings})
    walls = _walls_of(block, {name: number for number, name in enumerate(materials)})
    grid = lay_grid(walls.ax, walls.ay, walls.bx, walls.by)
    corners = find_corners(walls, grid)
    plan = Plan(
        walls,
        corners,
        grid,
        link_corners(walls, corners, grid),
        _surfaces_of(block.ground),
        specular_factors([load_material(name) for name in materials]),
    )
    return City(plan, tuple(building.id for building in block.buildings))


def specular_factors(materials: list[Material]) -> Floats:
    """Return sqrt((1 - absorption)(1 - scattering)), shape (materials, 8)."""
    if not materials:
        return np.ones((1, 8))
    absorption = np.array([material.absorption for material in materials])
    scattering = np.array([material.scattering for material in materials])
    return np.sqrt((1.0 - absorption) * (1.0 - scattering))


def _walls_of(block: Block, facade_number: dict[str, int]) -> Walls:
    starts, ends, after, before, tops, owners, facades = [], [], [], [], [], [], []
    total = 0
    for number, building in enumerate(block.buildings):
        if not building.height_m > 0.0:  # nothing stands in the way of sound
            continue
        for ring, turn in ((building.outline, 1.0), *((yard, -1.0) for yard in building.courtyards)):
            points = _clean_ring(ring, turn, building.id)
            count = len(points)
            index = np.arange(count)
            starts.append(points)
            ends.append(np.roll(points, -1, axis=0))
            after.append(total + (index + 1) % count)
            before.append(total + (index - 1) % count)
            tops.append(np.full(count, building.top_m))
            owners.append(np.full(count, number))
            facades.append(np.full(count, facade_number[building.facade]))
            total += count
    a = np.concatenate(starts) if starts else np.empty((0, 2))
    b = np.concatenate(ends) if ends else np.empty((0, 2))
    return Walls(
        *(np.ascontiguousarray(column) for column in (a[:, 0], a[:, 1], b[:, 0], b[:, 1])),
        _joined(tops, np.float64),
        _joined(after, np.int64),
        _joined(before, np.int64),
        _joined(owners, np.int64),
        _joined(facades, np.int64),
    )


def _joined(parts: list[npt.NDArray[np.generic]], dtype: type) -> npt.NDArray[np.generic]:
    return np.concatenate(parts).astype(dtype) if parts else np.empty(0, dtype=dtype)


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
    outlines = [np.asarray(patch.outline, dtype=np.float64) for patch in ground.patches]
    names = [*(patch.surface for patch in ground.patches), ground.surface]
    resistivity = []
    for name in names:
        value = load_material(name).flow_resistivity
        if value is None:
            msg = f"ground surface {name!r} is a facade material; use asphalt, concrete, gravel or grass"
            raise BadInput(msg)
        resistivity.append(value)
    joined = np.concatenate(outlines) if outlines else np.empty((0, 2))
    box = np.array([[*outline.min(axis=0), *outline.max(axis=0)] for outline in outlines]).reshape(-1, 4)
    start = np.cumsum([0, *(len(outline) for outline in outlines)]).astype(np.int64)
    return Surfaces(
        np.ascontiguousarray(joined[:, 0]),
        np.ascontiguousarray(joined[:, 1]),
        start,
        box,
        np.array(resistivity),
    )
