"""Closed-form multilateration in a plane.

Calhoun et al. (2021) locate best with the closed form of Mathias, Leonardi and Galati (2008, "An efficient
multilateration algorithm", Tyrrhenian International Workshop on Digital Communications) under a two-dimensional
constraint. As in Schau and Robinson (1987, "Passive source localization employing intersecting spherical surfaces",
IEEE Transactions on Acoustics, Speech and Signal Processing 35(8)), the squared ranges less that of a reference are
linear in the place once the reference's range is known; a pseudo-inverse gives the place as a function of that range,
and the reference's own equation, a quadratic, the range. All arrivals weigh alike. That algebra is our reconstruction
from abstracts and from Schau and Robinson; it was not compared with the 2008 paper's text.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FLAT = 1e-9  # relative: under it the quadratic is linear


class Solution(NamedTuple):
    """A place (2,) m, the emission time s, and the root mean square of the residuals s."""

    place: npt.NDArray[np.float64]
    time_s: float
    rms_s: float


def multilaterate(
    xy: npt.NDArray[np.float64], time_s: npt.NDArray[np.float64], speed_mps: float
) -> list[Solution]:
    """Locate a source from arrival times.

    Parameters
    ----------
    xy : ndarray, shape (m, 2)
        Stations, m; 3 or more, not all on one line.
    time_s : ndarray, shape (m,)
        Arrivals, s.
    speed_mps : float

    Returns
    -------
    list of Solution
        Those whose sound left before it arrived, best residual first; of two that fit alike the nearer to the stations.
        Empty where arrivals contradict each other so far that no place is left, or where the geometry fixes none.
    """
    reference = int(np.argmin(time_s))
    others = np.arange(len(time_s)) != reference
    base = xy[others] - xy[reference]
    if np.linalg.matrix_rank(base, tol=1e-9 * max(float(np.abs(base).max()), 1e-300)) < 2:
        return []
    ahead = speed_mps * (time_s[others] - time_s[reference])
    inverse = np.linalg.pinv(base)
    # Relative to the reference the place is p = a - b r, where r = |p| is the reference's range.
    a = inverse @ (0.5 * (np.einsum("ij,ij->i", base, base) - ahead**2))
    b = inverse @ ahead
    ranges = _roots(float(b @ b - 1.0), float(-2.0 * a @ b), float(a @ a))
    found = [_judge(xy[reference] + a - b * r, xy, time_s, speed_mps) for r in ranges if r >= 0.0]
    centre = xy.mean(axis=0)
    return sorted(found, key=lambda s: (round(s.rms_s, 6), float(np.hypot(*(s.place - centre)))))


def _roots(square: float, linear: float, constant: float) -> list[float]:
    """Real roots of a quadratic; where there are none, the place of its extremum: the nearest miss."""
    if abs(square) < FLAT:
        return [-constant / linear] if abs(linear) > 0.0 else []
    discriminant = linear**2 - 4.0 * square * constant
    if discriminant <= 0.0:
        return [-linear / (2.0 * square)]
    q = -0.5 * (linear + np.copysign(np.sqrt(discriminant), linear))
    return [q / square, constant / q] if q != 0.0 else [0.0]


def _judge(place, xy, time_s, speed_mps: float) -> Solution:
    emitted = time_s - np.hypot(*(xy - place).T) / speed_mps
    return Solution(place, float(emitted.mean()), float(emitted.std()))
