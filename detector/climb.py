"""From a rough place to the most likely one: reweighted Gauss-Newton over place, air and round times."""

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.bearing_term import add_bearings
from detector.cadence import Cadence
from detector.cholesky import solve_symmetric
from detector.ears import Ears, Noise, fill_delays, street_height
from detector.rounds import find_rounds, straight_share
from detector.scan import Kernel

FREE = 5  # east, north, relative sound speed, wind east, wind north
FIRST_STEP_M = 40.0


@njit(cache=True, nogil=True)
def normal_matrix(
    times: npt.NDArray[np.float64],
    direct: npt.NDArray[np.int64],
    delay: npt.NDArray[np.float64],
    slope: npt.NDArray[np.float64],
    ears: Ears,
    noise: Noise,
    blur_s: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the normal equations over (FREE,), round times eliminated, and each round's weight (k,)."""
    matrix, right = np.zeros((FREE, FREE)), np.zeros(FREE)
    weights = np.zeros(len(times))
    mean = np.empty(FREE)
    w = np.empty(len(delay))
    for k in range(len(times)):
        mean[:] = 0.0
        middle, total = 0.0, 0.0
        for i in range(len(delay)):
            j = direct[k, i]
            w[i] = 0.0
            if j >= 0:
                r = ears.time[j] - times[k] - delay[i]
                w[i] = straight_share(r, j, ears, noise, blur_s)
                w[i] /= ears.sigma[j] ** 2 + noise.path_sigma_s**2 + blur_s**2
                total += w[i]
                middle += w[i] * r
                mean += w[i] * slope[i]
        weights[k] = total
        if total <= 0.0:
            continue
        mean /= total
        middle /= total
        for i in range(len(delay)):
            if w[i] > 0.0:
                r = ears.time[direct[k, i]] - times[k] - delay[i] - middle
                for a in range(FREE):
                    da = slope[i, a] - mean[a]
                    right[a] += w[i] * da * r
                    for b in range(FREE):
                        matrix[a, b] += w[i] * da * (slope[i, b] - mean[b])
    return matrix, right, weights


@njit(cache=True, nogil=True)
def add_priors(
    matrix: npt.NDArray[np.float64],
    right: npt.NDArray[np.float64],
    place: npt.NDArray[np.float64],
    noise: Noise,
) -> None:
    """Add what is known of the air; a zero sigma holds its number fixed. The place gets 1 km, so that it stays put."""
    for a in range(FREE):
        if a < 2:
            matrix[a, a] += 1e-6
            continue
        sigma = noise.sound_speed_sigma if a == 2 else noise.wind_sigma_mps
        precision = 1.0 / max(sigma, 1e-6) ** 2
        matrix[a, a] += precision
        right[a] -= precision * place[a + 1]


@njit(cache=True, nogil=True)
def place_log_area(matrix: npt.NDArray[np.float64]) -> float:
    """Log of the area, m2, that a normal matrix (FREE, FREE) leaves to the place: 2 pi sqrt(det covariance)."""
    _, whole = solve_symmetric(matrix, np.zeros(FREE))
    _, rest = solve_symmetric(matrix[2:, 2:], np.zeros(FREE - 2))
    return np.log(2.0 * np.pi) + 0.5 * (rest - whole)


@njit(cache=True, nogil=True)
def climb(
    place: npt.NDArray[np.float64],
    ears: Ears,
    noise: Noise,
    blurs_s: npt.NDArray[np.float64],
    cadence: Cadence,
    cost: float,
    tables: npt.NDArray[np.float64],
    zeros: npt.NDArray[np.int64],
    step_s: float,
    most: int,
):
    """Climb from a place (6,) with a kernel that narrows from step to step.

    Parameters
    ----------
    blurs_s : ndarray, shape (s,)
        Extra width of the kernel at each step, s; the last is 0.
    tables, zeros, step_s
        A `detector.scan.Kernel` for each step: rows of tables (s, t), padded with -inf.

    Returns
    -------
    place : ndarray, shape (6,)
    times, scores, direct
        As `detector.rounds.find_rounds` at that place.
    matrix : ndarray, shape (FREE, FREE)
        Normal matrix there, with the priors of the air.
    weights : ndarray, shape (k,)
        Information on each round's time, 1/s2.
    """
    place = place.copy()
    stations = len(ears.xyz)
    delay, chance, slope = np.empty(stations), np.empty(stations), np.empty((stations, FREE))
    times, scores = np.empty(0), np.empty(0)
    direct = np.empty((0, stations), np.int64)
    for s in range(len(blurs_s)):
        place[2] = street_height(place[0], place[1], ears, noise)
        fill_delays(place, ears, noise, delay, chance, slope)
        kernel = Kernel(tables[s], zeros[s], step_s)
        times, scores, direct = find_rounds(
            delay, chance, slope, ears, noise, blurs_s[s], cadence, cost, kernel, most
        )
        if len(times) == 0 or s == len(blurs_s) - 1:
            break
        matrix, right, _ = normal_matrix(times, direct, delay, slope, ears, noise, blurs_s[s])
        add_priors(matrix, right, place, noise)
        add_bearings(matrix, right, place, direct, ears)
        step, _ = solve_symmetric(matrix, right)
        length = np.hypot(step[0], step[1])
        if length > FIRST_STEP_M:
            step *= FIRST_STEP_M / length
        place[:2] += step[:2]
        place[3:] += step[2:]
    matrix, right, weights = normal_matrix(times, direct, delay, slope, ears, noise, 0.0)
    add_priors(matrix, right, place, noise)
    add_bearings(matrix, right, place, direct, ears)
    return place, times, scores, direct, matrix, weights
