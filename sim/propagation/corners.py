"""Vertical edges that diffract: places where the air turns by more than 180 degrees about a wall's end.

Where buildings touch, their solid sectors are joined level by level: a party wall makes no corner below the lower roof,
and two houses that meet at an angle make one.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.grid import TOUCH_M, Grid

if TYPE_CHECKING:
    from sim.propagation.city import Walls

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# A bend below this is a straight wall: over 1 km it strays by a hundredth of a millimetre.
_STRAIGHT_RAD = 1e-8


class Corners(NamedTuple):
    """Corner c stands at (x, y), m, from height `low` to `high`, m.

    (ux, uy) and (vx, vy) are unit vectors along its faces 0 and n, away from it; the air lies clockwise from u to v and
    fills `opening` rad, above pi. `facade_0`, `facade_n` are the materials of the faces (indices), and the corners of
    grid cell g are item[start[g]:start[g + 1]].
    """

    x: Floats
    y: Floats
    low: Floats
    high: Floats
    ux: Floats
    uy: Floats
    vx: Floats
    vy: Floats
    opening: Floats
    facade_0: Ints
    facade_n: Ints
    start: Ints
    item: Ints


def find_corners(walls: "Walls", grid: Grid) -> Corners:
    """Find the corners of all buildings."""
    if len(walls.ax) == 0:
        none, no = np.zeros(0), np.zeros(0, np.int64)
        return Corners(*(none,) * 9, no, no, np.zeros(2, np.int64), no)
    touched = _touched(walls, grid)
    plain = _plain(walls, ~touched)
    joined = [row for vertex in np.flatnonzero(touched) for row in _joined(walls, grid, int(vertex))]
    table = np.concatenate([plain, np.array(joined).reshape(-1, 11)])
    column = ((table[:, 0] - grid.x0) / grid.cell).astype(np.int64)
    row = ((table[:, 1] - grid.y0) / grid.cell).astype(np.int64)
    cell = row * grid.nx + column
    order = np.argsort(cell, kind="stable")
    start = np.searchsorted(cell[order], np.arange(grid.nx * grid.ny + 1))
    fields = [np.ascontiguousarray(table[order, k]) for k in range(11)]
    return Corners(
        *fields[:9], fields[9].astype(np.int64), fields[10].astype(np.int64), start, np.arange(len(order))
    )


def _plain(walls: "Walls", chosen: npt.NDArray[np.bool_]) -> Floats:
    """Return one row per convex vertex that no other wall touches."""
    out = np.stack([walls.bx - walls.ax, walls.by - walls.ay], axis=1)
    out /= np.linalg.norm(out, axis=1)[:, None]
    back = -out[walls.before]
    turn = np.arctan2(
        back[:, 1] * out[:, 0] - back[:, 0] * out[:, 1], -(out[:, 0] * back[:, 0] + out[:, 1] * back[:, 1])
    )
    keep = chosen & (turn > _STRAIGHT_RAD)
    n = np.flatnonzero(keep)
    return np.column_stack(
        [
            walls.ax[n],
            walls.ay[n],
            np.zeros(len(n)),
            walls.top[n],
            out[n],
            back[n],
            math.pi + turn[n],
            walls.facade[n],
            walls.facade[walls.before[n]],
        ]
    )


@njit(cache=True, nogil=True)
def _touches(walls, wall, x, y):  # noqa: ANN001, ANN202 - compiled
    """Return -1 for a wall that passes (x, y) by, else 0 when the point is its start, 1 its end, 2 between."""
    dx, dy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    px, py = x - walls.ax[wall], y - walls.ay[wall]
    if math.hypot(px, py) <= TOUCH_M:
        return 0
    if math.hypot(px - dx, py - dy) <= TOUCH_M:
        return 1
    length = math.hypot(dx, dy)
    if abs(dx * py - dy * px) > TOUCH_M * length or not 0.0 < px * dx + py * dy < length * length:
        return -1
    return 2


@njit(cache=True, nogil=True)
def _touched(walls, grid):  # noqa: ANN001, ANN202 - compiled
    """Tell which vertices (starts of walls) other walls touch than the two that meet there."""
    result = np.zeros(len(walls.ax), np.bool_)
    for vertex in range(len(walls.ax)):
        x, y = walls.ax[vertex], walls.ay[vertex]
        cell = int((y - grid.y0) / grid.cell) * grid.nx + int((x - grid.x0) / grid.cell)
        for entry in range(grid.start[cell], grid.start[cell + 1]):
            wall = grid.item[entry]
            if wall not in (vertex, walls.before[vertex]) and _touches(walls, wall, x, y) >= 0:
                result[vertex] = True
                break
    return result


def _joined(walls: "Walls", grid: Grid, vertex: int) -> list[tuple[float, ...]]:
    """Return the corners, level by level, at a vertex where several walls meet."""
    x, y = float(walls.ax[vertex]), float(walls.ay[vertex])
    cell = int((y - grid.y0) / grid.cell) * grid.nx + int((x - grid.x0) / grid.cell)
    sectors = []  # (first direction, last direction, wall of each, top): solid counter-clockwise between them
    for wall in grid.item[grid.start[cell] : grid.start[cell + 1]]:
        how = _touches(walls, wall, x, y)
        along = math.atan2(walls.by[wall] - walls.ay[wall], walls.bx[wall] - walls.ax[wall])
        if how == 0:
            if wall < vertex:  # the vertex of that wall is this place too, and tells of it
                return []
            other = int(walls.before[wall])
            back = math.atan2(walls.ay[other] - walls.by[other], walls.ax[other] - walls.bx[other])
            sectors.append((along, back, wall, other, walls.top[wall]))
        elif how == 2:
            sectors.append((along, along + math.pi, wall, wall, walls.top[wall]))
    rows, low = [], 0.0
    for high in sorted({sector[4] for sector in sectors}):
        gap = _widest_gap([sector for sector in sectors if sector[4] >= high])
        if gap is not None:
            first, last, opening, wall_0, wall_n = gap
            rows.append(
                (x, y, low, high, math.cos(first), math.sin(first), math.cos(last), math.sin(last), opening)
                + (walls.facade[wall_0], walls.facade[wall_n])
            )
        low = high
    return _merged(rows)


def _widest_gap(sectors: list[tuple]) -> tuple[float, float, float, int, int] | None:
    """Return (direction of face 0, of face n, opening, wall of each) of the air when it opens over 180 degrees."""
    turn = 2.0 * math.pi
    for first, _, wall_0, _, _ in sectors:  # face 0 is where a solid sector starts, the air before it
        opening, wall_n, last = turn, -1, 0.0
        for other_first, other_last, _, wall, _ in sectors:
            solid = (other_last - other_first) % turn
            behind = (first - other_first) % turn  # how far before `first` the other sector starts
            if 1e-9 < behind < solid - 1e-9:
                opening = 0.0  # `first` lies within the other sector: no face
                break
            air = (first - other_first - solid) % turn
            air = turn - solid if behind <= 1e-9 or turn - behind <= 1e-9 else air
            air = 0.0 if turn - air < 1e-9 else air
            if air < opening:
                opening, wall_n, last = air, wall, other_last
        if opening > math.pi + _STRAIGHT_RAD and wall_n >= 0:
            return first, last, opening, wall_0, wall_n
    return None


def _merged(rows: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Join a corner that goes on unchanged above a neighbour's roof."""
    kept: list[tuple[float, ...]] = []
    for row in rows:
        if kept and kept[-1][3] == row[2] and np.allclose(kept[-1][4:9], row[4:9], rtol=0.0, atol=1e-9):
            kept[-1] = (*kept[-1][:3], row[3], *kept[-1][4:])
        else:
            kept.append(row)
    return kept
