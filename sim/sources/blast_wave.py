"""Pressure of an explosion in the air."""

import numpy as np
import numpy.typing as npt

from sim.sources.emission import EMISSION_RATE_HZ

# Below the anti-alias band of any sensor; a shorter rise could not be told from this one.
RISE_S = 20e-6
_DECAYED = 12.0


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
