"""One station's stream: finds pulses frame by frame, the same whatever the size of the blocks that audio comes in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.envelope import (
    SILENCE_S,
    BandPass,
    design_band_pass,
    filter_samples,
    mark_silence,
    measure_hops,
)
from detector.features import FEATURES, measure_features
from detector.first_arrival import find_first_arrival, measure_rise
from detector.onset_search import OnsetOptions, find_candidates

REFERENCE_PA = 20e-6
WINDOW_S = (0.08, 0.16)  # audio looked at before and after a candidate


@dataclass(frozen=True, eq=False)
class StreamPulses:
    """Pulses of one stretch: onset samples after its start, s.d. s, level dB re full scale, SNR dB, features."""

    onset: npt.NDArray[np.int64]
    sigma_s: npt.NDArray[np.float64]
    level_dbfs: npt.NDArray[np.float64]
    snr_db: npt.NDArray[np.float64]
    clipped: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float64]


def stream_pulses(
    blocks: Iterable[npt.NDArray[np.float32]], rate_hz: float, options: OnsetOptions
) -> Iterator[StreamPulses]:
    """Find the pulses of a gapless stretch of audio.

    Parameters
    ----------
    blocks : iterable of ndarray of float32, shape (any,)
        Consecutive samples as shares of full scale.
    rate_hz : float
    options : OnsetOptions

    Yields
    ------
    StreamPulses
        Of one frame; a frame is decided on when the next one is there (or the stretch has ended), with the one before
        as history.
    """
    band = design_band_pass(rate_hz)
    size = band.hop * round(options.frame_s / band.hop_s)
    memory = np.zeros(6)
    window: list[_Frame] = []
    last_onset = -1
    for index, samples in enumerate(_cut_frames(blocks, size)):
        energy, constant = measure_hops(samples, band.sections, memory, band.hop)
        window.append(_Frame(index * size, samples, energy, constant))
        if len(window) > 1:
            found = _find_in_frame(window, len(window) - 2, band, options, last_onset)
            last_onset = int(found.onset[-1]) if len(found.onset) else last_onset
            yield found
            window = window[-2:]
    if window:
        yield _find_in_frame(window, len(window) - 1, band, options, last_onset)


@dataclass(frozen=True, eq=False)
class _Frame:
    first: int
    samples: npt.NDArray[np.float32]
    energy: npt.NDArray[np.float32]
    constant: npt.NDArray[np.bool_]


def _cut_frames(blocks: Iterable[npt.NDArray[np.float32]], size: int) -> Iterator[npt.NDArray[np.float32]]:
    kept: list[npt.NDArray[np.float32]] = []
    count = 0
    for block in blocks:
        kept.append(block)
        count += len(block)
        if count >= size:
            joined = np.concatenate(kept)
            whole = count // size * size
            for start in range(0, whole, size):
                yield joined[start : start + size]
            kept, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(kept)


def _find_in_frame(
    window: list[_Frame], index: int, band: BandPass, options: OnsetOptions, last_onset: int
) -> StreamPulses:
    """Find the pulses of frame `index` of the window."""
    energy = np.concatenate([f.energy for f in window]).astype(np.float64)
    shortest = max(2, round(SILENCE_S / band.hop_s))
    silent = mark_silence(np.concatenate([f.constant for f in window]), shortest)
    hops_before = sum(len(f.energy) for f in window[:index])
    centres, snr_db = find_candidates(energy, silent, band, options)
    mine = (centres >= hops_before) & (centres < hops_before + len(window[index].energy))
    # Most frames are quiet, and joining their audio would cost more than all else here.
    audio = np.concatenate([f.samples for f in window] if mine.any() else [window[index].samples])
    first = window[0].first
    return _refine(audio, centres[mine] * band.hop, snr_db[mine], band, options, first, last_onset - first)


def _refine(
    audio: npt.NDArray[np.float32],
    centres: npt.NDArray[np.int64],
    snr_db: npt.NDArray[np.float64],
    band: BandPass,
    options: OnsetOptions,
    first: int,
    last_onset: int,
) -> StreamPulses:
    """Turn candidates into pulses; candidates that lead to one onset are one pulse."""
    rate = band.rate_hz
    before, after = (round(s * rate) for s in WINDOW_S)
    rows: list[tuple[int, float, float, float, bool]] = []
    features: list[npt.NDArray[np.float64]] = []
    for centre, snr in zip(centres, snr_db, strict=True):
        start = max(0, centre - before)
        raw = audio[start : centre + after]
        filtered = filter_samples(raw, band)
        earliest = last_onset - start + round(options.short_reach_s * rate) if last_onset >= 0 else 0
        onset, peak, noise = find_first_arrival(filtered, centre - start, earliest, rate)
        if rows and onset + start - last_onset < options.short_reach_s * rate:
            continue
        rise = measure_rise(filtered, onset, peak, rate)
        sigma = _estimate_sigma(rise, abs(filtered[peak]) / noise, options)
        loudest = float(np.abs(raw[onset : peak + 1]).max())
        clipped = bool(np.abs(raw[onset : onset + round(0.05 * rate)]).max() >= options.clip_share)
        rows.append((onset + start + first, sigma, 20.0 * np.log10(max(loudest, 1e-9)), float(snr), clipped))
        features.append(measure_features(filtered, onset, rise, rate))
        last_onset = onset + start
    table = np.array([r[:4] for r in rows], dtype=np.float64).reshape(-1, 4)
    return StreamPulses(
        table[:, 0].astype(np.int64),
        table[:, 1],
        table[:, 2],
        table[:, 3],
        np.array([r[4] for r in rows], dtype=np.bool_),
        np.array(features, dtype=np.float64).reshape(len(rows), len(FEATURES)),
    )


def _estimate_sigma(rise_s: float, ratio: float, options: OnsetOptions) -> float:
    """Return the standard deviation of an onset, s (`OnsetOptions.sigma_floor_s`)."""
    ratio = max(ratio, 4.0)  # no onset is picked on less
    front = options.sigma_rise * rise_s / np.sqrt(ratio)
    weak = options.sigma_weak_s * (6.0 / ratio) ** 6
    return float(np.sqrt(options.sigma_floor_s**2 + front**2 + weak**2))
