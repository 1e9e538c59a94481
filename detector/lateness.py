"""How late a first arrival may be: the one-sided mixture that a straight line calls for.

A sound that comes straight has a Gaussian error; one that bends round a corner is late by an exponential time.
Their sum is the exponentially modified Gaussian (Grushka 1972), and a pulse is a mixture of the two.
"""

from math import erfc, exp, log, pi, sqrt

import numpy as np
import numpy.typing as npt
from numba import njit

FLOOR = 1e-300


@njit(cache=True, nogil=True)
def gaussian(residual_s: float, sigma_s: float) -> float:
    """Density of a straight arrival's error, 1/s."""
    z = residual_s / sigma_s
    return exp(-0.5 * z * z) / (sigma_s * sqrt(2.0 * pi))


@njit(cache=True, nogil=True)
def late(residual_s: float, sigma_s: float, mean_s: float) -> float:
    """Density of a late arrival's error, 1/s: exponential with that mean, blurred by sigma (Grushka 1972)."""
    ratio = sigma_s / mean_s
    z = ratio - residual_s / sigma_s
    if z > 8.0:  # erfc would run out of digits long before the density matters
        return 0.0
    return 0.5 / mean_s * exp(0.5 * ratio * ratio - residual_s / mean_s) * erfc(z / sqrt(2.0))


@njit(cache=True, nogil=True)
def mixture(residual_s: float, sigma_s: float, late_share: float, late_mean_s: float) -> float:
    """Density of a first arrival's error, 1/s: straight or late."""
    straight = (1.0 - late_share) * gaussian(residual_s, sigma_s)
    return straight + late_share * late(residual_s, sigma_s, late_mean_s)


@njit(cache=True, nogil=True)
def mixture_below(residual_s: float, sigma_s: float, late_share: float, late_mean_s: float) -> float:
    """Probability that a first arrival's error is below a value (the integral of `mixture`)."""
    straight = 0.5 * erfc(-residual_s / (sigma_s * sqrt(2.0)))
    return straight - late_share * late_mean_s * late(residual_s, sigma_s, late_mean_s)


@njit(cache=True, nogil=True)
def blurred_table(
    half_width_s: float, sigma_s: float, late_share: float, late_mean_s: float, step_s: float
) -> tuple[npt.NDArray[np.float64], int]:
    """Tabulate the log of the mixture blurred by an unknown place.

    Parameters
    ----------
    half_width_s : float
        The place leaves the arrival open by plus or minus this, s (uniform), above 0.
    step_s : float
        Step of the table, s.

    Returns
    -------
    table : ndarray, shape (n,)
        Log density, nats.
    zero : int
        Index of residual 0.
    """
    before = half_width_s + 4.0 * sigma_s
    after = half_width_s + 4.0 * sigma_s + 3.0 * late_mean_s
    zero = int(before / step_s) + 1
    table = np.empty(zero + int(after / step_s) + 2)
    for i in range(len(table)):
        r = (i - zero) * step_s
        share = mixture_below(r + half_width_s, sigma_s, late_share, late_mean_s)
        share -= mixture_below(r - half_width_s, sigma_s, late_share, late_mean_s)
        table[i] = log(max(0.5 * share / half_width_s, FLOOR))
    return table, zero
