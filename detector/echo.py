"""Echoes that look like incidents: a facade mirrors a shooter, and all stations hear the mirror image later."""

import numpy as np
import numpy.typing as npt

from detector.ears import Ears, Noise
from detector.search import Hypothesis

FASTEST_S = 0.095  # a finger fires no faster: competition shooters' splits are 0.12 s and more
ALIKE = 0.25  # automatic fire is regular: its gaps differ by less than this share
LONGEST_S = 2.5
SAME_GAP_S = 0.02
NEAR_S, MOST = (
    0.3,
    0.6,
)  # so soon after its rounds an echo may have taken a round of the original's as well (A)


def _straight_delays(place, ears: Ears, noise: Noise):
    away = np.linalg.norm(ears.xyz - place[:3], axis=1)
    return away / (noise.sound_speed_mps * (1.0 + place[3]))


def is_echo(copy: Hypothesis, original: Hypothesis, ears: Ears, noise: Noise) -> bool:
    """Whether every round of one hypothesis follows the same-gapped round of another at every station that heard it.

    An echo that follows closely may have robbed the original of a round: then most of its rounds follow. A single
    round that follows another proves nothing (two shooters do that too); its weight is the clutter's.
    """
    if len(copy.times) < 2:
        return False
    lags = copy.times[:, None] - original.times[None, :]
    delays = _straight_delays(copy.place, ears, noise) - _straight_delays(original.place, ears, noise)
    for lag in lags.ravel():
        follows = np.min(np.abs(lags - lag), axis=1) < SAME_GAP_S
        later = lag + delays[(copy.direct >= 0).any(axis=0)]
        enough = follows.all() or (lag < NEAR_S and follows.sum() >= 2 and follows.mean() >= MOST)
        if enough and np.all(later > 0.0) and np.all(later < LONGEST_S):
            return True
    return False


def of_a_wall(times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Mark the rounds (k,), in order of time, that are echoes off a wall beside the shooter.

    Such a wall sends the sound to all stations alike, a few hundredths of a second late: a round at the same place. It
    follows the true one closer than a finger fires, and no third follows in the same rhythm, as automatic fire's does.
    """
    gaps = np.diff(times_s)
    close = gaps < FASTEST_S
    regular = np.zeros(len(gaps), bool)
    alike = close[:-1] & close[1:] & (np.abs(np.diff(gaps)) < ALIKE * gaps[:-1])
    regular[:-1] |= alike
    regular[1:] |= alike
    return np.concatenate([np.zeros(min(len(times_s), 1), bool), close & ~regular])
