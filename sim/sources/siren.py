"""Sirens of emergency vehicles: a wail of 600 to 1500 Hz with harmonics, forward, on the move.

SAE J1849 asks for 118 dB at 3 m ahead: 127 dB at 1 m. Shape and spread are assumptions (A). The pitch is that of the
siren: the Doppler shift of its tones is left out, that of its way is not (`sim.sources.moving`).
"""

import numpy as np
import numpy.typing as npt

from scenes.event import Event
from sim.sources.emission import EMISSION_RATE_HZ, Directivity, Emission, Source, aim, pascal, trait
from sim.sources.moving import travel

_LEVEL_DB = (122.0, 132.0)
_LENGTH_S = (1.5, 3.0)
_SPEED_MPS = (0.0, 20.0)
_PITCH_HZ = (600.0, 1500.0)
_WAIL_HZ = (0.2, 3.0)
_HARMONICS = (1.0, 0.5, 0.35, 0.2)
_HOP_S = 0.4
_SWELL_S = 0.3
_FORWARD = 0.5


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:
    axis = aim(event, rng)
    velocity = trait(event, "speed_mps", rng.uniform(*_SPEED_MPS), 0.0, 60.0) * axis * (1.0, 1.0, 0.0)
    length_s = trait(event, "length_s", rng.uniform(*_LENGTH_S), 0.2, 10.0)
    time = np.arange(round(length_s * EMISSION_RATE_HZ)) / EMISSION_RATE_HZ
    swing = 0.5 - 0.5 * np.cos(2.0 * np.pi * (rng.uniform(*_WAIL_HZ) * time + rng.uniform()))
    pitch = _PITCH_HZ[0] * (_PITCH_HZ[1] / _PITCH_HZ[0]) ** swing
    phase = 2.0 * np.pi * np.cumsum(pitch) / EMISSION_RATE_HZ
    wave = np.zeros(len(time))
    for number, weight in enumerate(_HARMONICS, start=1):
        wave += weight * np.sin(number * phase)
    wave *= np.minimum(np.minimum(time, time[::-1]) / _SWELL_S, 1.0)
    level = pascal(rng.uniform(*_LEVEL_DB))
    pieces = travel(wave, np.array(event.position_m, dtype=np.float64), velocity, _HOP_S, _forward(axis))
    scale = level / max(np.abs(piece.waveform).max() for piece in pieces)
    return tuple(Emission(p.position_m, p.delay_s, scale * p.waveform, p.directivity) for p in pieces)


def _forward(axis: npt.NDArray[np.float64]) -> Directivity:
    """Return a gain of 10 dB more ahead of the horn than behind it."""

    def gain(departure: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return (1.0 + _FORWARD * (departure @ axis)) / (1.0 + _FORWARD)

    return gain


SIREN = Source(_emit, _LEVEL_DB)
