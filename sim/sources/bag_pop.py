"""Balloons and bags that pop: short N-like waves as long as sound needs to cross them. Levels are assumptions (A)."""

import numpy as np

from scenes.event import Event
from sim.sources.ballistic_shock import n_wave
from sim.sources.emission import Emission, Source, omnidirectional, pascal

_SOUND_MPS = 340.0


def _pop(level_db: tuple[float, float], size_m: tuple[float, float], rise_s: float) -> Source:
    def emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
        wave = n_wave(1.0, rng.uniform(*size_m) / _SOUND_MPS, rng.uniform(1.0, 2.0) * rise_s)
        wave *= pascal(rng.uniform(*level_db)) / np.abs(wave).max()
        return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional),)

    return Source(emit, level_db)


BALLOON = _pop((120.0, 140.0), (0.15, 0.4), 30e-6)
BAG = _pop((110.0, 130.0), (0.15, 0.35), 150e-6)
