"""Pulses that are nobody's direct sound: a steady background at each station, and echoes that follow other pulses.

A self-exciting point process (Hawkes 1971): intensity = background + echoes * sum over earlier pulses of an
exponential density of their age. Both are estimated from the pulses by expectation-maximisation (Veen and
Schoenberg 2008), with gamma priors that keep a quiet minute from looking silent.
"""

from dataclasses import dataclass
from math import erfc, exp, pi, sqrt

import numpy as np
import numpy.typing as npt
from numba import njit


@dataclass(frozen=True)
class ClutterOptions:
    """Priors of the background and of the echoes.

    Rates are estimated from the pulses at hand; what is expected before is a choice: a background between that of
    simulated noise (one in 100 s) and of benchmark windows (0.5/s), and about as many echoes as direct sounds, a
    quarter of them louder (Calhoun et al. 2021: 37 % of pulses are direct). The live-fire set was in view when they
    were chosen; `field tune=leave-one-out` chooses both rates anew.

    Attributes
    ----------
    background_hz, background_seconds : float
        Expected rate of false pulses of one station, 1/s, and for how many seconds of listening that prior counts.
    echoes, echoes_pulses : float
        Expected number of echoes after a pulse, and for how many pulses that prior counts.
    echo_mean_s, echo_longest_s : float
        Mean and greatest delay of an echo, s: streets ring for a second or two.
    snr_least_db : float
        False pulses at this level over the floor are as frequent as any fainter, dB.
    background_level_db, background_levels : float
        Mean excess of false pulses over that, dB, which falls off exponentially, and for how many pulses that prior
        counts.
    echo_level_db, echo_level_sigma_db : float
        Mean level of an echo beside the pulse that it follows, and its scatter, dB: a quarter are louder.
    steps : int
        Steps of expectation-maximisation.
    """

    background_hz: float = 0.2
    background_seconds: float = 4.0
    echoes: float = 1.0
    echoes_pulses: float = 20.0
    echo_mean_s: float = 0.4
    echo_longest_s: float = 2.5
    snr_least_db: float = 6.0
    background_level_db: float = 6.0
    background_levels: float = 20.0
    echo_level_db: float = -6.0
    echo_level_sigma_db: float = 9.0
    steps: int = 4


@njit(cache=True, nogil=True)
def _excitement(
    first: npt.NDArray[np.int64],
    time: npt.NDArray[np.float64],
    level: npt.NDArray[np.float64],
    clipped: npt.NDArray[np.bool_],
    mean_s: float,
    longest_s: float,
    fainter_db: float,
    sigma_db: float,
) -> npt.NDArray[np.float64]:
    """Sum over each pulse's predecessors of the density of its age and level, 1/s (1/s/dB where levels are known)."""
    result = np.zeros(len(time))
    for i in range(len(first) - 1):
        for j in range(first[i] + 1, first[i + 1]):
            for k in range(j - 1, first[i] - 1, -1):
                age = time[j] - time[k]
                if age > longest_s:
                    break
                v = np.exp(-age / mean_s) / mean_s
                if level[j] == level[j]:
                    z = (level[j] - level[k] - fainter_db) / sigma_db if level[k] == level[k] else 0.0
                    v *= (
                        0.5 * erfc(z / sqrt(2.0))
                        if clipped[j]
                        else exp(-0.5 * z * z) / (sigma_db * sqrt(2.0 * pi))
                    )
                result[j] += v
    return result


def estimate_clutter(
    first: npt.NDArray[np.int64],
    time: npt.NDArray[np.float64],
    level: npt.NDArray[np.float64],
    snr: npt.NDArray[np.float64],
    clipped: npt.NDArray[np.bool_],
    direct: npt.NDArray[np.float64],
    duration_s: float,
    options: ClutterOptions,
) -> npt.NDArray[np.float64]:
    """Estimate the intensity of clutter at each pulse.

    Parameters
    ----------
    first : ndarray of int64, shape (N + 1,)
    time : ndarray, shape (n,)
        Pulses grouped by station (`first`), sorted, s.
    level, snr, clipped : ndarray, shape (n,)
        Level and level over the floor, dB, NaN where unknown; whether the true level is above.
    direct : ndarray, shape (n,)
        Probability that a pulse is a direct sound, hence no clutter.
    duration_s : float
        How long the stations listened, s.

    Returns
    -------
    ndarray, shape (n,)
        Intensity, 1/s; where the level is known, per dB at that level (at or above it, if clipped).
    """
    excited = _excitement(
        first,
        time,
        level,
        clipped,
        options.echo_mean_s,
        options.echo_longest_s,
        options.echo_level_db,
        options.echo_level_sigma_db,
    )
    owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
    background = np.full(len(first) - 1, options.background_hz)
    echoes = options.echoes
    excess = np.where(np.isfinite(level), np.maximum(snr - options.snr_least_db, 0.0), np.nan)
    mean_db = options.background_level_db
    own = np.zeros(len(time))
    for _ in range(options.steps):
        steady = background[owner] * _background_marks(excess, clipped, mean_db, options.snr_least_db)
        own = (1.0 - direct) * steady / (steady + echoes * excited)
        known = own[np.isfinite(excess)]
        weight = options.background_levels
        mean_db = (known @ excess[np.isfinite(excess)] + weight * options.background_level_db) / (
            known.sum() + weight
        )
        counts = np.bincount(owner, weights=own, minlength=len(first) - 1)
        prior = options.background_hz * options.background_seconds
        background = (counts + prior) / (duration_s + options.background_seconds)
        followers = float(np.sum(1.0 - direct - own))
        echoes = (followers + options.echoes * options.echoes_pulses) / (len(time) + options.echoes_pulses)
    # A pulse does not speak for its own clutter (Palm): the background around it comes from the others.
    around = background[owner] - own / (duration_s + options.background_seconds)
    return around * _background_marks(excess, clipped, mean_db, options.snr_least_db) + echoes * excited


def _background_marks(
    excess_db: npt.NDArray[np.float64], clipped: npt.NDArray[np.bool_], mean_db: float, least_db: float
) -> npt.NDArray[np.float64]:
    """Density (n,) of false pulses' levels, 1/dB; the probability to be louder where clipped; 1 where unknown.

    Even from the floor up to `least_db` over it, exponential above.
    """
    density = np.exp(-excess_db / mean_db) * np.where(clipped, mean_db, 1.0) / (least_db + mean_db)
    return np.where(np.isfinite(excess_db), density, 1.0)
