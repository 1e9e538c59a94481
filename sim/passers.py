"""Vehicles that pass a sensor: noise that swells and fades as 1 / r.

Levels of single vehicles at 7.5 m, 60 to 75 dB(A) at town speeds, and their spectrum follow the CNOSSOS-EU road model
(Kephalopoulos et al. 2012) roughly; distances, speeds and spreads are assumptions (A). Each sensor has its own:
sensors are further apart than a car is loud.
"""

import numpy as np
import numpy.typing as npt

from scenes.ambient import Ambient
from scenes.sensor import Sensor
from sim.ambient import NoiseDesign, fill_noise, shape_noise
from sim.converter import cover_loss_db
from sim.sound_field import mix

Floats = npt.NDArray[np.float64]

# Octaves of a car at 7.5 m with 70 dB(A), 63 Hz to 8 kHz.
_OCTAVES_HZ = np.array([63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0])
_OCTAVES_DB = np.array([71.0, 68.0, 65.0, 65.0, 66.5, 63.0, 56.0, 48.0])
_LEVEL_DBA = 70.0
_REFERENCE_M = 7.5
_SPREAD_DB = 3.0
_SPEED_MPS = (7.0, 16.0)
_NEAREST_M = (8.0, 60.0)
# Heard within so many of its nearest distances: 20 dB down.
_SPAN = 10.0
_LONGEST_S = 15.0


def add_passers(
    pressure: npt.NDArray[np.float32],
    ambient: Ambient,
    sensor: Sensor,
    design: NoiseDesign,
    field: tuple[Floats, Floats],
    rng: np.random.Generator,
) -> None:
    """Add the vehicles that pass to a sensor's pressure, shape (capsules, n), Pa, in place.

    Parameters
    ----------
    pressure, ambient, sensor, rng
        The sensor's own stream draws how many pass, when, how near and how loud.
    design : NoiseDesign
        For its sampling rate and high-pass.
    field : tuple of ndarray
        What the capsules have in common (`sim.sound_field.field_parts`): facades send a car's noise from all around.
    """
    parts, power_db = field
    rate, samples = sensor.microphone.rate_hz, pressure.shape[1]
    loss_db = cover_loss_db(sensor.microphone, _OCTAVES_HZ)
    levels = _OCTAVES_DB - _LEVEL_DBA + ambient.passer_db - loss_db
    residues = [shape_noise(levels + share_db, design) for share_db in power_db]
    count = rng.poisson(ambient.passers_per_min * samples / rate / 60.0)
    for _ in range(count):
        centre = int(rng.uniform() * samples)
        speed = rng.uniform(*_SPEED_MPS)
        nearest_m = np.exp(rng.uniform(*np.log(_NEAREST_M)))
        gain = 10.0 ** (_SPREAD_DB * rng.standard_normal() / 20.0)
        keys = rng.integers(2**63, size=len(pressure))
        half = round(min(_SPAN * nearest_m / speed, 0.5 * _LONGEST_S) * rate)
        begin, end = max(centre - half, 0), min(centre + half, samples)
        way_m = (np.arange(begin, end) - centre) / rate * speed
        swell = gain * _REFERENCE_M / np.hypot(nearest_m, way_m)
        # The last of it fades out, so that it neither begins nor ends with a step.
        fade = np.minimum(1.0 - np.abs(np.arange(begin, end) - centre) / half, 0.2) / 0.2
        passing = np.empty((len(parts), end - begin), dtype=np.float32)
        for part, its, key in zip(passing, residues, keys, strict=True):
            fill_noise(part, design, its, int(key))
        mix(passing, parts)
        pressure[:, begin:end] += passing * (swell * fade).astype(np.float32)
