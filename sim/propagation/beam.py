"""Beams through facades: which walls a facade mirrors a source to, for reflections by three facades.

The image of a source in a facade looks out through that facade as through a window. What it sees there, with the same
horizon of directions as a look around from the source itself, is what sound may meet after one reflection.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.corner_graph import open_sector
from sim.propagation.grid import TOUCH_M, cells_along
from sim.propagation.reflection import is_behind, pierce
from sim.propagation.span import span
from sim.propagation.sweep import BINS, is_cell_hidden, is_hidden, meet_wall, still_showing

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Beams(NamedTuple):
    """Beam b goes from a source by its view's wall number first[b] to wall[b], in which it has the image image[b] (2,).

    Walls are a few too many, none is missing for sound that keeps to the slope and the ceiling of the view.
    """

    first: Ints
    wall: Ints
    image: Floats


@njit(cache=True, nogil=True)
def find_beams(plan, source, slope, ceiling, mine):
    """Return the `Beams` of a source (3,), m; `mine` is its view, `slope` and `ceiling` those that it was made with."""
    walls, grid = plan.walls, plan.grid
    cells = grid.nx * grid.ny
    seen, queue = np.zeros(len(walls) + cells, np.int64), np.empty(cells, np.int64)
    along, found = np.empty(grid.nx + grid.ny + 4, np.int64), np.empty(len(walls), np.int64)
    room = 16 * len(mine.wall) + 16
    first, wall, image = np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, 2))
    count = 0
    for i in range(len(mine.wall)):
        ix, iy = mine.image[i, 0], mine.image[i, 1]
        seen_through = _look_through(
            walls, grid, mine.wall[i], ix, iy, source[2], slope, ceiling, seen, i + 1, queue, along, found
        )
        for k in range(seen_through):
            if count == len(first):
                first, wall = np.append(first, first), np.append(wall, wall)
                image = np.concatenate((image, image))
            u = found[k]
            dx, dy = walls.bx[u] - walls.ax[u], walls.by[u] - walls.ay[u]
            off = 2.0 * (dx * (iy - walls.ay[u]) - dy * (ix - walls.ax[u])) / (dx * dx + dy * dy)
            first[count], wall[count] = i, u
            image[count, 0], image[count, 1] = ix + off * dy, iy - off * dx
            count += 1
    return Beams(first[:count], wall[:count], image[:count])


@njit(cache=True, nogil=True)
def _look_through(walls, grid, window, ix, iy, z, slope, ceiling, seen, mark, queue, along, found):
    """Write the walls that face an image (ix, iy) and may be seen from it through a wall to `found`; return how many.

    `seen`, `mark` and `queue` are as of `sim.propagation.sweep.look_around`; `along` has room for a line of cells.
    """
    ax, ay, bx, by = walls.ax[window], walls.ay[window], walls.bx[window], walls.by[window]
    horizon = np.full(BINS, math.inf)
    open_sector(horizon, ax - ix, ay - iy, bx - ix, by - iy)
    waiting = cells_along(grid, ax, ay, bx, by, along)
    for k in range(waiting):
        queue[k] = along[k]
        seen[len(walls) + along[k]] = mark
    shown = taken = 0
    while taken < waiting:
        cell = queue[taken]
        taken += 1
        column, row = cell % grid.nx, cell // grid.nx
        x, y = grid.x0 + (column + 0.5) * grid.cell, grid.y0 + (row + 0.5) * grid.cell
        if _behind_m(walls, window, x, y) > grid.cell or is_cell_hidden(grid, column, row, ix, iy, horizon):
            continue
        for entry in range(grid.start[cell], grid.start[cell + 1]):
            wall = grid.item[entry]
            if seen[wall] == mark or wall == window:
                continue
            seen[wall] = mark
            if _meet_beyond(walls, wall, window, ix, iy, z, slope, ceiling, horizon):
                found[shown] = wall
                shown += 1
        for side in range(4):
            i, j = column + (1, -1, 0, 0)[side], row + (0, 0, 1, -1)[side]
            near = j * grid.nx + i
            if 0 <= i < grid.nx and 0 <= j < grid.ny and seen[len(walls) + near] != mark:
                seen[len(walls) + near] = mark
                queue[waiting] = near
                waiting += 1
    return still_showing(walls, ix, iy, horizon, found[:shown])


@njit(cache=True, nogil=True)
def _meet_beyond(walls, wall, window, ix, iy, z, slope, ceiling, horizon):
    """Add a wall in front of the window that faces an image behind it to the horizon; tell whether it may show.

    A wall that ends behind the window may show, but hides nothing: there it is not in the way.
    """
    a = _behind_m(walls, window, walls.ax[wall], walls.ay[wall])
    b = _behind_m(walls, window, walls.bx[wall], walls.by[wall])
    if min(a, b) > -TOUCH_M:
        return False
    if max(a, b) <= TOUCH_M:
        return meet_wall(walls, wall, ix, iy, z, slope, ceiling, horizon)
    return _behind_m(walls, wall, ix, iy) < 0.0


@njit(cache=True, nogil=True)
def _behind_m(walls, wall, x, y):
    """Return how far a point lies behind a wall, m; below 0 in front of it."""
    wx, wy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    return ((walls.ax[wall] - x) * wy - (walls.ay[wall] - y) * wx) / span(wx, wy)


@njit(cache=True, nogil=True)
def list_triple_reflections(plan, rules, source, receivers, mine, theirs, beams, lines, bag):
    """List the ways by three facades; return how many.

    `mine` and `theirs` are the views of the source and of the receivers, `beams` those of the source. Ways beyond the
    room in `lines` are counted, not listed.
    """
    walls, count = plan.walls, 0
    behind = np.empty(len(theirs.wall), np.bool_)
    for r in range(len(receivers)):
        rx, ry = receivers[r, 0], receivers[r, 1]
        begin, end = theirs.wall_start[r], theirs.wall_start[r + 1]
        for b in range(len(beams.wall)):
            u, ix, iy = beams.wall[b], beams.image[b, 0], beams.image[b, 1]
            if not is_behind(walls, u, ix, iy, theirs.image[begin:end], behind):
                continue
            w, wx, wy = (
                mine.wall[beams.first[b]],
                mine.image[beams.first[b], 0],
                mine.image[beams.first[b], 1],
            )
            for j in range(begin, end):
                v, jx, jy = theirs.wall[j], theirs.image[j, 0], theirs.image[j, 1]
                if not behind[j - begin] or v == u:
                    continue
                t, s = pierce(walls, u, ix, iy, jx, jy), pierce(walls, v, ix, iy, jx, jy)
                if t < 0.0 or s <= t:
                    continue
                ux, uy = ix + t * (jx - ix), iy + t * (jy - iy)
                q = pierce(walls, w, wx, wy, ux, uy)
                hx, hy = wx + q * (ux - wx), wy + q * (uy - wy)
                if q < 0.0 or is_hidden(mine.horizon[0], hx - source[0], hy - source[1]):
                    continue
                gx, gy = ix + s * (jx - ix), iy + s * (jy - iy)
                if is_hidden(theirs.horizon[r], gx - rx, gy - ry) or not may_matter(
                    bag, r, rules.floor, 1.0 / span(jx - ix, jy - iy)
                ):
                    continue
                if count < len(lines):
                    line = lines[count]
                    line.pair, line.size, line.clear = r, 5, 0
                    line.met[1], line.met[2], line.met[3] = -1 - w, -1 - u, -1 - v
                    line.x[0], line.x[1], line.x[2], line.x[3], line.x[4] = source[0], hx, ux, gx, rx
                    line.y[0], line.y[1], line.y[2], line.y[3], line.y[4] = source[1], hy, uy, gy, ry
                count += 1
    return count
