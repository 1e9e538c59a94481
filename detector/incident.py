"""An incident: one place, one or more rounds, and the pulses that say so."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Incident:
    """What association found.

    Attributes
    ----------
    position_m : ndarray, shape (2,)
        First estimate of the place, m.
    round_times_s : ndarray, shape (k,)
        Emission times of the rounds, s, ascending.
    pulse : ndarray of int64, shape (m,)
        Indices of the pulses taken as direct arrivals.
    round : ndarray of int64, shape (m,)
        Which round each of them belongs to.
    log_likelihood_ratio : float
        Against "noise and echoes only", nats.
    """

    position_m: npt.NDArray[np.float64]
    round_times_s: npt.NDArray[np.float64]
    pulse: npt.NDArray[np.int64]
    round: npt.NDArray[np.int64]
    log_likelihood_ratio: float
