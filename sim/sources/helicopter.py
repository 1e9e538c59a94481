"""Helicopters that fly over: the slap of their blades, 10 to 25 a second. Levels and shape are assumptions (A).

85 to 95 dB peak under a flight 150 m up, referred to 1 m.
"""

import numpy as np

from scenes.event import Event
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, aim, omnidirectional, pascal, trait
from sim.sources.moving import travel
from sim.sources.struck import struck

_LEVEL_DB = (127.0, 139.0)
_SLAPS_HZ = (10.0, 25.0)
_SPEED_MPS = (20.0, 60.0)
_LENGTH_S = (1.5, 3.0)
_HOP_S = 0.4
_SWELL_S = 0.3


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    speed = trait(event, "speed_mps", rng.uniform(*_SPEED_MPS), 0.0, 100.0)
    velocity = speed * aim(event, rng) * (1.0, 1.0, 0.0)
    length_s = trait(event, "length_s", rng.uniform(*_LENGTH_S), 0.2, 10.0)
    slap = struck(rng, rng.uniform(0.02, 0.04), 4e-3, (40.0, 500.0), 10)
    gap = round(EMISSION_RATE_HZ / rng.uniform(*_SLAPS_HZ))
    wave = np.zeros(round(length_s * EMISSION_RATE_HZ) + len(slap))
    for first in range(0, len(wave) - len(slap), gap):
        wave[first : first + len(slap)] += rng.uniform(0.8, 1.0) * slap
    ramp = np.arange(len(wave)) / (_SWELL_S * EMISSION_RATE_HZ)
    wave *= np.minimum(np.minimum(ramp, ramp[::-1]), 1.0)
    level = pascal(rng.uniform(*_LEVEL_DB))
    pieces = travel(wave, np.array(event.position_m, dtype=np.float64), velocity, _HOP_S, omnidirectional)
    scale = level / max(np.abs(piece.waveform).max() for piece in pieces)
    return tuple(Emission(p.position_m, p.delay_s, scale * p.waveform, p.directivity) for p in pieces)


HELICOPTER = Source(_emit, _LEVEL_DB)
