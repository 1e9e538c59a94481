"""Diffraction over roofs, in the vertical plane through source and receiver (or their images under the ground).

The edges are those of the upper convex hull of the profile. Each is a 270-degree wedge of wall and roof, taken as
square to the plane; several edges multiply (successive UTD). Where the way is free, single edges below it still
diffract, which keeps the field continuous when one of them comes into the way.
"""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS, VERTICES_MAX, keep_path, may_matter, mirror_height
from sim.propagation.grid import HIT, TOUCH_M, crossings
from sim.propagation.ground import ground_gains
from sim.propagation.wedge import wedge_gains

# As numbers of numba's one integer type: literals would have every kernel that they go to compiled once more.
ROOF, LEFT, RIGHT = np.int64(3), np.int64(1), np.int64(2)
EDGES_MAX = 14
_OPENING = 1.5 * math.pi
_CROSSINGS_MAX = 8192


@njit(cache=True, nogil=True)
def weigh_roofs(plan, medium, rules, source, roofed, receivers, their_roofed, bag):
    """Keep the ways over roofs from a source to all receivers; `roofed` tells whether a building lies under it."""
    hits = np.empty(_CROSSINGS_MAX, HIT)
    edges = np.empty(EDGES_MAX, np.int64)
    points, gains = np.empty((VERTICES_MAX, 3)), np.empty(BANDS, np.complex128)
    walls = plan.walls
    # Between an end and its bounce no wall stands, or the hull would touch it: over a roof the bounce would be indoors.
    for r in range(len(receivers)):
        there = receivers[r]
        length = math.hypot(there[0] - source[0], there[1] - source[1])
        count = crossings(walls, plan.grid, source[0], source[1], there[0], there[1], hits)
        if count == 0:
            continue
        for variant in range(4 if rules.ground else 1):
            if (variant & 1 and roofed) or (variant & 2 and their_roofed[r]):
                continue
            z0 = mirror_height(source[2]) if variant & 1 else source[2]
            z1 = mirror_height(there[2]) if variant & 2 else there[2]
            over = _hull_of(walls, hits, count, z0, z1, length, edges)
            for k in range(1 if over != 0 else count):
                found = over
                if over == 0 and hits[k].sides == 3 and _edge_shows(walls, hits, count, k, z0, z1, length):
                    edges[0], found = k, 1
                if found <= 0 or not may_matter(
                    bag, r, rules.floor, _bound(walls, medium, hits, edges, found, z0, z1, length)
                ):
                    continue
                total = _gains(walls, medium, hits, edges, found, z0, z1, source, there, gains)
                size = _lay_out(walls, hits, edges, found, z0, z1, source, there, points)
                bounces = (1 if z0 < 0.0 else 0) + (1 if z1 < 0.0 else 0)
                if bounces > 0 and not rules.rigid_ground:
                    _weigh_bounces(plan.surfaces, medium, points, size, gains)
                keep_path(bag, r, medium, rules.floor, ROOF, found, bounces, total, gains, points, size)


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
        total += math.hypot(along - t, top - z)
        t, z = along, top
    return total + math.hypot(length - t, z1 - z)


@njit(cache=True, nogil=True)
def _hull_of(walls, hits, count, z0, z1, length, edges):
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


@njit(cache=True, nogil=True)
def _edge_shows(walls, hits, count, edge, z0, z1, length):
    """Tell whether both ends see an edge under a free way."""
    at, top = hits[edge].along, walls.top[hits[edge].wall]
    for k in range(count):
        along = hits[k].along
        if abs(along - at) <= TOUCH_M:
            continue
        before = along < at
        z = z0 + (top - z0) * along / at if before else top + (z1 - top) * (along - at) / (length - at)
        if walls.top[hits[k].wall] > z + TOUCH_M:
            return False
    return True


@njit(cache=True, nogil=True)
def _bound(walls, medium, hits, edges, found, z0, z1, length):
    """Return a bound of the gain in any band: for one edge far under a free way it falls with the detour."""
    total = hull_length(walls, hits, edges, found, z0, z1, length)
    if found > 1:
        return 1.0 / total
    detour = max(total - math.hypot(length, z1 - z0), 1e-9)
    return min(1.0, 2.0 / math.sqrt(medium.wavenumber[0] * detour)) / total


