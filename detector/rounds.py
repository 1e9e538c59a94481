"""The rounds that the pulses support if the shooter stands at a given place."""

from math import exp, log

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.bearing_term import aim
from detector.cadence import Cadence, log_worth
from detector.ears import Ears, Noise, expected_level, loudness
from detector.lateness import mixture
from detector.scan import Kernel

REACH_SIGMAS = 5.0  # a straight arrival further off than this many sigma is none
REACH_LATE = 4.0  # nor a late one after this many mean latenesses


@njit(cache=True, nogil=True)
def pulse_density(residual_s: float, j: int, ears: Ears, noise: Noise, blur_s: float) -> float:
    """Density of pulse j's residual, 1/s, with the place itself blurred by `blur_s`."""
    sigma = np.sqrt(ears.sigma[j] ** 2 + noise.path_sigma_s**2 + blur_s**2)
    return mixture(residual_s, sigma, noise.late_share, noise.late_mean_s)


@njit(cache=True, nogil=True)
def pulses_near(i: int, expected_s: float, ears: Ears, noise: Noise, blur_s: float) -> tuple[int, int]:
    """Range of station i's pulses that may be the arrival expected at a time."""
    a, b = ears.first[i], ears.first[i + 1]
    spread = REACH_SIGMAS * np.sqrt(2.5e-5 + noise.path_sigma_s**2 + blur_s**2)
    low = a + np.searchsorted(ears.time[a:b], expected_s - spread)
    high = low
    while high < b and ears.time[high] <= expected_s + spread + REACH_LATE * noise.late_mean_s:
        high += 1
    return low, high


@njit(cache=True, nogil=True)
def score_round(
    emission_s: float,
    delay: npt.NDArray[np.float64],
    chance: npt.NDArray[np.float64],
    slope: npt.NDArray[np.float64],
    free: npt.NDArray[np.bool_],
    ears: Ears,
    noise: Noise,
    blur_s: float,
    likely: npt.NDArray[np.int64],
) -> float:
    """Log-likelihood ratio of a round at a time; fills likely (N,) with each station's direct pulse or -1.

    `delay`, `chance` and `slope` are those of `detector.ears.fill_delays`; slopes by east and north point to the place.
    """
    total = 0.0
    for i in range(len(delay)):
        likely[i] = -1
        if chance[i] <= 0.0:
            continue
        miss = 1.0 - chance[i]
        odds, top = miss, miss
        low, high = pulses_near(i, emission_s + delay[i], ears, noise, blur_s)
        loud = expected_level(delay[i] * noise.sound_speed_mps, noise)
        for j in range(low, high):
            if not free[j]:
                continue
            residual = ears.time[j] - emission_s - delay[i]
            v = chance[i] * pulse_density(residual, j, ears, noise, blur_s) / ears.clutter[j]
            away_m = delay[i] * noise.sound_speed_mps
            pointed = aim(j, slope[i, 0], slope[i, 1], away_m, blur_s * noise.sound_speed_mps, ears)
            v *= exp(loudness(j, loud, ears, noise) + pointed)
            odds += v
            if v > top:
                top = v
                likely[i] = j
        total += log(odds)
    return total


@njit(cache=True, nogil=True)
def straight_share(residual_s: float, j: int, ears: Ears, noise: Noise, blur_s: float) -> float:
    """Probability that a direct pulse came straight rather than late."""
    sigma = np.sqrt(ears.sigma[j] ** 2 + noise.path_sigma_s**2 + blur_s**2)
    z = residual_s / sigma
    straight = (1.0 - noise.late_share) * np.exp(-0.5 * z * z) / (sigma * np.sqrt(2.0 * np.pi))
    return straight / max(mixture(residual_s, sigma, noise.late_share, noise.late_mean_s), 1e-300)


@njit(cache=True, nogil=True)
def settle_time(
    emission_s: float,
    delay: npt.NDArray[np.float64],
    likely: npt.NDArray[np.int64],
    ears: Ears,
    noise: Noise,
    blur_s: float,
) -> float:
    """Emission time that fits a round's direct pulses: two steps of reweighted means."""
    for _ in range(2):
        top, total = 0.0, 0.0
        for i in range(len(delay)):
            j = likely[i]
            if j >= 0:
                e = ears.time[j] - delay[i]
                w = straight_share(e - emission_s, j, ears, noise, blur_s)
                w /= ears.sigma[j] ** 2 + noise.path_sigma_s**2 + blur_s**2
                top += w * e
                total += w
        if total > 0.0:
            emission_s = float(top / total)
    return emission_s


