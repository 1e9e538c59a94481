"""Specular reflections by facades, found by image sources in plan."""

import numpy as np
from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.span import span
from sim.propagation.sweep import is_hidden


@njit(cache=True, nogil=True)
def pierce(walls, wall, x0, y0, x1, y1):
    """Return how far, 0 to 1, on the way from (x0, y0) to (x1, y1) it goes through a wall; -1 if it passes it by.

    A wall has its start but not its end: a way through the joint of two walls goes through one of them.
    """
    dx, dy = x1 - x0, y1 - y0
    ax, ay = walls.ax[wall] - x0, walls.ay[wall] - y0
    bx, by = walls.bx[wall] - x0, walls.by[wall] - y0
    a, b = dx * ay - dy * ax, dx * by - dy * bx
    if (a >= 0.0) == (b >= 0.0):
        return -1.0
    share = a / (a - b)
    along = ((ax + share * (bx - ax)) * dx + (ay + share * (by - ay)) * dy) / (dx * dx + dy * dy)
    return along if 0.0 < along < 1.0 else -1.0


@njit(cache=True, nogil=True)
def is_behind(walls, wall, x, y, places, behind):
    """Tell of many places (n, 2) whether the straight line from (x, y) through them passes through a wall.

    Writes it to `behind` (n,), returns whether any does. A first sieve for `pierce`, in a form that compiles to vector
    instructions.
    """
    ax, ay, bx, by = walls.ax[wall] - x, walls.ay[wall] - y, walls.bx[wall] - x, walls.by[wall] - y
    found = 0
    for n in range(len(places)):
        dx, dy = places[n, 0] - x, places[n, 1] - y
        through = (dx * ay - dy * ax >= 0.0) != (dx * by - dy * bx >= 0.0)
        behind[n] = through
        found += through
    return found > 0


@njit(cache=True, nogil=True)
def list_reflections(plan, rules, source, receivers, mine, theirs, lines, bag):
    """List the direct way and those by one and two facades among those that both ends see; return how many.

    `mine` and `theirs` are the views of the source and of the receivers. Ways beyond the room in `lines` are counted,
    not listed.
    """
    count = 0
    walls = plan.walls
    behind = np.empty(len(theirs.wall), np.bool_)
    for r in range(len(receivers)):
        rx, ry = receivers[r, 0], receivers[r, 1]
        if count < len(lines):
            line = lines[count]
            line.pair, line.size, line.clear = r, 2, 0
            line.x[0], line.y[0], line.x[1], line.y[1] = source[0], source[1], rx, ry
        count += 1
        first, last = theirs.wall_start[r], theirs.wall_start[r + 1]
        for i in range(len(mine.wall) if rules.reflection_order > 0 else 0):
            w, ix, iy = mine.wall[i], mine.image[i, 0], mine.image[i, 1]
            t = pierce(walls, w, ix, iy, rx, ry)
            if t > 0.0:
                if count < len(lines):
                    line = lines[count]
                    line.pair, line.size, line.clear, line.met[1] = r, 3, 0, -1 - w
                    line.x[0], line.y[0], line.x[2], line.y[2] = source[0], source[1], rx, ry
                    line.x[1], line.y[1] = ix + t * (rx - ix), iy + t * (ry - iy)
                count += 1
            if rules.reflection_order < 2 or not is_behind(
                walls, w, ix, iy, theirs.image[first:last], behind
            ):
                continue
            for j in range(first, last):
                v, jx, jy = theirs.wall[j], theirs.image[j, 0], theirs.image[j, 1]
                if not behind[j - first] or v == w:
                    continue
                t, s = pierce(walls, w, ix, iy, jx, jy), pierce(walls, v, ix, iy, jx, jy)
                hx, hy = ix + t * (jx - ix), iy + t * (jy - iy)
                if t < 0.0 or s <= t or is_hidden(mine.horizon[0], hx - source[0], hy - source[1]):
                    continue
                gx, gy = ix + s * (jx - ix), iy + s * (jy - iy)
                if is_hidden(theirs.horizon[r], gx - rx, gy - ry) or not may_matter(
                    bag, r, rules.floor, 1.0 / span(jx - ix, jy - iy)
                ):
                    continue
                if count < len(lines):
                    line = lines[count]
                    line.pair, line.size, line.clear, line.met[1], line.met[2] = r, 4, 0, -1 - w, -1 - v
                    line.x[0], line.y[0], line.x[3], line.y[3] = source[0], source[1], rx, ry
                    line.x[1], line.y[1], line.x[2], line.y[2] = hx, hy, gx, gy
                count += 1
    return count
