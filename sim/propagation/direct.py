"""The straight way, and by way of the ground."""

import math

from numba import njit

from sim.propagation.bag import BANDS, keep_path, mirror_height, raise_polyline, weigh_bounce
from sim.propagation.grid import TOUCH_M

DIRECT = 0


@njit(cache=True, nogil=True)
def blocked_sides(walls, bag, count, z0, z1, length):
    """Return which sides (bits 1 and 2, 3 for both) of the line z0 to z1 the crossings in the bag stop."""
    hit = 0
    for k in range(count):
        z = z0 + (z1 - z0) * bag.hits.along[k] / length
        if walls.top[bag.hits.wall[k]] > abs(z) + TOUCH_M:
            hit |= bag.hits.sides[k]
    return hit


@njit(cache=True, nogil=True)
def add_straight(surfaces, medium, rules, bag, source, receiver, mirrored):
    """Add the direct path, or with `mirrored` the one that the ground reflects; its way must be clear."""
    line = bag.line
    z_first = mirror_height(source[2]) if mirrored else source[2]
    plan = math.hypot(receiver[0] - source[0], receiver[1] - source[1])
    length = max(math.hypot(plan, receiver[2] - z_first), 1e-3)
    line[0, 0], line[0, 1], line[1, 0], line[1, 1] = source[0], source[1], receiver[0], receiver[1]
    for band in range(BANDS):
        bag.gains[band] = 1.0 / length
    if plan > 0.0:
        raise_polyline(bag, 2, z_first, receiver[2], plan)
    else:  # straight up or down
        line[0, 2], line[1, 2] = source[2], receiver[2]
        if mirrored:
            line[1, 2], line[2, 2] = 0.0, receiver[2]
            line[2, 0], line[2, 1] = receiver[0], receiver[1]
    if mirrored:
        weigh_bounce(surfaces, medium, rules.rigid_ground, bag, 1, length, (receiver[2] - z_first) / length)
    keep_path(bag, medium, rules.floor, DIRECT, 0, int(mirrored), length, 3 if mirrored else 2)
