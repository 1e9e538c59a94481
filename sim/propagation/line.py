"""Ways in plan, from source to receiver past facades and corners, and what becomes of sound on them.

Vertical walls leave the slope of a path unchanged, so a way in plan is a path in space: its height goes evenly from
the source's to the receiver's, or from the source's image under the ground, which gives the path with a ground bounce.
"""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS, VERTICES_MAX, keep_path, mirror_height
from sim.propagation.bends import turn_corners
from sim.propagation.corner_graph import air_angle
from sim.propagation.grid import TOUCH_M
from sim.propagation.ground import admittances, ground_gains
from sim.propagation.heights import fade, fits, is_clear, weigh_heights
from sim.propagation.places import OFF_WALL_M, building_over
from sim.propagation.span import span
from sim.propagation.upright import Soil
from sim.propagation.wedge import wedge_bounds

POINTS_MAX = 12
DIRECT, REFLECTED, CORNER, REFLECTED_DIFFRACTED = 0, 1, 2, 4

# A way: number of its receiver, number of its points, a `clearance` that it is known to have (0 for unknown), and for
# each point but the ends which corner (0 or more) or which facade (-1 - wall) it is.
LINE = np.dtype(
    [("pair", np.int64), ("size", np.int64), ("clear", np.int64), ("met", np.int64, (POINTS_MAX,))]
    + [(name, np.float64, (POINTS_MAX,)) for name in ("x", "y")]
)


@njit(cache=True, nogil=True)
def weigh_lines(plan, medium, rules, source, receivers, lines, count, bag):
    """Weigh the first `count` ways, each as it is and by way of the ground, and keep what is free and loud enough."""
    edges, points = np.empty((POINTS_MAX, 4)), np.empty((VERTICES_MAX, 3))
    gains, bounds = np.empty(BANDS, np.complex128), np.empty(BANDS)
    near, far, undone = (
        np.empty(BANDS, np.complex128),
        np.empty(BANDS, np.complex128),
        np.empty(BANDS, np.complex128),
    )
    soil, below = Soil(rules.ground and not rules.rigid_ground, near, far, undone), -1
    if soil.counts:
        admittances(plan.surfaces, medium, source[0], source[1], near)
    lowest = plan.walls.top.min() if len(plan.walls) else math.inf
    for number in range(count):
        line = lines[number]
        pair = line.pair
        if soil.counts and pair != below:
            admittances(plan.surfaces, medium, receivers[pair, 0], receivers[pair, 1], far)
            below = pair
        across = 0.0
        for k in range(line.size - 1):
            across += span(line.x[k + 1] - line.x[k], line.y[k + 1] - line.y[k])
        zr = receivers[pair, 2]
        for mirrored in range(2 if rules.ground else 1):
            z0 = mirror_height(source[2]) if mirrored else source[2]
            length = max(span(across, zr - z0), 1e-3)
            most = _spread(plan.corners, medium, line, across / length, length, edges, bounds)
            if not most > bag.state[pair, 1] * rules.floor:
                break
            least = bag.state[pair, 1] * rules.floor
            if not _passes(plan, medium, rules, line, z0, zr, across, edges, bounds, least):
                continue
            bounce = _raise(line, z0, zr, across, points)
            x, y = points[bounce, 0], points[bounce, 1]
            # Walls are met, roofs are not: from above a roof to above a roof a way may bounce indoors.
            if (
                mirrored
                and min(source[2], zr) > lowest
                and _is_indoors(plan.walls, plan.grid, points, bounce)
            ):
                continue
            corners = _gains(plan.walls, plan.corners, medium, line, across / length, length, edges, gains)
            counts = mirrored and not rules.rigid_ground
            _bounce(plan.surfaces, medium, counts, x, y, length, (zr - z0) / length, undone, gains)
            if rules.fading and line.size > 2:
                weigh_heights(
                    plan.walls, plan.corners, medium, rules.ground, soil, line, z0, zr, across, edges, gains
                )
            order = line.size - 2
            kind = DIRECT if order == 0 else REFLECTED
            if corners > 0:
                kind = CORNER if corners == order else REFLECTED_DIFFRACTED
            keep_path(
                bag,
                pair,
                medium,
                rules.floor,
                kind,
                order,
                mirrored,
                length,
                gains,
                points,
                line.size + mirrored,
            )


