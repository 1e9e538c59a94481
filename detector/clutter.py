"""Pulses that are nobody's direct sound: a steady background at each station, and echoes that follow other pulses.

A self-exciting point process (Hawkes 1971): intensity = background + echoes * sum over earlier pulses of an
exponential density of their age. Both are estimated from the pulses by expectation-maximisation (Veen and
Schoenberg 2008), with gamma priors that keep a quiet minute from looking silent.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit


@dataclass(frozen=True)
class ClutterOptions:
    """Priors of the background and of the echoes.

    Attributes
    ----------
    background_hz, background_seconds : float
        Expected rate of false pulses of one station, 1/s, and for how many seconds of listening that prior counts.
    echoes, echoes_pulses : float
        Expected number of echoes after a pulse, and for how many pulses that prior counts.
    echo_mean_s, echo_longest_s : float
        Mean and greatest delay of an echo, s: streets ring for a second or two.
    steps : int
        Steps of expectation-maximisation.
    """

    background_hz: float = 0.3
    background_seconds: float = 4.0
    echoes: float = 0.3
    echoes_pulses: float = 20.0
    echo_mean_s: float = 0.4
    echo_longest_s: float = 2.5
    steps: int = 4


@njit(cache=True, nogil=True)
def _excitement(
    first: npt.NDArray[np.int64], time: npt.NDArray[np.float64], mean_s: float, longest_s: float
) -> npt.NDArray[np.float64]:
    """Sum over each pulse's predecessors of the density of their age, 1/s."""
    result = np.zeros(len(time))
    for i in range(len(first) - 1):
        for j in range(first[i] + 1, first[i + 1]):
            for k in range(j - 1, first[i] - 1, -1):
                age = time[j] - time[k]
                if age > longest_s:
                    break
                result[j] += np.exp(-age / mean_s) / mean_s
    return result


def estimate_clutter(
    first: npt.NDArray[np.int64],
    time: npt.NDArray[np.float64],
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
    direct : ndarray, shape (n,)
        Probability that a pulse is a direct sound, hence no clutter.
    duration_s : float
        How long the stations listened, s.

    Returns
    -------
    ndarray, shape (n,)
        Intensity, 1/s.
    """
    excited = _excitement(first, time, options.echo_mean_s, options.echo_longest_s)
    owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
    background = np.full(len(first) - 1, options.background_hz)
    echoes = options.echoes
    for _ in range(options.steps):
        intensity = background[owner] + echoes * excited
        own = (1.0 - direct) * background[owner] / intensity
        counts = np.bincount(owner, weights=own, minlength=len(first) - 1)
        prior = options.background_hz * options.background_seconds
        background = (counts + prior) / (duration_s + options.background_seconds)
        followers = float(np.sum(1.0 - direct - own))
        echoes = (followers + options.echoes * options.echoes_pulses) / (len(time) + options.echoes_pulses)
    return background[owner] + echoes * excited
