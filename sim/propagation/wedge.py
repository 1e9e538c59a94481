"""Diffraction by a wedge: the uniform theory of diffraction (Kouyoumjian and Pathak 1974).

Time convention exp(+j omega t): a wave that travels r has the factor exp(-jkr), which is left out everywhere. Angles
are measured through the air, from one face (0) to the other (`opening`, 270 degrees at a building's corner).
"""

import math

from numba import njit

from sim.propagation.faddeeva import faddeeva

# Closer to a boundary than this, the cotangent and the transition function are replaced by their common limit.
_ON_BOUNDARY_RAD = 1e-7
_FACE_RAD = 1e-6


@njit(cache=True, nogil=True)
def transition(x: float) -> complex:
    """Return F(x) = 2j sqrt(x) exp(jx) int_sqrt(x)^inf exp(-j t^2) dt (Kouyoumjian and Pathak 1974, eq. 26)."""
    if x > 60.0:  # asymptotic series, eq. 27; the next term is below 1e-5
        return complex(1.0 - 0.75 / (x * x), 0.5 / x - 1.875 / (x * x * x))
    root = math.sqrt(x)
    turn = complex(math.sqrt(0.5), math.sqrt(0.5))
    return math.sqrt(math.pi * x) * turn * faddeeva(1j * turn * root)


@njit(cache=True, nogil=True)
def _term(sign: float, angle: float, n: float, kl: float) -> complex:
    """Return cot((pi + sign angle) / 2n) F(kL a(angle)), one of the four terms of eq. 25."""
    sheet = math.floor((angle + sign * math.pi) / (2.0 * math.pi * n) + 0.5)
    beyond = 2.0 * math.pi * n * sheet - angle
    distance = math.pi - sign * beyond if sign > 0 else math.pi + beyond
    # `distance` is the angle to the boundary of this term, positive where its wave is seen; eq. 33 is its limit. What
    # lies on the boundary counts as seen, as a line that grazes a corner counts as free.
    if abs(distance) < _ON_BOUNDARY_RAD:
        turn = complex(math.sqrt(0.5), math.sqrt(0.5))
        return n * math.sqrt(2.0 * math.pi * kl) * turn
    half = math.cos(0.5 * beyond)
    return transition(2.0 * kl * half * half) / math.tan((math.pi + sign * angle) / (2.0 * n))


@njit(cache=True, nogil=True)
def wedge_coefficient(
    wavenumber: float,
    distance: float,
    sine: float,
    opening: float,
    phi_in: float,
    phi_out: float,
    face_0: float,
    face_n: float,
) -> complex:
    """Return D, m^0.5, of a wedge of reflecting faces.

    Parameters
    ----------
    wavenumber : float
        k, rad/m.
    distance : float
        L = s s' sin^2(beta) / (s + s') for a point source, m (eq. 32).
    sine : float
        sin(beta), beta the angle between ray and edge.
    opening : float
        Angle of the air, n pi, rad.
    phi_in, phi_out : float
        Angles of source and receiver in the plane across the edge, rad.
    face_0, face_n : float
        Pressure reflection factor of the two faces, 1 when rigid: weights of the reflection boundaries, so that the
        field stays continuous where a reflection with that factor ends (Luebbers 1984).

    Notes
    -----
    At grazing incidence the incident and the reflected wave are one: D is halved (ibid., p. 1456).
    """
    n = opening / math.pi
    kl = wavenumber * distance
    apart, along = phi_out - phi_in, phi_out + phi_in
    total = _term(1.0, apart, n, kl) + _term(-1.0, apart, n, kl)
    total += face_n * _term(1.0, along, n, kl) + face_0 * _term(-1.0, along, n, kl)
    if phi_in < _FACE_RAD or phi_in > opening - _FACE_RAD:
        total *= 0.5
    turn = complex(math.sqrt(0.5), -math.sqrt(0.5))
    return -turn / (2.0 * n * math.sqrt(2.0 * math.pi * wavenumber) * sine) * total


@njit(cache=True, nogil=True)
def coarse_bound(
    wavenumber: float, distance: float, sine: float, opening: float, phi_in: float, phi_out: float
) -> float:
    """Return a bound of |D| at a fifth of its cost, whatever the faces.

    The transition functions are at most 1, and no term exceeds its value on the boundary, sqrt(L) / 2.
    """
    half = 0.5 * math.pi / opening  # 1 / 2n
    scale = half / (math.sqrt(2.0 * math.pi * wavenumber) * sine)
    most = 0.5 * math.sqrt(distance) / sine
    total = 0.0
    for angle in (phi_out - phi_in, phi_out + phi_in):
        for sign in (1.0, -1.0):
            total += min(scale / max(abs(math.tan((math.pi + sign * angle) * half)), 1e-12), most)
    return total
