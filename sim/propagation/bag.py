"""Candidate paths of one pair while they are being found, and the weights that all kinds share."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.grid import is_clear
from sim.propagation.ground import ground_gains

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

VERTICES_MAX = 20
_ROOM = 1024
_CROSSINGS_MAX = 8192


class Medium(NamedTuple):
    """The air at the band centres: frequency Hz, wavenumber rad/m, power left per metre 10^(-alpha / 10)."""

    frequency: Floats
    wavenumber: Floats
    power_per_m: Floats


class Rules(NamedTuple):
    """What to look for: `PathOptions` for compiled code; `floor` is a ratio of powers."""

    reflection_order: int
    corner_count: int
    floor: float
    ground: bool
    corners: bool
    roofs: bool
    reflected_diffraction: bool
    rigid_ground: bool


class Bag(NamedTuple):
    """Room for candidates (first index) and scratch space; `state` is [count, strongest power]."""

    state: Floats
    power: Floats
    label: Ints
    length: Floats
    gain: npt.NDArray[np.complex128]
    size: Ints
    points: Floats
    gains: npt.NDArray[np.complex128]
    px: Floats
    py: Floats
    pz: Floats
    cells: Ints
    along: Floats
    wall: Ints
    sides: Ints


def new_bag(nx: int, ny: int, bands: int) -> Bag:
    """Return an empty bag for a grid of nx by ny cells."""
    return Bag(
        np.zeros(2),
        np.empty(_ROOM),
        np.empty((_ROOM, 3), np.int64),
        np.empty(_ROOM),
        np.empty((_ROOM, bands), np.complex128),
        np.empty(_ROOM, np.int64),
        np.empty((_ROOM, VERTICES_MAX, 3)),
        np.empty(bands, np.complex128),
        np.empty(VERTICES_MAX),
        np.empty(VERTICES_MAX),
        np.empty(VERTICES_MAX),
        np.empty(nx + ny + 4, np.int64),
        np.empty(_CROSSINGS_MAX),
        np.empty(_CROSSINGS_MAX, np.int64),
        np.empty(_CROSSINGS_MAX, np.int64),
    )


@njit(cache=True, nogil=True)
def mirror_height(z):  # noqa: ANN001, ANN202 - compiled
    """Return the height of the image under the ground; a point on the ground has one just below it."""
    return -max(z, 1e-6)


@njit(cache=True, nogil=True)
def keep_path(bag, medium, rules, kind, order, bounces, length, size):  # noqa: ANN001, ANN202 - compiled
    """Put the path in the scratch fields (gains, px, py, pz) into the bag unless it is far below the strongest."""
    power = 0.0
    for band in range(len(bag.gains)):
        g = bag.gains[band]
        power += (g.real * g.real + g.imag * g.imag) * medium.power_per_m[band] ** length
    if not power > bag.state[1] * rules.floor:
        return
    bag.state[1] = max(bag.state[1], power)
    if int(bag.state[0]) == len(bag.power):
        drop_weakest_half(bag)
    slot = int(bag.state[0])
    bag.state[0] += 1.0
    bag.power[slot] = power
    bag.label[slot, 0], bag.label[slot, 1], bag.label[slot, 2] = kind, order, bounces
    bag.length[slot] = length
    bag.size[slot] = size
    for band in range(len(bag.gains)):
        bag.gain[slot, band] = bag.gains[band]
    for k in range(size):
        bag.points[slot, k, 0], bag.points[slot, k, 1], bag.points[slot, k, 2] = bag.px[k], bag.py[k], bag.pz[k]


@njit(cache=True, nogil=True)
def drop_weakest_half(bag):  # noqa: ANN001, ANN202 - compiled
    """Keep the stronger half of a full bag."""
    count = int(bag.state[0])
    least = np.sort(bag.power[:count])[count // 2]
    kept = 0
    for slot in range(count):
        if bag.power[slot] < least:
            continue
        bag.power[kept] = bag.power[slot]
        bag.label[kept] = bag.label[slot]
        bag.length[kept] = bag.length[slot]
        bag.size[kept] = bag.size[slot]
        bag.gain[kept] = bag.gain[slot]
        bag.points[kept] = bag.points[slot]
        kept += 1
    bag.state[0] = kept


@njit(cache=True, nogil=True)
def may_matter(bag, medium, rules, gain, length):  # noqa: ANN001, ANN202 - compiled
    """Tell whether a path whose gain in no band exceeds `gain` can reach the floor."""
    power = 0.0
    for band in range(len(bag.gains)):
        power += medium.power_per_m[band] ** length
    return gain * gain * power > bag.state[1] * rules.floor


@njit(cache=True, nogil=True)
def is_polyline_clear(walls, grid, bag, size, z_first, z_last, plan):  # noqa: ANN001, ANN202 - compiled
    """Tell whether the plan polyline in (px, py), whose height goes evenly from z_first to z_last, is clear."""
    done = 0.0
    slope = (z_last - z_first) / plan if plan > 0.0 else 0.0
    for k in range(size - 1):
        step = math.hypot(bag.px[k + 1] - bag.px[k], bag.py[k + 1] - bag.py[k])
        if not is_clear(
            walls,
            grid,
            bag.px[k],
            bag.py[k],
            z_first + slope * done,
            bag.px[k + 1],
            bag.py[k + 1],
            z_first + slope * (done + step),
            bag.cells,
        ):
            return False
        done += step
    return True


@njit(cache=True, nogil=True)
def plan_length(bag, size):  # noqa: ANN001, ANN202 - compiled
    """Return the length of the plan polyline in (px, py), m."""
    total = 0.0
    for k in range(size - 1):
        total += math.hypot(bag.px[k + 1] - bag.px[k], bag.py[k + 1] - bag.py[k])
    return total


@njit(cache=True, nogil=True)
def raise_polyline(bag, size, z_first, z_last, plan):  # noqa: ANN001, ANN202 - compiled
    """Write the heights of the plan polyline to pz; where it starts under the ground (z_first < 0) add its bounce.

    Returns the new number of points.
    """
    slope = (z_last - z_first) / plan if plan > 0.0 else 0.0
    done, crossed, bounce = 0.0, -1, 0.0
    for k in range(size):
        if k > 0:
            step = math.hypot(bag.px[k] - bag.px[k - 1], bag.py[k] - bag.py[k - 1])
            z = z_first + slope * (done + step)
            if z_first < 0.0 and crossed < 0 and z >= 0.0:
                crossed = k
                bounce = (-z_first / slope - done) / step if step > 0.0 and slope > 0.0 else 0.0
            done += step
        bag.pz[k] = abs(z_first + slope * done)
    if crossed < 0:
        return size
    for k in range(size, crossed, -1):
        bag.px[k], bag.py[k], bag.pz[k] = bag.px[k - 1], bag.py[k - 1], bag.pz[k - 1]
    bag.px[crossed] = bag.px[crossed - 1] + bounce * (bag.px[crossed + 1] - bag.px[crossed - 1])
    bag.py[crossed] = bag.py[crossed - 1] + bounce * (bag.py[crossed + 1] - bag.py[crossed - 1])
    bag.pz[crossed] = 0.0
    return size + 1


@njit(cache=True, nogil=True)
def resistivity_at(surfaces, x, y):  # noqa: ANN001, ANN202 - compiled
    """Return the flow resistivity of the ground at a point, Pa s/m2; a later patch lies over an earlier one."""
    for p in range(len(surfaces.box) - 1, -1, -1):
        if not (surfaces.box[p, 0] <= x <= surfaces.box[p, 2] and surfaces.box[p, 1] <= y <= surfaces.box[p, 3]):
            continue
        inside = False
        last = surfaces.start[p + 1] - 1
        for k in range(surfaces.start[p], surfaces.start[p + 1]):
            ya, yb = surfaces.y[last], surfaces.y[k]
            if (ya > y) != (yb > y):
                xa, xb = surfaces.x[last], surfaces.x[k]
                if x < xa + (y - ya) / (yb - ya) * (xb - xa):
                    inside = not inside
            last = k
        if inside:
            return surfaces.resistivity[p]
    return surfaces.resistivity[-1]


@njit(cache=True, nogil=True)
def weigh_bounce(surfaces, medium, rules, bag, x, y, length, cosine):  # noqa: ANN001, ANN202 - compiled
    """Multiply the scratch gains by the ground's reflection factor at (x, y)."""
    if not rules.rigid_ground:
        ground_gains(
            medium.frequency, medium.wavenumber, length, cosine, resistivity_at(surfaces, x, y), bag.gains
        )
