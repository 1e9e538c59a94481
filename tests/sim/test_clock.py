"""Clocks show what their offset and skew say."""

import numpy as np
import pytest

from scenes.sensor import Clock
from sim.clock import CLOCKS, draw_clock, sensor_time, settings_of, true_time


def test_a_clock_20_ppm_fast_gains_72_ms_an_hour():
    assert sensor_time(Clock(skew=20e-6), 3600.0) - 3600.0 == pytest.approx(0.072)


def test_an_offset_is_added_whatever_the_time():
    assert sensor_time(Clock(offset_s=0.25), 7.0) == pytest.approx(7.25)


def test_true_time_undoes_sensor_time():
    clock = Clock(offset_s=-3.2, skew=-11e-6)
    assert true_time(clock, sensor_time(clock, 1234.5)) == pytest.approx(1234.5, abs=1e-9)


def test_the_perfect_clock_is_right():
    assert draw_clock("perfect", np.random.default_rng(0)) == Clock()


# In holdover and after a step, the maker's figure is what the clock no longer keeps.
@pytest.mark.parametrize("preset", sorted(CLOCKS.keys() - {"holdover", "step"}))
def test_the_makers_figure_is_about_the_error_of_a_stamp(preset):
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(500):
        clock = draw_clock(preset, rng)
        errors.append(sensor_time(clock, 60.0) - 60.0 + clock.jitter_s * rng.standard_normal())
    assert np.std(errors) < 1.5 * CLOCKS[preset].sigma_s
    assert np.std(errors) > 0.3 * CLOCKS[preset].sigma_s or preset == "perfect"


def test_free_clocks_run_off_by_milliseconds_to_tens_of_them():
    rng = np.random.default_rng(2)
    offsets = [abs(draw_clock("free", rng).offset_s) for _ in range(300)]
    assert 2e-3 < np.median(offsets) < 20e-3
    assert max(offsets) < 0.15


def test_a_step_counts_from_its_time_on():
    clock = Clock(offset_s=0.1, step_s=-0.03, step_at_s=5.0)
    assert sensor_time(clock, 4.999) - 4.999 == pytest.approx(0.1)
    assert sensor_time(clock, 5.0) - 5.0 == pytest.approx(0.07)
    assert true_time(clock, sensor_time(clock, 2.0)) == pytest.approx(2.0)
    assert true_time(clock, sensor_time(clock, 9.0)) == pytest.approx(9.0)


def test_recordings_are_stamped_anew_where_the_clock_was_set():
    clock = Clock(offset_s=0.1, skew=20e-6, step_s=0.04, step_at_s=5.0)
    ((first, shown_s),) = settings_of(clock, 48_000, 480_000)
    assert first == pytest.approx(5.0 * 48_000 * (1.0 + 20e-6), abs=1.0)
    assert shown_s == pytest.approx(sensor_time(clock, first / 48_000 / (1.0 + 20e-6)))
    assert settings_of(clock, 48_000, 48_000) == ()
    assert settings_of(Clock(), 48_000, 480_000) == ()


def test_holdover_runs_off_by_milliseconds_that_the_makers_figure_does_not_tell():
    rng = np.random.default_rng(3)
    offsets = [abs(draw_clock("holdover", rng).offset_s) for _ in range(300)]
    assert 5e-4 < np.median(offsets) < 6e-3
    assert CLOCKS["holdover"].sigma_s == CLOCKS["gps"].sigma_s
