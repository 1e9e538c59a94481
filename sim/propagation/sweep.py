"""One look around from a point: which walls and corners it may see, with no line of sight computed.

The horizon is cut into bins of direction. A wall that spans a bin hides what lies behind it there; whatever is not
surely hidden is reported, so nothing visible is lost, and what is reported is checked exactly by those who use it.
Directions are measured by d = y / (|x| + |y|) and its continuations, in which 1 / distance along a wall is linear.
"""

import math

import numpy as np
from numba import njit

BINS = 512
_SURE = 1.0 - 1e-9


def _bin_directions() -> np.ndarray:
    """Return the directions of the BINS + 1 bin edges, |x| + |y| = 1, counter-clockwise from east."""
    d = np.linspace(0.0, 4.0, BINS + 1)
    x = np.where(d <= 2.0, 1.0 - d, d - 3.0)
    y = np.where(d <= 1.0, d, np.where(d <= 3.0, 2.0 - d, d - 4.0))
    return np.ascontiguousarray(np.stack([x, y], axis=1))


EDGES = _bin_directions()


@njit(cache=True, nogil=True)
def bin_position(dx: float, dy: float) -> float:
    """Return the direction of (dx, dy) in bins, 0 to BINS."""
    norm = abs(dx) + abs(dy)
    if norm == 0.0:
        return 0.0
    d = dy / norm
    d = d if dx >= 0.0 and dy >= 0.0 else (4.0 + d if dx >= 0.0 else 2.0 - d)
    return d * (BINS / 4.0)


@njit(cache=True, nogil=True)
def _nearness(walls, wall, px, py, k):
    """Return 1 / distance from p to the line of a wall along the edges k and k + 1 of a bin."""
    ax, ay = walls.ax[wall] - px, walls.ay[wall] - py
    wx, wy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    scale = 1.0 / (ax * wy - ay * wx)
    first = (EDGES[k, 0] * wy - EDGES[k, 1] * wx) * scale
    last = (EDGES[k + 1, 0] * wy - EDGES[k + 1, 1] * wx) * scale
    return first, last


@njit(cache=True, nogil=True)
def _hide_behind(walls, wall, px, py, first, last, horizon):
    """Raise the horizon in each bin that a wall spans, directions first to last in bins."""
    begin = math.ceil(first)
    end = math.floor(last) if last >= first else math.floor(last) + BINS
    for k in range(begin, end):
        bin_ = k % BINS
        near, far = _nearness(walls, wall, px, py, bin_)
        horizon[bin_] = max(horizon[bin_], min(near, far))


@njit(cache=True, nogil=True)
def _may_show(walls, wall, px, py, first, last, horizon):
    begin = math.floor(first)
    end = math.floor(last) if last >= first else math.floor(last) + BINS
    for k in range(begin, end + 1):
        bin_ = k % BINS
        near, far = _nearness(walls, wall, px, py, bin_)
        if max(near, far) >= horizon[bin_] * _SURE:
            return True
    return False


@njit(cache=True, nogil=True)
def _cell_hidden(grid, column, row, px, py, horizon):
    """Tell whether all of a cell lies behind the horizon."""
    left, low = grid.x0 + column * grid.cell - px, grid.y0 + row * grid.cell - py
    right, high = left + grid.cell, low + grid.cell
    gap_x = max(left, -right, 0.0)
    gap_y = max(low, -high, 0.0)
    if gap_x + gap_y <= 1e-2:
        return False
    nearness = 1.0 / (gap_x + gap_y - 1e-2)
    middle = bin_position(0.5 * (left + right), 0.5 * (low + high))
    spread = 0.0
    for corner in range(4):
        d = bin_position(left if corner & 1 else right, low if corner & 2 else high) - middle
        d = d - BINS if d > BINS / 2 else (d + BINS if d < -BINS / 2 else d)
        spread = max(spread, abs(d))
    for k in range(math.floor(middle - spread) - 1, math.floor(middle + spread) + 2):
        if horizon[k % BINS] < nearness:
            return False
    return True


