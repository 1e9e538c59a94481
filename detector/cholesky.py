"""Small symmetric systems inside compiled loops: Cholesky's method, which compiles faster than LAPACK links."""

from math import log, sqrt

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def solve_symmetric(
    matrix: npt.NDArray[np.float64], right: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], float]:
    """Solve matrix x = right for a symmetric positive matrix (n, n); also return the log of its determinant.

    A pivot that is not positive (a direction nothing is known of) counts as 1e-30 of the largest diagonal entry.
    """
    n = len(right)
    lower = np.zeros((n, n))
    least = 1e-300
    for a in range(n):
        least = max(least, 1e-30 * abs(matrix[a, a]))
    logdet = 0.0
    for a in range(n):
        for b in range(a + 1):
            s = matrix[a, b]
            for k in range(b):
                s -= lower[a, k] * lower[b, k]
            if a == b:
                lower[a, a] = sqrt(max(s, least))
                logdet += 2.0 * log(lower[a, a])
            else:
                lower[a, b] = s / lower[b, b]
    x = np.empty(n)
    for a in range(n):
        s = right[a]
        for k in range(a):
            s -= lower[a, k] * x[k]
        x[a] = s / lower[a, a]
    for a in range(n - 1, -1, -1):
        s = x[a]
        for k in range(a + 1, n):
            s -= lower[k, a] * x[k]
        x[a] = s / lower[a, a]
    return x, logdet
