"""Pulses as the vendor publishes them: the maxima of one step kernel over the envelope.

Calhoun et al. (2021) convolve the envelope with a zero-mean kernel that weighs the 50 ms before an instant by a half
and the 50 ms after it by a ramp that falls from one to zero; a pulse is a maximum of the output. Times are in steps
of 1 ms and the weakest pulse of the published lists stands 2 dB over the noise. There is no search for an earlier
first arrival and no second kernel for automatic fire: those are ours (`detector.onset`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.envelope import SILENCE_S, design_band_pass, mark_silence, measure_hops
from detector.errors import BadInput
from detector.onset import join_pulses
from detector.pulse import REFERENCE_PA, Pulses
from detector.recording import Recording, read_blocks
from detector.step_kernel import apply_step_kernel, estimate_floor, find_maxima

JOIN_S = 1e-3  # pieces whose times differ by less follow each other without a gap
CLIP_SHARE = 0.98  # the loudest code of 8-bit mu-law is 0.980 of full scale


@dataclass(frozen=True)
class StepOptions:
    """How pulses are found.

    Attributes
    ----------
    hop_s : float
        Steps of the envelope and of the times, s.
    span_s : float
        Half length of the kernel, s.
    snr_least_db : float
        Least output of the kernel over the floor of the envelope, dB.
    reach_s : float
        A maximum is the largest within this time on both sides, s.
    floor_quantile, floor_s : float
        The floor is this quantile of the 25 ms levels within this time on both sides of a frame of the same length, s.
    """

    hop_s: float = 1e-3
    span_s: float = 0.050
    snr_least_db: float = 2.0
    reach_s: float = 0.025
    floor_quantile: float = 0.25
    floor_s: float = 4.0


def find_step_pulses(
    recording: Recording,
    options: StepOptions,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Pulses:
    """Find the pulses of all stations.

    Parameters
    ----------
    recording : Recording
    options : StepOptions
    workers : int
        Threads; the result does not depend on it.
    progress : callable, optional
        Called with (stations done, stations) from the calling thread.

    Returns
    -------
    Pulses
        Sorted by time, then station; without features.

    Raises
    ------
    BadInput
        The audio of some stations cannot be used; one line each.
    """
    stations = range(len(recording.site.stations))

    def listen(station: int) -> Pulses | BadInput:
        try:
            return _find_of_station(recording, station, options)
        except BadInput as error:
            return error

    results: list[Pulses | BadInput] = []
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        for result in pool.map(listen, stations):
            results.append(result)
            if progress is not None:
                progress(len(results), len(stations))
    if mistakes := [str(r) for r in results if isinstance(r, BadInput)]:
        raise BadInput("\n".join(mistakes))
    found = [r for r in results if isinstance(r, Pulses)] or [_pulses(0, [], [], [], [])]
    return join_pulses(found)


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Hops of a stretch without gaps: begin s, mean square, constant or not, largest sample; one entry a hop."""

    time_s: npt.NDArray[np.float64]
    energy: npt.NDArray[np.float64]
    constant: npt.NDArray[np.bool_]
    peak: npt.NDArray[np.float64]


def _find_of_station(recording: Recording, station: int, options: StepOptions) -> Pulses:
    record = recording.site.stations[station]
    reference_db = 20.0 * np.log10(record.full_scale_pa / REFERENCE_PA)
    times, levels, snrs, clips = [], [], [], []
    for stretch in _measure(recording, station, options):
        at, snr_db = _find(stretch, options)
        span = max(1, round(options.span_s / options.hop_s))
        peak = np.array([stretch.peak[i : i + span].max() for i in at])
        times.append(stretch.time_s[at])
        levels.append(20.0 * np.log10(np.maximum(peak, 1e-9)) + reference_db)
        snrs.append(snr_db)
        clips.append(peak >= CLIP_SHARE)
    return _pulses(station, times, levels, snrs, clips, options.hop_s)


def _measure(recording: Recording, station: int, options: StepOptions) -> list[_Stretch]:
    """Measure the first channel in hops; what is left of a block goes on in the next."""
    rate = recording.site.stations[station].rate_hz
    band, hop = design_band_pass(rate), max(1, round(options.hop_s * rate))
    stretches: list[_Stretch] = []
    parts: list[_Stretch] = []
    memory, rest, expected = np.zeros(6), np.zeros(0, np.float32), -np.inf
    for block in read_blocks(recording, station):
        if abs(block.start_s - expected) > JOIN_S:
            stretches += [_joined(parts)] if parts else []
            parts, memory, rest = [], np.zeros(6), np.zeros(0, np.float32)
        samples = np.ascontiguousarray(np.concatenate([rest, block.samples[0]]))
        begin_s = block.start_s - len(rest) / rate
        count = len(samples) // hop
        energy, constant = measure_hops(samples, band.sections, memory, hop)
        peak = np.abs(samples[: count * hop]).reshape(count, hop).max(axis=1, initial=0.0)
        time_s = np.float64(begin_s) + np.arange(count, dtype=np.float64) * np.float64(hop / rate)
        parts.append(_Stretch(time_s, energy.astype(np.float64), constant, peak.astype(np.float64)))
        rest = samples[count * hop :]
        expected = block.start_s + block.samples.shape[1] / rate
    return stretches + ([_joined(parts)] if parts else [])


def _joined(parts: list[_Stretch]) -> _Stretch:
    columns = {
        name: np.concatenate([getattr(p, name) for p in parts]) for name in _Stretch.__dataclass_fields__
    }
    return _Stretch(**columns)


def _find(stretch: _Stretch, options: StepOptions) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the hops of the pulses and their SNR, dB."""
    envelope = np.sqrt(stretch.energy)
    silent = mark_silence(stretch.constant, max(2, round(SILENCE_S / options.hop_s)))
    output = apply_step_kernel(envelope, silent, max(2, round(options.span_s / options.hop_s)))
    floor = np.full(len(envelope), np.inf)
    frame, block = max(1, round(options.floor_s / options.hop_s)), max(1, round(0.025 / options.hop_s))
    for start in range(0, len(envelope), frame):
        around = slice(max(0, start - frame), start + 2 * frame)
        level = estimate_floor(envelope[around], silent[around], block, options.floor_quantile)
        floor[start : start + frame] = level if level > 0.0 else np.inf
    ratio = output / floor
    at = find_maxima(
        ratio, 10.0 ** (options.snr_least_db / 20.0), max(1, round(options.reach_s / options.hop_s))
    )
    return at, 20.0 * np.log10(ratio[at])


def _pulses(station: int, times, levels, snrs, clips, sigma_s: float = 1e-3) -> Pulses:
    empty = np.zeros(0)
    count = sum(len(t) for t in times)
    return Pulses(
        np.full(count, station, dtype=np.int32),
        np.concatenate([*times, empty]),
        np.full(count, sigma_s),
        np.concatenate([*levels, empty]),
        np.concatenate([*snrs, empty]),
        np.concatenate([*clips, empty.astype(np.bool_)]),
        np.zeros((count, 0)),
    )
