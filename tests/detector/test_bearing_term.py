"""Bearings in association and location: two stations that point suffice, and a wrong bearing is outvoted."""

from dataclasses import replace

import numpy as np
import pytest

from detector.bearing_term import weigh_bearing
from detector.detect import detect
from detector.pulse import Pulses
from tests.bench.windows import make_pulses, make_site

PLACE = np.array([180.0, 240.0])
SIGMA_RAD = 0.01
CORNERS = np.array([[0.0, 0.0, 6.0], [420.0, 30.0, 6.0], [30.0, 400.0, 6.0], [450.0, 430.0, 6.0]])


def hear(site, place, times, pointing, rng):
    """Pulses of shots at a place, with bearings from the stations in `pointing`."""
    offset = np.array([*place, 1.5]) - site.positions_m
    delay = np.linalg.norm(offset, axis=1) / site.air.sound_speed_mps
    arrivals = np.add.outer(np.asarray(times, float), delay) + 2e-3 * rng.standard_normal(
        (len(times), len(delay))
    )
    pulses, _ = make_pulses(np.tile(np.arange(len(delay)), len(times)), arrivals.ravel(), 1e-3)
    azimuth = np.arctan2(offset[:, 1], offset[:, 0])[pulses.station] + SIGMA_RAD * rng.standard_normal(
        len(pulses)
    )
    points = np.isin(pulses.station, pointing)
    return replace(
        pulses,
        azimuth_rad=np.where(points, azimuth, np.nan),
        azimuth_sigma_rad=np.where(points, SIGMA_RAD, np.nan),
    )


def test_two_stations_that_point_locate_a_shot():
    site = make_site(CORNERS[:2])
    (alert,) = detect(site, hear(site, PLACE, [2.0, 2.6], [0, 1], np.random.default_rng(1))).alerts
    assert np.hypot(*(np.array(alert.position_m[:2]) - PLACE)) < 20.0
    np.testing.assert_allclose(alert.round_times_s, [2.0, 2.6], atol=0.05)


def test_two_stations_that_do_not_point_locate_nothing():
    site = make_site(CORNERS[:2])
    assert detect(site, hear(site, PLACE, [2.0, 2.6], [], np.random.default_rng(1))).alerts == ()


def test_a_bearing_tells_which_of_two_places_three_stations_mean():
    """Behind a corner of their triangle two places explain what three stations hear."""
    site = make_site(np.array([[0.0, 0.0, 6.0], [400.0, 0.0, 6.0], [0.0, 400.0, 6.0]]))
    place = np.array([-60.0, -50.0])
    rng = np.random.default_rng(2)
    blind = detect(site, hear(site, place, [2.0], [], rng)).alerts[0]
    seeing = detect(site, hear(site, place, [2.0], [1], np.random.default_rng(2))).alerts[0]
    assert len(blind.alternatives) == 1
    assert np.hypot(*(np.array(seeing.position_m[:2]) - place)) < 15.0
    assert sum(a.probability for a in seeing.alternatives) < 0.05


def test_bearings_make_regions_smaller():
    site = make_site(CORNERS)
    far = np.array([900.0, 800.0])
    areas = []
    for pointing in ([], [0, 1, 2, 3]):
        (alert,) = detect(site, hear(site, far, [2.0], pointing, np.random.default_rng(3))).alerts
        areas.append(alert.region95_area_m2)
    assert areas[1] < areas[0]


def test_a_bearing_that_is_wrong_moves_nothing_much():
    site = make_site(CORNERS)
    pulses = hear(site, PLACE, [2.0, 2.6], [0, 1, 2, 3], np.random.default_rng(4))
    turned = np.where(pulses.station == 2, pulses.azimuth_rad + 1.2, pulses.azimuth_rad)
    (alert,) = detect(site, replace(pulses, azimuth_rad=turned)).alerts
    assert np.hypot(*(np.array(alert.position_m[:2]) - PLACE)) < 10.0


def test_the_answer_turns_with_the_site():
    site = make_site(CORNERS[:2])
    pulses = hear(site, PLACE, [2.0], [0, 1], np.random.default_rng(5))
    (plain,) = detect(site, pulses).alerts
    angle = 2.9
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    where = CORNERS[:2].copy()
    where[:, :2] = where[:, :2] @ turn.T
    turned = Pulses(**{**vars(pulses), "azimuth_rad": pulses.azimuth_rad + angle})
    (moved,) = detect(make_site(where), turned).alerts
    assert np.hypot(*(np.array(moved.position_m[:2]) - turn @ np.array(plain.position_m[:2]))) < 1.0


@pytest.mark.parametrize("whole_turns", [-2, -1, 0, 1, 3])
def test_whole_turns_are_no_difference(whole_turns):
    straight = weigh_bearing(-100.0, 5.0, 3.1, 0.02, 0.0)
    wound = weigh_bearing(-100.0, 5.0, 3.1 + 2.0 * np.pi * whole_turns, 0.02, 0.0)
    assert wound == pytest.approx(straight, abs=1e-9)


def test_no_bearing_says_nothing():
    assert weigh_bearing(10.0, 20.0, np.nan, np.nan, 0.0) == (0.0, 0.0, 0.0)
