"""Ways round several corners: every one round two, every taut string round three, the shortest one round more.

Two corners need no taut string: the wave that one of them diffracts into the open goes into the shadow of the next,
and without the second diffraction it would end there in a step. Where one of them cannot be bent round at all, and
where such a wave comes from a facade or a corner before, see `sim.propagation.lit_corners`.
"""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.corner_graph import is_taut
from sim.propagation.span import span

ALL_UP_TO = 3


@njit(cache=True, nogil=True)
def list_strings(plan, rules, source, receivers, theirs, sees, lines, bag):
    """List the ways round 2 to 3 corners that end at a corner the source sees; return how many.

    `theirs` is the view of the receivers; sees (corners,) is how clearly the source sees each corner, 0 for not. Ways
    beyond the room in `lines` are counted, not listed.
    """
    graph, corners = plan.graph, plan.corners
    leg, head, edge, behind = _first_legs(graph, corners, source, sees)
    count = 0
    for r in range(len(receivers)):
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c, clear = theirs.corner[k], theirs.clear[k]
            cx, cy = corners.x[c], corners.y[c]
            rx, ry = receivers[r, 0] - cx, receivers[r, 1] - cy
            last = span(rx, ry)
            for e in range(graph.start[c], graph.middle[c]):
                d = graph.to[e]
                chain = head[d] if rules.corner_count > 2 else -1
                if (not sees[d] and chain < 0) or not may_matter(
                    bag, r, rules.floor, 1.0 / (last + graph.length[e] + leg[d])
                ):
                    continue
                if sees[d]:
                    if count < len(lines):
                        line = lines[count]
                        line.clear, line.met[1], line.met[2] = min(clear, sees[d]), d, c
                        _draw_string(line, 2, r, corners, source, receivers)
                    count += 1
                dx, dy = corners.x[d], corners.y[d]
                if chain < 0 or not is_taut(corners, c, dx - cx, dy - cy, rx, ry):
                    continue
                while chain >= 0:
                    g = edge[chain]
                    if is_taut(corners, d, cx - dx, cy - dy, corners.x[g] - dx, corners.y[g] - dy):
                        if count < len(lines):
                            line = lines[count]
                            line.clear, line.met[1], line.met[2], line.met[3] = min(clear, sees[g]), g, d, c
                            _draw_string(line, 3, r, corners, source, receivers)
                        count += 1
                    chain = behind[chain]
    return count


@njit(cache=True, nogil=True)
def _first_legs(graph, corners, source, sees):
    """Return what all strings from a source share, (leg, head, first, behind).

    leg (corners,) is the distance of each corner; a string may come to corner c from the corners first[k] that the
    source sees, with k = head[c], then k = behind[k] until that is -1.
    """
    leg, head = np.empty(len(corners)), np.full(len(corners), -1, np.int64)
    first, behind = np.empty(len(graph.to), np.int64), np.empty(len(graph.to), np.int64)
    count = 0
    for c in range(len(corners)):
        sx, sy = source[0] - corners.x[c], source[1] - corners.y[c]
        leg[c] = span(sx, sy)
        for e in range(graph.start[c], graph.middle[c] if sees[c] else 0):
            d = graph.to[e]
            if is_taut(corners, c, corners.x[d] - corners.x[c], corners.y[d] - corners.y[c], sx, sy):
                first[count], behind[count] = c, head[d]
                head[d] = count
                count += 1
    return leg, head, first, behind


@njit(cache=True, nogil=True)
def _draw_string(line, bends, pair, corners, source, receivers):
    """Write the points of a way round the corners that line.met[1:bends + 1] holds."""
    line.pair, line.size = pair, bends + 2
    line.x[0], line.y[0] = source[0], source[1]
    for k in range(1, bends + 1):
        line.x[k], line.y[k] = corners.x[line.met[k]], corners.y[line.met[k]]
    line.x[bends + 1], line.y[bends + 1] = receivers[pair, 0], receivers[pair, 1]


@njit(cache=True, nogil=True)
def string_out(corners, graph, source, seen, reach, length, parent):
    """Find the shortest string from a point to every corner round at most as many corners as `length` has rows.

    `seen` are the corners that it starts to.

    Writes the length of the string round exactly h + 1 corners, the last of them c, to length[h, c] where it is shorter
    than any round fewer (inf elsewhere), and the corner before to parent[h, c] (-1 for the source). Strings longer than
    `reach` are left.
    """
    length[:] = math.inf
    best = np.full(len(corners), math.inf)
    front, grown = np.empty(len(corners), np.int64), np.empty(len(corners), np.int64)
    size = 0
    for c in seen:
        length[0, c] = best[c] = span(corners.x[c] - source[0], corners.y[c] - source[1])
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
            for e in range(graph.start[c], graph.middle[c]):
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
def list_shortest(plan, source, receivers, theirs, least_clear, length, parent, least_corners, record, lines):
    """List the shortest string to each receiver where it goes round at least so many corners; return how many.

    Strings end with a leg that is at least so clear and are shorter than `record` (receivers,), m, which they lower.
    `length` and `parent` are from `string_out`; `lines` needs room for one way a receiver.
    """
    corners = plan.corners
    count = 0
    for r in range(len(receivers)):
        shortest, hops, last = record[r] - 1e-9, -1, -1
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c = theirs.corner[k]
            if theirs.clear[k] < least_clear:
                continue
            cx, cy = corners.x[c], corners.y[c]
            rx, ry = receivers[r, 0] - cx, receivers[r, 1] - cy
            for hop in range(len(length)):
                if length[hop, c] + span(rx, ry) >= shortest:
                    continue
                before = parent[hop, c]
                px = (source[0] if before < 0 else corners.x[before]) - cx
                py = (source[1] if before < 0 else corners.y[before]) - cy
                if is_taut(corners, c, px, py, rx, ry):
                    shortest, hops, last = length[hop, c] + span(rx, ry), hop, c
        if hops >= 0:
            record[r] = shortest
        if hops + 1 < least_corners:
            continue
        line = lines[count]
        line.clear = 0
        for hop in range(hops, -1, -1):
            line.met[hop + 1] = last
            last = parent[hop, last]
        _draw_string(line, hops + 1, r, corners, source, receivers)
        count += 1
    return count
