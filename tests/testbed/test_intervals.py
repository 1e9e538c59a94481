"""Intervals against tables, and against what they promise."""

import numpy as np
import pytest
from scipy.stats import binom

from testbed.intervals import binomial_interval, f1_interval, poisson_interval


def test_clopper_pearson_by_hand():
    assert binomial_interval(0, 10) == pytest.approx((0.0, 0.0, 1.0 - 0.025 ** (1 / 10)))
    assert binomial_interval(10, 10) == pytest.approx((1.0, 0.025 ** (1 / 10), 1.0))
    assert binomial_interval(5, 10) == pytest.approx((0.5, 0.1871, 0.8129), abs=1e-4)


def test_interval_covers_at_least_as_often_as_it_says():
    hits = np.arange(31)
    bounds = np.array([binomial_interval(int(k), 30)[1:] for k in hits])
    for p in (0.03, 0.2, 0.5, 0.77, 0.95):
        inside = (bounds[:, 0] <= p) & (p <= bounds[:, 1])
        assert binom.pmf(hits, 30, p)[inside].sum() >= 0.95


def test_garwood_by_hand():
    assert poisson_interval(0, 2.0) == pytest.approx((0.0, 0.0, -np.log(0.025) / 2.0))
    assert poisson_interval(10, 1.0) == pytest.approx((10.0, 4.795, 18.390), abs=1e-3)


def test_nothing_measured():
    assert binomial_interval(0, 0) == poisson_interval(3, None) == (None, None, None)
    assert f1_interval(0, 0, 0) == (1.0, None, None)


def test_f1():
    rate, low, high = f1_interval(8, 2, 4)
    assert rate == pytest.approx(2 * 8 / (2 * 8 + 2 + 4))
    assert low < rate < high
    assert f1_interval(0, 3, 0)[0] == 0.0
