"""Association: incidents come out of pulses as they went in, and nothing comes out of nothing."""

from dataclasses import replace

import numpy as np
import pytest

from detector.associate import AssociationOptions, associate
from detector.echo import of_a_wall
from detector.errors import BadInput
from detector.pulse import Pulses
from tests.bench.windows import WindowOptions, draw_window, make_pulses, make_site

OPTIONS = AssociationOptions()
STREET_M = 1.5


@pytest.fixture(scope="module")
def square():
    """Twelve stations on and in a square of 800 m, on 6 m poles."""
    rng = np.random.default_rng(5)
    grid = np.array([[x, y] for x in (0.0, 270.0, 540.0, 800.0) for y in (0.0, 400.0, 800.0)])
    return make_site(np.column_stack([grid + rng.uniform(-40.0, 40.0, grid.shape), np.full(12, 6.0)]))


def hear(site, place, times, sigma_s=1e-3, rng=None, heard=None):
    """Pulses of shots at a place, straight from geometry; with an rng, with onset errors."""
    where = site.positions_m if heard is None else site.positions_m[heard]
    index = np.arange(len(site.stations)) if heard is None else np.asarray(heard)
    delay = np.linalg.norm(where - np.array([*place, STREET_M]), axis=1) / site.air.sound_speed_mps
    arrivals = np.add.outer(np.asarray(times, float), delay)
    if rng is not None:
        arrivals = arrivals + sigma_s * rng.standard_normal(arrivals.shape)
    return make_pulses(np.tile(index, len(times)), arrivals.ravel(), sigma_s)[0]


def join(*parts):
    """One pulse table of several."""
    station = np.concatenate([p.station for p in parts])
    return make_pulses(station, np.concatenate([p.time_s for p in parts]), 1e-3)[0]


def clutter(site, rate_hz, seconds, seed):
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate_hz * seconds, len(site.stations))
    return make_pulses(np.repeat(np.arange(len(count)), count), rng.uniform(0.0, seconds, count.sum()), 1e-3)[
        0
    ]


def test_three_shots_are_found_exactly(square):
    (incident,) = associate(square, hear(square, (300.0, 500.0), [1.0, 1.4, 1.9]), OPTIONS)
    assert np.hypot(*(incident.position_m - [300.0, 500.0])) < 0.5
    np.testing.assert_allclose(incident.round_times_s, [1.0, 1.4, 1.9], atol=2e-3)
    assert np.bincount(incident.round).tolist() == [12, 12, 12]


def test_two_shooters_at_once(square):
    pulses = join(hear(square, (150.0, 200.0), [1.0, 1.5]), hear(square, (600.0, 600.0), [1.1, 1.3, 1.8]))
    found = sorted(associate(square, pulses, OPTIONS), key=lambda i: i.position_m[0])
    assert [len(i.round_times_s) for i in found] == [2, 3]
    np.testing.assert_allclose([i.position_m for i in found], [[150, 200], [600, 600]], atol=1.0)


def test_no_pulse_serves_two_rounds(square):
    rng = np.random.default_rng(1)
    pulses = join(
        hear(square, (150.0, 200.0), [1.0, 1.2, 1.5], rng=rng),
        hear(square, (500.0, 300.0), [1.1, 1.3, 1.8], rng=rng),
        clutter(square, 0.5, 10.0, 3),
    )
    used = np.concatenate([i.pulse for i in associate(square, pulses, OPTIONS)])
    assert len(used) == len(np.unique(used)) > 50


def test_clutter_alone_is_no_incident(square):
    found = [associate(square, clutter(square, 0.15, 14.0, seed), OPTIONS) for seed in range(8)]
    assert sum(map(len, found)) == 0


def test_nothing_heard_is_no_incident(square):
    empty = make_pulses([], [], 1e-3)[0]
    assert associate(square, empty, OPTIONS) == ()


