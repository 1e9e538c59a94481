"""How well a shot is located: the bound with unknown time of the shot, what lies below it, and the contract's rule."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LocationErrors:
    """What arrival times are wrong by, and what remains however many sensors hear.

    A sensor at distance d whose shortest way is `late` longer than the straight line has the standard deviation
    s^2 = (c timing)^2 + survey^2 + (by_distance d)^2 + (by_detour late)^2.

    Attributes
    ----------
    timing_s : float
        Straight-line model, s: 7.5 ms between paths in live fire; 8 to 13 ms with association (Calhoun et al. 2021).
    survey_m : float
        Of a sensor's position, m.
    by_distance : float
        Growth with distance, m/m.
    by_detour : float
        Standard deviation per metre of detour. Fitted to the median error of the default detector in the authored
        blocks crossroads-v1 and grid-v1: a sensor behind houses misleads the locator more than its detour alone.
    floor_m : float
        Root mean square of what no sensor helps against (survey of the shot, bias of the site), m.
    """

    timing_s: float = 0.010
    survey_m: float = 0.5
    by_distance: float = 0.0
    by_detour: float = 8.0
    floor_m: float = 4.0


def arrival_sigma_m(
    distance_m: npt.NDArray[np.floating],
    late_m: npt.NDArray[np.floating],
    errors: LocationErrors,
    sound_mps: float,
) -> Floats:
    """Return the standard deviation of arrivals times the speed of sound, m, of the arrays' shape."""
    return np.sqrt(
        (errors.timing_s * sound_mps) ** 2
        + errors.survey_m**2
        + (errors.by_distance * np.asarray(distance_m, dtype=np.float64)) ** 2
        + (errors.by_detour * np.asarray(late_m, dtype=np.float64)) ** 2
    )


@njit(cache=True, nogil=True)
def plan_covariance(a, b, c, d, e, f):
    """Return (xx, xy, yy) of the inverse of J = [[a, b, d], [b, c, e], [d, e, f]], inf where it has none.

    J = sum of h h^T / s^2 with h = [ux, uy, 1]: the last unknown is the time of the shot.
    """
    if f <= 0.0:
        return math.inf, 0.0, math.inf
    # Schur complement: the time of the shot is eliminated.
    xx, xy, yy = a - d * d / f, b - d * e / f, c - e * e / f
    det = xx * yy - xy * xy
    if det <= 1e-12 * max(xx * yy, 1e-300):
        return math.inf, 0.0, math.inf
    return yy / det, -xy / det, xx / det


@njit(cache=True, nogil=True)
def expected_bound(chance, sigma, bearing):
    """Return the bound's root mean square (cells,), m, with information weighed by the chance (cells, sensors)."""
    cells, sensors = chance.shape
    result = np.empty(cells)
    for cell in range(cells):
        a = b = c = d = e = f = 0.0
        for i in range(sensors):
            w = chance[cell, i] / sigma[cell, i] ** 2
            x, y = math.cos(bearing[cell, i]), math.sin(bearing[cell, i])
            a, b, c = a + w * x * x, b + w * x * y, c + w * y * y
            d, e, f = d + w * x, e + w * y, f + w
        xx, _, yy = plan_covariance(a, b, c, d, e, f)
        result[cell] = math.sqrt(xx + yy)
    return result


@njit(cache=True, nogil=True)
def sample_shots(chance, sigma, bearing, draw, uniform, normal, k, floor):
    """Return the error of sampled shots (cells, samples), m; inf where fewer than k sensors hear.

    Parameters
    ----------
    chance : ndarray, shape (cells, sensors, draws)
    sigma, bearing : ndarray, shape (cells, sensors)
    draw : ndarray of int, shape (samples,)
        Which of the shared draws a sample is.
    uniform : ndarray, shape (samples, sensors)
        A sensor hears where it is below the chance.
    normal : ndarray, shape (samples, 2)
    k : int
    floor : float
        m.
    """
    cells, sensors, _ = chance.shape
    result = np.full((cells, len(draw)), np.inf)
    for cell in range(cells):
        for s in range(len(draw)):
            a = b = c = d = e = f = 0.0
            heard = 0
            for i in range(sensors):
                if uniform[s, i] >= chance[cell, i, draw[s]]:
                    continue
                heard += 1
                w = 1.0 / sigma[cell, i] ** 2
                x, y = math.cos(bearing[cell, i]), math.sin(bearing[cell, i])
                a, b, c = a + w * x * x, b + w * x * y, c + w * y * y
                d, e, f = d + w * x, e + w * y, f + w
            if heard < k:
                continue
            xx, xy, yy = plan_covariance(a, b, c, d, e, f)
            if xx == math.inf:
                continue
            xx, yy = xx + 0.5 * floor * floor, yy + 0.5 * floor * floor
            middle, spread = 0.5 * (xx + yy), math.sqrt(0.25 * (xx - yy) ** 2 + xy * xy)
            u = normal[s, 0] * math.sqrt(middle + spread)
            v = normal[s, 1] * math.sqrt(max(middle - spread, 0.0))
            result[cell, s] = math.sqrt(u * u + v * v)
    return result
