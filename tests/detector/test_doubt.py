"""A region owns up to other places for the same sound, and to pulses that explain little."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from detector.doubt import ASTRAY_M, astray_probability, doubted, log_astray
from detector.incident import Incident, Rival
from detector.locate import LocationOptions, locate
from detector.noise import NoiseOptions, prior_noise
from detector.region import Patch, highest_regions, region_area_m2
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
    assert areas[0] < areas[1] < areas[2] < area_of_doubt(0.95, ASTRAY_M + 2.0)


def test_few_stations_are_doubted_by_the_same_evidence(twofold):
    _, _, own, _ = twofold
    assert astray_probability(told(own, PLACE, 20.0)) > 0.1
    assert astray_probability(told(own[:6], PLACE, 20.0)) == astray_probability(told(own, PLACE, 20.0))
    assert astray_probability(replace(told(own, PLACE, 20.0), noise=None)) == 0.0


def area_of_doubt(probability, scale_m):
    """Student's t with two degrees of freedom is beyond a radius r with 1 / (1 + r^2 / (2 s^2))."""
    return np.pi * 2.0 * scale_m**2 * (1.0 / (1.0 - probability) - 1.0)


def gaussian_patch(centre, sigma_m, mass):
    u = np.linspace(-6.0 * sigma_m, 6.0 * sigma_m, 81)
    square = (u[:, None] ** 2 + u[None, :] ** 2) / sigma_m**2
    density = np.log(mass) - 0.5 * square - np.log(2.0 * np.pi * sigma_m**2)
    return Patch(np.array(centre), np.eye(2), u, u.copy(), density)


def test_the_wide_density_is_one_of_probability_and_has_its_scale():
    cells = np.linspace(-400.0, 400.0, 801)
    gx, gy = np.meshgrid(cells, cells)
    density = np.exp(log_astray(np.column_stack([gx.ravel(), gy.ravel()]), np.zeros((2, 2))))
    assert density.sum() == pytest.approx(1.0, abs=0.005)
    near = np.hypot(gx, gy).ravel() <= ASTRAY_M * np.sqrt(2.0)
    assert density[near].sum() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("astray", [0.05, 0.3, 0.7])
def test_a_doubted_region_holds_what_it_says_of_the_mixture(astray):
    patch = gaussian_patch((3.0, 4.0), 1.0, 1.0)
    raised, doubt = doubted([patch], 0, np.eye(2), np.log(astray / (1.0 - astray)))
    regions = highest_regions(raised, doubt)
    rng = np.random.default_rng(0)
    n = 20_000
    wide = rng.random(n) < astray
    # Student's t with two degrees of freedom: a Gaussian over the root of an exponential of mean one.
    spread = np.where(wide, np.sqrt((ASTRAY_M**2 + 1.0) / rng.exponential(1.0, n)), 1.0)
    at = np.array([3.0, 4.0]) + spread[:, None] * rng.standard_normal((n, 2))
    for name, share in (("50", 0.5), ("80", 0.8), ("95", 0.95)):
        region = shapely.union_all([shapely.Polygon(r[0], r[1:]) for r in regions[name]])
        held = shapely.contains_xy(region, at[:, 0], at[:, 1]).mean()
        assert held == pytest.approx(share, abs=0.02), name
        assert isinstance(region, shapely.Polygon)
        assert not region.interiors
