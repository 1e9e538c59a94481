"""All candidates of every pair of one source, and the choice among them, compiled."""

import math

import numpy as np
from numba import njit

from sim.propagation.chain import ALL_UP_TO, add_chains, add_shortest, string_out
from sim.propagation.corner import add_single_corners
from sim.propagation.direct import add_straight, blocked_sides
from sim.propagation.grid import crossings
from sim.propagation.reflection import add_reflections
from sim.propagation.roof import EDGES_MAX, add_over_roofs
from sim.propagation.view import view_from

# Strings round corners that are longer than this times the longest distance in plan are not looked for.
DETOUR_MAX = 3.0


@njit(cache=True, nogil=True)
def steepest(point, others):
    """Return the steepest rise from a point to any of the others, m/m, at least 0."""
    slope = 0.0
    for k in range(len(others)):
        plan = math.hypot(others[k, 0] - point[0], others[k, 1] - point[1])
        slope = max(slope, (others[k, 2] - point[2]) / max(plan, 1e-3))
    return slope


@njit(cache=True, nogil=True)
def farthest(point, others):
    """Return the longest distance in plan from a point to any of the others, m."""
    distance = 0.0
    for k in range(len(others)):
        distance = max(distance, math.hypot(others[k, 0] - point[0], others[k, 1] - point[1]))
    return distance


@njit(cache=True, nogil=True)
def collect_pair(plan, medium, rules, bag, source, receiver, edges):
    """Fill the bag with the paths of one pair in the vertical plane through it."""
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
    corners = plan.corners
    looks = rules.reflection_order > 0 or rules.corner_count > 0
    mine = view_from(plan, bag, source, steepest(source, receivers))
    sees_corner = np.zeros(len(corners), np.bool_)
    for c in mine[2]:
        sees_corner[c] = True
    hops = rules.corner_count if rules.corner_count > ALL_UP_TO else 0
    strings, before = np.empty((hops, len(corners))), np.empty((hops, len(corners)), np.int64)
    if hops > 0:
        reach = DETOUR_MAX * farthest(source, receivers)
        string_out(corners, plan.graph, source[0], source[1], mine[2], hops, reach, strings, before)
    for r in range(len(receivers)):
        there = receivers[r]
        collect_pair(plan, medium, rules, bag, source, there, edges)
        if looks:
            view = view_from(plan, bag, there, steepest(there, source.reshape(1, 3)))
            if rules.reflection_order > 0:
                add_reflections(
                    plan.walls, plan.grid, plan.surfaces, medium, rules, bag, source, there, mine, view
                )
            if rules.corner_count > 0:
                add_single_corners(plan, medium, rules, bag, source, there, mine, view, sees_corner)
            if rules.corner_count > 1:
                add_chains(plan, medium, rules, bag, source, there, view[2], sees_corner)
            if hops > 0:
                add_shortest(plan, medium, rules, bag, source, there, view[2], strings, before)
        travel_times(bag, air[0], air[1], air[2])
        number[r] = pick_paths(bag, rules.floor, out[r])
    return number
