"""Thunder: a channel kilometres long, each part of which is heard at its own time from its own place.

Few (1969, J. Geophys. Res. 74, 6926) has a spark of some kilojoules a metre send a blast with its most sound at 30 to
200 Hz. Levels referred to 1 m are those of 100 to 120 dB heard a kilometre away (A).
"""

import numpy as np

from scenes.event import Event
from sim.sources.blast_wave import blast_wave
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, omnidirectional, pascal

_LEVEL_DB = (160.0, 180.0)
_PARTS = 4
_PART_S = 0.4
_PULSES = 6
_POSITIVE_S = (2e-3, 8e-3)
_SPREAD_M = (400.0, 400.0, 250.0)
_LEAST_HEIGHT_M = 150.0


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    peak_pa = pascal(rng.uniform(*_LEVEL_DB))
    parts = []
    for number in range(_PARTS):
        place = np.array(event.position_m) + (rng.uniform(-1.0, 1.0, 3) * _SPREAD_M if number else 0.0)
        place[2] = max(place[2], _LEAST_HEIGHT_M)
        wave = _rumble(rng)
        wave *= peak_pa * (rng.uniform(0.3, 0.9) if number else 1.0) / np.abs(wave).max()
        parts.append(Emission(place, float(number and rng.uniform(0.0, 0.6)), wave, omnidirectional))
    return tuple(parts)


def _rumble(rng: np.random.Generator) -> np.ndarray:
    grains = [blast_wave(rng.uniform(0.2, 1.0), rng.uniform(*_POSITIVE_S), 1e-3) for _ in range(_PULSES)]
    wave = np.zeros(round(_PART_S * EMISSION_RATE_HZ) + max(len(grain) for grain in grains))
    for grain in grains:
        first = int(rng.integers(0, len(wave) - len(grain) + 1))
        wave[first : first + len(grain)] += grain
    return wave


THUNDER = Source(_emit, _LEVEL_DB)
