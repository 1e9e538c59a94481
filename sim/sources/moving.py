"""Sound of something that moves, cut into pieces that each leave from where it is then."""

import numpy as np
import numpy.typing as npt

from sim.sources.emission import EMISSION_RATE_HZ, Directivity, Emission


def travel(
    waveform: npt.NDArray[np.float64],
    start_m: npt.NDArray[np.float64],
    velocity_mps: npt.NDArray[np.float64],
    hop_s: float,
    directivity: Directivity,
) -> tuple[Emission, ...]:
    """Cut a waveform into pieces that fade into each other, `hop_s` apart, the loudest piece first.

    Each piece takes the delay of its own place: what is repeated comes sooner and higher from what approaches. Tones
    keep their pitch within a piece, so a hop should be short against their period over the Mach number. What
    stands still is one piece.

    Parameters
    ----------
    waveform : ndarray, shape (n,)
        Pa at 1 m, at `EMISSION_RATE_HZ`; zero at both ends.
    start_m, velocity_mps : ndarray, shape (3,)
        Place at the waveform's start, m, and velocity, m/s.
    hop_s : float
        Time between pieces, s.
    directivity : callable
        As in `Emission`.
    """
    hop = max(round(hop_s * EMISSION_RATE_HZ), 1)
    if not np.any(velocity_mps) or len(waveform) <= hop:
        return (Emission(start_m, 0.0, waveform, directivity),)
    fade = 0.5 * (1.0 - np.cos(np.pi * np.arange(hop) / hop))
    window = np.concatenate([fade, 1.0 - fade])
    pieces = []
    for first in range(-hop, len(waveform), hop):
        begin, end = max(first, 0), min(first + 2 * hop, len(waveform))
        part = waveform[begin:end] * window[begin - first : end - first]
        if np.abs(part).max() > 0.0:
            middle_s = max(first + hop, 0) / EMISSION_RATE_HZ
            place = start_m + middle_s * velocity_mps
            pieces.append(Emission(place, begin / EMISSION_RATE_HZ, part, directivity))
    return tuple(sorted(pieces, key=lambda piece: -np.abs(piece.waveform).max()))
