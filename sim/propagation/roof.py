"""Diffraction over roofs, in the vertical plane through source and receiver (or their images under the ground).

The way is the upper convex hull of the profile; its edges are 270-degree wedges of wall and roof, taken as square to
the plane (`sim.propagation.edge_chain`). Edges below the hull still diffract: each that the points of the hull see, and
each two, makes a further way (`sim.propagation.lit_edges`). That keeps the field continuous where one comes into the
way: the direct sound at a shadow boundary, and the way over one edge where it becomes one over two.
"""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS, VERTICES_MAX, keep_path, mirror_height
from sim.propagation.edge_chain import POINT, POINTS_MAX, add_later, chain_gains
from sim.propagation.grid import HIT, crossings
from sim.propagation.ground import ground_gains
from sim.propagation.hull import EDGES_MAX, find_hull
from sim.propagation.lit_edges import LIT, cut_through, insert_lit, list_lit, take_hull

# As a number of numba's one integer type: literals would have every kernel that they go to compiled once more.
ROOF = np.int64(3)
_CROSSINGS_MAX = 8192
_LIT_MAX = 128
# Of a way over several buildings, lit edges that add less than this share of its power are left out.
_LIT_SHARE = 0.02


@njit(cache=True, nogil=True)
def weigh_roofs(plan, medium, rules, source, roofed, receivers, their_roofed, bag):
    """Keep the ways over roofs from a source to all receivers; `roofed` tells whether a building lies under it."""
    walls = plan.walls
    hits, edges = np.empty(_CROSSINGS_MAX, HIT), np.empty(EDGES_MAX, np.int64)
    cut, way, more = np.empty(_CROSSINGS_MAX, POINT), np.empty(POINTS_MAX, POINT), np.empty(POINTS_MAX, POINT)
    lit, base = np.empty(_LIT_MAX, LIT), np.empty(BANDS)
    gains, other = np.empty(BANDS, np.complex128), np.empty(BANDS, np.complex128)
    # Between an end and its bounce no wall stands, or the hull would touch it: over a roof the bounce would be indoors.
    for r in range(len(receivers)):
        there = receivers[r]
        length = math.hypot(there[0] - source[0], there[1] - source[1])
        count = crossings(walls, plan.grid, source[0], source[1], there[0], there[1], hits)
        shown = cut_through(walls, hits, count, source, there, cut)
        for variant in range(0 if count == 0 else (4 if rules.ground else 1)):
            if (variant & 1 and roofed) or (variant & 2 and their_roofed[r]):
                continue
            way[0].along, way[0].height, way[0].wall = 0.0, source[2], -1
            if variant & 1:
                way[0].height = mirror_height(source[2])
            z1 = mirror_height(there[2]) if variant & 2 else there[2]
            over = find_hull(walls, hits, count, way[0].height, z1, length, edges)
            if over < 0:
                continue
            take_hull(walls, hits, edges, over, cut, shown, source, there, way)
            size = over + 2
            way[size - 1].along, way[size - 1].height, way[size - 1].wall = length, z1, -1
            base[:] = 1.0 / (length * length + (z1 - way[0].height) ** 2)
            total = 0.0
            if over > 0:
                total = chain_gains(walls, medium, way, size, gains)
                for band in range(BANDS):
                    base[band] = gains[band].real ** 2 + gains[band].imag ** 2
            # What becomes part of a way must not depend on what was found before it, or the way back would differ.
            least = bag.state[r, 1] * rules.floor
            if over > 0:
                least = _LIT_SHARE * base.sum() if over > 2 else 0.0
            found = list_lit(medium, cut, shown, way, size, base, least, lit)
            for k in range(found):
                longer = insert_lit(cut, lit[k], way, size, more)
                whole = chain_gains(walls, medium, more, longer, other)
                if over == 0:
                    _keep(plan, medium, rules, source, there, more, longer, whole, other, r, bag)
                else:
                    add_later(medium, other, whole - total, gains)
            if over > 0:
                _keep(plan, medium, rules, source, there, way, size, total, gains, r, bag)


@njit(cache=True, nogil=True)
def _keep(plan, medium, rules, source, there, way, size, total, gains, pair, bag):
    """Keep the way over way[:size], records of POINT, of a length and with gains, if it is loud enough."""
    points = np.empty((VERTICES_MAX, 3))
    vertices = _lay_out(way, size, source, there, points)
    if vertices > size and not rules.rigid_ground:
        _weigh_bounces(plan.surfaces, medium, points, vertices, gains)
    keep_path(bag, pair, medium, rules.floor, ROOF, size - 2, vertices - size, total, gains, points, vertices)


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
def _lay_out(way, size, source, receiver, points):
    """Write the vertices of a way, bounces on the ground included; return how many."""
    length, vertices = way[size - 1].along, 0
    for k in range(size):
        along, height = way[k].along, way[k].height
        if k + 1 == size and height < 0.0:
            before = way[k - 1]
            points[vertices, 0] = before.along + (length - before.along) * before.height / (
                before.height - height
            )
            points[vertices, 2] = 0.0
            vertices += 1
        points[vertices, 0], points[vertices, 2] = along, abs(height)
        vertices += 1
        if k == 0 and height < 0.0:
            points[vertices, 0] = -height * way[1].along / (way[1].height - height)
            points[vertices, 2] = 0.0
            vertices += 1
    points[0, 2], points[vertices - 1, 2] = source[2], receiver[2]
    for k in range(vertices):  # column 0 held the distance from the source
        share = points[k, 0] / length
        points[k, 0] = source[0] + share * (receiver[0] - source[0])
        points[k, 1] = source[1] + share * (receiver[1] - source[1])
    return vertices
