"""What the bearings of pulses say about a place: beside times, another term of every likelihood.

A first arrival comes from where the shot was, but for how well the station's mount is aligned and how streets bend
sound; or round a corner or off a facade, from anywhere. Pulses that are nobody's direct sound come from anywhere.
"""

from math import atan2, exp, isnan, log, pi, sqrt

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.ears import Ears

# In two rendered default towns, whose seeds (11, 12) score nothing, 0.33 and 0.29 of first arrivals came more than 8
# degrees from aside, round corners and off walls; the rest came within 2.8 and 2.2 degrees (rms) of the shot. The
# error of the station's own mount, 2 degrees, is an assumption (A).
PATH_SIGMA_RAD = 0.055
ASIDE = 0.3


def fixes_place(station: npt.NDArray[np.integer], pointed: npt.NDArray[np.bool_], least: int) -> bool:
    """Whether pulses fix a place as well as `least` stations do: with two stations or more, a bearing is worth one.

    Parameters
    ----------
    station : ndarray of int, shape (m,)
    pointed : ndarray of bool, shape (m,)
        Which of the pulses have a bearing.
    """
    stations = len(np.unique(station))
    return stations >= 2 and stations + len(np.unique(station[pointed])) >= least


@njit(cache=True, nogil=True)
def weigh_bearing(
    east_m: float, north_m: float, azimuth: float, sigma: float, blur_m: float
) -> tuple[float, float, float]:
    """Weigh a bearing against a place that lies [east, north] of the station.

    Parameters
    ----------
    azimuth, sigma : float
        Of the pulse, rad; NaN where unknown.
    blur_m : float
        How far the place is left open, m.

    Returns
    -------
    gain : float
        Log of how much likelier the bearing is for a direct sound from there than for one from anywhere, nats;
        0 where it is unknown.
    turn : float
        Bearing less direction, rad, within half a turn.
    precision : float
        Inverse variance of the turn times the probability that the sound came straight, 1/rad2.
    """
    if isnan(azimuth):
        return 0.0, 0.0, 0.0
    away2 = max(east_m * east_m + north_m * north_m, 1.0)
    turn = azimuth - atan2(north_m, east_m)
    turn -= 2.0 * pi * np.floor(turn / (2.0 * pi) + 0.5)
    variance = sigma * sigma + PATH_SIGMA_RAD**2 + blur_m * blur_m / away2
    straight = (1.0 - ASIDE) * sqrt(2.0 * pi / variance) * exp(-0.5 * turn * turn / variance)
    return log(straight + ASIDE), turn, straight / (straight + ASIDE) / variance


@njit(cache=True, nogil=True)
def aim(j: int, east: float, north: float, away_m: float, blur_m: float, ears: Ears) -> float:
    """Log-likelihood ratio of pulse j's bearing for a place `away_m` from its station in a direction, nats.

    Parameters
    ----------
    east, north : float
        From the station to the place, in any unit.
    """
    if isnan(ears.azimuth[j]):
        return 0.0
    scale = away_m / max(sqrt(east * east + north * north), 1e-12)
    return weigh_bearing(
        east * scale, north * scale, float(ears.azimuth[j]), float(ears.azimuth_sigma[j]), blur_m
    )[0]


@njit(cache=True, nogil=True)
def add_bearings(
    matrix: npt.NDArray[np.float64],
    right: npt.NDArray[np.float64],
    place: npt.NDArray[np.float64],
    direct: npt.NDArray[np.int64],
    ears: Ears,
) -> None:
    """Add the bearings of the direct pulses (k, N) to normal equations whose first two unknowns are the place.

    The rounds of a place share the error of their station's mount and path: together they count as one bearing.
    """
    for i in range(len(ears.xyz)):
        x, y = place[0] - ears.xyz[i, 0], place[1] - ears.xyz[i, 1]
        away2 = max(x * x + y * y, 1.0)
        east, north = -y / away2, x / away2
        count, weight, pull = 0, 0.0, 0.0
        for k in range(len(direct)):
            j = direct[k, i]
            if j >= 0 and not isnan(ears.azimuth[j]):
                _, turn, precision = weigh_bearing(
                    x, y, float(ears.azimuth[j]), float(ears.azimuth_sigma[j]), 0.0
                )
                count += 1
                weight += precision
                pull += precision * turn
        if count == 0:
            continue
        weight, pull = weight / count, pull / count
        matrix[0, 0] += weight * east * east
        matrix[0, 1] += weight * east * north
        matrix[1, 0] += weight * east * north
        matrix[1, 1] += weight * north * north
        right[0] += pull * east
        right[1] += pull * north


@njit(cache=True, nogil=True)
def bearings_gain(
    x: float,
    y: float,
    xyz: npt.NDArray[np.float64],
    azimuth: npt.NDArray[np.float64],
    sigma: npt.NDArray[np.float64],
    shared: npt.NDArray[np.float64],
) -> float:
    """Log-likelihood of the bearings (m,) of an incident's pulses for a place, nats.

    Parameters
    ----------
    xyz : ndarray, shape (m, 3)
        Their stations, m.
    shared : ndarray, shape (m,)
        How many of the pulses came over the same path: together they count as one.
    """
    total = 0.0
    for i in range(len(azimuth)):
        total += (
            weigh_bearing(x - xyz[i, 0], y - xyz[i, 1], float(azimuth[i]), float(sigma[i]), 0.0)[0]
            / shared[i]
        )
    return total
