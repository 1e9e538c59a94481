"""Bottle rockets: a whistle on the way up, a report at the top. Levels are assumptions (A)."""

import numpy as np

from scenes.event import Event
from sim.sources.blast_wave import ageing, blast_wave
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, omnidirectional, pascal, trait
from sim.sources.moving import travel

_WHISTLE_DB = (105.0, 118.0)
_WHISTLE_HZ = (1500.0, 4000.0)
_WHISTLE_S = (0.5, 1.0)
_HISS_HZ = 10_000.0
_CLIMB_MPS = (20.0, 40.0)
_HOP_S = 0.25
_REPORT_DB = (130.0, 148.0)
_REPORT_S = (0.12e-3, 0.35e-3)


def _whistle(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    """Return a tone that falls by a fifth as it climbs, with hiss."""
    length_s = trait(event, "length_s", rng.uniform(*_WHISTLE_S), 0.05, 10.0)
    climb = np.array([0.0, 0.0, trait(event, "climb_mps", rng.uniform(*_CLIMB_MPS), 0.0, 100.0)])
    time = np.arange(round(length_s * EMISSION_RATE_HZ)) / EMISSION_RATE_HZ
    pitch = rng.uniform(*_WHISTLE_HZ) * (1.0 - 0.2 * time / length_s)
    phase = 2.0 * np.pi * np.cumsum(pitch) / EMISSION_RATE_HZ
    grid = np.linspace(0.0, length_s, int(length_s * _HISS_HZ) + 2)
    hiss = np.interp(time, grid, rng.standard_normal(len(grid)))
    wave = np.sin(phase) + 0.3 * np.sin(2.0 * phase) + 0.3 * hiss
    wave *= np.minimum(np.minimum(time / 0.05, time[::-1] / 0.05), 1.0)
    pieces = travel(wave, np.array(event.position_m, dtype=np.float64), climb, _HOP_S, omnidirectional)
    scale = pascal(rng.uniform(*_WHISTLE_DB)) / max(np.abs(piece.waveform).max() for piece in pieces)
    return tuple(Emission(p.position_m, p.delay_s, scale * p.waveform, p.directivity) for p in pieces)


def _report(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    peak_pa, length_s = pascal(rng.uniform(*_REPORT_DB)), rng.uniform(*_REPORT_S)
    place = np.array(event.position_m, dtype=np.float64)
    wave = blast_wave(peak_pa, length_s)
    return (Emission(place, 0.0, wave, omnidirectional, ageing(peak_pa, length_s)),)


ROCKET_WHISTLE = Source(_whistle, _WHISTLE_DB)
ROCKET_REPORT = Source(_report, _REPORT_DB)
