"""Nail guns: the driver's stroke and the exhaust of air, within 0.1 s.

Their peak levels, 109 to 136 dB, are of NIOSH measurements of pneumatic nailers at the ear; taken for 1 m (A), with
the exhaust weaker by 3 to 10 dB (A).
"""

import numpy as np

from scenes.event import Event
from sim.sources.blast_wave import blast_wave
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, omnidirectional, pascal
from sim.sources.struck import struck

_LEVEL_DB = (109.0, 136.0)
_APART_S = (0.02, 0.1)


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    stroke = blast_wave(1.0, rng.uniform(0.15e-3, 0.4e-3))
    ring = 0.5 * struck(rng, rng.uniform(0.01, 0.03), 0.3e-3, (300.0, 3000.0), 8)
    exhaust = 10.0 ** (-rng.uniform(3.0, 10.0) / 20.0) * blast_wave(1.0, rng.uniform(0.4e-3, 1.0e-3), 0.2e-3)
    gap = round(rng.uniform(*_APART_S) * EMISSION_RATE_HZ)
    wave = np.zeros(max(len(stroke), len(ring), gap + len(exhaust)))
    wave[: len(stroke)] += stroke
    wave[: len(ring)] += ring
    wave[gap : gap + len(exhaust)] += exhaust
    wave *= pascal(rng.uniform(*_LEVEL_DB)) / np.abs(wave).max()
    return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional),)


NAIL_GUN = Source(_emit, _LEVEL_DB)
