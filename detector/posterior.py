"""The posterior of a place, given which pulses are whose: everything else is settled anew at every place.

At a place, round times, sound speed, wind and shooter height follow from the pulses by reweighted least squares
(they enter the delays almost linearly) and are integrated by Laplace's method; what remains is a function of east and
north. Rounds that one station heard share the error of their path: their log-likelihoods are scaled so that together
they carry the information m / (s^2 + m b^2) of m measurements with a common error b, not m / (s^2 + b^2).
"""

from math import exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.bearing_term import bearings_gain
from detector.cholesky import solve_symmetric
from detector.detour import Detours, detour, no_detours
from detector.lateness import late

NUISANCES = 4  # height, relative sound speed, wind east, wind north
STRAY_HZ = 2.0  # density of a pulse that association took by mistake, 1/s
STEPS = 6
# (A) Scale of how far from the nearest station that heard it a bang can have been, m. It moves a place that pulses fix
# by centimetres; where they say nothing of how far off it was, as beyond the end of a row of stations, this does.
EARSHOT_M = 2000.0


class Heard(NamedTuple):
    """m pulses of an incident with k rounds (a named tuple, as numba wants it).

    Attributes
    ----------
    xyz : ndarray, shape (m, 3)
        Stations, m, relative to the site's centre.
    time, sigma : ndarray, shape (m,)
        Onset, s; its standard deviation with clock and survey, s.
    round : ndarray of int64, shape (m,)
    shared : ndarray, shape (m,)
        How many of the pulses came over the same path.
    rounds : int
    station : ndarray of int64, shape (m,)
        Index of the station; needed only where a map's detours are known.
    detours : Detours
    azimuth, azimuth_sigma : ndarray, shape (m,) or (0,)
        Bearings, rad, NaN where unknown; none where no station has one.
    """

    xyz: npt.NDArray[np.float64]
    time: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    round: npt.NDArray[np.int64]
    shared: npt.NDArray[np.float64]
    rounds: int
    station: npt.NDArray[np.int64] = np.zeros(0, np.int64)
    detours: Detours = no_detours(0)
    azimuth: npt.NDArray[np.float64] = np.zeros(0)
    azimuth_sigma: npt.NDArray[np.float64] = np.zeros(0)


class Terms(NamedTuple):
    """Numbers of the model: see `detector.ears.Noise`; `stray` is the share of wrongly associated pulses."""

    path_sigma_s: float
    late_share: float
    late_mean_s: float
    stray: float
    sound_speed_mps: float
    wind_east_mps: float
    wind_north_mps: float
    sound_speed_sigma: float
    wind_sigma_mps: float
    height_m: float
    height_sigma_m: float


@njit(cache=True, nogil=True)
def log_error(residual_s: float, sigma_s: float, terms: Terms) -> tuple[float, float, float]:
    """Log density of a residual, its derivative, and a curvature that is never negative."""
    z = residual_s / sigma_s
    normal = exp(-0.5 * z * z) / (sigma_s * sqrt(2.0 * pi))
    behind = late(residual_s, sigma_s, terms.late_mean_s)
    a = (1.0 - terms.stray) * (1.0 - terms.late_share) * normal
    b = (1.0 - terms.stray) * terms.late_share * behind
    total = a + b + terms.stray * STRAY_HZ
    turn = (1.0 - terms.stray) * terms.late_share * (normal - behind) / terms.late_mean_s
    slope = (-a * z / sigma_s + turn) / total
    curvature = a / total / sigma_s**2 + b / total / (sigma_s**2 + terms.late_mean_s**2)
    return log(total), slope, curvature


@njit(cache=True, nogil=True)
def predict(
    x: float,
    y: float,
    heard: Heard,
    terms: Terms,
    delay: npt.NDArray[np.float64],
    slope: npt.NDArray[np.float64],
) -> None:
    """Fill delays (m,) and their slopes (m, NUISANCES) at a place."""
    for i in range(len(heard.time)):
        dx, dy = heard.xyz[i, 0] - x, heard.xyz[i, 1] - y
        dz = heard.xyz[i, 2] - terms.height_m
        d = max(sqrt(dx * dx + dy * dy + dz * dz), 0.1)
        along = (terms.wind_east_mps * dx + terms.wind_north_mps * dy) / d
        speed = terms.sound_speed_mps + along
        delay[i] = d / speed
        if len(heard.station) > 0:
            delay[i] += detour(x, y, heard.station[i], heard.detours)
        slope[i, 0] = -dz / d / speed
        slope[i, 1] = -delay[i] * terms.sound_speed_mps / speed
        slope[i, 2] = -delay[i] * dx / d / speed
        slope[i, 3] = -delay[i] * dy / d / speed


@njit(cache=True, nogil=True)
def start_times(heard: Heard, delay: npt.NDArray[np.float64], terms: Terms) -> npt.NDArray[np.float64]:
    """Round times (k,) to start from: of each round's pulses the emission time that most others agree with."""
    times = np.zeros(heard.rounds)
    for k in range(heard.rounds):
        best = -1e300
        for a in range(len(delay)):
            if heard.round[a] != k:
                continue
            t = heard.time[a] - delay[a]
            total = 0.0
            for b in range(len(delay)):
                if heard.round[b] == k:
                    sigma = 1.4 * sqrt(heard.sigma[b] ** 2 + terms.path_sigma_s**2)
                    total += log_error(heard.time[b] - delay[b] - t, sigma, terms)[0]
            if total > best:
                best, times[k] = total, t
    return times


