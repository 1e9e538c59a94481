"""The sound of the street when nothing happens."""

from dataclasses import dataclass

OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)


@dataclass(frozen=True)
class Ambient:
    """Street noise: a steady part, and vehicles that pass.

    Attributes
    ----------
    octave_db_rms : tuple of 8 floats
        Octave-band levels at 63 Hz to 8 kHz, dB re 20 uPa rms.
    spread_db : float
        Standard deviation of the level from sensor to sensor, dB.
    shared : float
        Share of that variance, 0 to 1, that neighbours have in common ...
    patch_m : float
        ... over about this distance, m.
    height_db : float
        How much quieter it is at twice the height, from 4 m up, dB.
    passers_per_min : float
        Vehicles that pass a sensor in a minute (Poisson).
    passer_db : float
        Their level 7.5 m away, dB(A) re 20 uPa rms; each differs by 3 dB (standard deviation).
    """

    octave_db_rms: tuple[float, ...] = (49.0, 48.0, 43.0, 41.0, 34.0, 26.0, 21.0, 15.0)
    spread_db: float = 3.0
    shared: float = 0.0
    patch_m: float = 200.0
    height_db: float = 0.0
    passers_per_min: float = 0.0
    passer_db: float = 68.0
