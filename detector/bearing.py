"""Where a sound comes from, by the times at which a station's own microphones hear it.

A plane wave from the direction u reaches a microphone at p sooner by p . u / c than the station's reference point. For
one source in white noise that is alike at all microphones, the direction that makes the shifted signals add up to the
most energy is the most likely one: the steered response of DiBiase (2000), left unweighted, since a bang is short and
wide in band as it is.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.first_arrival import measure_noise

WINDOW_S = (1e-3, 3e-3)  # heard before and after the onset: the front, before most of the street answers
ELEVATIONS = np.array([0.0, -0.35, 0.35, -0.65, 0.65, -1.0, 1.0])  # rad, from which the search starts
AZIMUTHS = 72
FINEST_RAD = 3e-4
FLATTEST_M = (
    0.02  # microphones spread less than this across their line do not say from which side sound comes
)
FAULTY = 4.0  # a microphone so many times noisier or deafer than the middle one is not listened to
VAGUEST_RAD = 1.0  # a bearing worse than this is none


class Array(NamedTuple):
    """The microphones of a station (a named tuple, as numba wants it).

    Attributes
    ----------
    offset_s : ndarray, shape (m, 3)
        Places relative to the station's position, m, over the speed of sound.
    margin : int
        Samples that sound may need from one microphone to another.
    flattest_s : float
        Least spread across a line from which bearings are told, s.
    """

    offset_s: npt.NDArray[np.float64]
    margin: int
    flattest_s: float


class Bearing(NamedTuple):
    """Where one sound came from.

    Attributes
    ----------
    azimuth_rad, sigma_rad : float
        Counter-clockwise from east, and its standard deviation; NaN where unknown.
    beam : ndarray, shape (n,)
        Mean of the microphones that work, each shifted to the station's position.
    """

    azimuth_rad: float
    sigma_rad: float
    beam: npt.NDArray[np.float64]


def make_array(microphones_m: npt.NDArray[np.float64], sound_mps: float, rate_hz: float) -> Array:
    """Lay out microphones (m, 3), m, for a speed of sound, m/s, and a sampling rate, Hz."""
    widest_m = float(np.linalg.norm(np.ptp(microphones_m, axis=0)))
    margin = int(np.ceil(widest_m / sound_mps * rate_hz)) + 2
    return Array(np.ascontiguousarray(microphones_m / sound_mps), margin, FLATTEST_M / sound_mps)


def measure_bearing(
    filtered: npt.NDArray[np.float64],
    onset: int,
    array: Array,
    rate_hz: float,
    sigma_least_rad: float,
    sigma_factor: float,
) -> Bearing:
    """Find the bearing of the sound that sets in at a sample.

    Parameters
    ----------
    filtered : ndarray, shape (m, n)
        Band-passed samples of all microphones.
    onset : int
        Index of the onset at one of them.
    array : Array
    rate_hz : float
    sigma_least_rad, sigma_factor : float
        The s.d. is the root of the summed squares of the least and of the factor times the Cramer-Rao bound.

    Returns
    -------
    Bearing
        Unknown where the microphones that work are fewer than three or stand in line.
    """
    before = max(1, onset - round(WINDOW_S[0] * rate_hz) - array.margin)
    stop = min(filtered.shape[1], onset + round(WINDOW_S[1] * rate_hz) + array.margin)
    noise = np.array([measure_noise(channel, 0, before, rate_hz) for channel in filtered])
    works = _working(np.abs(filtered[:, before:stop]).max(axis=1), noise)
    heard, offset_s = filtered[works], np.ascontiguousarray(array.offset_s[works])
    if len(heard) < 2:
        return Bearing(np.nan, np.nan, np.ascontiguousarray(heard[0]))
    shift = offset_s * rate_hz
    azimuth, elevation = _steer(np.ascontiguousarray(heard[:, before:stop]), shift, array.margin)
    beam = shift_and_add(heard, shift @ _direction(azimuth, elevation))
    power = float(np.mean(noise[works] ** 2)) / rate_hz**2
    bound = _bound(beam, before, stop, power, offset_s, azimuth, elevation, array)
    sigma = float(np.hypot(sigma_least_rad, sigma_factor * bound))
    if not sigma < VAGUEST_RAD:
        return Bearing(np.nan, np.nan, beam)
    return Bearing(azimuth, sigma, beam)


def _working(peak: npt.NDArray[np.float64], noise: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Mark the microphones (m,) that are neither deaf nor noisy beside the others; at least one is."""
    usual_peak, usual_noise = np.median(peak), np.median(noise)
    works = (peak * FAULTY > usual_peak) & (noise < FAULTY * usual_noise)
    works[np.argmax(peak / noise)] |= not works.any()
    return works


