"""From candidates to pulses: the first arrival, its standard deviation, level, bearing and features."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.bearing import Array, measure_bearing
from detector.envelope import BandPass, filter_samples
from detector.features import FEATURES, measure_features
from detector.first_arrival import find_first_arrival, measure_rise
from detector.n_wave import measure_shape, shock_nats
from detector.onset_search import OnsetOptions

WINDOW_S = (0.08, 0.16)  # audio looked at before and after a candidate


@dataclass(frozen=True, eq=False)
class StreamPulses:
    """Pulses of one stretch; onsets in samples after its start, levels in dB re full scale, the rest as in `Pulses`.

    `shock_nats` is that of `detector.n_wave`.
    """

    onset: npt.NDArray[np.int64]
    sigma_s: npt.NDArray[np.float64]
    level_dbfs: npt.NDArray[np.float64]
    snr_db: npt.NDArray[np.float64]
    clipped: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float64]
    azimuth_rad: npt.NDArray[np.float64]
    azimuth_sigma_rad: npt.NDArray[np.float64]
    shock_nats: npt.NDArray[np.float64]


def measure_pulses(
    audio: npt.NDArray[np.float32],
    centres: npt.NDArray[np.int64],
    snr_db: npt.NDArray[np.float64],
    band: BandPass,
    options: OnsetOptions,
    first: int,
    last_onset: int,
    array: Array | None,
) -> StreamPulses:
    """Turn candidates into pulses; candidates that lead to one onset are one pulse.

    Parameters
    ----------
    audio : ndarray of float32, shape (channels, n)
    centres : ndarray of int64, shape (k,)
        Samples at which the kernels have their maxima, ascending.
    snr_db : ndarray, shape (k,)
    band, options
    first : int
        Number of the audio's first sample in the stretch.
    last_onset : int
        Sample of the last pulse before, relative to the audio; negative where there is none.
    array : Array or None
        Where the channels' microphones are.
    """
    rate = band.rate_hz
    before, after = (round(s * rate) for s in WINDOW_S)
    rows: list[tuple[float, ...]] = []
    features: list[npt.NDArray[np.float64]] = []
    for centre, snr in zip(centres, snr_db, strict=True):
        start = max(0, centre - before)
        raw = audio[:, start : centre + after]
        earliest = last_onset - start + round(options.short_reach_s * rate) if last_onset >= 0 else 0
        heard = _listen(raw, centre - start, earliest, band, options, array)
        onset = heard.onset
        if rows and onset + start - last_onset < options.short_reach_s * rate:
            continue
        rise = measure_rise(heard.signal, onset, heard.peak, rate)
        sigma = _estimate_sigma(rise, abs(heard.signal[heard.peak]) / heard.noise, options)
        one = raw[heard.channel]
        loudest = float(np.abs(one[onset : heard.peak + 1]).max())
        clipped = bool(np.abs(one[onset : onset + round(0.05 * rate)]).max() >= options.clip_share)
        level = 20.0 * np.log10(max(loudest, 1e-9))
        shock = shock_nats(measure_shape(one, onset, rate))
        bearing = heard.azimuth_rad, heard.sigma_rad
        rows.append((onset + start + first, sigma, level, float(snr), clipped, *bearing, shock))
        features.append(measure_features(heard.signal, onset, rise, rate))
        last_onset = onset + start
    table = np.array(rows, dtype=np.float64).reshape(-1, 8)
    return StreamPulses(
        table[:, 0].astype(np.int64),
        table[:, 1],
        table[:, 2],
        table[:, 3],
        table[:, 4].astype(np.bool_),
        np.array(features, dtype=np.float64).reshape(len(rows), len(FEATURES)),
        table[:, 5],
        table[:, 6],
        table[:, 7],
    )


@dataclass(frozen=True, eq=False)
class _Heard:
    """A first arrival: the band-passed signal it was found in, onset, peak, noise, channel for levels, bearing."""

    signal: npt.NDArray[np.float64]
    onset: int
    peak: int
    noise: float
    channel: int
    azimuth_rad: float
    sigma_rad: float


def _listen(
    raw: npt.NDArray[np.float32],
    centre: int,
    earliest: int,
    band: BandPass,
    options: OnsetOptions,
    array: Array | None,
) -> _Heard:
    """Find the first arrival that leads to the peak near `centre`, in the beam towards it where there is an array."""
    rate = band.rate_hz
    filtered = [filter_samples(np.ascontiguousarray(channel), band) for channel in raw]
    found = [find_first_arrival(signal, centre, earliest, rate) for signal in filtered]
    if array is None:
        return _Heard(filtered[0], *found[0], 0, np.nan, np.nan)
    # The middle one by how clear it is: one microphone that is dead or crackles leads nobody.
    clear = [abs(s[peak]) / noise for s, (_, peak, noise) in zip(filtered, found, strict=True)]
    channel = int(np.argsort(clear, kind="stable")[len(clear) // 2])
    bearing = measure_bearing(
        np.array(filtered),
        found[channel][0],
        array,
        rate,
        options.bearing_floor_rad,
        options.bearing_factor,
    )
    onset, peak, noise = find_first_arrival(bearing.beam, centre, earliest, rate)
    return _Heard(bearing.beam, onset, peak, noise, channel, bearing.azimuth_rad, bearing.sigma_rad)


def _estimate_sigma(rise_s: float, ratio: float, options: OnsetOptions) -> float:
    """Return the standard deviation of an onset, s (`OnsetOptions.sigma_floor_s`)."""
    ratio = max(ratio, 4.0)  # no onset is picked on less
    front = options.sigma_rise * rise_s / np.sqrt(ratio)
    weak = options.sigma_weak_s * (6.0 / ratio) ** 6
    return float(np.sqrt(options.sigma_floor_s**2 + front**2 + weak**2))
