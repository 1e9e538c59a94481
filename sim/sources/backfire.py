"""Backfires from an exhaust. No measurement was found; every number here is an assumption."""

import numpy as np
import numpy.typing as npt

from scenes.event import Event
from sim.sources.emission import EMISSION_RATE_HZ, Directivity, Emission, Source, aim, pascal, trait

_LEVEL_DB = (105.0, 125.0)
_RISE_S = (1e-3, 3e-3)
_LENGTH_S = (10e-3, 40e-3)
_BAND_HZ = (80.0, 800.0)
_RESONANCES = 5
_RPM = (900.0, 4500.0)
_CYLINDERS = (4.0, 6.0, 8.0)
_AFTER_DB = -14.0
_AFTER_COUNT = 3
_AFT = 0.35


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    axis = aim(event, rng)
    rpm = max(trait(event, "rpm", rng.uniform(*_RPM)), 300.0)
    cylinders = max(trait(event, "cylinders", rng.choice(_CYLINDERS)), 1.0)
    pop = _pop(rng)
    # The strokes that follow sound through the same pipe: four-stroke, one firing each 120 / rpm s per cylinder.
    gap = round(120.0 / (rpm * cylinders) * EMISSION_RATE_HZ)
    wave = np.zeros(len(pop) + _AFTER_COUNT * gap)
    for stroke in range(_AFTER_COUNT + 1):
        wave[stroke * gap : stroke * gap + len(pop)] += pop * 10.0 ** (stroke * _AFTER_DB / 20.0)
    wave *= pascal(rng.uniform(*_LEVEL_DB)) / np.abs(wave).max()
    return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, _aft(axis)),)


def _pop(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return resonances of the exhaust, struck together; slow rise, exponential decay, zero at both ends."""
    length_s = rng.uniform(*_LENGTH_S)
    rise_s = rng.uniform(*_RISE_S)
    time = np.arange(round(length_s * EMISSION_RATE_HZ)) / EMISSION_RATE_HZ
    low, high = np.log(_BAND_HZ)
    frequencies = np.exp(np.sort(rng.uniform(low, high, _RESONANCES)))
    weights = rng.uniform(0.5, 1.0, _RESONANCES) * (frequencies / _BAND_HZ[0]) ** -0.5
    tones = weights @ np.sin(2.0 * np.pi * np.outer(frequencies, time))
    envelope = np.sin(0.5 * np.pi * np.minimum(time / rise_s, 1.0)) ** 2 * np.exp(-4.0 * time / length_s)
    return tones * envelope * np.cos(0.5 * np.pi * time / time[-1]) ** 2


def _aft(axis: npt.NDArray[np.float64]) -> Directivity:
    """Return a gain of 6 dB more behind the pipe than before it."""

    def gain(departure: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return (1.0 + _AFT * (departure @ axis)) / (1.0 + _AFT)

    return gain


BACKFIRE = Source(_emit, _LEVEL_DB)
