"""Location: exact on noiseless pulses, the same in every frame, and honest about what it does not know."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from detector.errors import BadInput
from detector.incident import Incident
from detector.locate import LocationOptions, locate
from detector.posterior import EARSHOT_M
from tests.bench.windows import make_pulses, make_site

OPTIONS = LocationOptions(site_sigma_m=0.0)
STREET_M = 1.0  # what stations on 6 m poles say of the street


def ring(count, radius=400.0, tilt=0.3):
    """Stations on an uneven ring around the origin."""
    angle = tilt + 2.0 * np.pi * np.arange(count) / count
    r = radius * (1.0 + 0.2 * np.sin(3.0 * np.arange(count)))
    return make_site(np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(count, 6.0)]))


def incident_at(site, place, times, late_s=None, rng=None, sigma_s=1e-3):
    """All pulses of shots at a place, as an incident."""
    delay = np.linalg.norm(site.positions_m - np.array([*place, STREET_M]), axis=1) / site.air.sound_speed_mps
    if late_s is not None:
        delay = delay + late_s
    arrivals = np.add.outer(np.asarray(times, float), delay)
    if rng is not None:
        arrivals = arrivals + sigma_s * rng.standard_normal(arrivals.shape)
    count = len(site.stations)
    pulses, order = make_pulses(np.tile(np.arange(count), len(times)), arrivals.ravel(), sigma_s)
    number = np.repeat(np.arange(len(times)), count)[order]
    return pulses, Incident(
        np.array(place) + 8.0, np.array(times, float), np.arange(len(pulses)), number, 0.0
    )


def polygon(region):
    return shapely.union_all([shapely.Polygon(rings[0], rings[1:]) for rings in region])


@pytest.mark.parametrize("place", [(30.0, -70.0), (-350.0, 120.0), (500.0, 300.0)])
def test_exact_on_noiseless_pulses(place):
    site = ring(10)
    pulses, incident = incident_at(site, place, [2.0, 2.5])
    fix = locate(site, pulses, incident, OPTIONS)
    assert np.hypot(*(np.array(fix.position_m) - place)) < 0.1
    np.testing.assert_allclose(fix.round_times_s, [2.0, 2.5], atol=2e-4)
    assert np.abs(fix.residuals_s).max() < 2e-4


def test_late_arrivals_move_nothing():
    site = ring(12)
    late = np.zeros(12)
    late[[1, 5, 6]] = [0.05, 0.12, 0.03]
    pulses, incident = incident_at(site, (60.0, 40.0), [1.0, 1.4], late_s=late)
    fix = locate(site, pulses, incident, OPTIONS)
    assert np.hypot(*(np.array(fix.position_m) - (60.0, 40.0))) < 1.0


def test_the_answer_follows_the_frame():
    site = ring(9)
    pulses, incident = incident_at(site, (100.0, 50.0), [1.0], rng=np.random.default_rng(3), sigma_s=5e-3)
    plain = locate(site, pulses, incident, OPTIONS)
    angle, shift = -1.1, np.array([-7000.0, 9000.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    where = site.positions_m.copy()
    where[:, :2] = where[:, :2] @ turn.T + shift
    moved_incident = replace(incident, position_m=turn @ incident.position_m + shift)
    moved = locate(make_site(where), pulses, moved_incident, OPTIONS)
    assert np.hypot(*(np.array(moved.position_m) - (turn @ np.array(plain.position_m) + shift))) < 0.1
    areas = [polygon(f.regions["95"]).area for f in (plain, moved)]
    assert areas[1] == pytest.approx(areas[0], rel=0.05)


def test_three_stations_allow_two_places_and_both_are_listed():
    site = make_site(np.array([[0.0, 0.0, 6.0], [400.0, 0.0, 6.0], [0.0, 400.0, 6.0]]))
    place = (-60.0, -50.0)
    pulses, incident = incident_at(site, place, [1.0])
    fix = locate(site, pulses, incident, OPTIONS)
    places = [fix.position_m, *(a.position_m for a in fix.alternatives)]
    assert min(np.hypot(*(np.array(p) - place)) for p in places) < 3.0
    assert polygon(fix.regions["95"]).covers(shapely.Point(place))
    assert sum(a.probability for a in fix.alternatives) < 1.0


def test_stations_in_a_line_list_both_sides():
    site = make_site(np.column_stack([np.arange(6) * 150.0, np.zeros(6), np.full(6, 6.0)]))
    pulses, incident = incident_at(site, (310.0, 140.0), [1.0])
    fix = locate(site, pulses, incident, OPTIONS)
    places = np.array([fix.position_m, *(a.position_m for a in fix.alternatives)])
    assert np.abs(places[:, 1]).min() > 130.0
    assert places[:, 1].min() < -130.0 < 130.0 < places[:, 1].max()
    assert fix.alternatives[0].probability == pytest.approx(0.5, abs=0.1)


def test_regions_nest_and_hold_the_truth_as_often_as_they_say():
    inside = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        site = ring(10, tilt=rng.uniform(0.0, 3.0))
        place = rng.uniform(-250.0, 250.0, 2)
        pulses, incident = incident_at(site, place, [1.0], rng=rng, sigma_s=8e-3)
        regions = {k: polygon(v) for k, v in locate(site, pulses, incident, OPTIONS).regions.items()}
        assert regions["50"].area < regions["80"].area < regions["95"].area
        inside.append([regions[k].covers(shapely.Point(place)) for k in ("50", "80", "95")])
    held = np.mean(inside, axis=0)
    assert (
        0.3 < held[0] < 0.8
    )  # 0.5 and 0.95 of 40, three standard deviations wide and the wider for the safe side
    assert held[2] > 0.85


def test_rounds_over_one_path_do_not_shrink_the_region_by_their_number():
    site = ring(8)
    rng = np.random.default_rng(4)
    bend = 8e-3 * rng.standard_normal(8)
    areas = []
    for rounds in (1, 9):
        pulses, incident = incident_at(site, (20.0, 30.0), list(1.0 + 0.3 * np.arange(rounds)), late_s=bend)
        areas.append(polygon(locate(site, pulses, incident, OPTIONS).regions["95"]).area)
    assert areas[1] > 0.4 * areas[0]


def test_a_burst_over_the_roofs_has_a_height_and_a_shot_in_the_street_has_none():
    rng = np.random.default_rng(6)
    where = np.column_stack([rng.uniform(-300.0, 300.0, (16, 2)), np.full(16, 6.0)])
    site = make_site(where)
    for height, told in ((STREET_M, False), (110.0, True)):
        delay = np.linalg.norm(where - np.array([20.0, 10.0, height]), axis=1) / site.air.sound_speed_mps
        arrivals = 1.0 + delay + 2e-3 * rng.standard_normal(16)
        pulses, _ = make_pulses(np.arange(16), arrivals, 2e-3)
        incident = Incident(np.zeros(2), np.array([1.0]), np.arange(16), np.zeros(16, np.int64), 0.0)
        fix = locate(site, pulses, incident, OPTIONS)
        assert (fix.height_m is not None) == told
        assert np.hypot(*(np.array(fix.position_m) - (20.0, 10.0))) < 6.0
        if fix.height_m is not None:
            assert fix.height_m == pytest.approx(110.0, abs=25.0)


def test_two_stations_fix_no_place():
    site = ring(6)
    pulses, incident = incident_at(site, (20.0, 30.0), [1.0])
    few = np.flatnonzero(pulses.station < 2)
    with pytest.raises(BadInput, match="2 stations heard it, a place needs 3"):
        locate(site, pulses, replace(incident, pulse=few, round=incident.round[few]), OPTIONS)


@pytest.mark.parametrize("seed", range(4))
def test_beyond_the_end_of_a_row_a_place_stays_in_earshot(seed):
    """Along the row, delays say nothing of how far off the bang was: only that it was heard does."""
    site = make_site(np.column_stack([np.arange(5) * 120.0, np.zeros(5), np.full(5, 6.0)]))
    rng = np.random.default_rng(seed)
    pulses, incident = incident_at(site, (-900.0, 0.0), [3.0, 3.6], rng=rng, sigma_s=2e-3)
    x, y = locate(site, pulses, incident, OPTIONS).position_m
    assert abs(y) < 0.5 * abs(x)
    assert -2.0 * EARSHOT_M < x < 0.0
