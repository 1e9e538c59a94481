"""Ways round several corners: every one round two, every taut string round three, the shortest one round more.

Two corners need no taut string: the wave that one of them diffracts into the open goes into the shadow of the next,
and without the second diffraction it would end there in a step.
"""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.corner_graph import is_taut

ALL_UP_TO = 3


@njit(cache=True, nogil=True)
def list_strings(plan, rules, source, receivers, theirs, sees_corner, lines, bag):
    """List the ways round 2 to 3 corners that end at a corner the source sees; return how many.

    Ways beyond the room in `lines` are counted, not listed.
    """
    graph, corners = plan.graph, plan.corners
    met = np.empty(ALL_UP_TO, np.int64)
    count = 0
    for r in range(len(receivers)):
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c = theirs.corner[k]
            cx, cy = corners.x[c], corners.y[c]
            rx, ry = receivers[r, 0] - cx, receivers[r, 1] - cy
            for e in range(graph.start[c], graph.start[c + 1]):
                d = graph.to[e]
                dx, dy = corners.x[d], corners.y[d]
                sx, sy = source[0] - dx, source[1] - dy
                least = math.hypot(rx, ry) + graph.length[e] + math.hypot(sx, sy)
                if not may_matter(bag, r, rules.floor, 1.0 / least):
                    continue
                met[1], met[2] = d, c
                if sees_corner[d]:
                    write_string(corners, lines, count, r, source, receivers[r], met[1:])
                    count += 1
                if rules.corner_count < 3 or not is_taut(corners, c, dx - cx, dy - cy, rx, ry):
                    continue
                for f in range(graph.start[d], graph.start[d + 1]):
                    g = graph.to[f]
                    gx, gy = corners.x[g], corners.y[g]
                    if (
                        sees_corner[g]
                        and is_taut(corners, d, cx - dx, cy - dy, gx - dx, gy - dy)
                        and is_taut(corners, g, dx - gx, dy - gy, source[0] - gx, source[1] - gy)
                    ):
                        met[0] = g
                        write_string(corners, lines, count, r, source, receivers[r], met)
                        count += 1
    return count


@njit(cache=True, nogil=True)
def write_string(corners, lines, count, pair, source, receiver, met):
    """Write the way round the corners `met`, in their order, at place `count`, if there is room."""
    if count >= len(lines):
        return
    line = lines[count]
    line.pair, line.size = pair, len(met) + 2
    line.x[0], line.y[0] = source[0], source[1]
    for k in range(len(met)):
        line.met[k + 1] = met[k]
        line.x[k + 1], line.y[k + 1] = corners.x[met[k]], corners.y[met[k]]
    line.x[len(met) + 1], line.y[len(met) + 1] = receiver[0], receiver[1]


@njit(cache=True, nogil=True)
def string_out(corners, graph, source, seen, reach, length, parent):
    """Find the shortest string from a point to every corner round at most as many corners as `length` has rows.

    Writes the length of the string round exactly h + 1 corners, the last of them c, to length[h, c] where it is shorter
    than any round fewer (inf elsewhere), and the corner before to parent[h, c] (-1 for the source). Strings longer than
    `reach` are left.
    """
    length[:] = math.inf
    best = np.full(len(corners), math.inf)
    front, grown = np.empty(len(corners), np.int64), np.empty(len(corners), np.int64)
    size = 0
    for c in seen:
        length[0, c] = best[c] = math.hypot(corners.x[c] - source[0], corners.y[c] - source[1])
        parent[0, c] = -1
        front[size] = c
        size += 1
    for hop in range(1, len(length)):
        fresh = 0
        for k in range(size):
            c = front[k]
            before = parent[hop - 1, c]
            cx, cy = corners.x[c], corners.y[c]
            px = (source[0] if before < 0 else corners.x[before]) - cx
            py = (source[1] if before < 0 else corners.y[before]) - cy
            for e in range(graph.start[c], graph.start[c + 1]):
                d = graph.to[e]
                total = length[hop - 1, c] + graph.length[e]
                if total >= best[d] - 1e-9 or total > reach:
                    continue
                if not is_taut(corners, c, px, py, corners.x[d] - cx, corners.y[d] - cy):
                    continue
                if length[hop, d] == math.inf:
                    grown[fresh] = d
                    fresh += 1
                length[hop, d] = best[d] = total
                parent[hop, d] = c
        front, grown, size = grown, front, fresh


@njit(cache=True, nogil=True)
def list_shortest(plan, source, receivers, theirs, length, parent, least_corners, lines):
    """List the shortest string to each receiver where it goes round at least so many corners; return how many.

    `length` and `parent` are from `string_out`; `lines` needs room for one way a receiver.
    """
    corners = plan.corners
    count = 0
    for r in range(len(receivers)):
        shortest, hops, last = math.inf, -1, -1
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c = theirs.corner[k]
            cx, cy = corners.x[c], corners.y[c]
            rx, ry = receivers[r, 0] - cx, receivers[r, 1] - cy
            for hop in range(len(length)):
                if length[hop, c] + math.hypot(rx, ry) >= shortest:
                    continue
                before = parent[hop, c]
                px = (source[0] if before < 0 else corners.x[before]) - cx
                py = (source[1] if before < 0 else corners.y[before]) - cy
                if is_taut(corners, c, px, py, rx, ry):
                    shortest, hops, last = length[hop, c] + math.hypot(rx, ry), hop, c
        if hops + 1 < least_corners or hops < 0:
            continue
        met = np.empty(hops + 1, np.int64)
        for hop in range(hops, -1, -1):
            met[hop] = last
            last = parent[hop, last]
        write_string(corners, lines, count, r, source, receivers[r], met)
        count += 1
    return count
