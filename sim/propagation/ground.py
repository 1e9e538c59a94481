"""Reflection by the ground: a locally reacting impedance plane under a point source.

Time convention exp(+j omega t), as in `wedge`.
"""

import math

import numpy as np
from numba import njit

from sim.propagation.faddeeva import faddeeva, write_faddeeva


@njit(cache=True, nogil=True)
def miki_admittance(frequency: float, flow_resistivity: float) -> complex:
    """Return the admittance of a porous ground over that of air (Miki 1990, J. Acoust. Soc. Jpn. (E) 11(1), eq. 37).

    A refit of Delany and Bazley (1970) that stays passive at low frequencies; `flow_resistivity` in Pa s/m2.
    """
    ratio = (frequency * 1000.0 / flow_resistivity) ** -0.632
    return 1.0 / complex(1.0 + 5.50 * ratio, -8.43 * ratio)


@njit(cache=True, nogil=True)
def spherical_reflection(wavenumber: float, length: float, cosine: float, admittance: complex) -> complex:
    """Return Q, the reflection factor of a spherical wave (Chien and Soroka 1975, 1980: Weyl-Van der Pol).

    Parameters
    ----------
    wavenumber : float
        k, rad/m.
    length : float
        Length of the reflected path, image to receiver, m.
    cosine : float
        Cosine of the angle of incidence: (z_s + z_r) / length.
    admittance : complex
        Of the ground, over that of air, exp(+j omega t).
    """
    beta = admittance.conjugate()  # the formula is written for exp(-i omega t)
    numerical = _numerical_distance(wavenumber, length, cosine, beta)
    return _reflection(cosine, beta, numerical, faddeeva(numerical))


@njit(cache=True, nogil=True)
def _numerical_distance(wavenumber, length, cosine, beta):
    return complex(0.5, 0.5) * math.sqrt(wavenumber * length) * (cosine + beta)


@njit(cache=True, nogil=True)
def _reflection(cosine, beta, numerical, error):
    """Return Q from the numerical distance and its Faddeeva function."""
    if cosine <= 0.0 and abs(beta) < 1e-12:
        return 1.0 + 0.0j
    plane = (cosine - beta) / (cosine + beta)
    loss = 1.0 + 1j * math.sqrt(math.pi) * numerical * error
    return (plane + (1.0 - plane) * loss).conjugate()


@njit(cache=True, nogil=True)
def resistivity_at(surfaces, x, y):
    """Return the flow resistivity of the ground at a point, Pa s/m2; a later patch lies over an earlier one."""
    for p in range(len(surfaces.patches) - 1, 0, -1):
        patch = surfaces.patches[p]
        if not (patch.west <= x <= patch.east and patch.south <= y <= patch.north):
            continue
        inside = False
        last = patch.end - 1
        for k in range(patch.start, patch.end):
            ya, yb = surfaces.points[last, 1], surfaces.points[k, 1]
            if (ya > y) != (yb > y):
                xa, xb = surfaces.points[last, 0], surfaces.points[k, 0]
                if x < xa + (y - ya) / (yb - ya) * (xb - xa):
                    inside = not inside
            last = k
        if inside:
            return patch.resistivity
    return surfaces.patches[0].resistivity


@njit(cache=True, nogil=True)
def ground_gains(surfaces, medium, x, y, length, cosine, gains):
    """Multiply the complex `gains` (bands,) by Q of the ground at (x, y) for a path of that length and incidence."""
    flow_resistivity, bands = resistivity_at(surfaces, x, y), len(gains)
    beta, numerical, error = (
        np.empty(bands, np.complex128),
        np.empty(bands, np.complex128),
        np.empty(bands, np.complex128),
    )
    for band in range(bands):
        beta[band] = miki_admittance(medium[band].frequency, flow_resistivity).conjugate()
        numerical[band] = _numerical_distance(medium[band].wavenumber, length, cosine, beta[band])
    write_faddeeva(numerical, error)
    for band in range(bands):
        gains[band] *= _reflection(cosine, beta[band], numerical[band], error[band])


@njit(cache=True, nogil=True)
def admittances(surfaces, medium, x, y, result):
    """Write the admittance (bands,) of the ground at (x, y), over that of air, exp(+j omega t)."""
    flow_resistivity = resistivity_at(surfaces, x, y)
    for band in range(len(result)):
        result[band] = miki_admittance(medium[band].frequency, flow_resistivity)
