"""Ways round several corners: every taut string round two and three, the shortest one round more."""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import may_matter
from sim.propagation.corner import add_corner_chain
from sim.propagation.corner_graph import is_taut

ALL_UP_TO = 3


@njit(cache=True, nogil=True)
def add_chains(plan, medium, rules, bag, source, receiver, corners_r, sees_corner):
    """Add every taut string round 2 to 3 corners, from the receiver's back to those that `sees_corner` marks."""
    graph, corners = plan.graph, plan.corners
    met = np.empty(ALL_UP_TO, np.int64)
    deepest = min(rules.corner_count, ALL_UP_TO)
    for k in range(len(corners_r)):
        c = corners_r[k]
        cx, cy = corners.x[c], corners.y[c]
        rx, ry = receiver[0] - cx, receiver[1] - cy
        leg = math.hypot(rx, ry)
        met[0] = c
        for e in range(graph.start[c], graph.start[c + 1]):
            d = graph.to[e]
            dx, dy = corners.x[d], corners.y[d]
            if not is_taut(corners, c, dx - cx, dy - cy, rx, ry):
                continue
            far = leg + graph.length[e]
            sx, sy = source[0] - dx, source[1] - dy
            least = far + math.hypot(sx, sy)
            if not may_matter(bag, rules.floor, 1.0 / least):
                continue
            met[1] = d
            if sees_corner[d] and is_taut(corners, d, cx - dx, cy - dy, sx, sy):
                add_corner_chain(plan, medium, rules, bag, source, receiver, met, 2)
            if deepest < 3:
                continue
            for f in range(graph.start[d], graph.start[d + 1]):
                g = graph.to[f]
                gx, gy = corners.x[g], corners.y[g]
                if (
                    sees_corner[g]
                    and is_taut(corners, d, cx - dx, cy - dy, gx - dx, gy - dy)
                    and is_taut(corners, g, dx - gx, dy - gy, source[0] - gx, source[1] - gy)
                ):
                    met[2] = g
                    add_corner_chain(plan, medium, rules, bag, source, receiver, met, 3)


@njit(cache=True, nogil=True)
def string_out(corners, graph, x, y, seen, hops_max, reach, length, parent):
    """Find the shortest string from a point to every corner round at most `hops_max` corners.

    Writes the length of the string with exactly h + 1 corners, the last of them c, to length[h, c] where it is shorter
    than any with fewer (inf elsewhere), and the corner before to parent[h, c]. Strings longer than `reach` are left.
    """
    length[:] = math.inf
    best = np.full(len(corners), math.inf)
    front, next_front = np.empty(len(corners), np.int64), np.empty(len(corners), np.int64)
    size = 0
    for k in range(len(seen)):
        c = seen[k]
        length[0, c] = best[c] = math.hypot(corners.x[c] - x, corners.y[c] - y)
        parent[0, c] = -1
        front[size] = c
        size += 1
    for hop in range(1, hops_max):
        grown = 0
        for k in range(size):
            c = front[k]
            before = parent[hop - 1, c]
            px = x if before < 0 else corners.x[before]
            py = y if before < 0 else corners.y[before]
            cx, cy = corners.x[c], corners.y[c]
            for e in range(graph.start[c], graph.start[c + 1]):
                d = graph.to[e]
                total = length[hop - 1, c] + graph.length[e]
                if total >= best[d] - 1e-9 or total > reach:
                    continue
                if not is_taut(corners, c, px - cx, py - cy, corners.x[d] - cx, corners.y[d] - cy):
                    continue
                if length[hop, d] == math.inf:
                    next_front[grown] = d
                    grown += 1
                length[hop, d] = best[d] = total
                parent[hop, d] = c
        front, next_front, size = next_front, front, grown


@njit(cache=True, nogil=True)
def add_shortest(plan, medium, rules, bag, source, receiver, corners_r, length, parent):
    """Add the shortest string to a receiver when it goes round more corners than `add_chains` looks at."""
    corners = plan.corners
    shortest, hop_at, last = math.inf, -1, -1
    for k in range(len(corners_r)):
        c = corners_r[k]
        rx, ry = receiver[0] - corners.x[c], receiver[1] - corners.y[c]
        leg = math.hypot(rx, ry)
        for hop in range(len(length)):
            total = length[hop, c] + leg
            if total >= shortest:
                continue
            before = parent[hop, c]
            px = source[0] if before < 0 else corners.x[before]
            py = source[1] if before < 0 else corners.y[before]
            if is_taut(corners, c, px - corners.x[c], py - corners.y[c], rx, ry):
                shortest, hop_at, last = total, hop, c
    if hop_at < ALL_UP_TO:
        return
    met = np.empty(len(length), np.int64)
    c = last
    for hop in range(hop_at, -1, -1):
        met[hop_at - hop] = c
        c = parent[hop, c]
    add_corner_chain(plan, medium, rules, bag, source, receiver, met, hop_at + 1)
