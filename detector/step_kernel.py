"""Zero-mean step kernels over the envelope, and their maxima.

The kernel weighs the envelope after an instant by a falling ramp and before it by a constant half, over equal spans, so
that it is blind to a steady level and largest where a sound sets in (Calhoun et al. 2021, "Precision and accuracy of
acoustic gunshot location in an urban environment", and the vendor's technical note 098 that it describes).
"""

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def apply_step_kernel(
    envelope: npt.NDArray[np.float64], silent: npt.NDArray[np.bool_], span: int
) -> npt.NDArray[np.float64]:
    """Return the kernel's output at every hop.

    Parameters
    ----------
    envelope : ndarray, shape (n,)
    silent : ndarray of bool, shape (n,)
        Hops that hold no sound: neither a level to compare with nor an onset.
    span : int
        Hops before and after the instant.

    Returns
    -------
    ndarray, shape (n,)
        Ramp-weighted mean after minus mean before, in units of the envelope; 0 where the span before, or the first
        fifth of the span after, is not all heard.
    """
    n = len(envelope)
    out = np.zeros(n)
    fifth = max(1, span // 5)
    scale = 2.0 / (span * (span + 1))
    before = 0.0  # sum over the span before the instant
    flat = 0.0  # sum over the span after it
    ramp = 0.0  # sum over m of (span - m) e[instant + m]
    gap = -1  # the last silent hop up to a fifth of the span after the instant
    for k in range(min(span, n)):
        before += 0.0 if silent[k] else envelope[k]
    for m in range(min(span, max(0, n - span))):
        heard = 0.0 if silent[span + m] else envelope[span + m]
        flat += heard
        ramp += (span - m) * heard
    for k in range(min(span + fifth, n)):
        gap = k if silent[k] else gap
    for i in range(span, n - span):
        gap = i + fifth if silent[i + fifth] else gap
        if gap < i - span:
            out[i] = ramp * scale - before / span
        here = 0.0 if silent[i] else envelope[i]
        enters = 0.0 if silent[i + span] else envelope[i + span]
        ramp += flat - (span + 1) * here + enters
        flat += enters - here
        before += here - (0.0 if silent[i - span] else envelope[i - span])
    return out


@njit(cache=True, nogil=True)
def find_maxima(values: npt.NDArray[np.float64], threshold: float, reach: int) -> npt.NDArray[np.int64]:
    """Return the indices where a value is above the threshold and the largest within `reach` on both sides.

    Of equal values the first counts.
    """
    found = []
    n = len(values)
    for i in range(n):
        v = values[i]
        if v <= threshold or v <= 0.0:
            continue
        largest = True
        for j in range(max(0, i - reach), min(n, i + reach + 1)):
            if values[j] > v or (values[j] == v and j < i):
                largest = False
                break
        if largest:
            found.append(i)
    return np.array(found, dtype=np.int64)


def estimate_floor(
    values: npt.NDArray[np.float64], silent: npt.NDArray[np.bool_], block: int, share: float
) -> float:
    """Return a level that impulses and their echoes do not lift.

    Parameters
    ----------
    values : ndarray, shape (n,)
    silent : ndarray of bool, shape (n,)
        Hops that do not count.
    block : int
        Hops whose rms is taken together.
    share : float
        The quantile of the blocks' rms that is returned; 0 where no whole block was heard.
    """
    count = len(values) // block
    if count == 0:
        return 0.0
    whole = ~silent[: count * block].reshape(count, block).any(axis=1)
    if not whole.any():
        return 0.0
    square = (values[: count * block].reshape(count, block) ** 2).mean(axis=1)
    return float(np.sqrt(np.quantile(square[whole], share)))
