"""Aerial shells: the thump of the lift charge, and the burst at height with or without crackle."""

import numpy as np
import numpy.typing as npt

from scenes.event import Event
from sim.sources.blast_wave import ageing, blast_wave
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, omnidirectional, pascal, trait

_CALIBRES_IN = (3.0, 4.0, 5.0, 6.0)
_THREE_INCH = 3.0
# Kukulski et al. (2018, Archives of Acoustics 43, 697) measured 141 dB(C) at 15 m of the loudest display fireworks:
# 165 dB at 1 m. Peak and duration grow with the calibre (the cube root of the charge); 155 dB for 3 inches and the
# spread from shell to shell are assumptions.
_BURST_DB = 155.0
_BURST_SPREAD_DB = 3.0
_BURST_POSITIVE_S = 1.0e-3
# The lift: assumptions.
_LIFT_DB = (122.0, 132.0)
_LIFT_HZ = (50.0, 150.0)
_LIFT_RISE_S = 3e-3
_LIFT_PERIODS = 6.0
# The crackle: assumptions.
_CRACKLE_SHARE = 0.3
_CRACKLE_S = (0.5, 2.0)
_CRACKLE_AFTER_S = (0.2, 0.6)
_CRACKLE_RATE_HZ = 90.0
_CRACKLE_BELOW_DB = 20.0
_CRACKLE_SPREAD_DB = 4.0
_CRACKLE_POSITIVE_S = 0.12e-3


def _calibre(event: Event, rng: np.random.Generator) -> float:
    calibre = trait(event, "calibre_in", rng.choice(_CALIBRES_IN))
    return min(max(calibre, 1.0), 16.0)


def _burst(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    size = _calibre(event, rng) / _THREE_INCH
    level = _BURST_DB + 20.0 * np.log10(size) + np.clip(rng.standard_normal(), -2.0, 2.0) * _BURST_SPREAD_DB
    position = np.array(event.position_m, dtype=np.float64)
    length_s = _BURST_POSITIVE_S * size
    wave = blast_wave(pascal(level), length_s)
    burst = Emission(position, 0.0, wave, omnidirectional, ageing(pascal(level), length_s))
    drawn = rng.uniform(*_CRACKLE_S) if rng.random() < _CRACKLE_SHARE else 0.0
    crackle_s = trait(event, "crackle_s", drawn)
    if crackle_s <= 0.0:
        return (burst,)
    crackle = _crackle(level - _CRACKLE_BELOW_DB, min(crackle_s, 10.0), rng)
    return burst, Emission(position, rng.uniform(*_CRACKLE_AFTER_S), crackle, omnidirectional)


def _crackle(level_db: float, duration_s: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return stars that crack one after another at random, Pa at `EMISSION_RATE_HZ`."""
    grain = blast_wave(1.0, _CRACKLE_POSITIVE_S)
    out = np.zeros(round(duration_s * EMISSION_RATE_HZ) + len(grain))
    count = max(rng.poisson(_CRACKLE_RATE_HZ * duration_s), 1)
    starts = rng.integers(0, len(out) - len(grain), count)
    for start, spread in zip(starts, rng.normal(0.0, _CRACKLE_SPREAD_DB, count), strict=True):
        out[start : start + len(grain)] += pascal(level_db + spread) * grain
    return out


def _lift(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    size = _calibre(event, rng) / _THREE_INCH
    level = rng.uniform(*_LIFT_DB)
    # A longer mortar is a lower pipe.
    frequency = np.clip(rng.uniform(0.8, 1.2) * 100.0 / size, *_LIFT_HZ)
    time = np.arange(int(_LIFT_PERIODS / frequency * EMISSION_RATE_HZ)) / EMISSION_RATE_HZ
    attack = np.sin(0.5 * np.pi * np.minimum(time / _LIFT_RISE_S, 1.0)) ** 2
    fade = np.cos(0.5 * np.pi * time / time[-1]) ** 2
    thump = attack * fade * np.exp(-time * frequency) * np.sin(2.0 * np.pi * frequency * time)
    wave = pascal(level) * thump / np.abs(thump).max()
    return (Emission(np.array(event.position_m, dtype=np.float64), 0.0, wave, omnidirectional),)


SHELL_BURST = Source(_burst, (138.0, 180.0))
SHELL_LIFT = Source(_lift, _LIFT_DB)
