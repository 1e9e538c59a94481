"""The ground's reflection factor against limits that have closed forms."""

import math

import pytest
from scipy.special import wofz

from sim.propagation.faddeeva import faddeeva
from sim.propagation.ground import miki_admittance, spherical_reflection


def test_faddeeva_is_scipys():
    for z in (0.01 + 0.0j, 1.0 + 1.0j, -3.0 + 0.2j, 8.0 + 1e-3j, 0.7 - 1.1j):
        assert faddeeva(z) == pytest.approx(complex(wofz(z)), rel=1e-8)


def test_rigid_ground_reflects_all():
    assert spherical_reflection(18.0, 40.0, 0.2, 0.0j) == pytest.approx(1.0)


def test_far_from_grazing_it_is_the_plane_wave_factor():
    beta = miki_admittance(1000.0, 2e5)
    plane = (0.9 - beta) / (0.9 + beta)
    assert spherical_reflection(18.0, 1e5, 0.9, beta) == pytest.approx(plane, abs=1e-3)


def test_soft_ground_absorbs_more_than_asphalt():
    loud = [abs(1.0 + spherical_reflection(18.0, 50.0, 0.05, miki_admittance(1000.0, s))) for s in (2e5, 2e7)]
    assert loud[0] < loud[1]


def test_reflection_is_passive():
    for frequency in (63.0, 500.0, 8000.0):
        for sigma in (2e5, 2e7):
            factor = spherical_reflection(
                2.0 * math.pi * frequency / 340.0, 300.0, 0.5, miki_admittance(frequency, sigma)
            )
            assert abs(factor) <= 1.0
