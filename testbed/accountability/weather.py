"""What weather does to a night's listening: the air that carries the sound, and the noise at the microphones."""

from dataclasses import dataclass

import numpy as np

from scenes.air import Air
from scenes.ambient import Ambient

# Octave-band levels, 63 Hz to 8 kHz, dB re 20 uPa rms: gusts of 8 m/s at a microphone with leaves that rustle above,
# and steady rain, as in the presets `ambient=wind` and `ambient=rain` (A).
GUSTS_DB = (74.0, 66.0, 56.0, 47.0, 42.0, 39.0, 35.0, 30.0)
GUSTS_MPS, RISE = 8.0, 60.0
RAIN_DB = (52.0, 51.0, 49.0, 50.0, 51.0, 50.0, 48.0, 45.0)
# As in the preset `weather=windy`: eddies of a quarter of the wind, which grows with height as over a rough town.
EDDIES, GRADIENT_PER_M = 0.25, 0.0417
CALM_MPS = 0.1


@dataclass(frozen=True)
class Conditions:
    """Under what a network listens.

    Attributes
    ----------
    noise_db : float
        Street noise, without that of the weather, over the night's, dB.
    wind_mps : float
        Speed of the wind, m/s.
    rain : bool
    """

    noise_db: float
    wind_mps: float
    rain: bool


def make_ambient(conditions: Conditions) -> Ambient:
    """Return the street's noise with that of wind and rain added in energy.

    The noise of wind rises by 60 dB for each factor of ten in its speed (A above 200 Hz).
    """
    parts = [np.array(Ambient().octave_db_rms) + conditions.noise_db]
    if conditions.wind_mps > CALM_MPS:
        parts.append(np.array(GUSTS_DB) + RISE * np.log10(conditions.wind_mps / GUSTS_MPS))
    if conditions.rain:
        parts.append(np.array(RAIN_DB))
    total = 10.0 * np.log10(sum(10.0 ** (0.1 * part) for part in parts))
    return Ambient(tuple(float(level) for level in total))


def make_air(temperature_c: float, humidity: float, wind_mps: tuple[float, float]) -> Air:
    """Return air with that wind, its eddies and its growth with height."""
    speed = float(np.hypot(*wind_mps))
    return Air(
        temperature_c,
        humidity,
        wind_mps=wind_mps,
        turbulence_mps=CALM_MPS + EDDIES * speed,
        wind_gradient=(GRADIENT_PER_M * wind_mps[0], GRADIENT_PER_M * wind_mps[1]),
    )
