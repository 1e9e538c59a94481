"""Specular reflections by facades: image sources in plan, one height test per facade."""

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
from sim.propagation.grid import TOUCH_M

REFLECTED = 1


@njit(cache=True, nogil=True)
def mirror_point(walls, wall, x, y):
    """Return the image of a point in the line of a wall."""
    dx, dy = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
    off = 2.0 * (dx * (y - walls.ay[wall]) - dy * (x - walls.ax[wall])) / (dx * dx + dy * dy)
    return x + off * dy, y - off * dx


@njit(cache=True, nogil=True)
def pierce(walls, wall, x0, y0, x1, y1):
    """Return how far, 0 to 1, on the way from (x0, y0) to (x1, y1) it goes through a wall; -1 if it passes it by.

    A wall has its start but not its end: a way through the joint of two walls goes through one of them.
    """
    dx, dy = x1 - x0, y1 - y0
    ax, ay = walls.ax[wall] - x0, walls.ay[wall] - y0
    bx, by = walls.bx[wall] - x0, walls.by[wall] - y0
    a, b = dx * ay - dy * ax, dx * by - dy * bx
    if (a >= 0.0) == (b >= 0.0):
        return -1.0
    share = a / (a - b)
    along = ((ax + share * (bx - ax)) * dx + (ay + share * (by - ay)) * dy) / (dx * dx + dy * dy)
    return along if 0.0 < along < 1.0 else -1.0


@njit(cache=True, nogil=True)
def images_of(walls, seen, count, x, y, images):
    """Write the images (walls, 2) of a point in the walls that it sees."""
    for k in range(count):
        images[k, 0], images[k, 1] = mirror_point(walls, seen[k], x, y)


@njit(cache=True, nogil=True)
def add_reflections(walls, grid, surfaces, medium, rules, bag, source, receiver, by_source, by_receiver):
    """Add the paths by one and two facades among those that source and receiver see.

    `by_source` and `by_receiver` are (walls seen, images in them), as of `view_from`.
    """
    line = bag.line
    seen_s, images_s = by_source[0], by_source[1]
    seen_r, images_r = by_receiver[0], by_receiver[1]
    facades = np.empty(2, np.int64)
    for i in range(len(seen_s)):
        w, ix, iy = seen_s[i], images_s[i, 0], images_s[i, 1]
        gap = math.hypot(receiver[0] - ix, receiver[1] - iy)
        if may_matter(bag, rules.floor, 1.0 / max(gap, 1e-3)):
            t = pierce(walls, w, ix, iy, receiver[0], receiver[1])
            if t > 0.0:
                line[0, 0], line[0, 1], line[2, 0], line[2, 1] = (
                    source[0],
                    source[1],
                    receiver[0],
                    receiver[1],
                )
                line[1, 0], line[1, 1] = ix + t * (receiver[0] - ix), iy + t * (receiver[1] - iy)
                facades[0] = w
                _add_bounced(walls, grid, surfaces, medium, rules, bag, source[2], receiver[2], facades, 1)
        if rules.reflection_order < 2:
            continue
        for j in range(len(seen_r)):
            v, jx, jy = seen_r[j], images_r[j, 0], images_r[j, 1]
            if v == w:
                continue
            t = pierce(walls, w, ix, iy, jx, jy)
            if t < 0.0:
                continue
            s = pierce(walls, v, ix, iy, jx, jy)
            gap = math.hypot(jx - ix, jy - iy)
            if s <= t or not may_matter(bag, rules.floor, 1.0 / gap):
                continue
            line[0, 0], line[0, 1], line[3, 0], line[3, 1] = source[0], source[1], receiver[0], receiver[1]
            line[1, 0], line[1, 1] = ix + t * (jx - ix), iy + t * (jy - iy)
            line[2, 0], line[2, 1] = ix + s * (jx - ix), iy + s * (jy - iy)
            facades[0], facades[1] = w, v
            _add_bounced(walls, grid, surfaces, medium, rules, bag, source[2], receiver[2], facades, 2)


@njit(cache=True, nogil=True)
def _add_bounced(walls, grid, surfaces, medium, rules, bag, zs, zr, facades, order):
    """Add the plan polyline source, facades, receiver, and the same by way of the ground, where nothing stands."""
    line = bag.line
    plan = plan_length(bag, order + 2)
    for mirrored in range(2 if rules.ground else 1):
        z0 = mirror_height(zs) if mirrored else zs
        done, fits = 0.0, True
        for k in range(order):
            done += math.hypot(line[k + 1, 0] - line[k, 0], line[k + 1, 1] - line[k, 1])
            fits &= abs(z0 + (zr - z0) * done / plan) <= walls.top[facades[k]] + TOUCH_M
        if not fits or not is_polyline_clear(walls, grid, bag, order + 2, z0, zr, plan):
            continue
        length = math.hypot(plan, zr - z0)
        for band in range(BANDS):
            factor = 1.0 / length
            for k in range(order):
                factor *= walls.factor[facades[k], band]
            bag.gains[band] = factor
        # The ground variant comes last: its bounce is put between the points of the polyline.
        bounce = raise_polyline(bag, order + 2, z0, zr, plan)
        if mirrored:
            weigh_bounce(surfaces, medium, rules.rigid_ground, bag, bounce, length, (zr - z0) / length)
        keep_path(bag, medium, rules.floor, REFLECTED, order, mirrored, length, order + 2 + mirrored)
