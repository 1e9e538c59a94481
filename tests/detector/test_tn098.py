"""What is the vendor's own: the closed form, the 73 dB rule, the step kernel, the ellipse."""

from dataclasses import replace

import numpy as np
import pytest

from detector.detect import detect
from detector.ellipse import straight_covariance
from detector.mlg import multilaterate
from detector.tn098 import Tn098Options
from tests.detector.peers import SHOT_M, flat_site, hear, join

SPEED_MPS = 340.0


def arrivals(xy, place):
    return 5.0 + np.hypot(*(xy - np.asarray(place)).T) / SPEED_MPS


@pytest.mark.parametrize("count", [3, 4, 9])
def test_the_closed_form_is_exact(count):
    xy = flat_site(9).positions_m[[0, 4, 6, 2, 1, 3, 5, 7, 8][:count], :2]
    found = multilaterate(xy, arrivals(xy, (300.0, 250.0)), SPEED_MPS)
    best = min(found, key=lambda s: np.hypot(*(s.place - (300.0, 250.0))))
    np.testing.assert_allclose(best.place, (300.0, 250.0), atol=1e-6)
    assert best.time_s == pytest.approx(5.0, abs=1e-9)
    assert best.rms_s < 1e-9
    assert found[0].rms_s < 1e-6


def test_three_stations_may_leave_two_places():
    xy = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    found = multilaterate(xy, arrivals(xy, (-60.0, -80.0)), SPEED_MPS)
    assert len(found) == 2
    assert max(s.rms_s for s in found) < 1e-9


def test_stations_in_a_line_fix_no_place():
    xy = np.column_stack([np.linspace(0.0, 500.0, 5), np.linspace(0.0, 250.0, 5)])
    assert multilaterate(xy, arrivals(xy, (200.0, 300.0)), SPEED_MPS) == []


def test_pulses_under_73_db_do_not_count():
    site = flat_site()
    loud, faint = hear(site, SHOT_M, [1.0]), hear(site, (600.0, 100.0), [3.0])
    pulses = join(loud, faint)
    pulses = replace(pulses, level_db=np.where(pulses.time_s < 2.9, 73.5, 72.5))
    assert len(detect(site, pulses, Tn098Options()).alerts) == 1
    assert len(detect(site, pulses, Tn098Options(level_least_db=70.0)).alerts) == 2


def test_the_ellipse_is_sigma_times_the_geometry():
    angle = 2.0 * np.pi * np.arange(8) / 8
    ring = 300.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    covariance = straight_covariance(np.zeros(2), ring, 7.5e-3, SPEED_MPS, 1000.0)
    # In the middle of a ring of m stations the variance is 2 (c sigma)^2 / m.
    np.testing.assert_allclose(covariance, 2.0 * (7.5e-3 * SPEED_MPS) ** 2 / 8 * np.eye(2), atol=1e-9)


def test_more_rounds_do_not_shrink_the_region():
    site = flat_site()
    areas = [
        detect(site, hear(site, SHOT_M, 1.0 + 0.4 * np.arange(k)), Tn098Options()).alerts[0].region95_area_m2
        for k in (1, 4)
    ]
    assert areas[0] == pytest.approx(areas[1], rel=1e-3)
