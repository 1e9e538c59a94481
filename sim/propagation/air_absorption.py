"""Absorption of sound by air, ISO 9613-1:1993."""

import numpy as np
import numpy.typing as npt

REFERENCE_PRESSURE_PA = 101_325.0
REFERENCE_TEMPERATURE_K = 293.15
TRIPLE_POINT_K = 273.16
ZERO_CELSIUS_K = 273.15


def attenuation_db_per_m(
    frequency: npt.ArrayLike,
    temperature_c: float,
    humidity: float,
    pressure_pa: float = REFERENCE_PRESSURE_PA,
) -> npt.NDArray[np.float64]:
    """Return the attenuation coefficient of pure tones, dB/m (ISO 9613-1:1993, equations 3 to 5, B.2, B.3).

    Parameters
    ----------
    frequency : array_like
        Hz, any shape.
    temperature_c : float
        Temperature, degC.
    humidity : float
        Relative humidity, percent.
    pressure_pa : float
        Atmospheric pressure, Pa.

    Returns
    -------
    ndarray
        Of the shape of `frequency`. The standard claims 10 % accuracy from -20 to 50 degC.
    """
    f2 = np.square(np.asarray(frequency, dtype=np.float64))
    kelvin = temperature_c + ZERO_CELSIUS_K
    warm = kelvin / REFERENCE_TEMPERATURE_K
    pressure = pressure_pa / REFERENCE_PRESSURE_PA
    saturation = 10.0 ** (-6.8346 * (TRIPLE_POINT_K / kelvin) ** 1.261 + 4.6151)
    vapour = humidity * saturation / pressure  # molar concentration, percent
    oxygen = pressure * (24.0 + 4.04e4 * vapour * (0.02 + vapour) / (0.391 + vapour))
    nitrogen = pressure / warm**0.5 * (9.0 + 280.0 * vapour * np.exp(-4.170 * (warm ** (-1.0 / 3.0) - 1.0)))
    classical = 1.84e-11 / pressure * warm**0.5
    relaxing = warm**-2.5 * (
        0.01275 * np.exp(-2239.1 / kelvin) * oxygen / (oxygen**2 + f2)
        + 0.1068 * np.exp(-3352.0 / kelvin) * nitrogen / (nitrogen**2 + f2)
    )
    return 8.686 * f2 * (classical + relaxing)
