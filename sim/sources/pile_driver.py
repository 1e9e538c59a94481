"""Pile drivers and jackhammers: steel on steel, again and again. Levels and bands are assumptions (A)."""

import numpy as np

from scenes.event import Event
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, omnidirectional, pascal, trait
from sim.sources.struck import struck

_BLOW_DB = (122.0, 138.0)
_HAMMER_DB = (108.0, 122.0)
_HAMMER_S = (0.8, 2.0)
_HAMMER_HZ = (12.0, 25.0)
# A blow comes so much sooner or later than an even beat, as a share of the time between two.
_UNEVEN = 0.01


def _blow(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    thump = struck(rng, 0.25, 2e-3, (40.0, 200.0), 6)
    ring = struck(rng, rng.uniform(0.15, 0.4), 0.5e-3, (400.0, 3000.0), 12, -1.0)
    wave = np.zeros(max(len(thump), len(ring)))
    wave[: len(thump)] += thump
    wave[: len(ring)] += rng.uniform(0.3, 1.0) * ring
    wave *= pascal(rng.uniform(*_BLOW_DB)) / np.abs(wave).max()
    return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional),)


def _hammer(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    """Return a run of blows, each a little off the beat and of a strength of its own; one event: nobody counts them."""
    length_s = trait(event, "length_s", rng.uniform(*_HAMMER_S), 0.1, 10.0)
    gap_s = 1.0 / rng.uniform(*_HAMMER_HZ)
    blow = struck(rng, 0.03, 0.5e-3, (100.0, 4000.0), 16)
    wave = np.zeros(round(length_s * EMISSION_RATE_HZ) + len(blow))
    starts_s = np.arange(0.0, length_s, gap_s)
    for start_s in starts_s + _UNEVEN * gap_s * rng.standard_normal(len(starts_s)):
        first = min(max(round(start_s * EMISSION_RATE_HZ), 0), len(wave) - len(blow))
        wave[first : first + len(blow)] += rng.uniform(0.7, 1.0) * blow
    wave *= pascal(rng.uniform(*_HAMMER_DB)) / np.abs(wave).max()
    return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional),)


PILE_DRIVER = Source(_blow, _BLOW_DB)
JACKHAMMER = Source(_hammer, _HAMMER_DB)
