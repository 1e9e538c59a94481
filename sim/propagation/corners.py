"""Vertical edges that diffract: places where the air turns by more than 180 degrees about a wall's end.

Where buildings touch, their solid sectors are joined level by level: a party wall makes no corner below the lower roof,
and two houses that meet at an angle make one.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.grid import TOUCH_M, Grid
from sim.propagation.paths import BANDS_HZ
from sim.propagation.span import span

Records = npt.NDArray[np.void]
Ints = npt.NDArray[np.int64]

# A bend below this is a straight wall: over 1 km it strays by a hundredth of a millimetre.
_STRAIGHT_RAD = 1e-8


# Corner c stands at (x, y), m, from height `low` to `high`, m. (ux, uy) and (vx, vy) are unit vectors along its faces 0
# and n, away from it; the air lies clockwise from u to v and fills `opening` rad, above pi. `factor_0` and
# `factor_n` are the reflection factors of the faces per band.
CORNER = np.dtype(
    [(name, np.float64) for name in ("x", "y", "low", "high", "ux", "uy", "vx", "vy", "opening")]
    + [(name, np.float64, (len(BANDS_HZ),)) for name in ("factor_0", "factor_n")]
)


Row = tuple[Any, ...]
Sector = tuple[float, float, int, int, float]


def find_corners(walls: Records, grid: Grid) -> tuple[Records, Ints]:
    """Find the corners of all buildings.

    Returns
    -------
    corners : ndarray of CORNER
        In the order of the grid's cells.
    start : ndarray of int64, shape (cells + 1,)
        Cell g holds the corners start[g] to start[g + 1] - 1.
    """
    cells = grid.nx * grid.ny
    if len(walls) == 0:
        return np.empty(0, CORNER), np.zeros(cells + 1, np.int64)
    touched = _touched(walls, grid)
    joined = np.array(_joined(walls, grid, touched), dtype=CORNER)
    corners = np.concatenate([_plain(walls, ~touched), joined])
    column = ((corners["x"] - grid.x0) / grid.cell).astype(np.int64)
    row = ((corners["y"] - grid.y0) / grid.cell).astype(np.int64)
    cell = row * grid.nx + column
    order = np.argsort(cell, kind="stable")
    return corners[order], np.searchsorted(cell[order], np.arange(cells + 1)).astype(np.int64)


def _plain(walls: Records, chosen: npt.NDArray[np.bool_]) -> Records:
    """Return the convex vertices that no other wall touches."""
    out = np.stack([walls["bx"] - walls["ax"], walls["by"] - walls["ay"]], axis=1)
    out /= np.linalg.norm(out, axis=1)[:, None]
    back = -out[walls["before"]]
    turn = np.arctan2(
        back[:, 1] * out[:, 0] - back[:, 0] * out[:, 1], -(out[:, 0] * back[:, 0] + out[:, 1] * back[:, 1])
    )
    n = np.flatnonzero(chosen & (turn > _STRAIGHT_RAD))
    corners = np.empty(len(n), CORNER)
    corners["x"], corners["y"] = walls["ax"][n], walls["ay"][n]
    corners["low"], corners["high"] = 0.0, walls["top"][n]
    (corners["ux"], corners["uy"]), (corners["vx"], corners["vy"]) = out[n].T, back[n].T
    corners["opening"] = math.pi + turn[n]
    corners["factor_0"], corners["factor_n"] = walls["factor"][n], walls["factor"][walls["before"][n]]
    return corners


@njit(cache=True, nogil=True)
def _touches(walls, wall, x, y):
    """Return -1 for a wall that passes (x, y) by, else 0 when the point is its start, 1 its end, 2 between."""
    dx, dy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    px, py = x - walls.ax[wall], y - walls.ay[wall]
    if span(px, py) <= TOUCH_M:
        return 0
    if span(px - dx, py - dy) <= TOUCH_M:
        return 1
    length = span(dx, dy)
    if abs(dx * py - dy * px) > TOUCH_M * length or not 0.0 < px * dx + py * dy < length * length:
        return -1
    return 2


@njit(cache=True, nogil=True)
def _touched(walls, grid):
    """Tell which vertices (starts of walls) other walls touch than the two that meet there."""
    result = np.zeros(len(walls), np.bool_)
    for vertex in range(len(walls)):
        x, y = walls.ax[vertex], walls.ay[vertex]
        cell = int((y - grid.y0) / grid.cell) * grid.nx + int((x - grid.x0) / grid.cell)
        for entry in range(grid.start[cell], grid.start[cell + 1]):
            wall = grid.item[entry]
            if wall not in (vertex, walls.before[vertex]) and _touches(walls, wall, x, y) >= 0:
                result[vertex] = True
                break
    return result


@njit(cache=True, nogil=True)
def _meetings(walls, grid, touched, met):
    """Write (vertex, wall, how it touches) for the walls that start at touched vertices or pass; return how many.

    Of vertices in one place, that of the first wall tells of it. What is beyond the room in `met` is counted alone.
    """
    count = 0
    for vertex in range(len(walls)):
        if not touched[vertex]:
            continue
        x, y = walls.ax[vertex], walls.ay[vertex]
        cell = int((y - grid.y0) / grid.cell) * grid.nx + int((x - grid.x0) / grid.cell)
        begin = count
        for entry in range(grid.start[cell], grid.start[cell + 1]):
            wall = grid.item[entry]
            how = _touches(walls, wall, x, y)
            if how == 0 and wall < vertex:
                count = begin
                break
            if how in (0, 2):
                if count < len(met):
                    met[count, 0], met[count, 1], met[count, 2] = vertex, wall, how
                count += 1
    return count


def _joined(walls: Records, grid: Grid, touched: npt.NDArray[np.bool_]) -> list[Row]:
    """Return the corners, level by level, at vertices where several walls meet."""
    met = np.empty((_meetings(walls, grid, touched, np.empty((0, 3), np.int64)), 3), np.int64)
    _meetings(walls, grid, touched, met)
    ax, ay, bx, by, top, before = (walls[name].tolist() for name in ("ax", "ay", "bx", "by", "top", "before"))
    # (first direction, last direction, wall of each, top): solid counter-clockwise between them
    sectors: dict[int, list[Sector]] = {}
    for vertex, wall, how in met.tolist():
        along, other = math.atan2(by[wall] - ay[wall], bx[wall] - ax[wall]), wall
        last = along + math.pi
        if how == 0:
            other = before[wall]
            last = math.atan2(ay[other] - by[other], ax[other] - bx[other])
        sectors.setdefault(vertex, []).append((along, last, wall, other, top[wall]))
    factor = walls["factor"]
    return [row for v, solid in sectors.items() for row in _levels(ax[v], ay[v], solid, factor)]


def _levels(x: float, y: float, sectors: list[Sector], factor: npt.NDArray[np.float64]) -> list[Row]:
    """Return the corners at (x, y), level by level, between solid sectors; `factor` (walls, bands) is the walls'."""
    rows, low = [], 0.0
    for high in sorted({sector[4] for sector in sectors}):
        gap = _widest_gap([sector for sector in sectors if sector[4] >= high])
        if gap is not None:
            first, last, opening, wall_0, wall_n = gap
            u, v = (math.cos(first), math.sin(first)), (math.cos(last), math.sin(last))
            rows.append((x, y, low, high, *u, *v, opening, factor[wall_0], factor[wall_n]))
        low = high
    return _merged(rows)


def _widest_gap(sectors: list[Sector]) -> tuple[float, float, float, int, int] | None:
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


def _merged(rows: list[Row]) -> list[Row]:
    """Join a corner that goes on unchanged above a neighbour's roof."""
    kept: list[Row] = []
    for row in rows:
        if (
            kept
            and kept[-1][3] == row[2]
            and all(abs(a - b) <= 1e-9 for a, b in zip(kept[-1][4:9], row[4:9], strict=True))
        ):
            kept[-1] = (*kept[-1][:3], row[3], *kept[-1][4:])
        else:
            kept.append(row)
    return kept
