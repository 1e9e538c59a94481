"""Pulses: impulsive arrivals at single stations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Pulses:
    """n pulses of all stations, sorted by time, then station.

    Attributes
    ----------
    station : ndarray of int32, shape (n,)
        Index into `Site.stations`.
    time_s : ndarray, shape (n,)
        First arrival, s, on the station's own clock.
    sigma_s : ndarray, shape (n,)
        Standard deviation of the onset as measured (not of the straight-line model), s.
    level_db : ndarray, shape (n,)
        Peak pressure level, dB re 20 uPa; NaN where unknown.
    snr_db : ndarray, shape (n,)
        Peak of the onset kernel over the noise floor, dB; NaN where unknown.
    clipped : ndarray of bool, shape (n,)
    features : ndarray, shape (n, f)
        Evidence for the class (`detector.features.FEATURES`); f is 0 for pulse tables.
    """

    station: npt.NDArray[np.int32]
    time_s: npt.NDArray[np.float64]
    sigma_s: npt.NDArray[np.float64]
    level_db: npt.NDArray[np.float64]
    snr_db: npt.NDArray[np.float64]
    clipped: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of pulses."""
        return len(self.time_s)
