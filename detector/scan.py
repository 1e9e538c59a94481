"""The coarse search: how well each cell of a map explains the pulses.

In every cell the pulses are moved back by their delays; rounds show as pulses of several stations at one time.
The kernel is as wide as the cell leaves arrivals open, so a cell's score is the evidence averaged over the cell.
"""

from math import log

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.ears import Ears, Noise, detection_probability, street_height

STEP_S = 0.5e-3


@njit(cache=True, nogil=True)
def score_anchors(
    emitted: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    gain: npt.NDArray[np.float64],
    station: npt.NDArray[np.int64],
    silence: float,
    table: npt.NDArray[np.float64],
    zero: int,
    stations: int,
    score: npt.NDArray[np.float64],
) -> None:
    """Fill score (n,): log-likelihood ratio of a round at the emission time of each pulse, in emission order.

    Each station counts once, with its best pulse; `gain` (n,) is the log odds of a pulse before its timing,
    `silence` what is lost if no station had heard it.
    """
    n = len(order)
    best, stamp = np.zeros(stations), np.full(stations, -1)
    before, after = zero * STEP_S, (len(table) - 1 - zero) * STEP_S
    low = 0
    for a in range(n):
        t = emitted[order[a]]
        while emitted[order[low]] < t - before:
            low += 1
        total = silence
        b = low
        while b < n and emitted[order[b]] <= t + after:
            j = order[b]
            v = gain[j] + table[int((emitted[j] - t) / STEP_S + 0.5 + zero)]
            if v > 0.0:
                i = station[j]
                had = best[i] if stamp[i] == a else 0.0
                if v > had:
                    best[i], stamp[i] = v, a
                    total += v - had
            b += 1
        score[a] = total


@njit(cache=True, nogil=True)
def sum_peaks(
    emitted: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    score: npt.NDArray[np.float64],
    gap_s: float,
    cost: float,
) -> float:
    """Sum what the peaks of a score exceed the cost of a round by; peaks are at least `gap_s` apart."""
    total, kept, kept_time = 0.0, 0.0, -1e300
    for a in range(len(order)):
        v, t = score[a] - cost, emitted[order[a]]
        if v <= 0.0:
            continue
        if t - kept_time >= gap_s:
            total += kept
            kept, kept_time = v, t
        elif v > kept:
            kept, kept_time = v, t
    return total + kept


@njit(cache=True, nogil=True)
def prepare_cell(
    x: float,
    y: float,
    ears: Ears,
    noise: Noise,
    range_m: float,
    log_clutter: npt.NDArray[np.float64],
    emitted: npt.NDArray[np.float64],
    gain: npt.NDArray[np.float64],
) -> float:
    """Fill emission times (n,) and gains (n,) of all pulses for a place; return what silence everywhere costs.

    A pulse out of range gets gain -inf, and its station's silence says nothing.
    """
    z = street_height(x, y, ears, noise)
    silence = 0.0
    for i in range(len(ears.xyz)):
        dx, dy, dz = ears.xyz[i, 0] - x, ears.xyz[i, 1] - y, ears.xyz[i, 2] - z
        d = np.sqrt(dx * dx + dy * dy + dz * dz)
        p = detection_probability(d, ears.works[i], noise) if d <= range_m else 0.0
        odds = log(p / (1.0 - p)) if p > 0.0 else -np.inf
        silence += log(1.0 - p)
        along = (noise.wind_east_mps * dx + noise.wind_north_mps * dy) / max(d, 0.1)
        delay = d / (noise.sound_speed_mps + along)
        for j in range(ears.first[i], ears.first[i + 1]):
            emitted[j] = ears.time[j] - delay
            gain[j] = odds - log_clutter[j]
    return silence


@njit(cache=True, nogil=True)
def sort_again(value: npt.NDArray[np.float64], order: npt.NDArray[np.int64]) -> None:
    """Sort `order` (n,) by value in place: insertion, as the neighbouring cell left it almost sorted."""
    for a in range(1, len(order)):
        j = order[a]
        b = a - 1
        while b >= 0 and value[order[b]] > value[j]:
            order[b + 1] = order[b]
            b -= 1
        order[b + 1] = j


@njit(cache=True, nogil=True)
def score_cells(
    cells: npt.NDArray[np.float64],
    ears: Ears,
    noise: Noise,
    range_m: float,
    table: npt.NDArray[np.float64],
    zero: int,
    gap_s: float,
    cost: float,
) -> npt.NDArray[np.float64]:
    """Score places (m, 2): sum over rounds of what the log-likelihood ratio exceeds the cost by, nats."""
    n = len(ears.time)
    emitted, gain, score = np.empty(n), np.empty(n), np.empty(n)
    result = np.empty(len(cells))
    log_clutter = np.log(ears.clutter)
    order = np.argsort(ears.time)
    for c in range(len(cells)):
        silence = prepare_cell(cells[c, 0], cells[c, 1], ears, noise, range_m, log_clutter, emitted, gain)
        sort_again(emitted, order)
        score_anchors(emitted, order, gain, ears.station, silence, table, zero, len(ears.xyz), score)
        result[c] = sum_peaks(emitted, order, score, gap_s, cost)
    return result