@njit(cache=True, nogil=True)
def score_anchors(
    emitted: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    gain: npt.NDArray[np.float64],
    station: npt.NDArray[np.int64],
    silence: float,
    kernel: Kernel,
    stations: int,
) -> npt.NDArray[np.float64]:
    """Log-likelihood ratio (n,) of a round at the emission time of each pulse, in emission order.

    Each station counts once, with its best pulse; `gain` (n,) is the log odds of a pulse before its timing,
    `silence` what is lost if no station had heard it.
    """
    n = len(order)
    score = np.empty(n)
    best, stamp = np.zeros(stations), np.full(stations, -1)
    before = kernel.zero * kernel.step_s
    after = (len(kernel.table) - 1 - kernel.zero) * kernel.step_s
    low = 0
    for a in range(n):
        t = emitted[order[a]]
        while emitted[order[low]] < t - before:
            low += 1
        total = silence
        b = low
        while b < n and emitted[order[b]] <= t + after:
            j = order[b]
            v = gain[j] + kernel.table[int((emitted[j] - t) / kernel.step_s + 0.5 + kernel.zero)]
            if v > 0.0:
                i = station[j]
                had = best[i] if stamp[i] == a else 0.0
                if v > had:
                    best[i], stamp[i] = v, a
                    total += v - had
            b += 1
        score[a] = total
    return score


@njit(cache=True, nogil=True)
def find_rounds(
    delay: npt.NDArray[np.float64],
    chance: npt.NDArray[np.float64],
    slope: npt.NDArray[np.float64],
    ears: Ears,
    noise: Noise,
    blur_s: float,
    cadence: Cadence,
    cost: float,
    kernel: Kernel,
    most: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Take the best round, set its pulses aside, and go on until no round is worth its cost.

    Returns
    -------
    times, scores : ndarray, shape (k,)
        Emission times, s, and log-likelihood ratios, in order of choice.
    direct : ndarray of int64, shape (k, N)
        Each round's direct pulse at each station, or -1.
    """
    n, stations = len(ears.time), len(delay)
    emitted, gain = np.empty(n), np.empty(n)
    silence = 0.0
    for i in range(stations):
        silence += log(1.0 - chance[i])
        odds = log(chance[i] / (1.0 - chance[i])) if chance[i] > 0.0 else -np.inf
        loud = expected_level(delay[i] * noise.sound_speed_mps, noise)
        for j in range(ears.first[i], ears.first[i + 1]):
            emitted[j] = ears.time[j] - delay[i]
            gain[j] = odds - log(ears.clutter[j]) + loudness(j, loud, ears, noise)
            away_m = delay[i] * noise.sound_speed_mps
            gain[j] += aim(j, slope[i, 0], slope[i, 1], away_m, blur_s * noise.sound_speed_mps, ears)
    order = np.argsort(emitted)
    score = score_anchors(emitted, order, gain, ears.station, silence, kernel, stations)
    ranked = np.argsort(-score)
    times, scores = np.empty(most), np.empty(most)
    direct = np.empty((most, stations), np.int64)
    free = np.ones(n, np.bool_)
    likely = np.empty(stations, np.int64)
    count = 0
    for r in range(n):
        a = ranked[r]
        if score[a] < cost - 3.0 or count == most:
            break
        t = float(emitted[order[a]])
        if not free[order[a]] or score[a] + log_worth(t, times[:count], cadence) < cost - 3.0:
            continue
        score_round(t, delay, chance, slope, free, ears, noise, blur_s, likely)
        t = settle_time(t, delay, likely, ears, noise, blur_s)
        v = score_round(t, delay, chance, slope, free, ears, noise, blur_s, likely)
        if v + min(log_worth(t, times[:count], cadence), cost - 1.0) <= cost:
            continue
        times[count], scores[count] = t, v
        direct[count] = likely
        count += 1
        for i in range(stations):
            if likely[i] >= 0:
                free[likely[i]] = False
    return times[:count], scores[:count], direct[:count]
