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
def _side(walls, wall, px, py):
    """Return a number below 0 for p in front of a wall, 0 in its line: always by one formula, rounded one way."""
    wx, wy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    return (walls.ax[wall] - px) * wy - (walls.ay[wall] - py) * wx


@njit(cache=True, nogil=True)
def _nearness(walls, wall, px, py, k):
    """Return 1 / distance from p to the line of a wall along the edges k and k + 1 of a bin."""
    wx, wy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    scale = 1.0 / _side(walls, wall, px, py)
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
def is_cell_hidden(grid, column, row, px, py, horizon):
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
    walls,
    corners,
    corner_start,
    grid,
    px,
    py,
    pz,
    slope,
    ceiling,
    horizon,
    seen,
    mark,
    queue,
    wall_out,
    corner_out,
):
    """List the walls that face p and the corners that p may see; return their numbers.

    Looking goes on from cell to cell: what is seen, is seen through a neighbour of its cell that is seen too.

    Parameters
    ----------
    walls, corners, corner_start, grid
        Of the city.
    px, py, pz : float
        The point, m.
    slope, ceiling : float
        Sound of interest stays below pz + slope * distance, m/m, 0 or more, and below `ceiling`, m: lower walls hide
        nothing.
    horizon : ndarray, shape (BINS,)
        1 / distance beyond which each bin is hidden; 0 where nothing hides, inf where nothing is of interest.
    seen : ndarray of int64, shape (walls + cells,), mark : int
        Scratch: seen[w] and seen[walls + g] are `mark` once wall w or cell g has been met.
    queue, wall_out, corner_out : ndarray of int64
        Room for all cells, walls, corners.
    """
    column, row = math.floor((px - grid.x0) / grid.cell), math.floor((py - grid.y0) / grid.cell)
    waiting = _first_cells(grid, column, row, seen[len(walls) :], mark, queue)
    found = cornered = taken = 0
    while taken < waiting:
        cell = queue[taken]
        taken += 1
        j, i = cell // grid.nx, cell % grid.nx
        if is_cell_hidden(grid, i, j, px, py, horizon):
            continue
        for entry in range(grid.start[cell], grid.start[cell + 1]):
            wall = grid.item[entry]
            if seen[wall] != mark:
                seen[wall] = mark
                if meet_wall(walls, wall, px, py, pz, slope, ceiling, horizon):
                    wall_out[found] = wall
                    found += 1
        for corner in range(corner_start[cell], corner_start[cell + 1]):
            corner_out[cornered] = corner
            cornered += 1
        for side in range(4):
            ni, nj = i + (1, -1, 0, 0)[side], j + (0, 0, 1, -1)[side]
            if 0 <= ni < grid.nx and 0 <= nj < grid.ny:
                near = nj * grid.nx + ni
                if seen[len(walls) + near] != mark:
                    seen[len(walls) + near] = mark
                    queue[waiting] = near
                    waiting += 1
    return (
        still_showing(walls, px, py, horizon, wall_out[:found]),
        _still_seen(corners, px, py, horizon, corner_out[:cornered]),
    )


@njit(cache=True, nogil=True)
def _first_cells(grid, column, row, seen, mark, queue):
    """Queue the cell of the point, or all cells on the rim when it lies outside; return how many."""
    if 0 <= column < grid.nx and 0 <= row < grid.ny:
        queue[0] = row * grid.nx + column
        seen[queue[0]] = mark
        return 1
    count = 0
    for cell in range(grid.nx * grid.ny):
        i, j = cell % grid.nx, cell // grid.nx
        if i in (0, grid.nx - 1) or j in (0, grid.ny - 1):
            queue[count] = cell
            seen[cell] = mark
            count += 1
    return count


@njit(cache=True, nogil=True)
def meet_wall(walls, wall, px, py, pz, slope, ceiling, horizon):
    """Add a wall that faces p to the horizon; tell whether it may show."""
    ax, ay = walls.ax[wall] - px, walls.ay[wall] - py
    bx, by = walls.bx[wall] - px, walls.by[wall] - py
    if _side(walls, wall, px, py) >= 0.0:  # p lies behind it, or in its line
        return False
    first, last = bin_position(bx, by), bin_position(ax, ay)
    if not _may_show(walls, wall, px, py, first, last, horizon):
        return False
    before = walls.before[wall]
    cx, cy = walls.ax[before] - px, walls.ay[before] - py
    far = math.sqrt(max(ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy))
    if walls.top[wall] >= min(pz + slope * far, ceiling):
        _hide_behind(walls, wall, px, py, first, last, horizon)
        if _side(walls, before, px, py) < 0.0:
            _hide_behind_joint(walls, wall, before, px, py, first, last, bin_position(cx, cy), horizon)
    return True


@njit(cache=True, nogil=True)
def _hide_behind_joint(walls, wall, before, px, py, first, joint, last, horizon):
    """Raise the horizon in the bin that a wall and the one before it, which faces p too, span together."""
    bin_ = math.floor(joint)
    inner = joint - first if joint >= first else joint - first + BINS
    outer = last - joint if last >= joint else last - joint + BINS
    if inner < joint - bin_ or outer < bin_ + 1 - joint:
        return
    distance = abs(walls.ax[wall] - px) + abs(walls.ay[wall] - py)
    nearest = min(_nearness(walls, wall, px, py, bin_ % BINS)[0], 1.0 / max(distance, 1e-9))
    nearest = min(nearest, _nearness(walls, before, px, py, bin_ % BINS)[1])
    horizon[bin_ % BINS] = max(horizon[bin_ % BINS], nearest)


@njit(cache=True, nogil=True)
def still_showing(walls, px, py, horizon, wall_out):
    """Move the walls that the horizon does not hide to the front of `wall_out`; return how many."""
    kept = 0
    for wall in wall_out:
        first = bin_position(walls.bx[wall] - px, walls.by[wall] - py)
        last = bin_position(walls.ax[wall] - px, walls.ay[wall] - py)
        if _may_show(walls, wall, px, py, first, last, horizon):
            wall_out[kept] = wall
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def is_hidden(horizon, dx, dy):
    """Tell whether what lies (dx, dy) from the point surely lies behind its horizon."""
    bin_ = min(int(bin_position(dx, dy)), BINS - 1)
    return (abs(dx) + abs(dy)) * horizon[bin_] * _SURE > 1.0


@njit(cache=True, nogil=True)
def _still_seen(corners, px, py, horizon, corner_out):
    kept = 0
    for corner in corner_out:
        if not is_hidden(horizon, corners.x[corner] - px, corners.y[corner] - py):
            corner_out[kept] = corner
            kept += 1
    return kept
