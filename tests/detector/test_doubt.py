"""A region owns up to other places for the same sound, and to pulses that explain little."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from detector.doubt import ASTRAY_M, STATIONS_LEAST, astray_patch, astray_probability
from detector.incident import Incident, Rival
from detector.locate import LocationOptions, locate
from detector.noise import NoiseOptions, prior_noise
from detector.region import highest_regions, log_mass, region_area_m2
from detector.site import AirReading
from tests.bench.windows import make_pulses, make_site

OPTIONS = LocationOptions()
NOISE = prior_noise(AirReading(temperature_c=20.0), NoiseOptions())
PLACE, ELSEWHERE = (30.0, -70.0), (70.0, -40.0)


@pytest.fixture(scope="module")
def twofold():
    """Ten stations hear a shot and, 0.1 s later, an echo that seems to come from 50 m away."""
    angle = 0.3 + 2.0 * np.pi * np.arange(10) / 10
    r = 400.0 * (1.0 + 0.2 * np.sin(3.0 * np.arange(10)))
    site = make_site(np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(10, 6.0)]))
    times = [
        t + np.linalg.norm(site.positions_m - np.array([*p, 1.5]), axis=1) / site.air.sound_speed_mps
        for t, p in ((1.0, PLACE), (1.1, ELSEWHERE))
    ]
    pulses, order = make_pulses(np.tile(np.arange(10), 2), np.concatenate(times), 1e-3)
    shot = np.repeat([0, 1], 10)[order]
    return site, pulses, np.flatnonzero(shot == 0), np.flatnonzero(shot == 1)


def told(pulse, place, nats, rivals=()):
    """An incident of one round with so much evidence."""
    number = np.zeros(len(pulse), np.int64)
    return Incident(np.array(place), np.array([1.0]), pulse, number, nats, NOISE, rivals)


def holds(region, place):
    return any(shapely.Polygon(r[0], r[1:]).covers(shapely.Point(place)) for r in region)


@pytest.mark.parametrize(("log_odds", "listed"), [(0.0, True), (-2.0, True), (-40.0, False)])
def test_a_rival_on_other_pulses_is_in_the_region_while_it_is_likely(twofold, log_odds, listed):
    site, pulses, own, other = twofold
    rival = Rival(ELSEWHERE, log_odds, np.array([1.1]), other, np.zeros(10, np.int64))
    fix = locate(site, pulses, told(own, PLACE, 300.0, (rival,)), OPTIONS)
    assert np.hypot(*(np.array(fix.position_m) - PLACE)) < 1.0
    assert holds(fix.regions["95"], PLACE)
    assert holds(fix.regions["95"], ELSEWHERE) == listed
    near = [a.probability for a in fix.alternatives if np.hypot(*(np.array(a.position_m) - ELSEWHERE)) < 1.0]
    assert bool(near) == listed
    if listed:
        assert near[0] == pytest.approx(1.0 / (1.0 + np.exp(-0.5 * log_odds)), abs=0.01)


def test_the_same_odds_count_less_over_more_rounds(twofold):
    site, pulses, own, other = twofold
    rounds = np.arange(10) // 5
    odds = -8.0
    shares = []
    for times, number in (([1.1], np.zeros(10, np.int64)), ([1.1, 1.1], rounds)):
        rival = Rival(ELSEWHERE, odds, np.array(times), other, number)
        fix = locate(site, pulses, told(own, PLACE, 300.0, (rival,)), OPTIONS)
        shares.append(sum(a.probability for a in fix.alternatives))
    assert 0.0 < shares[0] < 0.03
    assert shares[1] > 0.1


def test_a_round_that_explains_little_has_a_wider_region(twofold):
    site, pulses, own, _ = twofold
    areas = [
        region_area_m2(locate(site, pulses, told(own, PLACE, nats), OPTIONS).regions["95"])
        for nats in (150.0, 60.0, 20.0)
    ]
    assert areas[0] < areas[1] < areas[2] < 2.0 * np.pi * np.log(20.0) * ASTRAY_M**2


def test_nothing_is_doubted_where_nothing_was_learned(twofold):
    _, _, own, _ = twofold
    assert astray_probability(told(own, PLACE, 20.0)) > 0.1
    assert astray_probability(told(own[: STATIONS_LEAST - 1], PLACE, 20.0)) == 0.0
    assert astray_probability(replace(told(own, PLACE, 20.0), noise=None)) == 0.0


def test_a_patch_of_doubt_holds_its_mass_and_a_gaussians_region():
    patch = astray_patch(np.array([3.0, 4.0]), np.log(0.3))
    assert log_mass(patch) == pytest.approx(np.log(0.3), abs=0.01)
    area = region_area_m2(highest_regions([patch])["80"])
    assert area == pytest.approx(2.0 * np.pi * ASTRAY_M**2 * np.log(5.0), rel=0.02)
