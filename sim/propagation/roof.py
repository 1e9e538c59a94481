"""Diffraction over roofs, in the vertical plane through source and receiver (or their images under the ground).

The edges are those of the upper convex hull of the profile. Each is a 270-degree wedge of wall and roof, taken as
square to the plane; several edges multiply (successive UTD). Where the way is free, single edges below it still
diffract, which keeps the field continuous when one of them comes into the way.
"""

import math

from numba import njit

from sim.propagation.bag import BANDS, keep_path, may_matter, mirror_height, weigh_bounce
from sim.propagation.direct import blocked_sides
from sim.propagation.grid import TOUCH_M
from sim.propagation.wedge import edge_gains

ROOF = 3
EDGES_MAX = 14
_OPENING = 1.5 * math.pi


@njit(cache=True, nogil=True)
def climb_hull(walls, bag, count, side, z0, z1, length, edges):
    """Write the crossings on the upper hull from (0, z0) to (length, z1) to `edges`; return how many, -1 if too many.

    Only crossings on the given side (bit) of the line count.
    """
    t, z, found = 0.0, z0, 0
    while True:
        best, steepest, where = -1, (z1 - z) / (length - t), length
        for k in range(count):
            if not bag.hits.sides[k] & side or bag.hits.along[k] <= t + TOUCH_M:
                continue
            rise = walls.top[bag.hits.wall[k]] - z
            slope = rise / (bag.hits.along[k] - t)
            if slope > steepest + 1e-12 or (
                best >= 0 and slope > steepest - 1e-12 and bag.hits.along[k] > where
            ):
                best, steepest, where = k, slope, bag.hits.along[k]
        if best < 0:
            return found
        if found == len(edges):
            return -1
        edges[found] = best
        found += 1
        t, z = where, walls.top[bag.hits.wall[best]]


@njit(cache=True, nogil=True)
def roof_angles(enters, behind, drop_in, ahead, drop_out):
    """Return (phi_in, phi_out) at a roof edge from its wall up and over, of points `drop` below it on each side."""
    phi_in, phi_out = math.atan2(behind, drop_in), math.atan2(ahead, drop_out)
    if enters:
        return phi_in, min(2.0 * math.pi - phi_out, _OPENING)
    return min(2.0 * math.pi - phi_in, _OPENING), phi_out


@njit(cache=True, nogil=True)
def add_over_roofs(walls, surfaces, medium, rules, bag, source, receiver, count, edges):
    """Add the paths over roofs, given the crossings of the line in the bag."""
    length = math.hypot(receiver[0] - source[0], receiver[1] - source[1])
    if count == 0 or length <= TOUCH_M:
        return
    direct = blocked_sides(walls, bag, count, source[2], receiver[2], length)
    mirror = blocked_sides(walls, bag, count, -source[2], receiver[2], length)
    for variant in range(4 if rules.ground else 1):
        z0 = mirror_height(source[2]) if variant & 1 else source[2]
        z1 = mirror_height(receiver[2]) if variant & 2 else receiver[2]
        blocked = mirror if variant in (1, 2) else direct
        if blocked == 3:
            _add_hull(walls, surfaces, medium, rules, bag, source, receiver, count, z0, z1, length, edges)
        elif variant != 3:
            for k in range(count):
                if bag.hits.sides[k] == 3:
                    edges[0] = k
                    _add_lit(
                        walls, surfaces, medium, rules, bag, source, receiver, count, z0, z1, length, edges
                    )


@njit(cache=True, nogil=True)
def _add_hull(walls, surfaces, medium, rules, bag, source, receiver, count, z0, z1, length, edges):
    """Add the path over the hull, on the side of the line where it is shorter."""
    one_sided = False
    for k in range(count):
        one_sided |= bag.hits.sides[k] != 3
    side = 1
    if one_sided:
        over = math.inf
        for bit in (1, 2):
            found = climb_hull(walls, bag, count, bit, z0, z1, length, edges)
            around = hull_length(walls, bag, edges, found, z0, z1, length)
            if around < over:
                over, side = around, bit
    found = climb_hull(walls, bag, count, side, z0, z1, length, edges)
    if found > 0:
        _add_edges(walls, surfaces, medium, rules, bag, source, receiver, z0, z1, length, edges, found)


@njit(cache=True, nogil=True)
def hull_length(walls, bag, edges, found, z0, z1, length):
    """Return the length of the way over the edges, m; infinite for none."""
    if found < 0:
        return math.inf
    t, z, total = 0.0, z0, 0.0
    for e in range(found):
        along, top = bag.hits.along[edges[e]], walls.top[bag.hits.wall[edges[e]]]
        total += math.hypot(along - t, top - z)
        t, z = along, top
    return total + math.hypot(length - t, z1 - z)


