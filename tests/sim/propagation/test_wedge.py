"""Wedge diffraction against exact values (Svensson, Fred and Vanderkooy 1999, JASA 106(5)) and its own laws."""

import math

import numpy as np
import pytest
from scipy.special import wofz

from sim.propagation.bag import MEDIUM
from sim.propagation.wedge import transition, wedge_bounds, wedge_gains

# Insertion loss, dB, of a rigid wedge by Fresnel number: source and receiver 30 m from the edge, source at 60 degrees,
# receiver 8 degrees into the shadow.
HALF_PLANE = {0.01: 5.38, 0.1: 8.92, 1.0: 15.67, 10.0: 25.34, 100.0: 35.33}
CORNER = {0.01: 2.62, 0.1: 7.34, 1.0: 14.50, 10.0: 24.20, 100.0: 34.20}
RIGHT_ANGLE = 1.5 * math.pi


def wedge_coefficient(k, reach, sine, opening, phi_in, phi_out, *faces):
    """Return D of a wedge at one wavenumber."""
    medium, gains = np.zeros(1, MEDIUM), np.ones(1, complex)
    medium["wavenumber"] = k
    factor_0, factor_n = np.array(faces[:1]), np.array(faces[1:])
    wedge_gains(medium, reach, sine, opening, phi_in, phi_out, factor_0, factor_n, gains)
    return gains[0]


def diffracted(k, s, r, phi_in, phi_out, opening=RIGHT_ANGLE, faces=(1.0, 1.0)):
    """Return the complex pressure behind a wedge at normal incidence, travel along s + r left out."""
    coefficient = wedge_coefficient(k, s * r / (s + r), 1.0, opening, phi_in, phi_out, *faces)
    return coefficient / math.sqrt(s * r * (s + r))


@pytest.mark.parametrize(("opening", "table"), [(2.0 * math.pi, HALF_PLANE), (RIGHT_ANGLE, CORNER)])
def test_exact_insertion_loss_within_half_a_decibel(opening, table):
    phi_in = math.radians(60.0)
    phi_out = phi_in + math.pi + math.radians(8.0)
    straight = 60.0 * math.sin(0.5 * (phi_out - phi_in))
    for number, loss in table.items():
        k = 2.0 * math.pi * number / (2.0 * (60.0 - straight))
        field = diffracted(k, 30.0, 30.0, phi_in, phi_out, opening)
        assert -20.0 * math.log10(abs(field) * straight) == pytest.approx(loss, abs=0.5)


def total(k, s, r, phi_in, phi_out, faces=(1.0, 1.0)):
    """Return the field near a corner: direct, reflected where they exist, and diffracted."""
    around = s + r
    field = diffracted(k, s, r, phi_in, phi_out, RIGHT_ANGLE, faces)
    for angle, weight in (
        (phi_out - phi_in, 1.0),
        (phi_out + phi_in, faces[0]),
        (2.0 * RIGHT_ANGLE - phi_out - phi_in, faces[1]),
    ):
        if abs(angle) < math.pi:
            way = math.sqrt(s * s + r * r - 2.0 * s * r * math.cos(angle))
            field += weight / way * complex(math.cos(k * (around - way)), math.sin(k * (around - way)))
    return abs(field)


@pytest.mark.parametrize("faces", [(1.0, 1.0), (0.9, 0.6)])
@pytest.mark.parametrize("frequency", [63.0, 500.0, 8000.0])
@pytest.mark.parametrize("boundary", ["shadow", "reflection"])
def test_total_field_has_no_step_at_a_boundary(boundary, frequency, faces):
    phi_in = math.radians(50.0)
    edge = math.pi + phi_in if boundary == "shadow" else math.pi - phi_in
    k = 2.0 * math.pi * frequency / 340.0
    near = [total(k, 20.0, 35.0, phi_in, edge + step, faces) for step in (-3e-7, 3e-7)]
    assert 20.0 * math.log10(near[0] / near[1]) == pytest.approx(0.0, abs=0.01)


def test_half_the_direct_sound_is_left_on_the_shadow_boundary_at_high_frequency():
    phi_in = math.radians(60.0)
    field = diffracted(1e3, 20.0, 30.0, phi_in, phi_in + math.pi + 1e-6)
    assert abs(field) * 50.0 == pytest.approx(0.5, abs=0.01)


def test_reciprocity():
    for phi_in, phi_out in ((0.3, 4.0), (1.2, 2.0), (0.8, 4.6)):
        there = diffracted(5.0, 12.0, 40.0, phi_in, phi_out)
        assert diffracted(5.0, 40.0, 12.0, phi_out, phi_in) == pytest.approx(there, rel=1e-9)


def test_bounds_bound():
    medium = np.zeros(4, MEDIUM)
    medium["wavenumber"] = [0.3, 1.2, 8.0, 140.0]
    for step in range(1, 40):
        for reach in (0.5, 10.0, 200.0):
            phi_in, phi_out = 0.12 * step, RIGHT_ANGLE - 0.07 * step
            exact, bounds = np.ones(4, complex), np.ones(4)
            faces = np.ones(4), np.full(4, 0.7)
            wedge_gains(medium, reach, 0.9, RIGHT_ANGLE, phi_in, phi_out, *faces, exact)
            wedge_bounds(medium, reach, 0.9, RIGHT_ANGLE, phi_in, phi_out, bounds)
            assert np.all(np.abs(exact) <= bounds * (1.0 + 1e-9))
            assert np.all(bounds < 40.0 * np.abs(exact))


def test_the_tabulated_transition_function_is_that_of_the_faddeeva_function():
    x = np.linspace(0.0, 59.99, 3001)
    turn = np.exp(0.25j * np.pi)
    exact = np.sqrt(np.pi * x) * turn * wofz(1j * turn * np.sqrt(x))
    np.testing.assert_allclose([transition(value) for value in x], exact, atol=1e-8)
