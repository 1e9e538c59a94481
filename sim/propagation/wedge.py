"""Diffraction by a wedge: the uniform theory of diffraction (Kouyoumjian and Pathak 1974).

Time convention exp(+j omega t): a wave that travels r has the factor exp(-jkr), which is left out everywhere. Angles
are measured through the air, from one face (0) to the other (`opening`, 270 degrees at a building's corner).
"""

import math

import numpy as np
from numba import njit

from sim.propagation.faddeeva import faddeeva_above

# Closer to a boundary than this, the cotangent and the transition function are replaced by their common limit.
_ON_BOUNDARY_RAD = 1e-7
_FACE_RAD = 1e-6

# The transition function is read from a table in sqrt(x), by cubic interpolation to 1e-8; beyond it, from its series.
_TABLE_TO, _STEPS = 60.0, 64


def _tabulate() -> np.ndarray:
    """Return F and its derivative times the step, (real, imaginary) each, shape (n, 4), at sqrt(x) = k / _STEPS.

    F(u^2) = 2j u exp(j u^2) int_u^inf exp(-j t^2) dt = sqrt(j pi) u w(sqrt(-1j) u), w the Faddeeva function.
    """
    u = np.arange(int(math.sqrt(_TABLE_TO) * _STEPS) + 2) / _STEPS
    turn = np.exp(0.25j * np.pi)
    value = math.sqrt(math.pi) * turn * u * faddeeva_above.py_func(1j * turn * u)
    slope = np.empty_like(value)
    slope[0] = math.sqrt(math.pi) * turn
    slope[1:] = value[1:] / u[1:] + 2j * u[1:] * (value[1:] - 1.0)
    slope /= _STEPS
    return np.ascontiguousarray(np.stack([value.real, value.imag, slope.real, slope.imag], axis=1))


_TABLE = _tabulate()


@njit(cache=True, nogil=True, forceinline=True)
def transition(x: float) -> complex:
    """Return F(x) = 2j sqrt(x) exp(jx) int_sqrt(x)^inf exp(-j t^2) dt (Kouyoumjian and Pathak 1974, eq. 26)."""
    if x >= _TABLE_TO:  # asymptotic series, eq. 27; the next term is below 1e-5
        return complex(1.0 - 0.75 / (x * x), 0.5 / x - 1.875 / (x * x * x))
    u = math.sqrt(x) * _STEPS
    k = int(u)
    t = u - k
    a, b, c, d = (
        (1.0 + 2.0 * t) * (1.0 - t) ** 2,
        t * (1.0 - t) ** 2,
        t * t * (3.0 - 2.0 * t),
        t * t * (t - 1.0),
    )
    return complex(
        a * _TABLE[k, 0] + b * _TABLE[k, 2] + c * _TABLE[k + 1, 0] + d * _TABLE[k + 1, 2],
        a * _TABLE[k, 1] + b * _TABLE[k, 3] + c * _TABLE[k + 1, 1] + d * _TABLE[k + 1, 3],
    )


@njit(cache=True, nogil=True)
def _term(sign: float, angle: float, n: float) -> tuple[float, float]:
    """Return (cot((pi + sign angle) / 2n), a(angle)) of one of the four terms of eq. 25; a is -1 on its boundary."""
    sheet = math.floor((angle + sign * math.pi) / (2.0 * math.pi * n) + 0.5)
    beyond = 2.0 * math.pi * n * sheet - angle
    distance = math.pi - sign * beyond if sign > 0 else math.pi + beyond
    # `distance` is the angle to the boundary of this term, positive where its wave is seen. What lies on the boundary
    # counts as seen, as a line that grazes a corner counts as free.
    if abs(distance) < _ON_BOUNDARY_RAD:
        return 0.0, -1.0
    half = math.cos(0.5 * beyond)
    return 1.0 / math.tan((math.pi + sign * angle) / (2.0 * n)), 2.0 * half * half


@njit(cache=True, nogil=True, forceinline=True)
def _scaled(factor: float, number: complex) -> complex:
    """Return the product; as one of complex numbers it would be four times the work."""
    return complex(factor * number.real, factor * number.imag)


@njit(cache=True, nogil=True, forceinline=True)
def _weighed(term: tuple[float, float], n: float, kl: float) -> complex:
    """Return cot F(kL a) of a term; eq. 33 is its limit on the boundary."""
    if term[1] < 0.0:
        root = n * math.sqrt(math.pi * kl)
        return complex(root, root)
    return _scaled(term[0], transition(kl * term[1]))