@njit(cache=True, nogil=True)
def _add_lit(walls, surfaces, medium, rules, bag, source, receiver, count, z0, z1, length, edges):
    """Add the diffraction by one edge under a free way when both ends see the edge."""
    along, top = bag.hits.along[edges[0]], walls.top[bag.hits.wall[edges[0]]]
    way = math.hypot(along, top - z0) + math.hypot(length - along, z1 - top)
    detour = way - math.hypot(length, z1 - z0)
    # Beyond the transition region a lit edge gives less than its distance to the shadow boundary allows.
    bound = min(1.0, 1.0 / math.sqrt(medium.wavenumber[0] * max(detour, 1e-9))) / way
    if not may_matter(bag, rules.floor, bound):
        return
    for k in range(count):
        near = bag.hits.along[k] < along
        z = (
            z0 + (top - z0) * bag.hits.along[k] / along
            if near
            else top + (z1 - top) * (bag.hits.along[k] - along) / (length - along)
        )
        if abs(bag.hits.along[k] - along) > TOUCH_M and walls.top[bag.hits.wall[k]] > abs(z) + TOUCH_M:
            return
    _add_edges(walls, surfaces, medium, rules, bag, source, receiver, z0, z1, length, edges, 1)


@njit(cache=True, nogil=True)
def _add_edges(walls, surfaces, medium, rules, bag, source, receiver, z0, z1, length, edges, found):
    """Weigh and keep the way over the edges."""
    ux, uy = (receiver[0] - source[0]) / length, (receiver[1] - source[1]) / length
    bag.gains[:] = 1.0
    product = 1.0
    total = hull_length(walls, bag, edges, found, z0, z1, length)
    for e in range(found):
        wall = bag.hits.wall[edges[e]]
        along, top = bag.hits.along[edges[e]], walls.top[wall]
        t0 = bag.hits.along[edges[e - 1]] if e > 0 else 0.0
        h0 = walls.top[bag.hits.wall[edges[e - 1]]] if e > 0 else z0
        t1 = bag.hits.along[edges[e + 1]] if e + 1 < found else length
        h1 = walls.top[bag.hits.wall[edges[e + 1]]] if e + 1 < found else z1
        # The air lies to the right of a wall: the line enters where it goes against the outward normal.
        enters = ux * (walls.by[wall] - walls.ay[wall]) - uy * (walls.bx[wall] - walls.ax[wall]) < 0.0
        phi_in, phi_out = roof_angles(enters, along - t0, top - h0, t1 - along, top - h1)
        s_in, s_out = math.hypot(along - t0, top - h0), math.hypot(t1 - along, top - h1)
        face = walls.factor[wall]
        edge_gains(medium, s_in, s_out, 1.0, _OPENING, phi_in, phi_out, face, face, bag.gains)
        product *= s_in
        if e + 1 == found:
            product *= s_out
    for band in range(BANDS):
        bag.gains[band] /= math.sqrt(product * total)
    size, bounces = _lay_out(
        walls, surfaces, medium, rules, bag, source, receiver, z0, z1, edges, found, ux, uy, length
    )
    keep_path(bag, medium, rules.floor, ROOF, found, bounces, total, size)


@njit(cache=True, nogil=True)
def _lay_out(walls, surfaces, medium, rules, bag, source, receiver, z0, z1, edges, found, ux, uy, length):
    """Write the vertices, ground bounces included and weighed; return (vertices, bounces)."""
    line, rigid = bag.line, rules.rigid_ground
    first, last = bag.hits.along[edges[0]], bag.hits.along[edges[found - 1]]
    top_first, top_last = walls.top[bag.hits.wall[edges[0]]], walls.top[bag.hits.wall[edges[found - 1]]]
    line[0, 2] = source[2]
    bag.edges[0, 0] = 0.0  # how far along each vertex lies
    size, bounces = 1, 0
    if z0 < 0.0:
        bag.edges[1, 0], line[1, 2] = first * -z0 / (top_first - z0), 0.0
        size, bounces = 2, 1
    for e in range(found):
        bag.edges[size, 0], line[size, 2] = bag.hits.along[edges[e]], walls.top[bag.hits.wall[edges[e]]]
        size += 1
    if z1 < 0.0:
        bag.edges[size, 0], line[size, 2] = last + (length - last) * top_last / (top_last - z1), 0.0
        size, bounces = size + 1, bounces + 1
    bag.edges[size, 0], line[size, 2] = length, receiver[2]
    size += 1
    for k in range(size):
        line[k, 0], line[k, 1] = source[0] + ux * bag.edges[k, 0], source[1] + uy * bag.edges[k, 0]
    if z0 < 0.0:
        leg = math.hypot(first, top_first - z0)
        weigh_bounce(surfaces, medium, rigid, bag, 1, leg, (top_first - z0) / leg)
    if z1 < 0.0:
        leg = math.hypot(length - last, top_last - z1)
        weigh_bounce(surfaces, medium, rigid, bag, size - 2, leg, (top_last - z1) / leg)
    return size, bounces
