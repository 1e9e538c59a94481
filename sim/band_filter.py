"""Gains in octave bands as a short causal filter: seven first-order shelves in series.

A path's band gains are real and have one sign. The filter has their magnitude, the minimum phase that belongs to it
(for an edge, whose gain falls as 1 / sqrt(f), those are the -45 degrees of the diffracted wave itself) and their sign:
nothing comes out before the sound goes in, and equal gains pass unchanged.

First-order shelves an octave apart cannot follow gains that jump up and down from band to band; the least squares
is damped so that they are smoothed, not overshot. What a path does in a street (edges, facades) is smooth.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.paths import BANDS_HZ

Floats = npt.NDArray[np.float64]

SECTIONS = len(BANDS_HZ) - 1
SMALLEST_GAIN = 1e-4
_DAMPING = 0.02
_TOP_OF_RATE = 0.45
_FLAT_NEPER = 0.0057  # 0.05 dB


@dataclass(frozen=True, eq=False)
class ShelfDesign:
    """What turns 8 log gains into 7 shelves at one sampling rate.

    Attributes
    ----------
    corner : ndarray, shape (7,)
        Corner frequencies between the bands, prewarped: tan(pi f / rate); 0 for those above the rate's reach.
    centre : ndarray, shape (8,)
        Centres of the bands, prewarped; 0 for those above the rate's reach.
    solve : ndarray, shape (8, 8)
        Log gains at the centres -> log gain at 0 Hz, then log ratio across each shelf.
    """

    corner: Floats
    centre: Floats
    solve: Floats


def design_shelves(rate_hz: float) -> ShelfDesign:
    """Design the shelves for one sampling rate, Hz (damped least squares, once per simulation)."""
    bands = np.array(BANDS_HZ)
    corners = np.sqrt(bands[1:] * bands[:-1])
    corner = np.where(corners < _TOP_OF_RATE * rate_hz, np.tan(np.pi * corners / rate_hz), 0.0)
    active = int((corner > 0.0).sum())
    centre = np.zeros(len(bands))
    centre[: active + 1] = np.tan(np.pi * np.minimum(bands[: active + 1], _TOP_OF_RATE * rate_hz) / rate_hz)
    response = np.ones((active + 1, active + 1))
    for shelf in range(active):
        pole, zero = corner[shelf] * np.exp(0.5), corner[shelf] * np.exp(-0.5)
        squared = centre[: active + 1] ** 2
        response[:, shelf + 1] = 0.5 * np.log((1.0 + squared / zero**2) / (1.0 + squared / pole**2))
    damping = _DAMPING * np.eye(active + 1)
    damping[0, 0] = 0.0
    solve = np.zeros((len(bands), len(bands)))
    solve[: active + 1, : active + 1] = np.linalg.solve(response.T @ response + damping, response.T)
    return ShelfDesign(corner, centre, solve)


@njit(cache=True, nogil=True)
def _add_solution(log_gain, solve, target):
    for row in range(8):
        for band in range(8):
            log_gain[row] += solve[row, band] * target[band]


@njit(cache=True, nogil=True)
def _residual(target, log_gain, corner, centre):
    """Return what the shelves miss of the log gains at the centres of the bands."""
    residual = np.zeros(8)
    for band in range(8):
        if centre[band] > 0.0:
            ratio = 1.0
            for shelf in range(7):
                if corner[shelf] > 0.0:
                    relative = (centre[band] / corner[shelf]) ** 2
                    grown = np.exp(log_gain[shelf + 1])
                    ratio *= (1.0 + relative * grown) / (1.0 + relative / grown)
            residual[band] = target[band] - log_gain[0] - 0.5 * np.log(ratio)
    return residual


@njit(cache=True, nogil=True)
def fit_shelves(gain, corner, centre, solve, drives, poles):
    """Fit the shelves to one path's gains.

    Section b is y = x + s with the state s' = drives[b] x + poles[b] s; the path's pressure is scale * y.

    Parameters
    ----------
    gain : ndarray, shape (8,)
        Of one sign, that of the largest.
    corner, centre, solve : ndarray
        Of `ShelfDesign`.
    drives, poles : ndarray, shape (7,)
        Written.

    Returns
    -------
    scale : float
    flat : bool
        Whether the shelves do nothing (less than 0.05 dB).
    """
    largest, sign = 0.0, 1.0
    for band in range(8):
        if centre[band] > 0.0 and abs(gain[band]) > largest:
            largest, sign = abs(gain[band]), np.sign(gain[band])
    drives[:], poles[:] = 0.0, 0.0
    if largest == 0.0:
        return 0.0, True
    target = np.zeros(8)
    smallest, largest_log = np.inf, -np.inf
    for band in range(8):
        if centre[band] > 0.0:
            target[band] = np.log(max(abs(gain[band]), SMALLEST_GAIN * largest))
            smallest, largest_log = min(smallest, target[band]), max(largest_log, target[band])
    if largest_log - smallest < _FLAT_NEPER:
        return sign * np.exp(0.5 * (smallest + largest_log)), True
    log_gain = np.zeros(8)
    _add_solution(log_gain, solve, target)
    # One correction of what the sum of small shelves leaves out when the shelves are large.
    _add_solution(log_gain, solve, _residual(target, log_gain, corner, centre))
    scale = sign * np.exp(log_gain[0])
    for shelf in range(7):
        if corner[shelf] > 0.0:
            root = np.exp(0.5 * log_gain[shelf + 1])
            pole, zero = corner[shelf] * root, corner[shelf] / root
            poles[shelf] = (1.0 - pole) / (1.0 + pole)
            drives[shelf] = poles[shelf] - (1.0 - zero) / (1.0 + zero)
            scale *= root * root * (zero + 1.0) / (pole + 1.0)
    return scale, False
