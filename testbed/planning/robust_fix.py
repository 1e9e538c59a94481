"""The detector's model of arrival times, without its search: where a shot's pulses would put it.

A first arrival's error is straight (normal) or late (normal plus exponential: Grushka 1972), as `detector.lateness` has
it; a path error of a few sizes is tried, as the detector learns it from the incident's own residuals. The climb begins
at the true place, so that what it finds is the mode there; pulses of other places are another matter
(`testbed.planning.location.LocationErrors.astray`).
"""

import functools
import math

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.lateness import mixture
from detector.locate import LocationOptions
from detector.posterior import STRAY_HZ

Floats = npt.NDArray[np.float64]

# Step of the grid of residuals, s, and its ends.
_GRID_S = 0.25e-3
_FROM_S, _TO_S = -0.25, 0.75
_STEPS, _TRIES = 12, 5
_LONGEST_M = 40.0
_BEYOND = -9.0


@functools.cache
def log_densities() -> tuple[Floats, Floats, Floats]:
    """Return path errors s (q,), their log prior (q,), and the log density of an arrival's error on a grid (q, n)."""
    options = LocationOptions()
    noise = options.noise
    spread = noise.path_sigma_log * np.array([-1.0, 0.0, 0.75])
    sigmas = noise.path_sigma_s * np.exp(spread)
    grid = np.arange(_FROM_S, _TO_S, _GRID_S)
    tables = np.empty((len(sigmas), len(grid)))
    for row, sigma in zip(tables, sigmas, strict=True):
        for i, residual in enumerate(grid):
            density = mixture(float(residual), float(sigma), noise.late_share, noise.late_mean_s)
            row[i] = math.log((1.0 - options.stray) * density + options.stray * STRAY_HZ)
    return sigmas, -0.5 * (spread / noise.path_sigma_log) ** 2, tables


@njit(cache=True, nogil=True)
def _likelihood(place, east, north, time, table):
    """Log likelihood of arrivals at a place (x, y, s of the shot), nats; distances are in s."""
    total = 0.0
    for i in range(len(time)):
        residual = time[i] - place[2] - math.hypot(east[i] - place[0], north[i] - place[1])
        at = (residual - _FROM_S) / _GRID_S
        low = math.floor(at)
        if low < 0 or low >= len(table) - 1:
            total += _BEYOND
        else:
            total += table[low] + (at - low) * (table[low + 1] - table[low])
    return total


@njit(cache=True, nogil=True)
def _climb(place, east, north, time, table, sigma, longest):
    """Climb to the nearest maximum from place (3,), in s, which is overwritten; return its log likelihood, nats."""
    best = _likelihood(place, east, north, time, table)
    damping = 1e-3
    trial = np.empty(3)
    for _ in range(_STEPS):
        p = q = r = a = b = c = d = e = f = 0.0
        for i in range(len(time)):
            dx, dy = east[i] - place[0], north[i] - place[1]
            far = max(math.hypot(dx, dy), 1e-6)
            low = math.floor((time[i] - place[2] - far - _FROM_S) / _GRID_S)
            if low < 1 or low >= len(table) - 2:
                continue
            slope = (table[low + 1] - table[low]) / _GRID_S
            bend = (table[low + 1] + table[low] - table[low + 2] - table[low - 1]) / (2.0 * _GRID_S**2)
            # No bend is taken for less than a fiftieth of a straight arrival's: the late flank is almost straight.
            h = min(max(bend, 0.02 / sigma**2), 1.0 / sigma**2)
            x, y = dx / far, dy / far
            p, q, r = p + slope * x, q + slope * y, r - slope
            a, b, c = a + h * x * x, b + h * x * y, c + h * y * y
            d, e, f = d - h * x, e - h * y, f + h
        gain = 0.0
        for _ in range(_TRIES):
            aa, cc, ff = a * (1.0 + damping), c * (1.0 + damping), f * (1.0 + damping)
            u, v, w = cc * ff - e * e, d * e - b * ff, b * e - cc * d
            det = aa * u + b * v + d * w
            if det <= 0.0:
                damping *= 6.0
                continue
            dx = (u * p + v * q + w * r) / det
            dy = (v * p + (aa * ff - d * d) * q + (b * d - aa * e) * r) / det
            dt = (w * p + (b * d - aa * e) * q + (aa * cc - b * b) * r) / det
            length = math.hypot(dx, dy)
            scale = min(1.0, longest / max(length, 1e-12))
            trial[0], trial[1] = place[0] + scale * dx, place[1] + scale * dy
            trial[2] = place[2] + scale * dt
            value = _likelihood(trial, east, north, time, table)
            if value > best:
                gain, best = value - best, value
                place[:] = trial
                damping = max(0.3 * damping, 1e-4)
                break
            damping *= 6.0
        if gain < 1e-3:
            break
    return best


@njit(cache=True, nogil=True)
def fix_error(east, north, late, starts, sigmas, prior, tables, sound):
    """Return (x, y), m: where arrivals of a shot at the origin put it.

    Parameters
    ----------
    east, north : ndarray, shape (m,)
        Sensors less the shot's place, m.
    late : ndarray, shape (m,)
        Arrival less the straight line's, m.
    starts : ndarray, shape (n, 2)
        Places from where to climb, m; the likeliest end counts.
    sigmas, prior, tables : ndarray
        From `log_densities`.
    sound : float
        m/s.
    """
    x, y = east / sound, north / sound
    time = np.empty(len(late))
    for i in range(len(late)):
        time[i] = (late[i] / sound) + math.hypot(x[i], y[i])
    best_x = best_y = 0.0
    best = -math.inf
    place = np.empty(3)
    for s in range(len(starts)):
        begun = -math.inf
        place[0], place[1] = starts[s, 0] / sound, starts[s, 1] / sound
        moment = 0.0
        for i in range(len(late)):
            place[2] = time[i] - math.hypot(x[i] - place[0], y[i] - place[1])
            value = _likelihood(place, x, y, time, tables[len(sigmas) - 1])
            if value > begun:
                begun, moment = value, place[2]
        place[2] = moment
        for n in range(len(sigmas) - 1, -1, -1):
            value = prior[n] + _climb(place, x, y, time, tables[n], sigmas[n], _LONGEST_M / sound)
            if value > best:
                best, best_x, best_y = value, place[0], place[1]
    return best_x * sound, best_y * sound
