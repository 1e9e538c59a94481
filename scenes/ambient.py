"""The sound of the street when nothing happens."""

from dataclasses import dataclass

OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)


@dataclass(frozen=True)
class Ambient:
    """Stationary street noise.

    Attributes
    ----------
    octave_db_rms : tuple of 8 floats
        Octave-band levels at 63 Hz to 8 kHz, dB re 20 uPa rms.
    spread_db : float
        Standard deviation of the level from sensor to sensor, dB.
    """

    octave_db_rms: tuple[float, ...] = (49.0, 48.0, 43.0, 41.0, 34.0, 26.0, 21.0, 15.0)
    spread_db: float = 3.0
