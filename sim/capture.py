"""What one sensor recorded."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Capture:
    """The recording of one sensor.

    Attributes
    ----------
    sensor : str
        Its name.
    start_s : float
        Time of the first sample on the sensor's OWN clock, s after the scene's epoch.
    rate_hz : int
        Nominal sampling rate, Hz.
    bits : int
        Resolution: the samples are whole multiples of full_scale_pa / 2**(bits - 1).
    full_scale_pa : float
        Peak pressure of sample value 1.0, Pa.
    samples : ndarray of int32, shape (channels, n)
        Sample values times 2**(bits - 1). Empty (0 samples) for a dead sensor.
    restamps : tuple of (int, float)
        Samples before which the clock was set, and what it has shown since then at that sample, s.
    """

    sensor: str
    start_s: float
    rate_hz: int
    bits: int
    full_scale_pa: float
    samples: npt.NDArray[np.int32]
    restamps: tuple[tuple[int, float], ...] = ()
