"""What the detector's band holds of a blast's energy."""

import numpy as np
import numpy.typing as npt

from detector.envelope import BAND_HZ
from scenes.ambient import OCTAVES_HZ

Floats = npt.NDArray[np.float64]

# Positive phase of the reference blast, s: a service pistol's.
POSITIVE_S = 0.4e-3


def band_weights(positive_s: float = POSITIVE_S) -> Floats:
    """Return the share of a blast's energy in each octave band that the detector's band passes, shape (8,).

    Friedlander's wave has the energy spectrum (w T)^2 / (1 + (w T)^2)^2 (T its positive phase); an octave's share
    goes with its width. The sum over all octaves is 1 before the detector's second-order band-pass.
    """
    octaves = np.array(OCTAVES_HZ)
    turn = (2.0 * np.pi * octaves * positive_s) ** 2
    energy = octaves * turn / (1.0 + turn) ** 2
    return energy / energy.sum() * band_pass(octaves)


def band_pass(frequency: Floats) -> Floats:
    """Return the power gain of the detector's band-pass (second-order Butterworth on both sides)."""
    low, high = BAND_HZ
    return 1.0 / (1.0 + (low / frequency) ** 4) / (1.0 + (frequency / high) ** 4)


def longer_blast_db(positive_s: float) -> float:
    """Return the energy in the detector's band of a blast over that of the reference blast of the same peak, dB.

    A Friedlander wave of peak p has the energy p^2 T / 4; of a long one more lies below the band.
    """
    share = band_weights(positive_s).sum() / band_weights().sum()
    return float(10.0 * np.log10(positive_s / POSITIVE_S * share))
