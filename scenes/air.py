"""The air over a block."""

from dataclasses import dataclass

ZERO_CELSIUS_K = 273.15
REFERENCE_PRESSURE_PA = 101_325.0


@dataclass(frozen=True)
class Air:
    """Weather, the same everywhere.

    Attributes
    ----------
    temperature_c : float
        Temperature, degC (the one quantity not in SI units).
    humidity : float
        Relative humidity, percent, 0 to 100.
    pressure_pa : float
        Atmospheric pressure, Pa.
    wind_mps : tuple of float
        [east, north] velocity of the air, m/s: where it goes, not where it comes from.
    """

    temperature_c: float = 15.0
    humidity: float = 60.0
    pressure_pa: float = REFERENCE_PRESSURE_PA
    wind_mps: tuple[float, float] = (0.0, 0.0)

    @property
    def sound_speed_mps(self) -> float:
        """Speed of sound in still air, m/s: 331.3 sqrt(1 + T / 273.15 K) for dry air (Cramer 1993 to 0.1 %)."""
        return 331.3 * (1.0 + self.temperature_c / ZERO_CELSIUS_K) ** 0.5