def _bound(
    beam: npt.NDArray[np.float64],
    before: int,
    stop: int,
    power: float,
    offset_s: npt.NDArray[np.float64],
    azimuth: float,
    elevation: float,
    array: Array,
) -> float:
    """Return the Cramer-Rao bound of the azimuth, rad, with the elevation unknown; inf in line.

    The information on a delay is the energy of the signal's slope, 1/s2, over the noise's `power`, given as variance
    times squared sampling interval; the horizontal slowness follows from the delays by least squares.
    """
    spread = offset_s[:, :2] - offset_s[:, :2].mean(axis=0)
    lever = spread.T @ spread
    if len(offset_s) < 3 or np.linalg.eigvalsh(lever)[0] < array.flattest_s**2:
        return np.inf
    slope = np.diff(beam)
    quiet = float(np.mean(slope[: before - 1] ** 2)) if before > 1 else 0.0
    steep = float(np.sum(slope[before:stop] ** 2)) - quiet * (stop - before)
    if steep <= 0.0:
        return np.inf
    across = np.array([-np.sin(azimuth), np.cos(azimuth)])
    variance = across @ np.linalg.solve(lever, across) * power / steep
    return float(np.sqrt(variance) / max(np.cos(elevation), 1e-3))


def _direction(azimuth: float, elevation: float) -> npt.NDArray[np.float64]:
    flat = np.cos(elevation)
    return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])


@njit(cache=True, nogil=True)
def _cubic(values, at):
    """Interpolate a row of values at a fractional index: Catmull and Rom's cubic; 0 outside."""
    k = int(np.floor(at))
    if k < 1 or k + 2 >= len(values):
        return 0.0
    f = at - k
    a, b, c, d = values[k - 1], values[k], values[k + 1], values[k + 2]
    return b + 0.5 * f * (c - a + f * (2.0 * a - 5.0 * b + 4.0 * c - d + f * (3.0 * (b - c) + d - a)))


@njit(cache=True, nogil=True)
def shift_and_add(heard: npt.NDArray[np.float64], shift: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean (n,) of signals (m, n), each delayed by a shift (m,) in samples, fractions count."""
    count, n = heard.shape
    out = np.zeros(n)
    for m in range(count):
        row = heard[m]
        for i in range(n):
            out[i] += _cubic(row, i - shift[m]) / count
    return out


@njit(cache=True, nogil=True)
def _response(azimuth, elevation, correlation, first, second, shift, middle):
    """Energy of the sum of the signals shifted for a direction, but for a constant."""
    flat = np.cos(elevation)
    x, y, z = flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)
    total = 0.0
    for p in range(len(first)):
        a, b = shift[first[p]], shift[second[p]]
        lag = (a[0] - b[0]) * x + (a[1] - b[1]) * y + (a[2] - b[2]) * z
        total += _cubic(correlation[p], lag + middle)
    return total


@njit(cache=True, nogil=True)
def _steer(heard, shift, margin):
    """Return the direction (azimuth, elevation; rad) with the largest response to signals (m, n)."""
    count, n = heard.shape
    pairs = count * (count - 1) // 2
    first, second = np.empty(pairs, np.int64), np.empty(pairs, np.int64)
    reach = margin + 1
    correlation = np.zeros((pairs, 2 * reach + 1))
    p = 0
    for i in range(count):
        for j in range(i + 1, count):
            first[p], second[p] = i, j
            for lag in range(-reach, reach + 1):
                total = 0.0
                for k in range(max(0, -lag), min(n, n - lag)):
                    total += heard[i, k] * heard[j, k + lag]
                correlation[p, lag + reach] = total
            p += 1
    best, azimuth, elevation = -np.inf, 0.0, 0.0
    for e in ELEVATIONS:
        for k in range(AZIMUTHS):
            a = 2.0 * np.pi * k / AZIMUTHS
            value = _response(a, e, correlation, first, second, shift, reach)
            if value > best:
                best, azimuth, elevation = value, a, e
    step = np.pi / AZIMUTHS
    while step > FINEST_RAD:
        moved = False
        for da, de in ((step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)):
            e = min(max(elevation + de, -1.5), 1.5)
            value = _response(azimuth + da, e, correlation, first, second, shift, reach)
            if value > best:
                best, azimuth, elevation, moved = value, azimuth + da, e, True
        if not moved:
            step *= 0.5
    return np.arctan2(np.sin(azimuth), np.cos(azimuth)), elevation
