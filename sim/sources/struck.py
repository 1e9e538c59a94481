"""Things that ring when struck: doors, bins, piles."""

import numpy as np
import numpy.typing as npt

from sim.sources.emission import EMISSION_RATE_HZ

_FADE = 0.2


def struck(
    rng: np.random.Generator,
    length_s: float,
    rise_s: float,
    band_hz: tuple[float, float],
    resonances: int,
    tilt: float = -0.5,
) -> npt.NDArray[np.float64]:
    """Return resonances struck together; slow rise, exponential decay, zero at both ends.

    Parameters
    ----------
    rng : Generator
        Draws the resonances, log-uniform in the band, and their weights.
    length_s, rise_s : float
        Decay to -35 dB, and rise, s.
    band_hz : tuple of float
        Lowest and highest resonance, Hz.
    resonances : int
        Their number.
    tilt : float
        Amplitudes go with frequency to this power.

    Returns
    -------
    ndarray, shape (n,)
        Peak 1, at `EMISSION_RATE_HZ`.
    """
    time = np.arange(round(length_s * EMISSION_RATE_HZ)) / EMISSION_RATE_HZ
    low, high = np.log(band_hz)
    frequencies = np.exp(np.sort(rng.uniform(low, high, resonances)))
    weights = rng.uniform(0.5, 1.0, resonances) * (frequencies / band_hz[0]) ** tilt
    wave = np.zeros(len(time))
    for frequency, weight in zip(frequencies, weights, strict=True):
        wave += weight * np.sin(2.0 * np.pi * frequency * time)
    wave *= np.sin(0.5 * np.pi * np.minimum(time / rise_s, 1.0)) ** 2 * np.exp(-4.0 * time / length_s)
    wave *= np.minimum((time[-1] - time) / (_FADE * length_s), 1.0)
    return wave / np.abs(wave).max()
