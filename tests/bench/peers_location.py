"""Locators of others for pulses whose association is known, all in a plane, one round at a time.

OpenSoundscape is not installed for this: it brings torch. Its `least_squares` is what its documentation says it is and
is written anew here: ordinary least squares on time differences to the first receiver, from the receivers' mean.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

Array = npt.NDArray[np.float64]


def opensoundscape_least_squares(xy: Array, time_s: Array, speed_mps: float, sigma_s: float) -> Array:
    """OpenSoundscape 0.13 `least_squares`: differences to the receiver that heard first, every error alike."""
    del sigma_s  # it asks for none
    reference = int(np.argmin(time_s))

    def miss(place: Array) -> Array:
        delay = np.hypot(*(xy - place).T) / speed_mps
        return delay - delay[reference] - (time_s - time_s[reference])

    return least_squares(miss, xy.mean(axis=0)).x


def chan_ho(xy: Array, time_s: Array, speed_mps: float, sigma_s: float) -> Array:
    """Chan and Ho (1994), IEEE Transactions on Signal Processing 42(8): least squares in two weighted steps.

    The first step is linear in the place and the reference's range, weighted by the ranges that it gave itself; the
    second uses that the range is the length of the place (eq. 14 to 26).
    """
    reference = int(np.argmin(time_s))
    others = np.arange(len(xy)) != reference
    base = xy[others] - xy[reference]
    ahead = speed_mps * (time_s[others] - time_s[reference])
    noise = (speed_mps * sigma_s) ** 2 * (np.eye(len(base)) + 1.0)
    right = 0.5 * (ahead**2 - np.einsum("ij,ij->i", base, base))
    matrix = -np.column_stack([base, ahead])
    weight = np.linalg.inv(noise)
    first, covariance = np.zeros(3), np.eye(3)
    for _ in range(3):
        covariance = np.linalg.pinv(matrix.T @ weight @ matrix)
        first = covariance @ matrix.T @ weight @ right
        ranges = np.maximum(np.hypot(*(base - first[:2]).T), 1.0)
        weight = np.linalg.inv(ranges[:, None] * noise * ranges[None, :])
    square = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    scale = 2.0 * np.diag(np.where(np.abs(first) < 1e-6, 1e-6, first))
    weight = np.linalg.pinv(scale @ covariance @ scale)
    second = np.linalg.pinv(square.T @ weight @ square) @ square.T @ weight @ first**2
    return xy[reference] + np.sign(first[:2]) * np.sqrt(np.maximum(second, 0.0))


def scipy_soft_l1(xy: Array, time_s: Array, speed_mps: float, sigma_s: float) -> Array:
    """scipy `least_squares(loss="soft_l1")` on arrival times, in units of their error, emission time unknown."""

    def miss(value: Array) -> Array:
        return (time_s - value[2] / speed_mps - np.hypot(*(xy - value[:2]).T) / speed_mps) / sigma_s

    start = np.array([*xy.mean(axis=0), speed_mps * (time_s.min() - 0.3)])
    return least_squares(miss, start, loss="soft_l1", x_scale=100.0, max_nfev=400).x[:2]


LOCATORS = {
    "OpenSoundscape least_squares": opensoundscape_least_squares,
    "Chan-Ho": chan_ho,
    "scipy soft_l1": scipy_soft_l1,
}
