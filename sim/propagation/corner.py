"""Ways round one vertical corner, alone or with one facade before or after it."""

import numpy as np
from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.span import span


@njit(cache=True, nogil=True)
def list_corners(plan, rules, source, receivers, theirs, sees, my_echoes, their_echoes, lines, bag):
    """List the ways by each corner that both ends see, and by one facade more; return how many.

    `theirs` is the view of the receivers; sees (corners,) is how clearly the source sees each corner, 0 for not;
    `my_echoes` and `their_echoes` are those of the source and of the receivers. Ways beyond the room in `lines` are
    counted, not listed.
    """
    corners, mine = plan.corners, my_echoes.way
    head, behind = np.full(len(corners), -1, np.int64), np.empty(len(mine), np.int64)
    for e in range(len(mine) - 1, -1, -1):
        behind[e] = head[mine[e].corner]
        head[mine[e].corner] = e
    count = 0
    for r in range(len(receivers)):
        x, y = receivers[r, 0], receivers[r, 1]
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c, clear = theirs.corner[k], theirs.clear[k]
            leg = span(x - corners.x[c], y - corners.y[c])
            if sees[c]:
                if count < len(lines):
                    _write(lines[count], corners, c, r, source, receivers, min(clear, sees[c]))
                count += 1
            e = head[c]
            while e >= 0:
                if may_matter(bag, r, rules.floor, 1.0 / (mine[e].length + leg)):
                    if count < len(lines):
                        _write(lines[count], corners, c, r, source, receivers, min(clear, mine[e].clear))
                        _put_before(lines[count], mine[e])
                    count += 1
                e = behind[e]
        for e in range(their_echoes.start[r], their_echoes.start[r + 1]):
            echo = their_echoes.way[e]
            c = echo.corner
            leg = span(source[0] - corners.x[c], source[1] - corners.y[c])
            if sees[c] and may_matter(bag, r, rules.floor, 1.0 / (echo.length + leg)):
                if count < len(lines):
                    _write(lines[count], corners, c, r, source, receivers, min(sees[c], echo.clear))
                    _put_behind(lines[count], echo)
                count += 1
    return count


@njit(cache=True, nogil=True)
def _write(line, corners, corner, pair, source, receivers, clear):
    """Write a way round one corner."""
    line.pair, line.size, line.clear, line.met[1] = pair, 3, clear, corner
    line.x[0], line.x[1], line.x[2] = source[0], corners.x[corner], receivers[pair, 0]
    line.y[0], line.y[1], line.y[2] = source[1], corners.y[corner], receivers[pair, 1]


@njit(cache=True, nogil=True)
def _put_before(line, echo):
    """Put a reflection into a way round one corner, before the corner."""
    for k in (3, 2):
        line.x[k], line.y[k], line.met[k] = line.x[k - 1], line.y[k - 1], line.met[k - 1]
    line.x[1], line.y[1], line.met[1], line.size = echo.x, echo.y, -1 - echo.wall, 4


@njit(cache=True, nogil=True)
def _put_behind(line, echo):
    """Put a reflection into a way round one corner, behind the corner."""
    line.x[3], line.y[3] = line.x[2], line.y[2]
    line.x[2], line.y[2], line.met[2], line.size = echo.x, echo.y, -1 - echo.wall, 4
