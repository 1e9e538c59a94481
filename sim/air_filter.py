"""Absorption in the air as a filter with the dispersion that belongs to it."""

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from sim.propagation.air_absorption import attenuation_db_per_m

NEPER_PER_DB = np.log(10.0) / 20.0
_TOP_HZ = 1.6e6
_GRID = 2**17


def air_log_response(air: Air, frequency_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """Logarithm of the pressure response of one metre of air.

    The magnitude is that of ISO 9613-1: f^2 times a constant (viscosity, heat conduction) plus one Lorentzian for
    each relaxation (oxygen, nitrogen). The phase is the dispersion that causality demands of the relaxations
    (Kramers-Kronig; a pure f^2 law has none, Waters et al. 2000, J. Acoust. Soc. Am. 108, 556), relative to low
    frequencies, which travel at the speed of sound of `Air`. So a pulse grows round with distance about its time
    of arrival, by 0.06 ms at 500 m, and is not late.

    Parameters
    ----------
    air : Air
    frequency_hz : ndarray, shape (k,)
        Frequencies, Hz, 0 to 200 kHz.

    Returns
    -------
    ndarray of complex, shape (k,)
        Per metre; a path of d metres has the response exp(d times this).
    """
    grid = np.linspace(0.0, _TOP_HZ, _GRID + 1)
    grid[0] = (
        0.5 * grid[1]
    )  # the attenuation over f^2 has a finite limit at 0 Hz, which the formula cannot give
    over_f2 = (
        NEPER_PER_DB * attenuation_db_per_m(grid, air.temperature_c, air.humidity, air.pressure_pa) / grid**2
    )
    classical = over_f2[-1]
    relaxing = causal_completion(over_f2 - classical)
    real = np.interp(frequency_hz, grid, relaxing.real)
    imaginary = np.interp(frequency_hz, grid, relaxing.imag)
    return -np.square(frequency_hz) * (classical + real + 1j * imaginary)


def causal_completion(real_part: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """Complete the real part of a transfer function by the imaginary part of the causal one.

    Given a log magnitude, this gives the complex logarithm of the minimum-phase response.

    Parameters
    ----------
    real_part : ndarray, shape (k + 1,)
        At k + 1 equally spaced frequencies from 0 to the Nyquist frequency.

    Returns
    -------
    ndarray of complex, shape (k + 1,)
        Folding negative times over makes it causal (Oppenheim and Schafer 2010, Discrete-Time Signal Processing,
        sec. 13.6).
    """
    response = np.fft.irfft(real_part)
    half = len(real_part) - 1
    response[1:half] *= 2.0
    response[half + 1 :] = 0.0
    return np.fft.rfft(response)
