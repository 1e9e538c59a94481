"""How rounds follow each other: a renewal process, so that a burst is likelier than chance rounds seconds apart."""

from math import log, pi, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit


class Cadence(NamedTuple):
    """What is expected of an incident's rounds before they are heard (a named tuple, as numba wants it).

    Attributes
    ----------
    least_s, longest_s : float
        Gaps between rounds lie between these, s.
    more : float
        Probability that another round follows a round.
    median_s, log_sigma : float
        Gaps are log-normal: their median, s, and the standard deviation of their logarithm.
    """

    least_s: float
    longest_s: float
    more: float
    median_s: float
    log_sigma: float


@njit(cache=True, nogil=True)
def log_gap(gap_s: float, cadence: Cadence) -> float:
    """Log density of a gap that another round ends, 1/s."""
    z = log(gap_s / cadence.median_s) / cadence.log_sigma
    return log(cadence.more) - 0.5 * z * z - log(gap_s * cadence.log_sigma * sqrt(2.0 * pi))


@njit(cache=True, nogil=True)
def log_worth(time_s: float, times: npt.NDArray[np.float64], cadence: Cadence) -> float:
    """Change of the log prior when a round joins others (k,), in any order: -inf where it cannot, 0 if it is first."""
    before, after = -np.inf, np.inf
    for t in times:
        if t <= time_s:
            before = max(before, t)
        else:
            after = min(after, t)
    if len(times) == 0:
        return 0.0
    nearest = min(time_s - before, after - time_s)
    if nearest < cadence.least_s or nearest > cadence.longest_s:
        return -np.inf
    total = 0.0
    if before > -np.inf:
        total += log_gap(time_s - before, cadence)
    if after < np.inf:
        total += log_gap(after - time_s, cadence)
    if before > -np.inf and after < np.inf:
        total -= log_gap(after - before, cadence)
    return total


@njit(cache=True, nogil=True)
def log_cadence(times: npt.NDArray[np.float64], cadence: Cadence) -> float:
    """Log prior density of round times (k,) in order, given the first, 1/s^(k - 1): gaps, and that no more follow."""
    total = log(1.0 - cadence.more)
    for k in range(1, len(times)):
        total += log_gap(times[k] - times[k - 1], cadence)
    return total
