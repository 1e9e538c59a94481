"""Masked audio: stretches of exact zeros that the vendor cut out, and the noise that is put there instead.

The vendor kept about a second around its own pulses, so the edge of a mask tells when a pulse came. What listens to
the clip must not learn that: the silence is filled with noise of the spectrum and level of the audio beside it.
"""

import numpy as np
import numpy.typing as npt
from scipy.signal import welch

# Quiet audio passes through zero for a few samples; 10 ms of exact zeros is a mask.
LEAST_MASK_S = 0.01
# Beside an edge, this much audio tells the level.
BESIDE_S = 0.25
SEGMENT = 1024
GAUSSIAN_MEDIAN = 0.6745  # median of |x| over the standard deviation

Samples = npt.NDArray[np.float64]


def find_masks(samples: npt.NDArray[np.int16], rate_hz: float) -> npt.NDArray[np.int64]:
    """Return the first sample of each mask and the first one after it, shape (n, 2)."""
    zero = np.concatenate([[0], (samples == 0).astype(np.int8), [0]])
    starts, stops = np.flatnonzero(np.diff(zero) == 1), np.flatnonzero(np.diff(zero) == -1)
    long = stops - starts >= LEAST_MASK_S * rate_hz
    return np.column_stack([starts[long], stops[long]]).astype(np.int64)


def fill_masks(
    samples: npt.NDArray[np.int16], rate_hz: float, rng: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Fill masks with Gaussian noise like the audio beside them.

    Parameters
    ----------
    samples : ndarray of int16, shape (n,)
    rate_hz : float
    rng : numpy Generator

    Returns
    -------
    ndarray of int16, shape (n,)
        The spectrum is the median over the clip's audible segments, which a shot does not move; the level runs
        from that beside one edge to that beside the other, in decibels. A clip that is all mask stays as it is.
    """
    masks = find_masks(samples, rate_hz)
    kept = np.ones(len(samples), dtype=bool)
    for start, stop in masks:
        kept[start:stop] = False
    if not kept.any() or not len(masks):
        return samples
    audio = samples.astype(np.float64)
    noise = _shape_noise(audio[kept], len(audio), rng)
    reach = int(BESIDE_S * rate_hz)
    filled = audio.copy()
    for start, stop in masks:
        before = _level(audio[max(0, start - reach) : start], kept[max(0, start - reach) : start])
        after = _level(audio[stop : stop + reach], kept[stop : stop + reach])
        before, after = (before or after), (after or before)
        if before and after:
            filled[start:stop] = noise[start:stop] * np.geomspace(before, after, stop - start)
    limit = np.iinfo(np.int16)
    return np.clip(np.rint(filled), limit.min, limit.max).astype(np.int16)


def _level(audio: Samples, kept: npt.NDArray[np.bool_]) -> float:
    """Robust rms of the kept samples, 0 where there are none: the noise under whatever bang stands beside the edge."""
    heard = audio[kept]
    return float(np.median(np.abs(heard)) / GAUSSIAN_MEDIAN) if len(heard) else 0.0


def _shape_noise(heard: Samples, count: int, rng: np.random.Generator) -> Samples:
    """Return `count` samples of unit-variance noise with the median spectrum of the audio heard."""
    segment = min(SEGMENT, len(heard))
    frequency, density = welch(heard, fs=1.0, nperseg=segment, noverlap=segment // 2, average="median")
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum *= np.sqrt(np.interp(np.fft.rfftfreq(count), frequency, density))
    spectrum[0] = 0.0
    noise = np.fft.irfft(spectrum, count)
    spread = noise.std()
    return noise / spread if spread > 0.0 else rng.standard_normal(count)
