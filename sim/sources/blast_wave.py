"""Pressure of an explosion in the air."""

import numpy as np
import numpy.typing as npt

from sim.sources.emission import EMISSION_RATE_HZ

# Below the anti-alias band of any sensor; a shorter rise could not be told from this one.
RISE_S = 20e-6
_DECAYED = 10.0
# Coefficient of nonlinearity, density kg/m3 and speed of sound m/s of air.
_BETA, _DENSITY, _SOUND_MPS = 1.2, 1.2, 340.0


def ageing(peak_pa: float, positive_s: float) -> float:
    """Return how fast a blast ages: K of p = (P / r) / sqrt(1 + K ln r), T(r) = T sqrt(1 + K ln r), r in m.

    Its front is faster than its tail by beta p / (2 rho c^2) of the speed of sound, so that the positive phase grows
    and the peak falls, the impulse being kept: the weak-shock law of a spherical triangular wave (Pierce 1981,
    Acoustics, 11-9), with K = beta P / (rho c^3 T) from 1 m on. A 9 mm pistol loses 2.5 dB in 100 m that way.

    Parameters
    ----------
    peak_pa, positive_s : float
        Peak pressure at 1 m, Pa, and duration of the positive phase there, s.
    """
    return _BETA * peak_pa / (_DENSITY * _SOUND_MPS**3 * positive_s)


def blast_wave(peak_pa: float, positive_s: float, rise_s: float = RISE_S) -> npt.NDArray[np.float64]:
    """Friedlander's wave p = P (1 - t/T) exp(-t/T) behind a rise of finite duration.

    Parameters
    ----------
    peak_pa : float
        Peak pressure P, Pa.
    positive_s : float
        Duration T of the positive phase, s.
    rise_s : float
        Duration of the rise (half a cosine), s.

    Returns
    -------
    ndarray, shape (n,)
        Pa at `EMISSION_RATE_HZ`; starts and ends at zero. The area of the negative phase equals that of the positive
        (Friedlander 1946; Kinney and Graham 1985, Explosive Shocks in Air).
    """
    rise = max(round(rise_s * EMISSION_RATE_HZ), 1)
    front = 0.5 * (1.0 - np.cos(np.pi * np.arange(rise) / rise))
    time = np.arange(int(_DECAYED * positive_s * EMISSION_RATE_HZ)) / (positive_s * EMISSION_RATE_HZ)
    return peak_pa * np.concatenate([front, (1.0 - time) * np.exp(-time), [0.0]])
