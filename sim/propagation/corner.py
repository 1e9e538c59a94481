"""Ways round one vertical corner, alone or with one facade before or after it."""

import math

from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.reflection import pierce
from sim.propagation.sweep import is_hidden

# A facade that ends at the corner does not reflect towards it.
_SHORT = 1.0 - 1e-9


@njit(cache=True, nogil=True)
def list_corners(plan, rules, reflected, source, receivers, mine, theirs, sees_corner, lines, bag):
    """List the ways by each corner that both ends see, and, with `reflected`, by one facade more; return how many.

    `mine` and `theirs` are the views of the source and of the receivers; `sees_corner` (corners,) tells which the
    source sees. Ways beyond the room in `lines` are counted, not listed.
    """
    count, walls, corners = 0, plan.walls, plan.corners
    for r in range(len(receivers)):
        x, y = receivers[r, 0], receivers[r, 1]
        first, last = theirs.wall_start[r], theirs.wall_start[r + 1]
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c = theirs.corner[k]
            cx, cy = corners.x[c], corners.y[c]
            if sees_corner[c]:
                _write(lines, count, r, source[0], source[1], c, cx, cy, x, y)
                count += 1
            for i in range(len(mine.wall) if reflected else 0):
                t = pierce(walls, mine.wall[i], mine.image[i, 0], mine.image[i, 1], cx, cy)
                if 0.0 < t < _SHORT:
                    wx, wy = cx - mine.image[i, 0], cy - mine.image[i, 1]
                    hx, hy = mine.image[i, 0] + t * wx, mine.image[i, 1] + t * wy
                    if not is_hidden(mine.horizon[0], hx - source[0], hy - source[1]) and may_matter(
                        bag, r, rules.floor, 1.0 / (math.hypot(wx, wy) + math.hypot(x - cx, y - cy))
                    ):
                        _write(lines, count, r, source[0], source[1], c, cx, cy, x, y)
                        _put_in(lines, count, 1, mine.wall[i], hx, hy)
                        count += 1
        for k in range(len(mine.corner) if reflected else 0):
            c = mine.corner[k]
            cx, cy = corners.x[c], corners.y[c]
            leg = math.hypot(source[0] - cx, source[1] - cy)
            for i in range(first, last):
                t = pierce(walls, theirs.wall[i], theirs.image[i, 0], theirs.image[i, 1], cx, cy)
                if 0.0 < t < _SHORT:
                    wx, wy = cx - theirs.image[i, 0], cy - theirs.image[i, 1]
                    hx, hy = theirs.image[i, 0] + t * wx, theirs.image[i, 1] + t * wy
                    if not is_hidden(theirs.horizon[r], hx - x, hy - y) and may_matter(
                        bag, r, rules.floor, 1.0 / (math.hypot(wx, wy) + leg)
                    ):
                        _write(lines, count, r, source[0], source[1], c, cx, cy, x, y)
                        _put_in(lines, count, 2, theirs.wall[i], hx, hy)
                        count += 1
    return count


@njit(cache=True, nogil=True)
def _write(lines, count, pair, sx, sy, corner, cx, cy, rx, ry):
    """Write a way round one corner at place `count`, if there is room."""
    if count < len(lines):
        line = lines[count]
        line.pair, line.size, line.met[1] = pair, 3, corner
        line.x[0], line.x[1], line.x[2] = sx, cx, rx
        line.y[0], line.y[1], line.y[2] = sy, cy, ry


@njit(cache=True, nogil=True)
def _put_in(lines, count, at, wall, x, y):
    """Put a reflection by a facade into the way at place `count`, as its point number `at`."""
    if count < len(lines):
        line = lines[count]
        for k in range(line.size, at, -1):
            line.x[k], line.y[k], line.met[k] = line.x[k - 1], line.y[k - 1], line.met[k - 1]
        line.x[at], line.y[at], line.met[at] = x, y, -1 - wall
        line.size += 1
