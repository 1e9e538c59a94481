"""Echoes that look like incidents: a facade mirrors a shooter, and all stations hear the mirror image later."""

import numpy as np

from detector.ears import Ears, Noise
from detector.search import Hypothesis

LONGEST_S = 2.5
SAME_GAP_S = 0.02


def _straight_delays(place, ears: Ears, noise: Noise):
    away = np.linalg.norm(ears.xyz - place[:3], axis=1)
    return away / (noise.sound_speed_mps * (1.0 + place[3]))


def is_echo(copy: Hypothesis, original: Hypothesis, ears: Ears, noise: Noise) -> bool:
    """Whether every round of one hypothesis follows the same-gapped round of another at every station that heard it.

    A single round that follows another proves nothing (two shooters do that too); its weight is the clutter's.
    """
    if len(copy.times) < 2:
        return False
    lags = copy.times[:, None] - original.times[None, :]
    delays = _straight_delays(copy.place, ears, noise) - _straight_delays(original.place, ears, noise)
    for lag in lags.ravel():
        follows = np.min(np.abs(lags - lag), axis=1) < SAME_GAP_S
        later = lag + delays[(copy.direct >= 0).any(axis=0)]
        if follows.all() and np.all(later > 0.0) and np.all(later < LONGEST_S):
            return True
    return False
