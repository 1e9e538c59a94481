"""Pulse detection over a recording: every station's impulsive arrivals, in one table."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from detector.bearing import make_array
from detector.errors import BadInput
from detector.features import FEATURES
from detector.n_wave import name_shocks
from detector.onset_search import OnsetOptions
from detector.pulse import REFERENCE_PA, Pulses
from detector.pulse_measure import StreamPulses
from detector.pulse_stream import stream_pulses
from detector.recording import BLOCK_SAMPLES, Block, Recording, read_blocks

JOIN_S = (
    1e-3  # pieces whose times differ by less follow each other without a gap; times are often rounded to 1 ms
)


def find_pulses(
    recording: Recording,
    options: OnsetOptions | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    *,
    block_samples: int = BLOCK_SAMPLES,
) -> Pulses:
    """Find the pulses of all stations.

    Parameters
    ----------
    recording : Recording
    options : OnsetOptions, optional
    workers : int
        Threads; the result does not depend on it.
    progress : callable, optional
        Called with (stations done, stations) from the calling thread.
    block_samples : int
        Samples read at once; the result does not depend on it.

    Returns
    -------
    Pulses
        Sorted by time, then station.

    Raises
    ------
    BadInput
        The audio of some stations cannot be used; one line each.
    """
    options = options or OnsetOptions()
    stations = range(len(recording.site.stations))

    def listen(station: int) -> Pulses | BadInput:
        try:
            return _find_station_pulses(recording, station, options, block_samples)
        except BadInput as error:
            return error

    results: list[Pulses | BadInput] = []
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        for result in pool.map(listen, stations):
            results.append(result)
            if progress is not None:
                progress(len(results), len(stations))
    mistakes = [str(r) for r in results if isinstance(r, BadInput)]
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return join_pulses([r for r in results if isinstance(r, Pulses)])


def join_pulses(parts: list[Pulses]) -> Pulses:
    """Join tables of pulses into one, sorted by time, then station."""
    parts = parts or [_table(0, 1.0, [], [])]
    station = np.concatenate([p.station for p in parts])
    time_s = np.concatenate([p.time_s for p in parts])
    order = np.lexsort((station, time_s))
    return Pulses(
        **{name: np.concatenate([getattr(p, name) for p in parts])[order] for name in vars(parts[0])}
    )


def _find_station_pulses(
    recording: Recording, station: int, options: OnsetOptions, block_samples: int
) -> Pulses:
    record = recording.site.stations[station]
    array = None
    if len(record.microphones_m) > 1:
        array = make_array(record.microphones_m, recording.site.air.sound_speed_mps, record.rate_hz)
    found: list[StreamPulses] = []
    times: list[npt.NDArray[np.float64]] = []
    for stretch in _cut_stretches(
        read_blocks(recording, station, block_samples=block_samples), record.rate_hz
    ):
        anchors: list[tuple[int, float]] = []
        parts = list(stream_pulses(_note_anchors(stretch, anchors), record.rate_hz, options, array))
        found.extend(parts)
        times.extend(_time_of(part.onset, anchors, record.rate_hz) for part in parts)
    return _table(station, record.full_scale_pa, found, times)


def _cut_stretches(blocks: Iterator[Block], rate_hz: float) -> Iterator[Iterator[Block]]:
    """Group consecutive blocks into stretches without a gap."""
    waiting = next(blocks, None)

    def stretch() -> Iterator[Block]:
        nonlocal waiting
        while waiting is not None:
            block, waiting = waiting, None
            yield block
            end_s = block.start_s + block.samples.shape[1] / rate_hz
            waiting = next(blocks, None)
            if waiting is None or abs(waiting.start_s - end_s) > JOIN_S:
                return

    while waiting is not None:
        yield stretch()


def _note_anchors(
    stretch: Iterator[Block], anchors: list[tuple[int, float]]
) -> Iterator[npt.NDArray[np.float32]]:
    """Pass on the samples (channels, n); note which sample each block begins with, and when."""
    count = 0
    for block in stretch:
        anchors.append((count, block.start_s))
        count += block.samples.shape[1]
        yield block.samples


def _time_of(
    onset: npt.NDArray[np.int64], anchors: list[tuple[int, float]], rate_hz: float
) -> npt.NDArray[np.float64]:
    first = np.array([a[0] for a in anchors], dtype=np.int64)
    start_s = np.array([a[1] for a in anchors], dtype=np.float64)
    block = np.searchsorted(first, onset, side="right") - 1
    return start_s[block] + (onset - first[block]) / rate_hz


def _table(
    station: int, full_scale_pa: float, found: list[StreamPulses], times: list[npt.NDArray[np.float64]]
) -> Pulses:
    count = sum(len(t) for t in times)
    empty = np.zeros(0)
    time_s = np.concatenate([*times, empty])
    reference_db = 20.0 * np.log10(full_scale_pa / REFERENCE_PA)
    return Pulses(
        np.full(count, station, dtype=np.int32),
        time_s,
        np.concatenate([*(f.sigma_s for f in found), empty]),
        np.concatenate([*(f.level_dbfs for f in found), empty]) + reference_db,
        np.concatenate([*(f.snr_db for f in found), empty]),
        np.concatenate([*(f.clipped for f in found), empty.astype(np.bool_)]),
        np.concatenate([*(f.features for f in found), np.zeros((0, len(FEATURES)))]),
        np.concatenate([*(f.azimuth_rad for f in found), empty]),
        np.concatenate([*(f.azimuth_sigma_rad for f in found), empty]),
        name_shocks(time_s, np.concatenate([*(f.shock_nats for f in found), empty])),
    )
