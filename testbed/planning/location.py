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

    What a shot that is heard comes to is more: pulses of faint first arrivals are picked late, and some shots are put
    together from the wrong pulses, echoes among them, or not at all. Those numbers were fitted to shots in the authored
    blocks crossroads-v1 and grid-v1 with the default detector (`python -m tests.bench hearing` prints them).

    Attributes
    ----------
    timing_s : float
        Straight-line model, s: 7.5 ms between paths in live fire (Calhoun et al. 2021); late picks come on top.
    survey_m : float
        Of a sensor's position, m.
    by_distance : float
        Growth with distance, m/m.
    by_detour : float
        Standard deviation per metre of detour, in the bound and so for planners: a sensor behind houses misleads the
        locator more than its detour alone. Sampled shots are late by the detour itself.
    floor_m : float
        Root mean square of what no sensor helps against (survey of the shot, bias of the site), m.
    faint_db, faint_sigma_db, faint_s : float
        A pulse is that of a later arrival with the probability Phi((faint_db - SNR) / faint_sigma_db), the SNR that of
        the ways alone, then late by an exponential time of mean `faint_s`.
    astray_few, astray_more : float
        Log odds that a shot's place is made of wrong pulses when just 4 sensors report it, and how much each
        further sensor takes off them.
    astray_m, astray_log : float
        Median distance of such a place, m, where the sensors that report have the dilution 1 and are 10 ms late on
        average; the standard deviation of its logarithm.
    astray_dilution, astray_late : float
        By which power of the dilution, and of that lateness, it grows: wrong pulses put a shot the further off the
        worse the sensors surround it and the later sound comes to them.
    lost_few, lost_more : float
        Log odds that a shot that 4 sensors report is not located within 250 m, and what each further one takes off.
    """

    timing_s: float = 0.0075
    survey_m: float = 0.5
    by_distance: float = 0.0
    by_detour: float = 8.0
    floor_m: float = 4.0
    faint_db: float = 28.3
    faint_sigma_db: float = 11.3
    faint_s: float = 0.027
    astray_few: float = 1.08
    astray_more: float = 0.18
    astray_m: float = 8.9
    astray_log: float = 0.94
    astray_dilution: float = 0.83
    astray_late: float = 0.36
    lost_few: float = -0.53
    lost_more: float = 0.64


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
    # Sensors that hear almost nothing leave rounding of either sign.
    if xx <= 0.0 or yy <= 0.0 or det <= 1e-12 * max(xx * yy, 1e-300):
        return math.inf, 0.0, math.inf
    return yy / det, -xy / det, xx / det


@njit(cache=True, nogil=True)
def off_course(east, north, late_s):
    """Return the logarithms of what places made of wrong pulses grow with: dilution, mean lateness over 10 ms.

    Parameters
    ----------
    east, north : ndarray, shape (m,)
        Sensors that report less the shot's place, m.
    late_s : ndarray, shape (m,)
        Their pulses less the straight line's arrival, s.

    Notes
    -----
    Both are kept in bounds where fits have no shots: dilutions of 0.3 to 20, and 1 ms of lateness on top.
    """
    a = b = c = d = e = total = 0.0
    for i in range(len(east)):
        far = max(math.hypot(east[i], north[i]), 1.0)
        x, y = east[i] / far, north[i] / far
        a, b, c, d, e = a + x * x, b + x * y, c + y * y, d + x, e + y
        total += max(late_s[i], 0.0)
    xx, _, yy = plan_covariance(a, b, c, d, e, float(len(east)))
    dilution = min(max(math.sqrt(xx + yy), 0.3), 20.0)
    return math.log(dilution), math.log((total / len(east) + 1e-3) / 10e-3)


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