@njit(cache=True, nogil=True)
def _gains(walls, medium, hits, edges, found, z0, z1, source, receiver, gains):
    """Write the complex gain of the way over the edges in each band; return its length, m."""
    length = math.hypot(receiver[0] - source[0], receiver[1] - source[1])
    ux, uy = (receiver[0] - source[0]) / length, (receiver[1] - source[1]) / length
    total = hull_length(walls, hits, edges, found, z0, z1, length)
    gains[:] = 1.0
    product = total
    for e in range(found):
        wall, along = hits[edges[e]].wall, hits[edges[e]].along
        top = walls.top[wall]
        t0, h0, t1, h1 = 0.0, z0, length, z1
        if e > 0:
            t0, h0 = hits[edges[e - 1]].along, walls.top[hits[edges[e - 1]].wall]
        if e + 1 < found:
            t1, h1 = hits[edges[e + 1]].along, walls.top[hits[edges[e + 1]].wall]
        s_in, s_out = math.hypot(along - t0, top - h0), math.hypot(t1 - along, top - h1)
        product *= s_in
        # Angles from straight down; the air lies to the right of a wall, so the line enters the building where it
        # goes against the outward normal, and the wall is then face 0 seen from behind.
        phi_in, phi_out = math.atan2(along - t0, top - h0), math.atan2(t1 - along, top - h1)
        if ux * (walls.by[wall] - walls.ay[wall]) - uy * (walls.bx[wall] - walls.ax[wall]) < 0.0:
            phi_out = min(2.0 * math.pi - phi_out, _OPENING)
        else:
            phi_in = min(2.0 * math.pi - phi_in, _OPENING)
        face = walls[wall].factor
        wedge_gains(medium, s_in * s_out / (s_in + s_out), 1.0, _OPENING, phi_in, phi_out, face, face, gains)
        if e + 1 == found:
            product *= s_out
    for band in range(BANDS):
        gains[band] /= math.sqrt(product)
    return total


@njit(cache=True, nogil=True)
def _weigh_bounces(surfaces, medium, points, size, gains):
    """Multiply the gains by the ground's reflection factor where the way bounces next to one of its ends."""
    for side in range(2):
        end, inward = (0, 1) if side == 0 else (size - 1, -1)
        bounce, edge = end + inward, end + 2 * inward
        if points[bounce, 2] > 0.0:
            continue
        rise = points[edge, 2] + points[end, 2]
        across = math.hypot(points[edge, 0] - points[end, 0], points[edge, 1] - points[end, 1])
        leg = math.hypot(across, rise)
        ground_gains(surfaces, medium, points[bounce, 0], points[bounce, 1], leg, rise / leg, gains)


@njit(cache=True, nogil=True)
def _lay_out(walls, hits, edges, found, z0, z1, source, receiver, points):
    """Write the vertices, bounces on the ground included; return how many."""
    length = math.hypot(receiver[0] - source[0], receiver[1] - source[1])
    points[0, 0], points[0, 2] = 0.0, source[2]
    size = 1
    if z0 < 0.0:
        first, top = hits[edges[0]].along, walls.top[hits[edges[0]].wall]
        points[1, 0], points[1, 2] = -z0 * first / (top - z0), 0.0
        size = 2
    for e in range(found):
        points[size, 0], points[size, 2] = hits[edges[e]].along, walls.top[hits[edges[e]].wall]
        size += 1
    if z1 < 0.0:
        last, top = points[size - 1, 0], points[size - 1, 2]
        points[size, 0], points[size, 2] = last + (length - last) * top / (top - z1), 0.0
        size += 1
    points[size, 0], points[size, 2] = length, receiver[2]
    size += 1
    for k in range(size):  # column 0 held the distance from the source
        share = points[k, 0] / length
        points[k, 0] = source[0] + share * (receiver[0] - source[0])
        points[k, 1] = source[1] + share * (receiver[1] - source[1])
    return size
