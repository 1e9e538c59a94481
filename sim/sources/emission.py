"""What a source radiates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EMISSION_RATE_HZ = 192_000

Directivity = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Emission:
    """Sound that leaves from one point.

    Attributes
    ----------
    position_m : ndarray, shape (3,)
    delay_s : float
        Start of the waveform after the event's time, s, 0 or more.
    waveform : ndarray, shape (n,)
        Pressure at 1 m in the free field on the axis, Pa, at `EMISSION_RATE_HZ`.
    directivity : callable
        Unit vectors of departure (k, 3) -> pressure gain (k,), 1 on the axis.
    """

    position_m: npt.NDArray[np.float64]
    delay_s: float
    waveform: npt.NDArray[np.float64]
    directivity: Directivity


@dataclass(frozen=True, eq=False)
class Shock:
    """A ballistic shock: every receiver hears it from another point of the trajectory, with another waveform.

    Attributes
    ----------
    trace : callable
        Receivers (m, 3) -> one `Emission` each, or None where the shock does not pass. The emission's waveform
        is scaled so that the receiver, at the straight-line distance r from `position_m`, gets waveform / r.
    """

    trace: Callable[[npt.NDArray[np.float64]], tuple["Emission | None", ...]]
