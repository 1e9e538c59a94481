"""Whether a way in plan meets facades and corners where they are, and what is left of it where it passes above them."""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS
from sim.propagation.facade_width import fade_by_facade
from sim.propagation.grid import FREE, TOUCH_M, clearance
from sim.propagation.span import span
from sim.propagation.upright import bound_upright, weigh_upright

# A corner that keeps all but this of the field is as good as endless, in pressure.
_FADED = 1e-5


@njit(cache=True, nogil=True)
def fits(walls, corners, line, z0, zr, across):
    """Tell whether a way keeps below roofs at its facades and on the edges at its corners."""
    slope = (zr - z0) / across if across > 0.0 else 0.0
    done = 0.0
    for k in range(1, line.size - 1):
        done += span(line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1])
        z, met = abs(z0 + slope * done), line.met[k]
        if met < 0:
            if z > walls.top[-1 - met] + TOUCH_M:
                return False
        elif z < corners.low[met] - TOUCH_M or z > corners.high[met] + TOUCH_M:
            return False
    return True


@njit(cache=True, nogil=True)
def is_clear(walls, grid, line, z0, zr, across):
    """Tell whether no building stands in a way."""
    slope = (zr - z0) / across if across > 0.0 else 0.0
    done = 0.0
    for k in range(1, line.size if line.clear != FREE else 1):
        before = z0 + slope * done
        done += span(line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1])
        after = z0 + slope * done
        if not clearance(
            walls, grid, line.x[k - 1], line.y[k - 1], before, line.x[k], line.y[k], after, math.inf
        ):
            return False
    return True


@njit(cache=True, nogil=True)
def fade(walls, corners, medium, line, z0, zr, across, bounds):
    """Multiply `bounds` (bands,) by bounds of what heights leave of a way: by facades, and by a corner if it is one."""
    done, corner_count = 0.0, 0
    for k in range(1, line.size - 1):
        corner_count += line.met[k] >= 0
    for k in range(1, line.size - 1):
        done += span(line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1])
        met = line.met[k]
        if met < 0:
            bound_upright(medium, done, across - done, z0, zr, 0.0, walls.top[-1 - met], bounds)
        elif corner_count == 1:
            low, high = corners.low[met], corners.high[met]
            bound_upright(medium, done, across - done, z0, zr, low, high, bounds)


@njit(cache=True, nogil=True)
def weigh_heights(walls, corners, medium, ground, soil, line, z0, zr, across, edges, gains):
    """Multiply the complex gains by what the heights of facades and corners leave of a way.

    Corners share in this by the square of their bend: one that the way grazes leaves it as it is.
    """
    share, mixed = np.empty(BANDS, np.complex128), np.zeros(BANDS, np.complex128)
    total = done = 0.0
    found = 0
    for k in range(1, line.size - 1):
        done += span(line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1])
        met = line.met[k]
        if met < 0:
            weigh_upright(medium, done, across - done, z0, zr, 0.0, walls.top[-1 - met], ground, soil, share)
            for band in range(BANDS):
                gains[band] *= share[band]
            continue
        low, high = corners.low[met], corners.high[met]
        weigh_upright(medium, done, across - done, z0, zr, low, high, ground, soil, share)
        phi_in, phi_out = edges[found, 0], edges[found, 1]
        bend = (abs(phi_out - phi_in) - math.pi) ** 2 + 1e-18
        if low <= 0.0 and np.abs(share - 1.0).max() > _FADED:
            mirror = min(
                abs(phi_in + phi_out - math.pi), abs(phi_in + phi_out + math.pi - 2.0 * corners.opening[met])
            )
            hides = mirror * mirror / (bend + mirror * mirror)
            fade_by_facade(walls, medium, ground, soil, line, z0, zr, across, done, high, hides, share)
        total += bend
        for band in range(BANDS):
            mixed[band] += bend * share[band]
        found += 1
    for band in range(BANDS if found > 0 else 0):
        gains[band] *= mixed[band] / total
