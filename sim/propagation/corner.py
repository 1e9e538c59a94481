"""Ways round one vertical corner, alone or with one facade before or after it."""

import math

from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.reflection import pierce

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
                reach = 1.0 / (
                    math.hypot(cx - mine.image[i, 0], cy - mine.image[i, 1]) + math.hypot(x - cx, y - cy)
                )
                t = pierce(walls, mine.wall[i], mine.image[i, 0], mine.image[i, 1], cx, cy)
                if 0.0 < t < _SHORT and may_matter(bag, r, rules.floor, reach):
                    _write(lines, count, r, source[0], source[1], c, cx, cy, x, y)
                    _put_in(lines, count, 1, mine.wall[i], mine.image[i], t, cx, cy)
                    count += 1
        for k in range(len(mine.corner) if reflected else 0):
            c = mine.corner[k]
            cx, cy = corners.x[c], corners.y[c]
            leg = math.hypot(source[0] - cx, source[1] - cy)
            for i in range(first, last):
                reach = 1.0 / (math.hypot(cx - theirs.image[i, 0], cy - theirs.image[i, 1]) + leg)
                t = pierce(walls, theirs.wall[i], theirs.image[i, 0], theirs.image[i, 1], cx, cy)
                if 0.0 < t < _SHORT and may_matter(bag, r, rules.floor, reach):
                    _write(lines, count, r, source[0], source[1], c, cx, cy, x, y)
                    _put_in(lines, count, 2, theirs.wall[i], theirs.image[i], t, cx, cy)
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
def _put_in(lines, count, at, wall, image, t, cx, cy):
    """Put a facade into the way at place `count`, as its point number `at`: t of the way from `image` to the corner."""
    if count < len(lines):
        line = lines[count]
        for k in range(line.size, at, -1):
            line.x[k], line.y[k], line.met[k] = line.x[k - 1], line.y[k - 1], line.met[k - 1]
        line.x[at], line.y[at] = image[0] + t * (cx - image[0]), image[1] + t * (cy - image[1])
        line.met[at] = -1 - wall
        line.size += 1
