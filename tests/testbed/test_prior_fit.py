"""The fit of priors: on pulses drawn with known numbers it finds them."""

from dataclasses import replace

import numpy as np
import pytest

from detector.associate import AssociationOptions
from detector.noise import NoiseOptions
from testbed.prior_data import Lesson, lay_out_lessons
from testbed.prior_fit import fit_priors, log_likelihood
from tests.bench.windows import WindowOptions, draw_window


def lessons(options, count):
    for seed in range(count):
        window = draw_window(seed, options)
        times = np.concatenate([t.times_s for t in window.truth])
        places = np.concatenate([np.tile(t.position_m, (len(t.times_s), 1)) for t in window.truth])
        listened_s = float(times.max()) + 8.0
        yield Lesson(window.site, window.pulses, places, times, listened_s, f"window {seed}")


def test_finds_the_numbers_that_windows_are_drawn_with():
    """Windows: 30 % missed at any distance, of the rest 20 % late by 60 ms on average."""
    material = lay_out_lessons(list(lessons(WindowOptions(missed=0.3), 25)), AssociationOptions())
    fitted = fit_priors(material, NoiseOptions(path_sigma_s=1e-4))
    assert 0.1 < fitted.late_share < 0.25  # those late by a few milliseconds count as straight
    assert 0.04 < fitted.late_mean_s < 0.08
    at_300_m = fitted.near_logit - 0.3 * fitted.fade_per_km
    assert 1.0 / (1.0 + np.exp(-at_300_m)) == pytest.approx(0.7, abs=0.06)


def test_levels_that_nobody_measured_change_nothing():
    material = lay_out_lessons(list(lessons(WindowOptions(), 2)), AssociationOptions())
    noise = NoiseOptions()
    louder = replace(noise, level_100m_db=noise.level_100m_db + 20.0)
    assert log_likelihood(material, material.late_s, noise) == log_likelihood(
        material, material.late_s, louder
    )


def test_lessons_of_one_place_count_as_one():
    (lesson,) = lessons(WindowOptions(), 1)
    noise = NoiseOptions()
    once = lay_out_lessons([lesson], AssociationOptions())
    thrice = lay_out_lessons([lesson] * 3, AssociationOptions())
    assert log_likelihood(thrice, thrice.late_s, noise) == pytest.approx(
        log_likelihood(once, once.late_s, noise)
    )
