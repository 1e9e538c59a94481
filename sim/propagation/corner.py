"""Diffraction round vertical corners, alone, one after another, or with one facade reflection."""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import (
    BANDS,
    is_polyline_clear,
    keep_path,
    may_matter,
    mirror_height,
    plan_length,
    raise_polyline,
    weigh_bounce,
)
from sim.propagation.corner_graph import air_angle
from sim.propagation.grid import TOUCH_M
from sim.propagation.reflection import pierce
from sim.propagation.wedge import coarse_bound, edge_gains, wedge_coefficient

CORNER = 2
REFLECTED_DIFFRACTED = 4


@njit(cache=True, nogil=True)
def add_single_corners(plan, medium, rules, bag, source, receiver, by_source, by_receiver, sees_corner):
    """Add the paths by each corner that both see, and by one more facade on either side.

    `by_source`, `by_receiver` are (walls, images in them, corners) seen, as of `view_from`; `sees_corner` (corners,)
    tells which corners the source sees.
    """
    line, met = bag.line, np.empty(1, np.int64)
    seen_s, images_s, corners_s = by_source
    seen_r, images_r, corners_r = by_receiver
    for k in range(len(corners_r)):
        met[0] = c = corners_r[k]
        x, y = plan.corners.x[c], plan.corners.y[c]
        if sees_corner[c]:
            line[0, 0], line[0, 1], line[1, 0], line[1, 1] = source[0], source[1], x, y
            line[2, 0], line[2, 1] = receiver[0], receiver[1]
            _add_bent(plan, medium, rules, bag, source[2], receiver[2], met, 1, -1, 0)
        if not rules.reflected_diffraction:
            continue
        for i in range(len(seen_s)):
            t = pierce(plan.walls, seen_s[i], images_s[i, 0], images_s[i, 1], x, y)
            if t > 0.0 and t < 1.0 - 1e-9:
                line[0, 0], line[0, 1], line[2, 0], line[2, 1] = source[0], source[1], x, y
                line[1, 0] = images_s[i, 0] + t * (x - images_s[i, 0])
                line[1, 1] = images_s[i, 1] + t * (y - images_s[i, 1])
                line[3, 0], line[3, 1] = receiver[0], receiver[1]
                _add_bent(plan, medium, rules, bag, source[2], receiver[2], met, 1, seen_s[i], 1)
    if not rules.reflected_diffraction:
        return
    for k in range(len(corners_s)):
        met[0] = c = corners_s[k]
        x, y = plan.corners.x[c], plan.corners.y[c]
        for i in range(len(seen_r)):
            t = pierce(plan.walls, seen_r[i], images_r[i, 0], images_r[i, 1], x, y)
            if t > 0.0 and t < 1.0 - 1e-9:
                line[0, 0], line[0, 1], line[1, 0], line[1, 1] = source[0], source[1], x, y
                line[2, 0] = images_r[i, 0] + t * (x - images_r[i, 0])
                line[2, 1] = images_r[i, 1] + t * (y - images_r[i, 1])
                line[3, 0], line[3, 1] = receiver[0], receiver[1]
                _add_bent(plan, medium, rules, bag, source[2], receiver[2], met, 1, seen_r[i], 2)


@njit(cache=True, nogil=True)
def add_corner_chain(plan, medium, rules, bag, source, receiver, met, count):
    """Add the path round `count` corners, those of `met` from the last to the first; it must be a taut string."""
    line = bag.line
    line[0, 0], line[0, 1] = source[0], source[1]
    order = met[:count][::-1].copy()
    for k in range(count):
        line[k + 1, 0], line[k + 1, 1] = plan.corners.x[order[k]], plan.corners.y[order[k]]
    line[count + 1, 0], line[count + 1, 1] = receiver[0], receiver[1]
    _add_bent(plan, medium, rules, bag, source[2], receiver[2], order, count, -1, 0)