@njit(cache=True, nogil=True)
def _spread(corners, medium, line, sine, length, edges, bounds):
    """Write (phi_in, phi_out, s_in, s_out) of each corner to `edges`; return a bound of the power.

    The bound is 0 where the way runs into a wall. `bounds` (bands,) is scratch.
    """
    done, found = 0.0, 0
    for k in range(1, line.size):
        done += span(line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1]) / sine if sine > 0.0 else 0.0
        corner = line.met[k] if k + 1 < line.size else -1
        if corner < 0 and k + 1 < line.size:
            continue
        if found > 0:  # the leg that ends here leaves the corner before
            edges[found - 1, 3] = done
        if k + 1 == line.size:
            break
        if done < TOUCH_M:
            return 0.0
        phi_in = air_angle(corners, corner, line.x[k - 1] - line.x[k], line.y[k - 1] - line.y[k])
        phi_out = air_angle(corners, corner, line.x[k + 1] - line.x[k], line.y[k + 1] - line.y[k])
        if max(phi_in, phi_out) > corners.opening[corner]:
            return 0.0
        edges[found, 0], edges[found, 1], edges[found, 2] = phi_in, phi_out, done
        found += 1
        done = 0.0
    if (done if found > 0 else length) < TOUCH_M:
        return 0.0
    bounds[:] = 1.0
    before, found = 0.0, 0
    for k in range(1, line.size - 1):
        if line.met[k] < 0:
            continue
        before += edges[found, 2]
        reach = before * max(length - before, 0.0) * sine * sine / length  # as if no other corner were there
        opening = corners.opening[line.met[k]]
        wedge_bounds(medium, reach, sine, opening, edges[found, 0], edges[found, 1], bounds)
        found += 1
    return _power(medium, bounds, length) / _spreading(line, edges, length)


@njit(cache=True, nogil=True)
def _power(medium, bounds, length):
    """Return the power of pressures (bands,) after a length of air."""
    power = 0.0
    for band in range(BANDS):
        power += bounds[band] ** 2 * math.exp(medium[band].log_power_per_m * length)
    return power


@njit(cache=True, nogil=True)
def _spreading(line, edges, length):
    """Return what power is divided by on a way of that length whose corners `_spread` has measured, m2 and more."""
    product, found = length, 0
    for k in range(1, line.size - 1):
        if line.met[k] >= 0:
            product *= edges[found, 2]
            found += 1
    return product * (edges[found - 1, 3] if found > 0 else length)


@njit(cache=True, nogil=True)
def _passes(plan, medium, rules, line, z0, zr, across, edges, bounds, least):
    """Tell whether a way is free, and meets facades and corners where they are or leaves enough power beside them.

    `edges` and `bounds` are from `_spread`.
    """
    if not fits(plan.walls, plan.corners, line, z0, zr, across):
        if not rules.fading or line.size == 2:
            return False
        length = span(across, zr - z0)
        fade(plan.walls, plan.corners, medium, line, z0, zr, across, bounds)
        if not _power(medium, bounds, length) / _spreading(line, edges, length) > least:
            return False
    return is_clear(plan.walls, plan.grid, line, z0, zr, across)


@njit(cache=True, nogil=True)
def _gains(walls, corners, medium, line, sine, length, edges, gains):
    """Write the complex gain in each band; return the number of corners."""
    product, found = length, 0
    for k in range(1, line.size - 1):
        if line.met[k] >= 0:
            product *= edges[found, 2]
            found += 1
    gains[:] = 1.0 / math.sqrt(product * edges[found - 1, 3]) if found > 0 else 1.0 / length
    for k in range(1, line.size - 1):
        if line.met[k] < 0:
            for band in range(BANDS):
                gains[band] *= walls[-1 - line.met[k]].factor[band]
    if found > 0:
        turn_corners(corners, medium, line, sine, edges, found, gains)
    return found


@njit(cache=True, nogil=True)
def _bounce(surfaces, medium, counts, x, y, length, cosine, undone, gains):
    """Multiply the gains by what the ground leaves of a way; write one over that to `undone` (bands,).

    It is 1 unless the ground counts.
    """
    undone[:] = 1.0
    if counts:
        ground_gains(surfaces, medium, x, y, length, cosine, undone)
        for band in range(BANDS):
            gains[band] *= undone[band]
            undone[band] = 1.0 / (undone[band] + 1e-30)


@njit(cache=True, nogil=True)
def _raise(line, z0, zr, across, points):
    """Write the vertices of a way in space, its ground bounce put in where z0 < 0; return the place of the bounce."""
    slope = (zr - z0) / across if across > 0.0 else 0.0
    done, z, out, bounce = 0.0, z0, 0, 0
    for k in range(line.size):
        if k > 0:
            below = z
            done += span(line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1])
            z = z0 + slope * done if across > 0.0 else zr
            if below < 0.0 <= z:
                share = -below / (z - below)
                points[out, 0] = line.x[k - 1] + share * (line.x[k] - line.x[k - 1])
                points[out, 1] = line.y[k - 1] + share * (line.y[k] - line.y[k - 1])
                points[out, 2] = 0.0
                bounce = out
                out += 1
        points[out, 0], points[out, 1], points[out, 2] = line.x[k], line.y[k], abs(z)
        out += 1
    return bounce


@njit(cache=True, nogil=True)
def _is_indoors(walls, grid, points, bounce):
    """Tell whether a way has a building on both its sides where it meets the ground: along a facade it has one."""
    dx, dy = points[bounce + 1, 0] - points[bounce - 1, 0], points[bounce + 1, 1] - points[bounce - 1, 1]
    step = OFF_WALL_M / max(span(dx, dy), OFF_WALL_M)
    for side in (-step, step):
        if building_over(walls, grid, points[bounce, 0] - side * dy, points[bounce, 1] + side * dx, 0.0) < 0:
            return False
    return True
