"""Slams of house doors and of dumpster lids. Attack and band are those of slams; levels are assumptions (A)."""

import numpy as np

from scenes.event import Event
from sim.sources.emission import Emission, Source, omnidirectional, pascal
from sim.sources.struck import struck


def _slam(
    level_db: tuple[float, float],
    length_s: tuple[float, float],
    band_hz: tuple[float, float],
    resonances: int,
) -> Source:
    def emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
        wave = struck(rng, rng.uniform(*length_s), rng.uniform(5e-3, 15e-3), band_hz, resonances)
        wave *= pascal(rng.uniform(*level_db))
        return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional),)

    return Source(emit, level_db)


DOOR = _slam((95.0, 115.0), (0.06, 0.2), (50.0, 400.0), 8)
DUMPSTER = _slam((105.0, 125.0), (0.2, 0.6), (50.0, 900.0), 14)
