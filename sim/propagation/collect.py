"""All candidates of every pair of one source, and the choice among them, compiled."""

import math

import numpy as np
from numba import njit

from sim.propagation.direct import add_straight, blocked_sides
from sim.propagation.grid import crossings
from sim.propagation.roof import EDGES_MAX, add_over_roofs


@njit(cache=True, nogil=True)
def collect_pair(plan, medium, rules, bag, source, receiver, edges):
    """Fill the bag with the paths of one pair."""
    bag.state[:] = 0.0
    walls = plan.walls
    length = math.hypot(receiver[0] - source[0], receiver[1] - source[1])
    count = crossings(walls, plan.grid, source[0], source[1], receiver[0], receiver[1], bag.cells, bag.hits)
    if blocked_sides(walls, bag, count, source[2], receiver[2], length) != 3:
        add_straight(plan.surfaces, medium, rules, bag, source, receiver, False)
    if rules.ground and blocked_sides(walls, bag, count, -source[2], receiver[2], length) != 3:
        add_straight(plan.surfaces, medium, rules, bag, source, receiver, True)
    if rules.roofs:
        add_over_roofs(walls, plan.surfaces, medium, rules, bag, source, receiver, count, edges)


@njit(cache=True, nogil=True)
def travel_times(bag, speed, wind_x, wind_y):
    """Set the travel time of each candidate, s: each leg at the speed of sound plus the wind along it."""
    for slot in range(int(bag.state[0])):
        path = bag.paths[slot]
        total = 0.0
        for k in range(path.size - 1):
            dx = path.points[k + 1, 0] - path.points[k, 0]
            dy = path.points[k + 1, 1] - path.points[k, 1]
            dz = path.points[k + 1, 2] - path.points[k, 2]
            leg = math.sqrt(dx * dx + dy * dy + dz * dz)
            if leg > 0.0:
                total += leg / (speed + (wind_x * dx + wind_y * dy) / leg)
        path.delay = total


@njit(cache=True, nogil=True)
def pick_paths(bag, floor, out):
    """Move the candidates above the floor to `out`, the strongest first; return how many.

    The earliest is among them in any case. Candidates are used up.
    """
    count = int(bag.state[0])
    if count == 0:
        return 0
    earliest = 0
    for slot in range(count):
        if bag.paths.delay[slot] < bag.paths.delay[earliest]:
            earliest = slot
    kept, first_kept = 0, False
    while kept < len(out):
        best = -1
        for slot in range(count):
            if bag.paths.power[slot] >= bag.state[1] * floor and (
                best < 0 or bag.paths.power[slot] > bag.paths.power[best]
            ):
                best = slot
        if best < 0:
            break
        out[kept] = bag.paths[best]
        first_kept |= best == earliest
        bag.paths.power[best] = -1.0
        kept += 1
    if not first_kept:
        kept = min(kept + 1, len(out))
        out[kept - 1] = bag.paths[earliest]
    return kept


@njit(cache=True, nogil=True)
def collect_all(plan, medium, rules, bag, source, receivers, air, out):
    """Write the paths to each receiver to out (receivers, paths), return their numbers (receivers,).

    `air` holds the speed of sound and the wind's two components, m/s.
    """
    number = np.zeros(len(receivers), np.int64)
    edges = np.empty(EDGES_MAX, np.int64)
    for r in range(len(receivers)):
        collect_pair(plan, medium, rules, bag, source, receivers[r], edges)
        travel_times(bag, air[0], air[1], air[2])
        number[r] = pick_paths(bag, rules.floor, out[r])
    return number
