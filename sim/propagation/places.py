"""Where sources and receivers may be."""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from scenes.errors import BadInput
from sim.propagation.city import City
from sim.propagation.span import span

Floats = npt.NDArray[np.float64]

# A point in the line of a wall is set this far into the air: it belongs to one side.
OFF_WALL_M = 1e-3


def check_places(city: City, points: npt.ArrayLike, noun: str) -> Floats:
    """Return points (n, 3), m, that lie in the air, those on a wall set 1 mm off it.

    Raises
    ------
    BadInput
        One line for each point that is no three finite numbers, lies under the ground or inside a building.
    """
    places = np.array(points, dtype=np.float64, ndmin=2)
    if places.ndim != 2 or places.shape[1] != 3:
        msg = f"{noun} positions have the shape {places.shape}; (n, 3) is needed: [east, north, up] in m"
        raise BadInput(msg)
    mistakes = []
    plan = city.plan
    for number, place in enumerate(places):
        where = f"{noun} {number} at [{place[0]:.2f}, {place[1]:.2f}, {place[2]:.2f}] m"
        if not np.all(np.isfinite(place)):
            mistakes.append(f"{noun} {number} has a position that is not finite: {place.tolist()}")
        elif place[2] < 0.0:
            mistakes.append(f"{where} lies under the ground; up must be 0 or more")
        elif len(plan.walls):
            wall = _wall_at(plan.walls, plan.grid, place)
            if wall >= 0:
                _set_off(plan.walls, wall, place)
            holder = building_over(plan.walls, plan.grid, place[0], place[1], place[2])
            if holder >= 0:
                mistakes.append(f"{where} lies inside building {city.names[holder]!r}; it must be in the air")
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return places


@njit(cache=True, nogil=True)
def _wall_at(walls, grid, place):
    """Return the wall whose face holds the point, -1 for none."""
    column, row = (
        math.floor((place[0] - grid.x0) / grid.cell),
        math.floor((place[1] - grid.y0) / grid.cell),
    )
    if not (0 <= column < grid.nx and 0 <= row < grid.ny):
        return -1
    cell = row * grid.nx + column
    for entry in range(grid.start[cell], grid.start[cell + 1]):
        wall = grid.item[entry]
        dx, dy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
        px, py = place[0] - walls.ax[wall], place[1] - walls.ay[wall]
        length = span(dx, dy)
        along = (px * dx + py * dy) / length
        if (
            abs(dx * py - dy * px) <= 0.5 * OFF_WALL_M * length
            and 0.0 <= along <= length
            and place[2] < walls.top[wall]
        ):
            return wall
    return -1


@njit(cache=True, nogil=True)
def _set_off(walls, wall, place):
    """Move a point along the outward normal of a wall, off it."""
    dx, dy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    length = span(dx, dy)
    place[0] += OFF_WALL_M * dy / length
    place[1] -= OFF_WALL_M * dx / length


@njit(cache=True, nogil=True)
def building_over(walls, grid, x, y, z):
    """Return the building whose solid holds the point, -1 for none: its walls to the east are odd in number."""
    column, row = math.floor((x - grid.x0) / grid.cell), math.floor((y - grid.y0) / grid.cell)
    if not (0 <= column < grid.nx and 0 <= row < grid.ny):
        return -1
    inside = np.zeros(64, np.int64)  # buildings passed through so far
    held = 0
    for i in range(column, grid.nx):
        cell = row * grid.nx + i
        for entry in range(grid.start[cell], grid.start[cell + 1]):
            wall = grid.item[entry]
            ya, yb = walls.ay[wall], walls.by[wall]
            if (ya > y) == (yb > y) or walls.top[wall] <= z:
                continue
            crossing = walls.ax[wall] + (y - ya) / (yb - ya) * (walls.bx[wall] - walls.ax[wall])
            if crossing <= x or int((crossing - grid.x0) / grid.cell) != i:
                continue
            building, place = walls.building[wall], -1
            for k in range(held):
                if inside[k] == building:
                    place = k
            if place >= 0:
                held -= 1
                inside[place] = inside[held]
            elif held < len(inside):
                inside[held] = building
                held += 1
    return inside[0] if held else -1
