"""The upper convex hull of the profile between two points: over which roof edges the shortest way goes."""

import math

import numpy as np
from numba import njit

from sim.propagation.grid import TOUCH_M
from sim.propagation.span import span

# As numbers of numba's one integer type: literals would have every kernel that they go to compiled once more.
LEFT, RIGHT = np.int64(1), np.int64(2)
EDGES_MAX = 14


@njit(cache=True, nogil=True)
def climb_hull(walls, hits, count, side, z0, z1, length, edges):
    """Write the crossings on the upper hull from (0, z0) to (length, z1) to `edges`; return how many.

    Only crossings on the given side (bit) of the line count. Where there are more than there is room for, as over a
    whole city on a dome, those at which the hull bends least are left out.
    """
    t, z, found = 0.0, z0, 0
    while True:
        best, steepest, where = -1, (z1 - z) / (length - t), length
        for k in range(count):
            along = hits[k].along
            if not hits[k].sides & side or along <= t + TOUCH_M:
                continue
            slope = (walls.top[hits[k].wall] - z) / (along - t)
            if slope > steepest + 1e-12 or (best >= 0 and slope > steepest - 1e-12 and along > where):
                best, steepest, where = k, slope, along
        if best < 0:
            return found
        if found == len(edges):
            found = _drop_flattest(walls, hits, edges, z0)
        edges[found] = best
        found += 1
        t, z = where, walls.top[hits[best].wall]


@njit(cache=True, nogil=True)
def _drop_flattest(walls, hits, edges, z0):
    """Take out the edge, of all but the last, at which the hull bends least; return how many are left."""
    flattest, least, t, z = 0, math.inf, 0.0, z0
    for e in range(len(edges) - 1):
        along, top = hits[edges[e]].along, walls.top[hits[edges[e]].wall]
        then, high = hits[edges[e + 1]].along, walls.top[hits[edges[e + 1]].wall]
        bend = (top - z) / (along - t) - (high - top) / (then - along)
        if bend < least:
            flattest, least = e, bend
        t, z = along, top
    for e in range(flattest, len(edges) - 1):
        edges[e] = edges[e + 1]
    return len(edges) - 1


@njit(cache=True, nogil=True)
def hull_length(walls, hits, edges, found, z0, z1, length):
    """Return the length of the way over the edges, m."""
    t, z, total = 0.0, z0, 0.0
    for e in range(found):
        along, top = hits[edges[e]].along, walls.top[hits[edges[e]].wall]
        total += span(along - t, top - z)
        t, z = along, top
    return total + span(length - t, z1 - z)


@njit(cache=True, nogil=True)
def find_hull(walls, hits, count, z0, z1, length, edges):
    """Write the edges of the hull on the side of the line where it is shorter; return how many."""
    both = True
    for k in range(count):
        both &= hits[k].sides == 3
    found = climb_hull(walls, hits, count, LEFT, z0, z1, length, edges)
    if both:
        return found
    left = hull_length(walls, hits, edges, found, z0, z1, length)
    found = climb_hull(walls, hits, count, RIGHT, z0, z1, length, edges)
    if left < hull_length(walls, hits, edges, found, z0, z1, length):
        found = climb_hull(walls, hits, count, LEFT, z0, z1, length, edges)
    return found
