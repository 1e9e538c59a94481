"""The coarse search: how well each cell of a map explains the pulses.

In every cell the pulses are moved back by their delays; rounds show as pulses of several stations at one time.
The kernel is as wide as the cell leaves arrivals open, so a cell's score is the evidence averaged over the cell.
"""

from math import log, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.bearing_term import aim
from detector.detour import detour
from detector.ears import Ears, Noise, detection_probability, expected_level, loudness, street_height


class Kernel(NamedTuple):
    """A table of `detector.lateness.blurred_table` (a named tuple, as numba wants it).

    Attributes
    ----------
    table : ndarray, shape (t,)
        Log density, nats.
    zero : int
        Index of residual 0.
    step_s : float
    """

    table: npt.NDArray[np.float64]
    zero: int
    step_s: float


@njit(cache=True, nogil=True)
def add_station(
    time: npt.NDArray[np.float64],
    log_ratio: npt.NDArray[np.float64],
    odds: float,
    shift_s: float,
    kernel: Kernel,
    score: npt.NDArray[np.float64],
) -> None:
    """Add one station's best pulse to the score of every emission time (bins,).

    Parameters
    ----------
    time, log_ratio : ndarray, shape (p,)
        The station's pulses in order, s, and the log of how much likelier their level is direct than clutter.
    odds : float
        Log odds that the station reports a shot.
    shift_s : float
        Delay and begin of the bins, s: a pulse at `time` falls into bin (time - shift_s) / step.
    """
    count = len(time)
    last = -1
    for p in range(count):
        at = int((time[p] - shift_s) / kernel.step_s + 0.5)
        gain = odds + log_ratio[p]
        peak = gain + kernel.table[kernel.zero]
        if peak <= 0.0:
            continue
        # A late arrival was emitted before its bin: residual = pulse - emission grows towards earlier bins.
        b = at - 1
        low = max(last + 1, 0)
        while b >= low and kernel.zero + at - b < len(kernel.table):
            v = gain + kernel.table[kernel.zero + at - b]
            if v <= 0.0:
                break
            score[b] += v
            b -= 1
        limit = len(score) - 1
        if p + 1 < count:
            limit = min(limit, (at + int((time[p + 1] - shift_s) / kernel.step_s + 0.5)) // 2)
        b = max(at, low)
        while b <= limit and kernel.zero + at - b >= 0:
            v = gain + kernel.table[kernel.zero + at - b]
            if v <= 0.0:
                break
            score[b] += v
            b += 1
        last = max(last, b - 1)


@njit(cache=True, nogil=True)
def sum_peaks(score: npt.NDArray[np.float64], level: float, gap: int) -> float:
    """Sum what the peaks of a score (bins,) exceed a level by; peaks are at least `gap` bins apart."""
    total, kept, kept_at = 0.0, 0.0, -(1 << 40)
    for b in range(len(score)):
        v = score[b] - level
        if v > 0.0:
            if b - kept_at >= gap:
                total += kept
                kept, kept_at = v, b
            elif v > kept:
                kept, kept_at = v, b
    return total + kept


@njit(cache=True, nogil=True)
def score_cells(
    cells: npt.NDArray[np.float64],
    ears: Ears,
    noise: Noise,
    range_m: float,
    kernel: Kernel,
    gap_s: float,
    cost: float,
    blur_m: float,
) -> npt.NDArray[np.float64]:
    """Score places (m, 2): sum over rounds of what the log-likelihood ratio exceeds the cost by, nats.

    A station out of range neither speaks nor is silent. `blur_m` is how far a cell leaves the place open.
    """
    result = np.zeros(len(cells))
    log_clutter = np.log(ears.clutter)
    gain = np.empty(len(log_clutter))
    wind = sqrt(noise.wind_east_mps**2 + noise.wind_north_mps**2)
    slowest = max(noise.sound_speed_mps - wind, 0.5 * noise.sound_speed_mps)
    begin = ears.time.min() - range_m / slowest
    score = np.empty(int((ears.time.max() - begin) / kernel.step_s) + 2)
    gap = max(1, int(gap_s / kernel.step_s + 0.5))
    for c in range(len(cells)):
        x, y = cells[c, 0], cells[c, 1]
        z = street_height(x, y, ears, noise)
        score[:] = 0.0
        silence = 0.0
        for i in range(len(ears.xyz)):
            dx, dy, dz = ears.xyz[i, 0] - x, ears.xyz[i, 1] - y, ears.xyz[i, 2] - z
            d = max(sqrt(dx * dx + dy * dy + dz * dz), 0.1)
            if d > range_m:
                continue
            p = detection_probability(d, ears.works[i], noise)
            if p <= 0.0:
                continue
            silence += log(1.0 - p)
            along = (noise.wind_east_mps * dx + noise.wind_north_mps * dy) / d
            delay = d / max(noise.sound_speed_mps + along, slowest) + detour(x, y, i, ears.detours)
            a, b = ears.first[i], ears.first[i + 1]
            loud = expected_level(d, noise)
            for j in range(a, b):
                gain[j] = loudness(j, loud, ears, noise) + aim(j, -dx, -dy, d, blur_m, ears) - log_clutter[j]
            add_station(ears.time[a:b], gain[a:b], log(p / (1.0 - p)), begin + delay, kernel, score)
        result[c] = sum_peaks(score, cost - silence, gap)
    return result
