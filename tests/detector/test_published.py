"""Laws that every published detector in the slot keeps, as ours does."""

import numpy as np
import pytest
import shapely

from detector.alert import alert_to_record
from detector.choices import DETECTORS
from detector.consistency import ConsistencyOptions
from detector.detect import detect
from detector.errors import BadInput
from detector.largest_set import Heard, densest_window, emission_times, largest_set
from detector.one_by_one import SetOptions
from detector.tn098 import Tn098Options
from tests.bench.windows import make_pulses, make_site
from tests.detector.peers import SHOT_M, flat_site, hear, join, move

PUBLISHED = [Tn098Options(), ConsistencyOptions()]
named = pytest.mark.parametrize("detector", PUBLISHED, ids=["tn098", "consistency"])


def as_shape(region):
    return shapely.union_all([shapely.Polygon(rings[0], rings[1:]) for rings in region])


@named
def test_noiseless_shots_are_found_exactly(detector):
    site = flat_site()
    (alert,) = detect(site, hear(site, SHOT_M, [1.0, 1.4, 2.1]), detector).alerts
    np.testing.assert_allclose(alert.position_m[:2], SHOT_M, atol=0.05)
    np.testing.assert_allclose(alert.round_times_s, [1.0, 1.4, 2.1], atol=2e-4)
    assert len(alert.sensors) == 9


@named
def test_shots_outside_the_network_are_found_exactly(detector):
    site = flat_site()
    (alert,) = detect(site, hear(site, (900.0, -150.0), [3.0]), detector).alerts
    np.testing.assert_allclose(alert.position_m[:2], (900.0, -150.0), atol=0.5)


@named
def test_two_shooters_at_once(detector):
    site = flat_site()
    pulses = join(hear(site, (100.0, 150.0), [1.0]), hear(site, (550.0, 500.0), [1.1, 1.6]))
    found = sorted(detect(site, pulses, detector).alerts, key=lambda a: a.position_m[0])
    assert [a.rounds for a in found] == [1, 2]
    np.testing.assert_allclose([a.position_m[:2] for a in found], [[100, 150], [550, 500]], atol=0.5)


@named
def test_a_shift_a_turn_and_a_shuffle_change_nothing_but_the_frame(detector):
    site = flat_site()
    late = np.random.default_rng(4).normal(0.0, 2e-3, 9)
    pulses = hear(site, SHOT_M, [1.0, 1.5], late_s=late)
    moved_site, moved_pulses, there = move(site, pulses)
    (plain,) = detect(site, pulses, detector).alerts
    (moved,) = detect(moved_site, moved_pulses, detector).alerts
    np.testing.assert_allclose(moved.position_m[:2], there(plain.position_m[:2]), atol=0.05)
    np.testing.assert_allclose(np.array(moved.round_times_s) - 100.0, plain.round_times_s, atol=5e-4)
    assert moved.region95_area_m2 == pytest.approx(plain.region95_area_m2, rel=0.1)


@named
def test_echoes_later_than_the_window_move_nothing(detector):
    site = flat_site()
    rng = np.random.default_rng(6)
    direct = hear(site, SHOT_M, [1.0, 1.6])
    echoes = [hear(site, SHOT_M, [1.0, 1.6], late_s=rng.uniform(0.06, 0.25, 9)) for _ in range(2)]
    (alert, *_others) = sorted(
        detect(site, join(direct, *echoes), detector).alerts, key=lambda a: -len(a.sensors)
    )
    np.testing.assert_allclose(alert.position_m[:2], SHOT_M, atol=0.5)
    np.testing.assert_allclose(alert.round_times_s[:1], [1.0], atol=1e-3)


@named
def test_a_station_round_the_corner_is_outvoted(detector):
    site = flat_site()
    late = np.zeros(9)
    late[[2, 5]] = 0.12
    result = detect(site, hear(site, SHOT_M, [1.0], late_s=late), detector)
    np.testing.assert_allclose(result.alerts[0].position_m[:2], SHOT_M, atol=0.5)
    assert len(result.alerts[0].sensors) == 7


