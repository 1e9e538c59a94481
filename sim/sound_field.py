"""What capsules of one station have in common of street noise: as much as a diffuse sound field has at two points.

Two points d apart in a diffuse field have the coherence sin(kd) / kd (Cook et al. 1955, J. Acoust. Soc. Am. 27, 1072):
a station's capsules hear the same rumble, and hiss of their own. Noise with such a coherence is a sum of independent
parts (Habets, Cohen and Gannot 2008, J. Acoust. Soc. Am. 124, 2911): one for each eigenvector of the coherence matrix,
as loud as its eigenvalue. On a regular ring the eigenvectors are the same at all frequencies. Levels are those of
octaves, and low-passes side by side cannot rise as steeply as some parts do: the coherence departs by up to 0.4 above
500 Hz, a capsule's level by up to 2.5 dB.
"""

import numpy as np
import numpy.typing as npt

from scenes.ambient import OCTAVES_HZ

Floats = npt.NDArray[np.float64]

# The octave whose eigenvectors serve for all, where capsules do not stand on a regular ring (A).
_MIDDLE = 3
_POINTS = 17
_LEAST = 1e-6


def field_parts(capsules_m: npt.ArrayLike, sound_mps: float) -> tuple[Floats, Floats]:
    """Return how a diffuse field at several capsules is made of independent noises.

    Parameters
    ----------
    capsules_m : array_like, shape (n, 3)
        m.
    sound_mps : float
        Speed of sound, m/s.

    Returns
    -------
    parts : ndarray, shape (n, n)
        The pressure at the capsules is `parts @ noises`.
    power_db : ndarray, shape (n, 8)
        Level of each noise over that of the field, octaves from 63 Hz to 8 kHz, dB.
    """
    places = np.asarray(capsules_m, dtype=np.float64)
    away_m = np.linalg.norm(places[:, None] - places[None, :], axis=-1)
    across = 2.0 ** np.linspace(-0.5, 0.5, _POINTS)
    waves = away_m[..., None, None] * np.outer(OCTAVES_HZ, across) / sound_mps
    coherence = np.moveaxis(np.sinc(2.0 * waves).mean(axis=-1), -1, 0)
    parts = np.linalg.eigh(coherence[_MIDDLE])[1] if len(places) > 1 else np.ones((1, 1))
    power = np.einsum("im,bij,jm->mb", parts, coherence, parts)
    return parts, 10.0 * np.log10(np.maximum(power, _LEAST))


def mix(noises: npt.NDArray[np.float32], parts: Floats) -> None:
    """Turn independent noises (n, samples) into the pressure at the capsules, in place; one noise stays as it is."""
    if len(noises) > 1:
        noises[:] = parts.astype(np.float32) @ noises
