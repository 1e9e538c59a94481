"""Candidate paths of many pairs while they are being found: the strongest of each pair are kept."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.paths import BANDS_HZ

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

BANDS = len(BANDS_HZ)
VERTICES_MAX = 20

# The air at the band centres: frequency Hz, wavenumber rad/m, logarithm of the power left after a metre.
MEDIUM = np.dtype([(name, np.float64) for name in ("frequency", "wavenumber", "log_power_per_m")])

# A candidate: power summed over bands; delay s; length m; kind; facades and edges met; ground bounces; number of
# vertices; complex gain; vertices.
CANDIDATE = np.dtype(
    [(name, np.float64) for name in ("power", "delay", "length")]
    + [(name, np.int64) for name in ("kind", "order", "bounces", "size")]
    + [("gain", np.complex128, (BANDS,)), ("points", np.float64, (VERTICES_MAX, 3))]
)


class Rules(NamedTuple):
    """What to look for: `PathOptions` for compiled code; `floor` is a ratio of powers.

    With `fading`, facades and corners fade at their roof edges (`sim.propagation.upright`); otherwise they end there.
    """

    reflection_order: int
    corner_count: int
    floor: float
    ground: bool
    rigid_ground: bool
    fading: bool


class Bag(NamedTuple):
    """Candidates by pair.

    `state` (pairs, 2) is [count, strongest power]; `paths` (room, pairs) holds the candidates: those that come first of
    all pairs side by side, so that what is never filled costs no memory.
    """

    state: Floats
    paths: Records


def new_bag(pairs: int, room: int) -> Bag:
    """Return an empty bag for a number of pairs, with room for as many candidates each."""
    return Bag(np.zeros((pairs, 2)), np.empty((room, pairs), CANDIDATE))


@njit(cache=True, nogil=True)
def mirror_height(z):
    """Return the height of the image under the ground; a point on the ground has one just below it."""
    return -max(z, 1e-6)


@njit(cache=True, nogil=True)
def may_matter(bag, pair, floor, gain):
    """Tell whether a path whose gain in no band exceeds `gain` can reach the floor, air absorption left out."""
    return gain * gain * BANDS > bag.state[pair, 1] * floor


@njit(cache=True, nogil=True)
def keep_path(bag, pair, medium, floor, kind, order, bounces, length, gains, line, size):
    """Put a path with complex `gains` (bands,) and vertices line[:size] into the bag if its power reaches the floor."""
    power = 0.0
    for band in range(BANDS):
        g = gains[band]
        power += (g.real * g.real + g.imag * g.imag) * math.exp(medium[band].log_power_per_m * length)
    if not power > bag.state[pair, 1] * floor:
        return
    bag.state[pair, 1] = max(bag.state[pair, 1], power)
    slot = int(bag.state[pair, 0])
    paths = bag.paths[:, pair]
    if slot == len(paths):  # full: the weakest makes room
        slot = 0
        for other in range(1, len(paths)):
            if paths[other].power < paths[slot].power:
                slot = other
    else:
        bag.state[pair, 0] += 1.0
    path = paths[slot]
    path.power, path.length, path.size = power, length, size
    path.kind, path.order, path.bounces = kind, order, bounces
    for band in range(BANDS):
        path.gain[band] = gains[band]
    for k in range(size):
        for axis in range(3):
            path.points[k, axis] = line[k, axis]


@njit(cache=True, nogil=True)
def pick_paths(bag, floor, air, out):
    """Move the candidates above the floor to out (pairs, paths), the strongest first; return their numbers (pairs,).

    The earliest is among them in any case. Each gets its travel time: every leg at the speed of sound plus the wind
    along it; `air` holds that speed and the wind's two components, m/s. Candidates are used up.
    """
    number = np.zeros(len(out), np.int64)
    for pair in range(len(out)):
        paths, count = bag.paths[:, pair], int(bag.state[pair, 0])
        earliest, first_kept, kept = 0, count == 0, 0
        for slot in range(count):
            paths[slot].delay = _travel_time(paths[slot], air)
            if paths[slot].delay < paths[earliest].delay:
                earliest = slot
        while kept < out.shape[1]:
            best, most = -1, bag.state[pair, 1] * floor
            for slot in range(count):
                if paths[slot].power >= most:
                    best, most = slot, paths[slot].power
            if best < 0 or count == 0:
                break
            out[pair, kept] = paths[best]
            first_kept |= best == earliest
            paths[best].power = -1.0
            kept += 1
        if not first_kept:
            kept = min(kept + 1, out.shape[1])
            out[pair, kept - 1] = paths[earliest]
        number[pair] = kept
    return number


@njit(cache=True, nogil=True)
def _travel_time(path, air):
    total = 0.0
    for k in range(path.size - 1):
        dx = path.points[k + 1, 0] - path.points[k, 0]
        dy = path.points[k + 1, 1] - path.points[k, 1]
        dz = path.points[k + 1, 2] - path.points[k, 2]
        leg = math.sqrt(dx * dx + dy * dy + dz * dz)
        if leg > 0.0:
            total += leg / (air[0] + (air[1] * dx + air[2] * dy) / leg)
    return total
