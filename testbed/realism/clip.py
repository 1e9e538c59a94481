"""What a clip of the live-fire set shows: clipping, decay, spectrum."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from testbed.livefire import LiveTest
from testbed.livefire_masks import find_masks
from testbed.livefire_network import Survey, read_clip

Floats = npt.NDArray[np.float64]

# The loudest code of 8-bit mu-law is 0.980 of full scale.
CLIPPED = 0.98 * 2**15
# Levels are those of stretches of this length, s.
SMOOTH_S = 0.02
DECAY_DB = 20.0
LONGEST_S = 2.5
# The noise must lie this much below the peak, or nobody can tell when the sound has fallen by `DECAY_DB`.
ROOM_DB = 25.0
SPECTRUM_S = 0.1
BANDS = 48
LOWEST_HZ = 60.0
CENTRES_HZ = tuple(float(f) for f in np.geomspace(LOWEST_HZ, 5500.0, BANDS))

CLIPS = {
    "position": pl.String, "test": pl.String, "sensor": pl.String, "distance_m": pl.Float64,
    "clipped": pl.Boolean, "decay_s": pl.Float64, "centroid_hz": pl.Float64, "above_2khz": pl.Float64,
    "spectrum_db": pl.List(pl.Float64), "course_db": pl.List(pl.Float64),
}  # fmt: skip

MEASURED: tuple[str, ...] = ("decay_s", "centroid_hz", "above_2khz", "spectrum_db", "course_db")


def measure_clips(test: LiveTest, survey: Survey, fired: Floats, speed: float) -> pl.DataFrame:
    """Return a row for each clip of a test.

    Parameters
    ----------
    test : LiveTest
    survey : mapping
        Where its sensors stand.
    fired : ndarray, shape (rounds,)
        When rounds were fired, s.
    speed : float
        Of sound, m/s.
    """
    rows = []
    for clip in test.clips:
        distance = math.dist(survey[clip.sensor][0], test.survey_m)
        samples, rate = read_clip(clip)
        row = {
            "position": test.position,
            "test": test.name,
            "sensor": clip.sensor,
            "distance_m": distance,
            "clipped": bool((np.abs(samples.astype(np.int32)) >= CLIPPED).any()),
        }
        due = fired + distance / speed - clip.start_s
        rows.append(row | _measure(samples, rate, due))
    return pl.DataFrame(rows, schema=CLIPS)


def _measure(samples: npt.NDArray[np.int16], rate: int, due: Floats) -> dict[str, Any]:
    """Measure the last round of a clip: what follows it is its own."""
    nothing: dict[str, Any] = dict.fromkeys(MEASURED)
    if not len(due):
        return nothing
    first = round((due[-1] - 0.05) * rate)
    # Masks tell of the vendor's pulses, and hold no sound: a stretch ends where one begins.
    stop = min([len(samples), *(start for start, _ in find_masks(samples, rate) if start > first)])
    before = samples[max(0, round((due[0] - 0.5) * rate)) : round((due[0] - 0.1) * rate)]
    before = before[before != 0].astype(np.float64)
    sound = samples[max(first, 0) : stop].astype(np.float64)
    if first < 0 or len(before) < 0.1 * rate or len(sound) < 0.5 * rate:
        return nothing
    noise = float(np.mean(before**2))
    step = round(SMOOTH_S * rate)
    power = np.convolve(sound**2, np.full(step, 1.0 / step), "valid")[:: step // 2]
    peak = int(power[: round(0.4 * rate / (step // 2))].argmax())
    if power[peak] <= noise:
        return nothing
    onset = first + peak * (step // 2)
    course = 10.0 * np.log10(np.maximum(power[peak:], 1e-9) / power[peak])
    row = nothing | _spectrum(samples[onset : onset + round(SPECTRUM_S * rate)], before, rate)
    if 10.0 * np.log10(power[peak] / max(noise, 1.0)) < ROOM_DB:
        return row
    hops = round(LONGEST_S * rate / (step // 2))
    loud = np.flatnonzero(course[:hops] >= -DECAY_DB)
    return row | {
        "decay_s": float(loud[-1] * (step // 2) / rate),
        "course_db": [float(v) for v in course[: min(len(course), hops)]],
    }


def _spectrum(body: npt.NDArray[np.int16], before: Floats, rate: int) -> dict[str, Any]:
    """Return centroid, Hz, share of energy above 2 kHz, and levels at `CENTRES_HZ`, all with the noise taken off."""
    count = len(body)
    if count < 256 or len(before) < count:
        return {}
    window = np.hanning(count)
    pieces = [before[i : i + count] for i in range(0, len(before) - count + 1, count)]
    noise = np.mean([np.abs(np.fft.rfft(window * piece)) ** 2 for piece in pieces], axis=0)
    heard = np.abs(np.fft.rfft(window * body.astype(np.float64))) ** 2
    frequency = np.fft.rfftfreq(count, 1.0 / rate)
    power = np.maximum(heard - noise, 0.0) * (frequency >= LOWEST_HZ)
    total = float(power.sum())
    if total <= 0.0:
        return {}
    smooth = [power[np.abs(np.log2(np.maximum(frequency, 1.0) / f)) < 1.0 / 6.0].sum() for f in CENTRES_HZ]
    return {
        "centroid_hz": float(power @ frequency / total),
        "above_2khz": float(power[frequency >= 2000.0].sum() / total),
        "spectrum_db": [float(10.0 * np.log10(max(s, 1e-9 * total) / total)) for s in smooth],
    }
