"""Firecrackers on the ground, one event a cracker.

Flamme et al. (2009, Noise and Health 11, 223) measured consumer firecrackers; the spread over products is large.
"""

from collections.abc import Callable

import numpy as np

from scenes.event import Event
from sim.sources.blast_wave import ageing, blast_wave
from sim.sources.emission import Emission, Source, omnidirectional, pascal


def _emitter(
    level_db: tuple[float, float], positive_s: tuple[float, float]
) -> Callable[[Event, np.random.Generator], tuple[Emission, ...]]:
    def emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
        peak_pa, length_s = pascal(rng.uniform(*level_db)), rng.uniform(*positive_s)
        wave, age = blast_wave(peak_pa, length_s), ageing(peak_pa, length_s)
        return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional, age),)

    return emit


# 130 to 150 dB over crackers and 1 to 3 m; durations are assumptions that scale with the cube root of the charge.
FIRECRACKER = Source(_emitter((135.0, 150.0), (0.12e-3, 0.30e-3)), (135.0, 150.0))
M80 = Source(_emitter((150.0, 162.0), (0.35e-3, 0.70e-3)), (150.0, 162.0))
