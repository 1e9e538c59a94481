"""The air filter has ISO 9613-1's magnitude and the dispersion that causality demands."""

import numpy as np
import pytest

from scenes.air import Air
from sim.air_filter import air_log_response
from sim.propagation.air_absorption import attenuation_db_per_m

FREQUENCY = np.array([63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0])


@pytest.mark.parametrize("air", [Air(), Air(-10.0, 30.0), Air(35.0, 20.0)])
def test_the_magnitude_is_that_of_the_standard(air):
    got = -air_log_response(air, FREQUENCY).real * 20.0 / np.log(10.0)
    expected = attenuation_db_per_m(FREQUENCY, air.temperature_c, air.humidity, air.pressure_pa)
    assert got == pytest.approx(expected, rel=0.01)


def test_high_frequencies_run_ahead_of_low_ones_by_less_than_a_tenth_of_a_millisecond_in_a_kilometre():
    phase = 1000.0 * air_log_response(Air(), FREQUENCY).imag
    ahead_s = phase / (2.0 * np.pi * FREQUENCY)
    assert (np.diff(ahead_s) > 0.0).all()
    assert 0.0 < ahead_s[-3] < 0.4e-3
