"""An incident: one place, one or more rounds, and the pulses that say so."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.ears import Noise


@dataclass(frozen=True, eq=False)
class Rival:
    """Another place for the same sound: it takes some of the same pulses, or others in their stead.

    Attributes
    ----------
    position_m : tuple of float
        [east, north], m.
    log_odds : float
        Its log evidence beside the chosen one's, nats.
    round_times_s, pulse, round
        As an `Incident`'s.
    """

    position_m: tuple[float, float]
    log_odds: float
    round_times_s: npt.NDArray[np.float64]
    pulse: npt.NDArray[np.int64]
    round: npt.NDArray[np.int64]


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
    noise : Noise or None
        The noise of the network as estimated from the same stretch of time; None where nobody estimated it.
    rivals : tuple of Rival
        Other places for the same pulses, most likely first.
    """

    position_m: npt.NDArray[np.float64]
    round_times_s: npt.NDArray[np.float64]
    pulse: npt.NDArray[np.int64]
    round: npt.NDArray[np.int64]
    log_likelihood_ratio: float
    noise: Noise | None = None
    rivals: tuple[Rival, ...] = ()
