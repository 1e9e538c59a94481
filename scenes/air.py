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
    turbulence_mps : float
        Root mean square of what eddies add to the wind along a path, m/s (`sim.turbulence`); 0 is smooth air.
    temperature_gradient : float
        Rise of temperature with height, K/m: negative over sunlit ground, positive in an inversion.
    wind_gradient : tuple of float
        [east, north] rise of the wind with height, 1/s. Temperature and wind are those 10 m above the ground
        (`sim.refraction`).
    """

    temperature_c: float = 15.0
    humidity: float = 60.0
    pressure_pa: float = REFERENCE_PRESSURE_PA
    wind_mps: tuple[float, float] = (0.0, 0.0)
    turbulence_mps: float = 0.0
    temperature_gradient: float = 0.0
    wind_gradient: tuple[float, float] = (0.0, 0.0)

    @property
    def sound_speed_mps(self) -> float:
        """Speed of sound in still air, m/s: 331.3 sqrt(1 + T / 273.15 K) for dry air (Cramer 1993 to 0.1 %)."""
        return 331.3 * (1.0 + self.temperature_c / ZERO_CELSIUS_K) ** 0.5


# (A) "Mild" is a light air of about 1 m/s over a city (roughness length 1 m): friction velocity 0.4 * 1 / ln(10) m/s,
# and eddies of 2.4 times that (Panofsky and Dutton 1984, Atmospheric Turbulence, ch. 7). The air is neutral: it has no
# gradient that bends sound.
WEATHERS = {"mild": Air(turbulence_mps=0.4), "still": Air()}
