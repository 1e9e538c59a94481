"""Candidate paths of one pair while they are being found, and the weights that all kinds share."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.grid import HIT, is_clear
from sim.propagation.ground import ground_gains
from sim.propagation.paths import BANDS_HZ

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BANDS = len(BANDS_HZ)
VERTICES_MAX = 20
_ROOM = 1024
_CROSSINGS_MAX = 8192


# The air at the band centres: frequency Hz, wavenumber rad/m, logarithm of the power left after a metre.
MEDIUM = np.dtype([(name, np.float64) for name in ("frequency", "wavenumber", "log_power_per_m")])

# A candidate: power summed over bands; length m; kind, facades and edges met, ground bounces; complex gain; vertices.
CANDIDATE = np.dtype(
    [
        ("power", np.float64),
        ("delay", np.float64),
        ("length", np.float64),
        ("kind", np.int64),
        ("order", np.int64),
        ("bounces", np.int64),
        ("size", np.int64),
        ("gain", np.complex128, (BANDS,)),
        ("points", np.float64, (VERTICES_MAX, 3)),
    ]
)


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
    """Candidates, and scratch space for the one in work.

    `state` is [count, strongest power]; `paths` the candidates; `gains` (bands,), `line` (vertices, 3) and `edges`
    (edges, 4: angles in and out, distances in and out) belong to the path in work; `cells` and `hits` are what its legs
    cross.
    """

    state: Floats
    paths: npt.NDArray[np.void]
    gains: npt.NDArray[np.complex128]
    line: Floats
    edges: Floats
    cells: Ints
    hits: npt.NDArray[np.void]


def new_bag(nx: int, ny: int) -> Bag:
    """Return an empty bag for a grid of nx by ny cells."""
    return Bag(
        np.zeros(2),
        np.empty(_ROOM, CANDIDATE),
        np.empty(BANDS, np.complex128),
        np.empty((VERTICES_MAX, 3)),
        np.empty((VERTICES_MAX, 4)),
        np.empty(nx + ny + 4, np.int64),
        np.empty(_CROSSINGS_MAX, HIT),
    )


@njit(cache=True, nogil=True)
def mirror_height(z):
    """Return the height of the image under the ground; a point on the ground has one just below it."""
    return -max(z, 1e-6)


@njit(cache=True, nogil=True)
def keep_path(bag, medium, floor, kind, order, bounces, length, size):
    """Put the path in work (gains, line) into the bag unless it lies below `floor` times the strongest."""
    power = 0.0
    for band in range(BANDS):
        g = bag.gains[band]
        power += (g.real * g.real + g.imag * g.imag) * math.exp(medium.log_power_per_m[band] * length)
    if not power > bag.state[1] * floor:
        return
    bag.state[1] = max(bag.state[1], power)
    slot = int(bag.state[0])
    if slot == len(bag.paths):  # full: the weakest makes room
        slot = 0
        for other in range(1, len(bag.paths)):
            if bag.paths.power[other] < bag.paths.power[slot]:
                slot = other
    else:
        bag.state[0] += 1.0
    path = bag.paths[slot]
    path.power, path.length, path.size = power, length, size
    path.kind, path.order, path.bounces = kind, order, bounces
    for band in range(BANDS):
        path.gain[band] = bag.gains[band]
    for k in range(size):
        for axis in range(3):
            path.points[k, axis] = bag.line[k, axis]


@njit(cache=True, nogil=True)
def may_matter(bag, floor, gain):
    """Tell whether a path whose gain in no band exceeds `gain` can reach the floor, air absorption left out."""
    return gain * gain * BANDS > bag.state[1] * floor


@njit(cache=True, nogil=True)
def is_polyline_clear(walls, grid, bag, size, z_first, z_last, plan):
    """Tell whether the plan polyline in `bag.line`, whose height goes evenly from z_first to z_last, is clear."""
    done = 0.0
    slope = (z_last - z_first) / plan if plan > 0.0 else 0.0
    for k in range(size - 1):
        step = math.hypot(bag.line[k + 1, 0] - bag.line[k, 0], bag.line[k + 1, 1] - bag.line[k, 1])
        if not is_clear(
            walls,
            grid,
            bag.line[k, 0],
            bag.line[k, 1],
            z_first + slope * done,
            bag.line[k + 1, 0],
            bag.line[k + 1, 1],
            z_first + slope * (done + step),
            bag.cells,
        ):
            return False
        done += step
    return True


@njit(cache=True, nogil=True)
def plan_length(bag, size):
    """Return the length of the plan polyline in `bag.line`, m."""
    total = 0.0
    for k in range(size - 1):
        total += math.hypot(bag.line[k + 1, 0] - bag.line[k, 0], bag.line[k + 1, 1] - bag.line[k, 1])
    return total


@njit(cache=True, nogil=True)
def raise_polyline(bag, size, z_first, z_last, plan):
    """Write the heights of the plan polyline to it; where it starts under the ground (z_first < 0) put in its bounce.

    Returns the place of the bounce among the points, which are one more then; 0 for none.
    """
    slope = (z_last - z_first) / plan if plan > 0.0 else 0.0
    done, crossed, bounce = 0.0, -1, 0.0
    for k in range(size):
        if k > 0:
            step = math.hypot(bag.line[k, 0] - bag.line[k - 1, 0], bag.line[k, 1] - bag.line[k - 1, 1])
            z = z_first + slope * (done + step)
            if z_first < 0.0 and crossed < 0 and z >= 0.0:
                crossed = k
                bounce = (-z_first / slope - done) / step if step > 0.0 and slope > 0.0 else 0.0
            done += step
        bag.line[k, 2] = abs(z_first + slope * done)
    if crossed < 0:
        return 0
    for k in range(size, crossed, -1):
        for axis in range(3):
            bag.line[k, axis] = bag.line[k - 1, axis]
    for axis in range(2):
        start = bag.line[crossed - 1, axis]
        bag.line[crossed, axis] = start + bounce * (bag.line[crossed + 1, axis] - start)
    bag.line[crossed, 2] = 0.0
    return crossed


@njit(cache=True, nogil=True)
def resistivity_at(surfaces, x, y):
    """Return the flow resistivity of the ground at a point, Pa s/m2; a later patch lies over an earlier one."""
    for p in range(len(surfaces.patches) - 1, 0, -1):
        patch = surfaces.patches[p]
        if not (patch.west <= x <= patch.east and patch.south <= y <= patch.north):
            continue
        inside = False
        last = patch.end - 1
        for k in range(patch.start, patch.end):
            ya, yb = surfaces.points[last, 1], surfaces.points[k, 1]
            if (ya > y) != (yb > y):
                xa, xb = surfaces.points[last, 0], surfaces.points[k, 0]
                if x < xa + (y - ya) / (yb - ya) * (xb - xa):
                    inside = not inside
            last = k
        if inside:
            return patch.resistivity
    return surfaces.patches[0].resistivity


@njit(cache=True, nogil=True)
def weigh_bounce(surfaces, medium, rigid, bag, at, length, cosine):
    """Multiply the gains in work by the ground's reflection factor at point number `at` of the line."""
    if not rigid:
        sigma = resistivity_at(surfaces, bag.line[at, 0], bag.line[at, 1])
        ground_gains(medium, length, cosine, sigma, bag.gains)
