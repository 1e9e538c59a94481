"""UTD against the exact field of a point source by an infinite rigid wedge, by quadrature.

Biot and Tolstoy (1957) in the form of Medwin (1981) and Svensson, Fred and Vanderkooy (1999, JASA 106(5)), over the
hyperbolic angle eta that they integrate in time: p = -(nu / 2 pi) int beta(eta) exp(-jkR) / R d eta from 0 to infinity
with R^2 = r^2 + s^2 + z^2 + 2 r s cosh(eta). The contour is turned into the lower half plane, where the integrand
decays; the poles of beta lie on the imaginary axis and are not crossed.
"""

import math

import numpy as np
import pytest

from sim.propagation.bag import MEDIUM
from sim.propagation.wedge import wedge_gains

OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
RIGHT_ANGLE = 1.5 * math.pi
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def exact(k, opening, s, phi_in, r, phi_out, z=0.0):
    """Return the complex diffracted pressure for a source of exp(-jkd) / d; z is the offset along the edge."""
    nu = np.pi / opening
    bounds = np.concatenate([[0.0], np.logspace(-7, np.log10(30.0), 90)])
    half = 0.5 * np.diff(bounds)
    t = (bounds[:-1] + half)[:, None] + half[:, None] * NODES
    eta = t - 1j * np.arctan(t)
    slope = 1.0 - 1j / (1.0 + t * t)
    way = np.sqrt(r * r + s * s + z * z + 2.0 * r * s * np.cosh(eta))
    beta = 0.0
    for angle in (phi_in + phi_out, phi_in - phi_out, phi_out - phi_in, -phi_in - phi_out):
        turned = nu * (np.pi + angle)
        # cosh(nu eta) - cos(turned), without the cancellation of two numbers near 1
        beta = beta + np.sin(turned) / (2.0 * (np.sinh(0.5 * nu * eta) ** 2 + np.sin(0.5 * turned) ** 2))
    value = beta * np.exp(-1j * k * way) / way * slope
    return complex(-nu / (2.0 * np.pi) * np.sum(half[:, None] * WEIGHTS * value))


def wedge_coefficient(k, reach, sine, opening, phi_in, phi_out, *faces):
    """Return D of a wedge at one wavenumber."""
    medium, gains = np.zeros(1, MEDIUM), np.ones(1, complex)
    medium["wavenumber"] = k
    factor_0, factor_n = np.array(faces[:1]), np.array(faces[1:])
    wedge_gains(medium, reach, sine, opening, phi_in, phi_out, factor_0, factor_n, gains)
    return gains[0]


def uniform(k, s, phi_in, r, phi_out, z):
    """Return the same by UTD."""
    sine = (s + r) / math.hypot(s + r, z)
    far, near = s / sine, r / sine
    reach = far * near * sine * sine / (far + near)
    coefficient = wedge_coefficient(k, reach, sine, RIGHT_ANGLE, phi_in, phi_out, 1.0, 1.0)
    return coefficient / math.sqrt(far * near * (far + near)) * np.exp(-1j * k * (far + near))


def geometric(k, s, phi_in, r, phi_out, z):
    """Return the direct and the reflected sound where there are any."""
    field = 0.0
    for angle in (abs(phi_out - phi_in), phi_out + phi_in, 2.0 * RIGHT_ANGLE - phi_out - phi_in):
        if angle < math.pi:
            way = math.sqrt(s * s + r * r - 2.0 * s * r * math.cos(angle) + z * z)
            field += np.exp(-1j * k * way) / way
    return field


def test_quadrature_gives_the_published_insertion_losses():
    phi_in = math.radians(60.0)
    phi_out = phi_in + math.pi + math.radians(8.0)
    straight = 60.0 * math.sin(0.5 * (phi_out - phi_in))
    for number, loss in {0.01: 2.62, 0.1: 7.34, 1.0: 14.50, 10.0: 24.20, 100.0: 34.20}.items():
        k = 2.0 * math.pi * number / (2.0 * (60.0 - straight))
        field = abs(exact(k, RIGHT_ANGLE, 30.0, phi_in, 30.0, phi_out))
        assert -20.0 * math.log10(field * straight) == pytest.approx(loss, abs=0.006)


def test_200_random_building_corners_within_half_a_decibel():
    rng = np.random.default_rng(0)
    for _ in range(200):
        s, r = 10.0 ** rng.uniform(math.log10(3.0), math.log10(200.0), 2)
        phi_in, phi_out = rng.uniform(0.03, RIGHT_ANGLE - 0.03, 2)
        z = rng.uniform(-20.0, 20.0)
        for frequency in OCTAVES_HZ:
            k = 2.0 * math.pi * frequency / 340.0
            true = exact(k, RIGHT_ANGLE, s, phi_in, r, phi_out, z)
            ours = uniform(k, s, phi_in, r, phi_out, z)
            assert abs(20.0 * math.log10(abs(ours) / abs(true))) < 0.5
            rest = geometric(k, s, phi_in, r, phi_out, z)
            assert abs(20.0 * math.log10(abs(ours + rest) / abs(true + rest))) < 0.5