def test_a_shift_a_turn_and_a_shuffle_change_nothing_but_the_frame(square):
    pulses = join(hear(square, (350.0, 250.0), [1.0, 1.6]), clutter(square, 0.4, 12.0, 7))
    (plain,) = associate(square, pulses, OPTIONS)
    angle, shift = 0.7, np.array([5000.0, -12000.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    order = np.random.default_rng(0).permutation(12)
    where = square.positions_m.copy()
    where[:, :2] = where[:, :2] @ turn.T + shift
    moved_site = make_site(where[order])
    station = np.argsort(order)[pulses.station]
    moved_pulses = make_pulses(station, pulses.time_s + 100.0, 1e-3)[0]
    (moved,) = associate(moved_site, moved_pulses, OPTIONS)
    assert np.hypot(*(moved.position_m - (turn @ plain.position_m + shift))) < 0.1
    np.testing.assert_allclose(moved.round_times_s - 100.0, plain.round_times_s, atol=1e-3)


def test_pulses_stored_twice_count_once(square):
    pulses = hear(square, (300.0, 500.0), [1.0, 1.4])
    (once,) = associate(square, pulses, OPTIONS)
    (twice,) = associate(square, join(pulses, pulses), OPTIONS)
    assert len(twice.round_times_s) == len(once.round_times_s) == 2
    np.testing.assert_allclose(twice.position_m, once.position_m, atol=0.1)


def test_a_mirror_image_is_no_second_incident(square):
    times = [1.0, 1.45, 1.8]
    facade = hear(square, (300.0, 760.0), times, heard=[1, 2, 4, 5, 7, 8, 10])
    pulses = join(hear(square, (300.0, 640.0), times), replace(facade, time_s=facade.time_s + 0.35))
    (incident,) = associate(square, pulses, OPTIONS)
    assert np.hypot(*(incident.position_m - [300.0, 640.0])) < 1.0


def test_a_station_that_screams_is_left_out(square):
    rng = np.random.default_rng(2)
    scream = make_pulses(np.full(20_000, 4), rng.uniform(0.0, 4.0, 20_000), 1e-3)[0]
    (incident,) = associate(square, join(hear(square, (300.0, 500.0), [1.0, 1.4]), scream), OPTIONS)
    assert np.hypot(*(incident.position_m - [300.0, 500.0])) < 1.0


def test_long_recordings_are_searched_to_their_end(square):
    pulses = join(*(hear(square, (100.0 + 5.0 * t, 300.0), [float(t)]) for t in (3, 25, 33, 59, 90)))
    found = associate(square, pulses, OPTIONS)
    np.testing.assert_allclose([i.round_times_s[0] for i in found], [3, 25, 33, 59, 90], atol=5e-3)


@pytest.mark.parametrize("stations", [0, 1, 2])
def test_too_few_stations_give_no_incident(stations):
    site = make_site(np.array([[0.0, 0.0, 6.0], [300.0, 0.0, 6.0]])[:stations].reshape(-1, 3))
    assert associate(site, make_pulses(np.arange(stations), np.ones(stations), 1e-3)[0], OPTIONS) == ()


def test_stations_in_a_line_and_in_one_spot_are_survived():
    where = np.array([[0, 0, 6], [0, 0, 6], [200, 0, 6], [400, 0, 6], [600, 0, 6], [800, 0, 6]], float)
    site = make_site(where)
    (incident,) = associate(site, hear(site, (300.0, 150.0), [1.0, 1.5]), OPTIONS)
    assert abs(incident.position_m[0] - 300.0) < 2.0
    assert abs(abs(incident.position_m[1]) - 150.0) < 2.0


def test_wrong_pulses_are_named(square):
    good = hear(square, (300.0, 500.0), [1.0])
    bad = Pulses(
        **{**{k: getattr(good, k) for k in good.__dataclass_fields__}, "sigma_s": 0.0 * good.sigma_s}
    )
    with pytest.raises(BadInput, match=r"pulse 0: sigma_s is 0\.0, not a positive number"):
        associate(square, bad, OPTIONS)
    with pytest.raises(BadInput, match=r"station index outside 0 \.\. 11"):
        associate(square, replace(good, station=good.station + 5), OPTIONS)


def test_windows_with_misses_lateness_and_clutter():
    window = draw_window(1016, WindowOptions(sensors=16))
    found = associate(window.site, window.pulses, OPTIONS)
    true = np.sort(np.concatenate([t.times_s for t in window.truth]))
    np.testing.assert_allclose(np.sort(np.concatenate([i.round_times_s for i in found])), true, atol=0.05)


def test_a_wall_beside_the_shooter_fires_no_rounds():
    """Echoes 55 ms behind single shots fall away; automatic fire at 1,100 a minute stays."""
    shots = np.array([1.0, 1.7, 2.3])
    echoed = np.sort(np.concatenate([shots, shots + 0.055]))
    assert of_a_wall(echoed).tolist() == [False, True] * 3
    assert not of_a_wall(1.0 + 0.055 * np.arange(6)).any()
    assert not of_a_wall(np.array([1.0, 1.12, 1.24])).any()
    assert of_a_wall(np.array([1.0, 1.06])).tolist() == [False, True]
    assert of_a_wall(np.empty(0)).tolist() == []