@njit(cache=True, nogil=True)
def look_around(
    walls, corners, corner_start, grid, px, py, pz, slope, horizon, seen, mark, wall_out, corner_out
):
    """List the walls that face p and the corners that p may see; return (walls, corners), their numbers.

    Parameters
    ----------
    walls, corners, corner_start, grid
        Of the city.
    px, py, pz : float
        The point, m.
    slope : float
        Sound of interest stays below pz + slope * distance, m/m, 0 or more: lower walls hide nothing.
    horizon : ndarray, shape (BINS,)
        1 / distance beyond which each bin is hidden; 0 where nothing hides, inf where nothing is of interest.
    seen : ndarray of int64, shape (walls,), mark : int
        Scratch: seen[w] == mark once a wall has been met.
    wall_out, corner_out : ndarray of int64
        Room for all walls and all corners.
    """
    column, row = math.floor((px - grid.x0) / grid.cell), math.floor((py - grid.y0) / grid.cell)
    rings = max(column, row, grid.nx - 1 - column, grid.ny - 1 - row, 0)
    found = cornered = 0
    for ring in range(rings + 1):
        if ring > 1 and horizon.min() * (ring - 1) * grid.cell >= 1.0:
            break
        for j in range(max(row - ring, 0), min(row + ring, grid.ny - 1) + 1):
            edge_row = abs(j - row) == ring
            step = 1 if edge_row or ring == 0 else 2 * ring
            for i in range(column - ring, column + ring + 1, step):
                if not 0 <= i < grid.nx or _cell_hidden(grid, i, j, px, py, horizon):
                    continue
                cell = j * grid.nx + i
                for entry in range(grid.start[cell], grid.start[cell + 1]):
                    wall = grid.item[entry]
                    if seen[wall] != mark:
                        seen[wall] = mark
                        found += _meet_wall(walls, wall, px, py, pz, slope, horizon, wall_out, found)
                for corner in range(corner_start[cell], corner_start[cell + 1]):
                    corner_out[cornered] = corner
                    cornered += 1
    return (
        _still_showing(walls, px, py, horizon, wall_out, found),
        _still_seen(corners, px, py, horizon, corner_out, cornered),
    )


@njit(cache=True, nogil=True)
def _meet_wall(walls, wall, px, py, pz, slope, horizon, wall_out, found):
    """Add a wall that faces p to the list and to the horizon; return how many were added, 0 or 1."""
    ax, ay = walls.ax[wall] - px, walls.ay[wall] - py
    bx, by = walls.bx[wall] - px, walls.by[wall] - py
    if ax * by - ay * bx >= 0.0:  # p lies behind it, or in its line
        return 0
    first, last = bin_position(bx, by), bin_position(ax, ay)
    if not _may_show(walls, wall, px, py, first, last, horizon):
        return 0
    if walls.top[wall] >= pz + slope * math.sqrt(max(ax * ax + ay * ay, bx * bx + by * by)):
        _hide_behind(walls, wall, px, py, first, last, horizon)
    wall_out[found] = wall
    return 1


@njit(cache=True, nogil=True)
def _still_showing(walls, px, py, horizon, wall_out, found):
    kept = 0
    for k in range(found):
        wall = wall_out[k]
        first = bin_position(walls.bx[wall] - px, walls.by[wall] - py)
        last = bin_position(walls.ax[wall] - px, walls.ay[wall] - py)
        if _may_show(walls, wall, px, py, first, last, horizon):
            wall_out[kept] = wall
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _still_seen(corners, px, py, horizon, corner_out, cornered):
    kept = 0
    for k in range(cornered):
        dx, dy = corners.x[corner_out[k]] - px, corners.y[corner_out[k]] - py
        distance = abs(dx) + abs(dy)
        bin_ = min(int(bin_position(dx, dy)), BINS - 1)
        if distance * horizon[bin_] * _SURE <= 1.0:
            corner_out[kept] = corner_out[k]
            kept += 1
    return kept
