"""A uniform grid over walls, and what a straight line meets in it.

Lines may touch walls: a line that grazes a corner or runs along a wall is free, one that enters a building is not,
even when it enters through a corner and leaves through another. Both sides of the line are therefore followed: it is
free when the line shifted to its left or the line shifted to its right by an infinitesimal amount is.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.span import span

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOUCH_M = 1e-6
HIT = np.dtype([("along", np.float64), ("wall", np.int64), ("sides", np.int64)])
# How clear a line is: of buildings as high as it, as high as its beginning, of any.
CLEAR, LEVEL, FREE = 1, 2, 3
# Both sides of a line; of numba's one integer type, since literals would have kernels that they go to compiled twice.
BOTH = np.int64(3)
_MARGIN_M = 1e-3


class Grid(NamedTuple):
    """Cells of `cell` m from (x0, y0), nx by ny; cell c = column + nx row has the walls item[start[c]:start[c + 1]]."""

    x0: float
    y0: float
    cell: float
    nx: int
    ny: int
    start: Ints
    item: Ints


def lay_grid(walls: npt.NDArray[np.void]) -> Grid:
    """Return a grid of about as many cells as there are walls."""
    if len(walls) == 0:
        return Grid(0.0, 0.0, 1.0, 1, 1, np.zeros(2, np.int64), np.zeros(0, np.int64))
    x0, y0 = walls["ax"].min() - 1.0, walls["ay"].min() - 1.0  # every end is a start: outlines are closed
    wide, tall = walls["ax"].max() + 1.0 - x0, walls["ay"].max() + 1.0 - y0
    cell = max(math.sqrt(wide * tall / len(walls)), 1.0)
    nx, ny = int(wide / cell) + 1, int(tall / cell) + 1
    count = np.zeros(nx * ny + 1, np.int64)
    _fill(walls, x0, y0, cell, nx, count, np.zeros(0, np.int64))
    start = np.cumsum(count)
    item = np.zeros(start[-1], np.int64)
    _fill(walls, x0, y0, cell, nx, start.copy(), item)
    return Grid(float(x0), float(y0), float(cell), nx, ny, start, item)


@njit(cache=True, nogil=True)
def _fill(walls, x0, y0, cell, nx, place, item):
    """Count the walls of each cell in place[cell + 1] (empty `item`), or write them from place[cell] on."""
    counting = len(item) == 0
    for wall in range(len(walls)):
        ax, ay, bx, by = walls.ax[wall], walls.ay[wall], walls.bx[wall], walls.by[wall]
        left, right = min(ax, bx) - _MARGIN_M, max(ax, bx) + _MARGIN_M
        low, high = min(ay, by) - _MARGIN_M, max(ay, by) + _MARGIN_M
        dx, dy = bx - ax, by - ay
        reach = 0.5 * cell * (abs(dx) + abs(dy)) + _MARGIN_M * (span(dx, dy) + 1.0)
        for row in range(int((low - y0) / cell), int((high - y0) / cell) + 1):
            for column in range(int((left - x0) / cell), int((right - x0) / cell) + 1):
                mx, my = x0 + (column + 0.5) * cell, y0 + (row + 0.5) * cell
                if abs(dx * (my - ay) - dy * (mx - ax)) > reach:
                    continue
                index = row * nx + column
                if counting:
                    place[index + 1] += 1
                else:
                    item[place[index]] = wall
                    place[index] += 1


@njit(cache=True, nogil=True)
def _enter(grid, x0, y0, dx, dy):
    """Return the first cell that a line crosses, -1 when it passes the grid by (Amanatides and Woo 1987).

    (cell, columns and rows that are left ahead, where it crosses into the next column, the next row, where it leaves
    the grid), in shares of the line.
    """
    enter, leave = 0.0, 1.0
    for axis in range(2):
        p, d = (x0, dx) if axis == 0 else (y0, dy)
        low = grid.x0 if axis == 0 else grid.y0
        high = low + grid.cell * (grid.nx if axis == 0 else grid.ny)
        if d == 0.0:
            if p < low or p > high:
                return -1, 0, 0, 0.0, 0.0, 0.0
        else:
            near, far = (low - p) / d, (high - p) / d
            enter, leave = max(enter, min(near, far)), min(leave, max(near, far))
    if enter > leave:
        return -1, 0, 0, 0.0, 0.0, 0.0
    fx, fy = (x0 + enter * dx - grid.x0) / grid.cell, (y0 + enter * dy - grid.y0) / grid.cell
    column, row = min(max(int(fx), 0), grid.nx - 1), min(max(int(fy), 0), grid.ny - 1)
    next_x = (
        enter + (column + 1 - fx if dx > 0.0 else column - fx) * grid.cell / dx if dx != 0.0 else math.inf
    )
    next_y = enter + (row + 1 - fy if dy > 0.0 else row - fy) * grid.cell / dy if dy != 0.0 else math.inf
    columns = grid.nx - 1 - column if dx > 0.0 else column
    rows = grid.ny - 1 - row if dy > 0.0 else row
    return row * grid.nx + column, columns, rows, next_x, next_y, leave


@njit(cache=True, nogil=True)
def _stride(grid, dx, dy):
    """Return what takes a line to the next column, and to the next row: cells, and its own shares."""
    share_x = abs(grid.cell / dx) if dx != 0.0 else math.inf
    share_y = abs(grid.cell / dy) if dy != 0.0 else math.inf
    return 1 if dx > 0.0 else -1, grid.nx if dy > 0.0 else -grid.nx, share_x, share_y


@njit(cache=True, nogil=True)
def _go_on(at, stride):
    """Return the next cell of a line, as `_enter` gives the first."""
    cell, columns, rows, next_x, next_y, leave = at
    if min(next_x, next_y) > leave:
        return -1, columns, rows, next_x, next_y, leave
    if next_x < next_y:
        return cell + stride[0] if columns > 0 else -1, columns - 1, rows, next_x + stride[2], next_y, leave
    return cell + stride[1] if rows > 0 else -1, columns, rows - 1, next_x, next_y + stride[3], leave


@njit(cache=True, nogil=True)
def cells_along(grid, x0, y0, x1, y1, cells):
    """Write the cells that a line crosses, in its order, to `cells`; return how many."""
    dx, dy = x1 - x0, y1 - y0
    at, stride = _enter(grid, x0, y0, dx, dy), _stride(grid, dx, dy)
    count = 0
    while at[0] >= 0:
        cells[count] = at[0]
        count += 1
        at = _go_on(at, stride)
    return count


@njit(cache=True, nogil=True)
def meet(walls, wall, x0, y0, ux, uy, length):
    """Return (where the line from (x0, y0) along the unit vector u meets a wall, sides): m; sides is 0 for nowhere.

    `sides` has bit 1 when the line's left side enters or leaves there, bit 2 when its right side does. The ends of
    the line do not count: what starts or ends on a wall has not passed it.
    """
    px, py = walls.ax[wall] - x0, walls.ay[wall] - y0
    qx, qy = walls.bx[wall] - x0, walls.by[wall] - y0
    a, b = ux * py - uy * px, ux * qy - uy * qx
    if (a > TOUCH_M and b > TOUCH_M) or (a < -TOUCH_M and b < -TOUCH_M):
        return 0.0, 0
    sides = (1 if (a > TOUCH_M) != (b > TOUCH_M) else 0) + (2 if (a >= -TOUCH_M) != (b >= -TOUCH_M) else 0)
    if sides == 0:
        return 0.0, 0
    share = a / (a - b)
    along = (px + share * (qx - px)) * ux + (py + share * (qy - py)) * uy
    if along <= TOUCH_M or along >= length - TOUCH_M:
        return 0.0, 0
    return along, sides


@njit(cache=True, nogil=True)
def clearance(walls, grid, x0, y0, z0, x1, y1, z1, ceiling):
    """Return 0 where a building stands in a line, FREE where none would at any height, otherwise CLEAR.

    A height below zero is the mirror image under the ground. What rises above `ceiling`, m, counts as that high.
    """
    dx, dy = x1 - x0, y1 - y0
    length = span(dx, dy)
    if length <= 2.0 * TOUCH_M:
        return FREE
    ux, uy, slope = dx / length, dy / length, (z1 - z0) / length
    at, stride = _enter(grid, x0, y0, dx, dy), _stride(grid, dx, dy)
    high = low = 0
    while at[0] >= 0:
        for entry in range(grid.start[at[0]], grid.start[at[0] + 1]):
            wall = grid.item[entry]
            along, sides = meet(walls, wall, x0, y0, ux, uy, length)
            if sides == 0:
                continue
            low |= sides
            if walls.top[wall] > min(abs(z0 + slope * along), ceiling) + TOUCH_M:
                high |= sides
                if high == BOTH:
                    return 0
        at = _go_on(at, stride)
    return CLEAR if low == BOTH else FREE


@njit(cache=True, nogil=True)
def crossings(walls, grid, x0, y0, x1, y1, hits):
    """List every wall that a line meets, whatever its height, in no order; return how many."""
    dx, dy = x1 - x0, y1 - y0
    length = span(dx, dy)
    count = 0
    if length <= 2.0 * TOUCH_M:
        return count
    ux, uy = dx / length, dy / length
    at, stride = _enter(grid, x0, y0, dx, dy), _stride(grid, dx, dy)
    while at[0] >= 0:
        for entry in range(grid.start[at[0]], grid.start[at[0] + 1]):
            wall = grid.item[entry]
            along, sides = meet(walls, wall, x0, y0, ux, uy, length)
            if sides == 0 or count == len(hits):
                continue
            known = count - 1  # a wall that lies in several cells is met in each
            while known >= 0 and hits[known].wall != wall:
                known -= 1
            if known < 0:
                hits.along[count] = along
                hits.wall[count] = wall
                hits.sides[count] = sides
                count += 1
        at = _go_on(at, stride)
    return count
