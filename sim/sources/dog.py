"""Barks of dogs. Levels and shape are assumptions (A): 95 to 110 dB at 1 m, 0.1 to 0.25 s, voiced at 300 to 900 Hz."""

import numpy as np

from scenes.event import Event
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, omnidirectional, pascal

_LEVEL_DB = (95.0, 112.0)
_LENGTH_S = (0.1, 0.25)
_VOICE_HZ = (300.0, 900.0)
_HARMONICS = 8
_ROUGHNESS = 0.4


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    length_s, voice_hz = rng.uniform(*_LENGTH_S), rng.uniform(*_VOICE_HZ)
    time = np.arange(round(length_s * EMISSION_RATE_HZ)) / EMISSION_RATE_HZ
    glide = voice_hz * (1.0 + 0.2 * np.sin(np.pi * time / length_s))
    rough = np.interp(time, np.linspace(0.0, length_s, 40), rng.standard_normal(40))
    phase = 2.0 * np.pi * np.cumsum(glide) / EMISSION_RATE_HZ + _ROUGHNESS * rough
    wave = np.zeros(len(time))
    for number in range(1, _HARMONICS + 1):
        wave += rng.uniform(0.3, 1.0) / number * np.sin(number * phase + rng.uniform(0.0, 2.0 * np.pi))
    wave *= np.sin(0.5 * np.pi * np.minimum(time / 0.01, 1.0)) ** 2 * np.sin(np.pi * time / length_s) ** 0.5
    wave *= np.minimum((time[-1] - time) / 0.02, 1.0)
    wave *= pascal(rng.uniform(*_LEVEL_DB)) / np.abs(wave).max()
    return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional),)


DOG = Source(_emit, _LEVEL_DB)
