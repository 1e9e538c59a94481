"""Backfires from an exhaust. No measurement was found; every number here is an assumption."""

import numpy as np
import numpy.typing as npt

from scenes.event import Event
from sim.sources.emission import EMISSION_RATE_HZ, Directivity, Emission, Source, aim, pascal, trait
from sim.sources.moving import travel
from sim.sources.struck import struck

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
_ENGINE_DB = (88.0, 100.0)
_SWELL_S = 0.1
# An eighth of a firing period of 10 ms over the Mach number of 20 m/s.
_HOP_S = 0.02


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    axis = aim(event, rng)
    rpm = trait(event, "rpm", rng.uniform(*_RPM), 300.0, 20_000.0)
    cylinders = trait(event, "cylinders", rng.choice(_CYLINDERS), 1.0, 16.0)
    pop = _pop(rng)
    # The strokes that follow sound through the same pipe: four-stroke, one firing each 120 / rpm s per cylinder.
    gap = round(120.0 / (rpm * cylinders) * EMISSION_RATE_HZ)
    wave = np.zeros(len(pop) + _AFTER_COUNT * gap)
    for stroke in range(_AFTER_COUNT + 1):
        wave[stroke * gap : stroke * gap + len(pop)] += pop * 10.0 ** (stroke * _AFTER_DB / 20.0)
    wave *= pascal(rng.uniform(*_LEVEL_DB)) / np.abs(wave).max()
    place, beam = np.array(event.position_m, dtype=np.float64), _aft(axis)
    engine_s = trait(event, "engine_s", 0.0, 0.0, 10.0)
    # The car goes where the pipe does not point.
    velocity = -trait(event, "speed_mps", 0.0, 0.0, 60.0) * axis * (1.0, 1.0, 0.0)
    engine = travel(_engine(gap, engine_s, rng), place, velocity, _HOP_S, beam) if engine_s > 0.0 else ()
    return (Emission(place, 0.0, wave, beam), *engine)


def _pop(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return struck(rng, rng.uniform(*_LENGTH_S), rng.uniform(*_RISE_S), _BAND_HZ, _RESONANCES)


def _engine(gap: int, engine_s: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the engine after the pop: strokes `gap` samples apart, a line spectrum of its firing frequency."""
    stroke = struck(rng, 0.02, 1e-3, _BAND_HZ, _RESONANCES)
    wave = np.zeros(round(engine_s * EMISSION_RATE_HZ) + len(stroke))
    for first in range(0, len(wave) - len(stroke), gap):
        wave[first : first + len(stroke)] += rng.uniform(0.8, 1.0) * stroke
    ramp = np.arange(len(wave)) / (_SWELL_S * EMISSION_RATE_HZ)
    wave *= np.minimum(np.minimum(ramp, ramp[::-1]), 1.0)
    return wave * pascal(rng.uniform(*_ENGINE_DB)) / np.abs(wave).max()


def _aft(axis: npt.NDArray[np.float64]) -> Directivity:
    """Return a gain of 6 dB more behind the pipe than before it."""

    def gain(departure: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return (1.0 + _AFT * (departure @ axis)) / (1.0 + _AFT)

    return gain


BACKFIRE = Source(_emit, _LEVEL_DB)