@njit(cache=True, nogil=True)
def _lay_edges(corners, medium, bag, met, count, facade_at, sine):
    """Write (phi_in, phi_out, s_in, s_out) of each edge to the bag; return a bound of the product of their |D|.

    The bound holds in the lowest band, where they are largest; it is 0 where the way runs into a wall.
    """
    line = bag.line
    bound, at, leg = 1.0, 0, 0.0
    for k in range(count + 1):
        s = math.hypot(line[at + 1, 0] - line[at, 0], line[at + 1, 1] - line[at, 1]) / sine
        at += 1
        if at == facade_at:
            s += math.hypot(line[at + 1, 0] - line[at, 0], line[at + 1, 1] - line[at, 1]) / sine
            at += 1
        if s < TOUCH_M:
            return 0.0
        if k > 0:
            edge, c = bag.edges[k - 1], met[k - 1]
            edge[3] = s
            reach = leg * s * sine * sine / (leg + s)
            bound *= coarse_bound(medium.wavenumber[0], reach, sine, corners.opening[c], edge[0], edge[1])
        if k < count:
            c = met[k]
            phi_in = air_angle(corners, c, line[at - 1, 0] - line[at, 0], line[at - 1, 1] - line[at, 1])
            phi_out = air_angle(corners, c, line[at + 1, 0] - line[at, 0], line[at + 1, 1] - line[at, 1])
            if max(phi_in, phi_out) > corners.opening[c]:
                return 0.0
            bag.edges[k, 0], bag.edges[k, 1], bag.edges[k, 2] = phi_in, phi_out, s
        leg = s
    return bound


@njit(cache=True, nogil=True)
def _lowest_band(corners, medium, bag, met, count, sine):
    """Return the product of |D| in the lowest band."""
    gain = 1.0
    for k in range(count):
        edge, c = bag.edges[k], met[k]
        gain *= abs(
            wedge_coefficient(
                medium.wavenumber[0],
                edge[2] * edge[3] * sine * sine / (edge[2] + edge[3]),
                sine,
                corners.opening[c],
                edge[0],
                edge[1],
                corners.factor_0[c, 0],
                corners.factor_n[c, 0],
            )
        )
    return gain


@njit(cache=True, nogil=True)
def _add_bent(plan, medium, rules, bag, zs, zr, met, count, facade, facade_at):
    """Add the plan polyline in the bag, and the same by way of the ground, where nothing stands.

    It bends round the corners `met`; `facade` is the wall it meets at its point number `facade_at`, -1 for none.
    """
    line, corners, walls = bag.line, plan.corners, plan.walls
    size = count + 2 + (1 if facade >= 0 else 0)
    plan_m = plan_length(bag, size)
    for mirrored in range(2 if rules.ground else 1):
        z0 = mirror_height(zs) if mirrored else zs
        length = math.hypot(plan_m, zr - z0)
        sine = plan_m / length
        bound = _lay_edges(corners, medium, bag, met, count, facade_at if facade >= 0 else -1, sine)
        if bound == 0.0:
            return
        product = bag.edges[count - 1, 3]
        for k in range(count):
            product *= bag.edges[k, 2]
        spread = 1.0 / math.sqrt(product * length)
        if not may_matter(bag, rules.floor, bound * spread):
            return
        bound = _lowest_band(corners, medium, bag, met, count, sine)
        if not may_matter(bag, rules.floor, bound * spread):
            return
        done, fits, passed = 0.0, True, 0
        for k in range(1, size - 1):
            done += math.hypot(line[k, 0] - line[k - 1, 0], line[k, 1] - line[k - 1, 1])
            z = abs(z0 + (zr - z0) * done / plan_m)
            if facade >= 0 and k == facade_at:
                fits &= z <= walls.top[facade] + TOUCH_M
            else:
                c = met[passed]
                passed += 1
                fits &= corners.low[c] <= z + TOUCH_M and z <= corners.high[c] + TOUCH_M
        if not fits or not is_polyline_clear(walls, plan.grid, bag, size, z0, zr, plan_m):
            continue
        for band in range(BANDS):
            bag.gains[band] = spread * (walls.factor[facade, band] if facade >= 0 else 1.0)
        for k in range(count):
            edge, c = bag.edges[k], met[k]
            edge_gains(
                medium,
                edge[2],
                edge[3],
                sine,
                corners.opening[c],
                edge[0],
                edge[1],
                corners.factor_0[c],
                corners.factor_n[c],
                bag.gains,
            )
        bounce = raise_polyline(bag, size, z0, zr, plan_m)
        if mirrored:
            weigh_bounce(plan.surfaces, medium, rules.rigid_ground, bag, bounce, length, (zr - z0) / length)
        kind = REFLECTED_DIFFRACTED if facade >= 0 else CORNER
        keep_path(bag, medium, rules.floor, kind, size - 2, mirrored, length, size + mirrored)
