"""Ways round corners that need not be taut, where the shadow of a corner's wave would otherwise be a step.

What a corner sends on ends where another corner hides it, whether it came from the source, from a facade or from a
corner that the string is not bent round. At the edge of that shadow the hiding corner diffracts half of it: two corners
of which one alone can be bent round, one facade and two corners, three corners. Far from that edge they are weak, so
that they are many and add little; `sim.propagation.trace.PathOptions.lit_corners` asks for them.
"""

import numpy as np
from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.corner_graph import is_taut
from sim.propagation.span import span


@njit(cache=True, nogil=True)
def list_lit_pairs(plan, rules, source, receivers, theirs, sees, lines, bag):
    """List the ways round two corners that can be bent round one of them alone; return how many.

    Arguments are as of `sim.propagation.chain.list_strings`, which lists all others.
    """
    graph, corners, count = plan.graph, plan.corners, 0
    for r in range(len(receivers)):
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c, clear = theirs.corner[k], theirs.clear[k]
            last = span(receivers[r, 0] - corners.x[c], receivers[r, 1] - corners.y[c])
            for e in range(graph.middle[c], graph.start[c + 1]):
                d = graph.to[e]
                first = span(source[0] - corners.x[d], source[1] - corners.y[d])
                whole = last + graph.length[e] + first
                if not sees[d] or not may_matter(bag, r, rules.floor, 1.0 / whole):
                    continue
                if count < len(lines):
                    line = lines[count]
                    _begin(line, r, min(clear, sees[d]), source)
                    _go_round(line, corners, d)
                    _go_round(line, corners, c)
                    _end(line, receivers)
                count += 1
    return count


@njit(cache=True, nogil=True)
def list_lit_triples(plan, rules, source, receivers, theirs, sees, lines, bag):
    """List the ways round three corners that are no taut strings; return how many.

    Arguments are as of `sim.propagation.chain.list_strings`, which lists those that are.
    """
    graph, corners, count = plan.graph, plan.corners, 0
    head, behind, edge = _edges_to(plan.graph, sees)
    first = np.hypot(corners.x - source[0], corners.y - source[1])
    for r in range(len(receivers)):
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c, clear = theirs.corner[k], theirs.clear[k]
            last = span(receivers[r, 0] - corners.x[c], receivers[r, 1] - corners.y[c])
            for e in range(graph.start[c], graph.start[c + 1]):
                d, chain = graph.to[e], head[graph.to[e]]
                while chain >= 0:
                    g, f, chain = edge[chain, 0], edge[chain, 1], behind[chain]
                    whole = last + graph.length[e] + graph.length[f] + first[g]
                    if g == c or not may_matter(bag, r, rules.floor, 1.0 / whole):
                        continue
                    joined = e < graph.middle[c] and f < graph.middle[g]
                    if joined and _is_string(corners, source, g, d, c, receivers[r]):
                        continue
                    if count < len(lines):
                        line = lines[count]
                        _begin(line, r, min(clear, sees[g]), source)
                        _go_round(line, corners, g)
                        _go_round(line, corners, d)
                        _go_round(line, corners, c)
                        _end(line, receivers)
                    count += 1
    return count


@njit(cache=True, nogil=True)
def list_echo_pairs(plan, rules, source, receivers, theirs, sees, my_echoes, their_echoes, lines, bag):
    """List the ways by one facade and then, or before it, round two corners; return how many.

    Arguments are as of `sim.propagation.corner.list_corners`; the echoes are those at all corners.
    """
    graph, corners, mine, count = plan.graph, plan.corners, my_echoes.way, 0
    head, behind = np.full(len(corners), -1, np.int64), np.empty(len(mine), np.int64)
    for e in range(len(mine) - 1, -1, -1):
        behind[e] = head[mine[e].corner]
        head[mine[e].corner] = e
    for r in range(len(receivers)):
        for k in range(theirs.corner_start[r], theirs.corner_start[r + 1]):
            c, clear = theirs.corner[k], theirs.clear[k]
            last = span(receivers[r, 0] - corners.x[c], receivers[r, 1] - corners.y[c])
            for e in range(graph.start[c], graph.start[c + 1]):
                d, way = graph.to[e], head[graph.to[e]]
                while way >= 0:
                    echo, way = mine[way], behind[way]
                    if may_matter(bag, r, rules.floor, 1.0 / (echo.length + graph.length[e] + last)):
                        if count < len(lines):
                            line = lines[count]
                            _begin(line, r, min(clear, echo.clear), source)
                            _go_by(line, echo)
                            _go_round(line, corners, d)
                            _go_round(line, corners, c)
                            _end(line, receivers)
                        count += 1
        for way in range(their_echoes.start[r], their_echoes.start[r + 1]):
            echo = their_echoes.way[way]
            c = echo.corner
            for e in range(graph.start[c], graph.start[c + 1]):
                d = graph.to[e]
                first = span(source[0] - corners.x[d], source[1] - corners.y[d])
                if not sees[d] or not may_matter(
                    bag, r, rules.floor, 1.0 / (first + graph.length[e] + echo.length)
                ):
                    continue
                if count < len(lines):
                    line = lines[count]
                    _begin(line, r, min(sees[d], echo.clear), source)
                    _go_round(line, corners, d)
                    _go_round(line, corners, c)
                    _go_by(line, echo)
                    _end(line, receivers)
                count += 1
    return count


@njit(cache=True, nogil=True)
def _edges_to(graph, sees):
    """Return the edges from the corners that the source sees, by the corner that they lead to.

    Those to corner d are edge[k] = (from, number), with k = head[d], then k = behind[k] until that is -1.
    """
    head, behind = np.full(len(sees), -1, np.int64), np.empty(len(graph.to), np.int64)
    edge, count = np.empty((len(graph.to), 2), np.int64), 0
    for g in range(len(sees)):
        for f in range(graph.start[g], graph.start[g + 1] if sees[g] else 0):
            d = graph.to[f]
            edge[count, 0], edge[count, 1], behind[count] = g, f, head[d]
            head[d] = count
            count += 1
    return head, behind, edge


@njit(cache=True, nogil=True)
def _is_string(corners, source, g, d, c, receiver):
    """Tell whether a way round the corners g, d and c is a taut string."""
    gx, gy, dx, dy, cx, cy = (
        corners.x[g],
        corners.y[g],
        corners.x[d],
        corners.y[d],
        corners.x[c],
        corners.y[c],
    )
    return (
        is_taut(corners, g, source[0] - gx, source[1] - gy, dx - gx, dy - gy)
        and is_taut(corners, d, gx - dx, gy - dy, cx - dx, cy - dy)
        and is_taut(corners, c, dx - cx, dy - cy, receiver[0] - cx, receiver[1] - cy)
    )


@njit(cache=True, nogil=True)
def _begin(line, pair, clear, source):
    line.pair, line.clear, line.size = pair, clear, 1
    line.x[0], line.y[0] = source[0], source[1]


@njit(cache=True, nogil=True)
def _go_round(line, corners, corner):
    k = line.size
    line.x[k], line.y[k], line.met[k], line.size = corners.x[corner], corners.y[corner], corner, k + 1


@njit(cache=True, nogil=True)
def _go_by(line, echo):
    k = line.size
    line.x[k], line.y[k], line.met[k], line.size = echo.x, echo.y, -1 - echo.wall, k + 1


@njit(cache=True, nogil=True)
def _end(line, receivers):
    k = line.size
    line.x[k], line.y[k], line.size = receivers[line.pair, 0], receivers[line.pair, 1], k + 1