@njit(cache=True, nogil=True)
def wedge_gains(medium, distance, sine, opening, phi_in, phi_out, factor_0, factor_n, gains):
    """Multiply the complex `gains` (bands,) by D, m^0.5, of a wedge of reflecting faces.

    Parameters
    ----------
    medium : ndarray of MEDIUM, shape (bands,)
        Its wavenumbers are used.
    distance : float
        L = s s' sin^2(beta) / (s + s') for a point source, m (eq. 32).
    sine : float
        sin(beta), beta the angle between ray and edge.
    opening : float
        Angle of the air, n pi, rad.
    phi_in, phi_out : float
        Angles of source and receiver in the plane across the edge, rad.
    factor_0, factor_n : ndarray, shape (bands,)
        Pressure reflection factors of the two faces, 1 when rigid: weights of the reflection boundaries, so that the
        field stays continuous where a reflection with that factor ends (Luebbers 1984).
    gains : ndarray of complex128, shape (bands,)

    Notes
    -----
    At grazing incidence the incident and the reflected wave are one, whatever the face reflects: D is that of a rigid
    wedge, halved (ibid., p. 1456). What leaves along a face is weighed by the mean of both waves, so that a way along
    a face from edge to edge is the same in both directions.
    """
    n = opening / math.pi
    apart, along = phi_out - phi_in, phi_out + phi_in
    first, second = _term(1.0, apart, n), _term(-1.0, apart, n)
    third, fourth = _term(1.0, along, n), _term(-1.0, along, n)
    grazing = phi_in < _FACE_RAD or phi_in > opening - _FACE_RAD
    leaves_along_face = phi_out < _FACE_RAD or phi_out > opening - _FACE_RAD
    scale = complex(-math.sqrt(0.5), math.sqrt(0.5)) * (0.25 if grazing else 0.5) / (n * sine)
    for band in range(len(gains)):
        wavenumber = medium[band].wavenumber
        kl = wavenumber * distance
        total = _weighed(first, n, kl) + _weighed(second, n, kl)
        at_n, at_0 = _weighed(third, n, kl), _weighed(fourth, n, kl)
        if grazing or leaves_along_face:
            total += at_n + at_0
            if not grazing:
                total = _scaled(0.5 + 0.25 * (factor_0[band] + factor_n[band]), total)
        else:
            total += _scaled(factor_n[band], at_n) + _scaled(factor_0[band], at_0)
        root = math.sqrt(2.0 * math.pi * wavenumber)
        gains[band] *= complex(scale.real / root, scale.imag / root) * total


@njit(cache=True, nogil=True, forceinline=True)
def edge_wave(x: float) -> complex:
    """Return exp(-j pi / 4) F(x) / (2 sqrt(pi x)), what a straight edge adds to a plane wave; one half at x = 0."""
    if x < 1e-12:
        return 0.5 + 0.0j
    wave, root = complex(math.sqrt(0.5), -math.sqrt(0.5)) * transition(x), 2.0 * math.sqrt(math.pi * x)
    return complex(wave.real / root, wave.imag / root)


@njit(cache=True, nogil=True, forceinline=True)
def screen_gain(kl: float, past: float, mirrored: float, lit: bool) -> complex:
    """Return D / sqrt(L) of a thin rigid screen, wedge index 2, where eq. 25 has two terms.

    Parameters
    ----------
    kl : float
        k L.
    past, mirrored : float
        2 cos^2 of half the sum and of half the difference of the angles of source and receiver from the screen, each
        on its own side.
    lit : bool
        Whether the line of sight passes above the edge.
    """
    wave = edge_wave(kl * past)
    return edge_wave(kl * mirrored) + (-wave if lit else wave)


@njit(cache=True, nogil=True)
def wedge_bounds(medium, distance, sine, opening, phi_in, phi_out, bounds):
    """Multiply `bounds` (bands,) by bounds of |D|, whatever the faces; arguments as of `wedge_gains`.

    The transition functions are at most 1, and no term exceeds its value on the boundary, sqrt(L) / 2.
    """
    half = 0.5 * math.pi / opening  # 1 / 2n
    most = 0.5 * math.sqrt(distance) / sine
    apart, along = phi_out - phi_in, phi_out + phi_in
    first, second = _cotangent(math.pi + apart, half), _cotangent(math.pi - apart, half)
    third, fourth = _cotangent(math.pi + along, half), _cotangent(math.pi - along, half)
    for band in range(len(bounds)):
        scale = half / (math.sqrt(2.0 * math.pi * medium[band].wavenumber) * sine)
        bounds[band] *= (
            min(scale * first, most)
            + min(scale * second, most)
            + min(scale * third, most)
            + min(scale * fourth, most)
        )


@njit(cache=True, nogil=True)
def _cotangent(angle: float, half: float) -> float:
    return 1.0 / max(abs(math.tan(angle * half)), 1e-12)
