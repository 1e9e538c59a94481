"""All candidates of every pair of one source, the strongest of them in order, compiled."""

import math

import numpy as np
from numba import njit

from sim.propagation.direct import add_straight, blocked_sides
from sim.propagation.grid import crossings
from sim.propagation.roof import EDGES_MAX, add_over_roofs


@njit(cache=True, nogil=True)
def collect_pair(plan, medium, rules, bag, source, receiver, edges):  # noqa: ANN001, ANN202 - compiled
    """Fill the bag with the paths of one pair."""
    bag.state[:] = 0.0
    walls = plan.walls
    length = math.hypot(receiver[0] - source[0], receiver[1] - source[1])
    count = crossings(
        walls,
        plan.grid,
        source[0],
        source[1],
        receiver[0],
        receiver[1],
        bag.cells,
        bag.along,
        bag.wall,
        bag.sides,
    )
    if blocked_sides(walls, bag, count, source[2], receiver[2], length) != 3:
        add_straight(plan.surfaces, medium, rules, bag, source, receiver, False)
    if rules.ground and blocked_sides(walls, bag, count, -source[2], receiver[2], length) != 3:
        add_straight(plan.surfaces, medium, rules, bag, source, receiver, True)
    if rules.roofs:
        add_over_roofs(plan, medium, rules, bag, source, receiver, count, edges)


@njit(cache=True, nogil=True)
def pick_paths(bag, rules, paths_max, delays, chosen):  # noqa: ANN001, ANN202 - compiled
    """Choose the paths above the floor, at most `paths_max`, the earliest always among them; return how many."""
    count = int(bag.state[0])
    if count == 0:
        return 0
    order = np.argsort(-bag.power[:count])
    kept = 0
    for k in range(count):
        if kept < paths_max and bag.power[order[k]] >= bag.state[1] * rules.floor:
            chosen[kept] = order[k]
            kept += 1
    earliest = np.argmin(delays[:count])
    if not np.any(chosen[:kept] == earliest):
        chosen[kept - 1] = earliest
    by_delay = np.argsort(delays[chosen[:kept]])
    chosen[:kept] = chosen[:kept][by_delay]
    return kept


@njit(cache=True, nogil=True)
def travel_times(bag, speed, wind_x, wind_y, delays):  # noqa: ANN001, ANN202 - compiled
    """Write the travel time of each candidate, s: each leg at the speed of sound plus the wind along it."""
    for slot in range(int(bag.state[0])):
        total = 0.0
        for k in range(bag.size[slot] - 1):
            dx = bag.points[slot, k + 1, 0] - bag.points[slot, k, 0]
            dy = bag.points[slot, k + 1, 1] - bag.points[slot, k, 1]
            dz = bag.points[slot, k + 1, 2] - bag.points[slot, k, 2]
            leg = math.sqrt(dx * dx + dy * dy + dz * dz)
            if leg > 0.0:
                total += leg / (speed + (wind_x * dx + wind_y * dy) / leg)
        delays[slot] = total


@njit(cache=True, nogil=True)
def collect_all(plan, medium, rules, bag, source, receivers, speed, wind_x, wind_y, paths_max):  # noqa: ANN001, ANN202
    """Return (paths per receiver, delay, label, length, gain, vertices per path, vertices), joined over receivers."""
    pairs = len(receivers)
    room, point_room = 32 * pairs + paths_max, 128 * pairs + 20 * paths_max
    per_pair = np.zeros(pairs, np.int64)
    delay, label = np.empty(room), np.empty((room, 3), np.int64)
    length, gain = np.empty(room), np.empty((room, len(bag.gains)), np.complex128)
    size, points = np.empty(room, np.int64), np.empty((point_room, 3))
    edges, chosen = np.empty(EDGES_MAX, np.int64), np.empty(paths_max, np.int64)
    delays = np.empty(len(bag.power))
    done = used = 0
    for r in range(pairs):
        collect_pair(plan, medium, rules, bag, source, receivers[r], edges)
        travel_times(bag, speed, wind_x, wind_y, delays)
        per_pair[r] = pick_paths(bag, rules, paths_max, delays, chosen)
        if done + paths_max > len(delay):
            delay, length, size = np.append(delay, delay), np.append(length, length), np.append(size, size)
            label, gain = np.concatenate((label, label)), np.concatenate((gain, gain))
        if used + 20 * paths_max > len(points):
            points = np.concatenate((points, points))
        for k in range(per_pair[r]):
            slot = chosen[k]
            delay[done], length[done], size[done] = delays[slot], bag.length[slot], bag.size[slot]
            label[done], gain[done] = bag.label[slot], bag.gain[slot]
            points[used : used + bag.size[slot]] = bag.points[slot, : bag.size[slot]]
            used += bag.size[slot]
            done += 1
    return per_pair, delay[:done], label[:done], length[:done], gain[:done], size[:done], points[:used]
