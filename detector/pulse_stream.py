"""One station's stream: finds pulses frame by frame, the same whatever the size of the blocks that audio comes in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.bearing import FAULTY, Array
from detector.envelope import SILENCE_S, BandPass, design_band_pass, mark_silence, measure_hops
from detector.onset_search import OnsetOptions, find_candidates
from detector.pulse_measure import StreamPulses, measure_pulses

FLOOR_QUANTILE = 0.25  # of a microphone's energy by which it is compared with the others


def stream_pulses(
    blocks: Iterable[npt.NDArray[np.float32]],
    rate_hz: float,
    options: OnsetOptions,
    array: Array | None = None,
) -> Iterator[StreamPulses]:
    """Find the pulses of a gapless stretch of audio.

    Parameters
    ----------
    blocks : iterable of ndarray of float32, shape (any,) or (channels, any)
        Consecutive samples as shares of full scale.
    rate_hz : float
    options : OnsetOptions
    array : Array, optional
        Where the channels' microphones are; without it the first channel is heard.

    Yields
    ------
    StreamPulses
        Of one frame; a frame is decided on when the next one is there (or the stretch has ended), with the one before
        as history.
    """
    band = design_band_pass(rate_hz)
    size = band.hop * round(options.frame_s / band.hop_s)
    memory: list[npt.NDArray[np.float64]] = []
    window: list[_Frame] = []
    last_onset = -1
    for index, samples in enumerate(_cut_frames(blocks, size, array)):
        memory = memory or [np.zeros(6) for _ in samples]
        energy, constant = _measure_channels(samples, band, memory)
        window.append(_Frame(index * size, samples, energy, constant))
        if len(window) > 1:
            found = _find_in_frame(window, len(window) - 2, band, options, last_onset, array)
            last_onset = int(found.onset[-1]) if len(found.onset) else last_onset
            yield found
            window = window[-2:]
    if window:
        yield _find_in_frame(window, len(window) - 1, band, options, last_onset, array)


@dataclass(frozen=True, eq=False)
class _Frame:
    """Number of its first sample; samples (channels, n); energy of hops (channels, h); constant hops (h,)."""

    first: int
    samples: npt.NDArray[np.float32]
    energy: npt.NDArray[np.float32]
    constant: npt.NDArray[np.bool_]


def _cut_frames(
    blocks: Iterable[npt.NDArray[np.float32]], size: int, array: Array | None
) -> Iterator[npt.NDArray[np.float32]]:
    """Cut blocks into frames (channels, size), the last one shorter; one channel where there is no array."""
    kept: list[npt.NDArray[np.float32]] = []
    count = 0
    for block in blocks:
        channels = np.atleast_2d(block)
        kept.append(channels if array is not None else channels[:1])
        count += channels.shape[1]
        if count >= size:
            joined = np.concatenate(kept, axis=1)
            whole = count // size * size
            for start in range(0, whole, size):
                yield joined[:, start : start + size]
            kept, count = [joined[:, whole:]], count - whole
    if count:
        yield np.concatenate(kept, axis=1)


def _measure_channels(
    samples: npt.NDArray[np.float32], band: BandPass, memory: list[npt.NDArray[np.float64]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return each hop's mean square (channels, hops), and whether it is constant on all channels (hops,)."""
    parts = [
        measure_hops(np.ascontiguousarray(channel), band.sections, state, band.hop)
        for channel, state in zip(samples, memory, strict=True)
    ]
    return np.array([p[0] for p in parts]), np.logical_and.reduce([p[1] for p in parts])


def _mean_of_working(energy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean energy of the channels (channels, hops) whose floor is like the middle one's."""
    if len(energy) == 1:
        return energy[0]
    floor = np.sqrt(np.quantile(energy, FLOOR_QUANTILE, axis=1)) if energy.size else np.zeros(len(energy))
    works = (floor <= FAULTY * np.median(floor)) & (FAULTY * floor >= np.median(floor))
    return energy[works].mean(axis=0)


def _find_in_frame(
    window: list[_Frame],
    index: int,
    band: BandPass,
    options: OnsetOptions,
    last_onset: int,
    array: Array | None,
) -> StreamPulses:
    """Find the pulses of frame `index` of the window."""
    energy = _mean_of_working(np.concatenate([f.energy for f in window], axis=1).astype(np.float64))
    shortest = max(2, round(SILENCE_S / band.hop_s))
    silent = mark_silence(np.concatenate([f.constant for f in window]), shortest)
    hops_before = sum(f.energy.shape[1] for f in window[:index])
    centres, snr_db = find_candidates(energy, silent, band, options)
    mine = (centres >= hops_before) & (centres < hops_before + window[index].energy.shape[1])
    # Most frames are quiet, and joining their audio would cost more than all else here.
    audio = np.concatenate([f.samples for f in window] if mine.any() else [window[index].samples], axis=1)
    first = window[0].first
    return measure_pulses(
        audio, centres[mine] * band.hop, snr_db[mine], band, options, first, last_onset - first, array
    )