@njit(cache=True, nogil=True)
def gather_terms(heard, terms, delay, slope, times, value, matrix, right, weight, lean, middle) -> float:
    """Fill the normal equations of nuisances and round times; return the log-likelihood with its priors."""
    matrix[:] = 0.0
    right[:] = 0.0
    weight[:] = 0.0
    lean[:] = 0.0
    middle[:] = 0.0
    total = 0.0
    sigmas = (terms.height_sigma_m, terms.sound_speed_sigma, terms.wind_sigma_mps, terms.wind_sigma_mps)
    for a in range(NUISANCES):
        precision = 1.0 / max(sigmas[a], 1e-6) ** 2
        matrix[a, a] = precision
        right[a] = -precision * value[a]
        total -= 0.5 * precision * value[a] ** 2
    for i in range(len(delay)):
        k = heard.round[i]
        r = heard.time[i] - times[k] - delay[i]
        for a in range(NUISANCES):
            r -= slope[i, a] * value[a]
        own, path = heard.sigma[i] ** 2, terms.path_sigma_s**2
        scale = (own + path) / (own + heard.shared[i] * path)
        f, g, h = log_error(r, sqrt(own + path), terms)
        total += scale * f
        h = scale * max(h, 1e-3)
        g = -scale * g
        weight[k] += h
        middle[k] += g
        for a in range(NUISANCES):
            lean[k, a] += h * slope[i, a]
            right[a] += g * slope[i, a]
            for b in range(NUISANCES):
                matrix[a, b] += h * slope[i, a] * slope[i, b]
    return total


@njit(cache=True, nogil=True)
def log_earshot(x: float, y: float, heard: Heard) -> float:
    """Log prior density of a place, but for a constant: Gaussian in the distance to the nearest station that heard."""
    nearest = np.inf
    for i in range(len(heard.time)):
        nearest = min(nearest, (heard.xyz[i, 0] - x) ** 2 + (heard.xyz[i, 1] - y) ** 2)
    return -0.5 * nearest / EARSHOT_M**2


@njit(cache=True, nogil=True)
def log_posterior(
    x: float,
    y: float,
    heard: Heard,
    terms: Terms,
    times: npt.NDArray[np.float64],
    value: npt.NDArray[np.float64],
) -> float:
    """Log posterior density of a place but for a constant, nats.

    Fills the round times (k,) and the nuisances (NUISANCES,) that go with it.
    """
    m, k = len(heard.time), heard.rounds
    delay, slope = np.empty(m), np.empty((m, NUISANCES))
    predict(x, y, heard, terms, delay, slope)
    times[:] = start_times(heard, delay, terms)
    value[:] = 0.0
    matrix, right = np.empty((NUISANCES, NUISANCES)), np.empty(NUISANCES)
    weight, lean, middle = np.empty(k), np.empty((k, NUISANCES)), np.empty(k)
    total, logdet = -1e300, 0.0
    for step in range(STEPS):
        total = gather_terms(heard, terms, delay, slope, times, value, matrix, right, weight, lean, middle)
        for r in range(k):
            for a in range(NUISANCES):
                right[a] -= lean[r, a] * middle[r] / weight[r]
                for b in range(NUISANCES):
                    matrix[a, b] -= lean[r, a] * lean[r, b] / weight[r]
        change, logdet = solve_symmetric(matrix, right)
        if step == STEPS - 1:
            break
        value += change
        for r in range(k):
            pull = middle[r]
            for a in range(NUISANCES):
                pull -= lean[r, a] * change[a]
            times[r] += pull / weight[r]
    total += bearings_gain(x, y, heard.xyz, heard.azimuth, heard.azimuth_sigma, heard.shared)
    total += log_earshot(x, y, heard)
    return total - 0.5 * logdet - 0.5 * np.sum(np.log(weight))


@njit(cache=True, nogil=True)
def log_posterior_on(places: npt.NDArray[np.float64], heard: Heard, terms: Terms) -> npt.NDArray[np.float64]:
    """Log posterior density at places (p, 2), but for a constant, nats."""
    times, value = np.empty(heard.rounds), np.empty(NUISANCES)
    result = np.empty(len(places))
    for p in range(len(places)):
        result[p] = log_posterior(places[p, 0], places[p, 1], heard, terms, times, value)
    return result


def settle(
    place: npt.NDArray[np.float64], heard: Heard, terms: Terms
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return round times (k,), nuisances (NUISANCES,) and residuals (m,) of the pulses at a place."""
    times, value = np.empty(heard.rounds), np.empty(NUISANCES)
    log_posterior(float(place[0]), float(place[1]), heard, terms, times, value)
    delay, slope = np.empty(len(heard.time)), np.empty((len(heard.time), NUISANCES))
    predict(float(place[0]), float(place[1]), heard, terms, delay, slope)
    return times, value, heard.time - times[heard.round] - delay - slope @ value
