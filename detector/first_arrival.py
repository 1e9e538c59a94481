"""From "about here" to the first arrival: the onset at the audio's own resolution, with its standard deviation."""

import numpy as np
import numpy.typing as npt
from numba import njit

LOOK_BACK_S = 0.045  # how far ahead of the kernel's maximum a first arrival may lie
LOOK_AHEAD_S = 0.010  # how far behind it the peak may lie
BLOCK_S = 0.006  # blocks whose quieter ones say how loud it was before
GAP_S = 0.006  # quieter for longer than this is another arrival: one period of the band's lowest frequency
CREST = 4.0  # peaks of Gaussian noise stay below 4 standard deviations for some 16,000 independent samples
FRONT_S = 0.001  # no front is traced further back below the threshold
SHARE = 0.05  # of the peak: what filters ring ahead of a loud onset is below it


@njit(cache=True, nogil=True)
def find_first_arrival(
    filtered: npt.NDArray[np.float64], centre: int, earliest: int, rate_hz: float
) -> tuple[int, int, float]:
    """Find the onset that leads to the peak near `centre`.

    From the peak backwards, the onset is the first crossing of a threshold that is followed by no gap; from there the
    front is drawn on as a straight line down to zero.

    Parameters
    ----------
    filtered : ndarray, shape (n,)
        Band-passed samples.
    centre : int
        Index of the kernel's maximum.
    earliest : int
        No onset lies before it: an earlier pulse ends there.
    rate_hz : float

    Returns
    -------
    onset, peak : int
        Indices.
    noise : float
        Standard deviation of the samples before the onset.
    """
    n = len(filtered)
    first = max(earliest, centre - int(LOOK_BACK_S * rate_hz), 0)
    stop = min(n, centre + int(LOOK_AHEAD_S * rate_hz) + 1)
    peak = min(centre, n - 1)
    for i in range(max(first, centre - int(GAP_S * rate_hz)), stop):
        if abs(filtered[i]) > abs(filtered[peak]):
            peak = i
    noise = measure_noise(filtered, first, centre, rate_hz)
    threshold = max(CREST * noise, SHARE * abs(filtered[peak]))
    gap = max(1, int(GAP_S * rate_hz))
    crossing = peak
    for i in range(peak, first - 1, -1):
        if abs(filtered[i]) >= threshold:
            crossing = i
        elif crossing - i > gap:
            break
    onset = crossing - _extrapolate(filtered, crossing, peak, threshold, rate_hz)
    return onset, peak, noise


@njit(cache=True, nogil=True)
def _extrapolate(
    filtered: npt.NDArray[np.float64], crossing: int, peak: int, threshold: float, rate_hz: float
) -> int:
    """Return how many samples before the crossing the front, drawn as a straight line, leaves zero."""
    above = min(2.0 * threshold, abs(filtered[peak]))
    upper = crossing
    while upper < peak and abs(filtered[upper]) < above:
        upper += 1
    climb = abs(filtered[upper]) - abs(filtered[crossing])
    if climb <= 0.0:
        return 0
    back = round(abs(filtered[crossing]) * (upper - crossing) / climb)
    back = min(back, int(FRONT_S * rate_hz), crossing)
    for k in range(1, back + 1):
        if filtered[crossing - k] * filtered[crossing] <= 0.0:
            return k
    return back


@njit(cache=True, nogil=True)
def measure_noise(filtered: npt.NDArray[np.float64], first: int, centre: int, rate_hz: float) -> float:
    """Return the median of the rms of the blocks before `centre`: an arrival in one of them does not lift it."""
    width = max(4, int(BLOCK_S * rate_hz))
    start = max(0, min(first, centre - 6 * width))
    count = max(1, (centre - start) // width)
    levels = np.empty(count)
    for k in range(count):
        total = 0.0
        for i in range(start + k * width, min(len(filtered), start + (k + 1) * width)):
            total += filtered[i] * filtered[i]
        levels[k] = total / width
    return np.sqrt(np.median(levels)) + 1e-12


@njit(cache=True, nogil=True)
def measure_rise(filtered: npt.NDArray[np.float64], onset: int, peak: int, rate_hz: float) -> float:
    """Return the time from the onset to the first sample at half the peak, s; half a sample at least."""
    for i in range(onset, peak + 1):
        if abs(filtered[i]) >= 0.5 * abs(filtered[peak]):
            return max(i - onset, 0.5) / rate_hz
    return max(peak - onset, 0.5) / rate_hz