@named
def test_three_stations_are_enough_where_three_are_asked_for(detector):
    site = make_site(flat_site().positions_m[[0, 2, 7]])
    three = type(detector)(sets=SetOptions(stations_least=3))
    where = site.positions_m[:, :2].mean(axis=0) + np.array([8.0, -5.0])
    (alert,) = detect(site, hear(site, where, [1.0]), three).alerts
    places = [alert.position_m[:2], *(a.position_m for a in alert.alternatives)]
    assert min(np.hypot(*(np.array(p) - where)) for p in places) < 0.5
    assert detect(site, hear(site, where, [1.0]), detector).alerts == ()


@named
def test_regions_hold_the_place_and_nest(detector):
    site = flat_site()
    late = np.random.default_rng(8).normal(0.0, 3e-3, 9)
    (alert,) = detect(site, hear(site, SHOT_M, [1.0], late_s=late), detector).alerts
    areas = [as_shape(alert.regions[level]).area for level in ("50", "80", "95")]
    assert 0.0 < areas[0] < areas[1] < areas[2] == pytest.approx(alert.region95_area_m2, rel=1e-6)
    assert as_shape(alert.regions["95"]).contains(shapely.Point(SHOT_M))
    assert np.linalg.eigvalsh(np.array(alert.covariance_m2)).min() > 0.0


@named
def test_nothing_screaming_and_nonsense(detector):
    site = flat_site()
    assert detect(site, make_pulses([], [], 1e-3)[0], detector).alerts == ()
    scream = make_pulses(np.full(20_000, 4), np.random.default_rng(1).uniform(0.0, 4.0, 20_000), 1e-3)[0]
    (alert,) = detect(site, join(scream, hear(site, SHOT_M, [1.0])), detector).alerts
    np.testing.assert_allclose(alert.position_m[:2], SHOT_M, atol=0.5)
    with pytest.raises(BadInput, match="not a finite number"):
        detect(site, make_pulses([0, 1], [1.0, np.inf], 1e-3)[0], detector)
    wrong = type(detector)(sets=SetOptions(window_s=0.0, stations_least=2))
    with pytest.raises(BadInput, match=r"window_s.*\n.*stations_least"):
        detect(site, hear(site, SHOT_M, [1.0]), wrong)


@named
def test_the_same_pulses_give_the_same_alerts(detector):
    site = flat_site()
    pulses = hear(site, SHOT_M, [1.0, 1.5], late_s=np.random.default_rng(2).exponential(0.01, 9))
    first, second = ([alert_to_record(a) for a in detect(site, pulses, detector).alerts] for _ in range(2))
    assert first == second


def test_all_published_detectors_are_choices():
    assert {type(detector) for detector in PUBLISHED} < set(DETECTORS.values())


def test_no_place_of_a_fine_grid_beats_branch_and_bound():
    rng = np.random.default_rng(11)
    site = flat_site()
    pulses = make_pulses(rng.integers(0, 9, 60), rng.uniform(0.0, 6.0, 60), 1e-3)[0]
    heard = Heard(
        np.ascontiguousarray(site.positions_m[:, :2]),
        pulses.station.astype(np.int64),
        pulses.time_s,
        site.air.sound_speed_mps,
    )
    count, x, y, begin = largest_set(heard, 0.03, np.array([350.0, 350.0, 500.0]), 3, 1.0, 200_000)
    assert densest_window(emission_times(x, y, heard), heard.station, 9, 0.03)[:2] == (count, begin)
    grid = np.arange(-150.0, 851.0, 12.5)
    others = [
        densest_window(emission_times(a, b, heard), heard.station, 9, 0.03)[0] for a in grid for b in grid
    ]
    assert count >= max(others) >= 3
