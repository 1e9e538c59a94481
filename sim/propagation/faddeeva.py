"""The Faddeeva function w(z) = exp(-z^2) erfc(-iz), compiled."""

import numpy as np
from numba import njit

TERMS = 24


def _weideman(terms: int) -> tuple[float, np.ndarray]:
    """Return the scale and the polynomial of Weideman (1994), SIAM J. Numer. Anal. 31(5), Table 1."""
    scale = float(np.sqrt(terms / np.sqrt(2.0)))
    half = 2 * terms
    angle = np.arange(-half + 1, half) * np.pi / half
    t = scale * np.tan(0.5 * angle)
    samples = np.concatenate([[0.0], np.exp(-(t**2)) * (scale**2 + t**2)])
    coefficients = np.real(np.fft.fft(np.fft.fftshift(samples))) / (2 * half)
    return scale, np.ascontiguousarray(coefficients[1 : terms + 1][::-1])


SCALE, POLYNOMIAL = _weideman(TERMS)
_ROOT_PI = float(np.sqrt(np.pi))


@njit(cache=True, nogil=True)
def faddeeva_above(z):
    """Return w(z) for z in the upper half plane; relative error below 1e-8 (Weideman 1994)."""
    low = SCALE - 1j * z
    ratio = (SCALE + 1j * z) / low
    total = 0.0 + 0.0j
    for coefficient in POLYNOMIAL:
        total = total * ratio + coefficient
    return 2.0 * total / (low * low) + 1.0 / (_ROOT_PI * low)


@njit(cache=True, nogil=True)
def faddeeva(z: complex) -> complex:
    """Return w(z); relative error below 1e-8 in the upper half plane, mirrored into the lower."""
    if z.imag >= 0.0:
        return faddeeva_above(z)
    return 2.0 * np.exp(-z * z) - faddeeva_above(-z)


@njit(cache=True, nogil=True)
def write_faddeeva(z, w):
    """Write w(z) of several z (n,), complex, to `w` (n,): as `faddeeva`, all terms at once in vector instructions."""
    ratio, total = np.empty((2, len(z))), np.zeros((2, len(z)))
    for k in range(len(z)):
        upper = z[k] if z[k].imag >= 0.0 else -z[k]
        w[k] = SCALE - 1j * upper
        turn = (SCALE + 1j * upper) / w[k]
        ratio[0, k], ratio[1, k] = turn.real, turn.imag
    for coefficient in POLYNOMIAL:
        for k in range(len(z)):
            real = total[0, k] * ratio[0, k] - total[1, k] * ratio[1, k]
            total[1, k] = total[0, k] * ratio[1, k] + total[1, k] * ratio[0, k]
            total[0, k] = real + coefficient
    for k in range(len(z)):
        low = w[k]
        above = 2.0 * complex(total[0, k], total[1, k]) / (low * low) + 1.0 / (_ROOT_PI * low)
        w[k] = above if z[k].imag >= 0.0 else 2.0 * np.exp(-z[k] * z[k]) - above
