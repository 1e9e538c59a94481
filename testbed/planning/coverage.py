"""How many sensors hear: the Poisson-binomial distribution, given what all sensors of a shot share."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def count_at_least(chance, k):
    """Return P(at least k of the sensors hear) from chances (cells, sensors, draws); shape (cells, draws).

    The recursion over sensors of the distribution of the count, kept up to k - 1 (Barlow and Heidtmann 1984).
    """
    cells, sensors, draws = chance.shape
    result = np.empty((cells, draws))
    fewer = np.empty(k)
    for c in range(cells):
        for d in range(draws):
            fewer[:] = 0.0
            fewer[0] = 1.0
            for i in range(sensors):
                p = chance[c, i, d]
                for count in range(k - 1, 0, -1):
                    fewer[count] += p * (fewer[count - 1] - fewer[count])
                fewer[0] -= p * fewer[0]
            result[c, d] = max(1.0 - fewer.sum(), 0.0)
    return result


@njit(cache=True, nogil=True)
def count_without_each(chance, k, weight):
    """Return P(at least k hear) when each sensor in turn is dead, averaged over the draws; (cells, sensors)."""
    cells, sensors, draws = chance.shape
    result = np.zeros((cells, sensors))
    fewer = np.empty(k)
    for c in range(cells):
        for dead in range(sensors):
            for d in range(draws):
                fewer[:] = 0.0
                fewer[0] = 1.0
                for i in range(sensors):
                    if i == dead:
                        continue
                    p = chance[c, i, d]
                    for count in range(k - 1, 0, -1):
                        fewer[count] += p * (fewer[count - 1] - fewer[count])
                    fewer[0] -= p * fewer[0]
                result[c, dead] += weight[d] * max(1.0 - fewer.sum(), 0.0)
    return result
