"""The sums behind a coverage map, against brute force and closed forms."""

import itertools
import math

import numpy as np
import pytest

from detector.options import DetectorOptions
from scenes.ambient import Ambient
from scenes.event import Event
from scenes.sensor import Microphone
from scenes.weapons import WEAPONS
from testbed.planning.acceptance import shots_needed
from testbed.planning.blast_band import band_weights, longer_blast_db
from testbed.planning.coverage import count_at_least, count_without_each
from testbed.planning.full_simulation import time_shots
from testbed.planning.gunfire import SHARES, aim_gain_db, is_detectable, share_draws, shares_of
from testbed.planning.hearing import Hearing, chances, noise_db, signal_to_noise_db
from testbed.planning.location import (
    LocationErrors,
    arrival_sigma_m,
    expected_bound,
    off_course,
    plan_covariance,
)
from testbed.planning.robust_fix import fix_error, log_densities
from testbed.planning.shots import GATE_M, HERE, sample_shots, shot_errors


def test_the_count_of_hearing_sensors_is_that_of_all_subsets():
    chance = np.random.default_rng(0).uniform(size=(3, 6, 2))
    brute = np.zeros((3, 2))
    for heard in itertools.product([0, 1], repeat=6):
        if sum(heard) >= 4:
            pattern = np.array(heard)[None, :, None]
            brute += np.prod(np.where(pattern, chance, 1.0 - chance), axis=1)
    np.testing.assert_allclose(count_at_least(chance, 4), brute, atol=1e-12)


def test_a_dead_sensor_is_one_that_never_hears():
    chance = np.random.default_rng(1).uniform(size=(2, 5, 1))
    for dead in range(5):
        silent = chance.copy()
        silent[:, dead] = 0.0
        expected = count_at_least(silent, 3)[:, 0]
        np.testing.assert_allclose(count_without_each(chance, 3, np.ones(1))[:, dead], expected, atol=1e-12)


def test_sensors_that_share_the_weapon_are_less_sure_than_independent_ones():
    # Half of all shots nobody hears: 4 of 8 hear with 1/2, not with the 0.64 of independent sensors at 1/2.
    chance = np.stack([np.zeros((1, 8)), np.ones((1, 8))], axis=-1)
    together = float((count_at_least(chance, 4) @ np.array([0.5, 0.5]))[0])
    apart = float(count_at_least(np.full((1, 8, 1), 0.5), 4)[0, 0])
    assert together == pytest.approx(0.5)
    assert apart == pytest.approx(0.637, abs=1e-3)


def test_the_bound_of_a_square_is_its_closed_form():
    # Four sensors all round: J = 4/s^2 diag(1/2, 1/2, 1), so each coordinate has the variance s^2 / 2.
    bearing = np.array([[0.0, 0.5, 1.0, 1.5]]) * np.pi
    assert expected_bound(np.ones((1, 4)), np.full((1, 4), 3.0), bearing)[0] == pytest.approx(3.0)


def test_sensors_in_one_direction_locate_nothing():
    assert np.isinf(expected_bound(np.ones((1, 5)), np.ones((1, 5)), np.full((1, 5), 0.3))[0])


RIGHT = LocationErrors(timing_s=0.003, survey_m=0.0, floor_m=0.0, astray_few=-50.0, lost_few=-50.0)


def errors_of_ring(sensors: int, errors: LocationErrors, late_m: float = 0.0, needed: int = 4) -> np.ndarray:
    """Errors of shots in the middle of a ring of sensors 300 m off, the first of which is behind a house."""
    bearing = 2.0 * np.pi * np.arange(sensors)[None] / sensors
    late = np.zeros((1, sensors))
    late[0, 0] = late_m
    surely = np.ones((1, sensors, 1))
    shots = sample_shots(np.ones(1), sensors, 1000, 3)
    far = np.full((1, sensors), 300.0)
    return shot_errors(far, bearing, late, surely, 0.0 * surely, shots, errors, needed, 340.0)[0]


def test_sampled_errors_of_straight_arrivals_have_the_root_mean_square_of_the_bound():
    error = errors_of_ring(8, RIGHT)
    bound = 0.003 * 340.0 * np.sqrt(2.0 * 2.0 / 8.0)  # J = 8 / s^2 diag(1/2, 1/2, 1)
    assert np.sqrt(np.mean(error**2)) == pytest.approx(bound, rel=0.1)


def test_the_floor_adds_to_the_error_in_square():
    error = errors_of_ring(8, LocationErrors(0.003, 0.0, floor_m=4.0, astray_few=-50.0, lost_few=-50.0))
    own = 0.003 * 340.0 * np.sqrt(0.5)
    assert np.sqrt(np.mean(error**2)) == pytest.approx(np.hypot(own, 4.0), rel=0.06)


def test_a_late_arrival_is_seen_through():
    # Least squares would be off by (2/n) 40 m: 20 m with four sensors, 10 m with eight.
    assert np.median(errors_of_ring(4, RIGHT, late_m=40.0)) < 3.0
    assert np.median(errors_of_ring(8, RIGHT, late_m=40.0)) < 2.0


def test_exact_arrivals_are_located_exactly_from_anywhere_near():
    east, north = np.array([200.0, -150.0, -90.0, 240.0]), np.array([60.0, 210.0, -180.0, -120.0])
    start = np.array([[30.0, -20.0]])
    assert np.hypot(*fix_error(east, north, np.zeros(4), start, *log_densities(), 340.0)) < 0.3
    assert np.hypot(*fix_error(east, north, np.zeros(4), HERE, *log_densities(), 340.0)) < 0.3


def test_shots_that_too_few_report_or_that_go_lost_are_not_located():
    assert np.isinf(errors_of_ring(4, RIGHT, needed=5)).all()
    half = LocationErrors(0.003, 0.0, floor_m=0.0, astray_few=-50.0, lost_few=0.0)
    assert np.isinf(errors_of_ring(4, half)).mean() == pytest.approx(0.5, abs=0.05)


def test_shots_made_of_wrong_pulses_lie_as_far_off_as_is_said():
    wrong = LocationErrors(
        0.003,
        0.0,
        astray_few=50.0,
        astray_more=0.0,
        astray_m=40.0,
        astray_log=0.3,
        lost_few=-50.0,
        astray_dilution=0.0,
        astray_late=0.0,
    )
    error = errors_of_ring(6, wrong)
    assert np.median(error) == pytest.approx(40.0, rel=0.05)
    assert error.max() <= GATE_M


def test_arrivals_of_distant_and_detoured_sensors_are_less_certain():
    errors = LocationErrors(0.01, 0.5, 0.01, 1.0, 4.0)
    near, far = arrival_sigma_m(np.array([0.0, 500.0]), np.array([0.0, 12.0]), errors, 340.0)
    assert near == pytest.approx(np.hypot(3.4, 0.5))
    assert far == pytest.approx(np.sqrt(3.4**2 + 0.5**2 + 5.0**2 + 12.0**2))


def test_small_bores_are_not_detectable_gunfire():
    assert not is_detectable("rifle-22")
    assert not is_detectable("rifle-223")
    assert is_detectable("pistol-9mm")
    assert is_detectable("shotgun-12")
    assert sum(shares_of(SHARES, detectable=True).values()) == pytest.approx(1.0)


def test_shared_draws_keep_the_mean_level_of_the_mix():
    draws = share_draws({"pistol-9mm": 0.5, "rifle-22": 0.5}, 6, 4)
    assert draws.weight.sum() == pytest.approx(1.0)
    longer = [longer_blast_db(WEAPONS[kind].positive_s) for kind in ("pistol-9mm", "rifle-22")]
    mean = 0.5 * (160.5 + 140.0) + np.mean(longer)
    assert draws.weight @ draws.level_db == pytest.approx(mean, abs=0.3)


def test_a_pistol_is_seven_decibels_louder_in_front_than_behind():
    draws = share_draws({"pistol-9mm": 1.0}, 1, 1)
    front, back = aim_gain_db(draws.azimuth_rad[0] + np.array([0.0, np.pi]), draws)[:, 0]
    assert front - back == pytest.approx(20.0 * np.log10(1.4 / 0.6), abs=1e-9)


def test_a_sensor_at_the_threshold_hears_half_of_the_shots():
    hearing = Hearing(20.0, 8.0, 1.0, 1.0)
    draws = share_draws({"pistol-9mm": 1.0}, 1, 1)
    gain = np.array([20.0 - draws.level_db[0] + 40.0])
    aside = draws.azimuth_rad + 0.5 * np.pi
    snr = signal_to_noise_db(gain, aside, 40.0, draws)
    assert chances(snr, hearing)[0, 0] == pytest.approx(0.5)


def test_the_band_holds_most_of_a_blast_and_noise_adds_up_below_the_street():
    assert 0.5 < band_weights().sum() < 1.0
    octaves = 10.0 * np.log10(np.sum(10.0 ** (np.array(Ambient().octave_db_rms) / 10.0)))
    assert noise_db(Ambient(), Microphone()) < octaves


def test_the_number_of_shots_tells_a_good_network_from_the_rule():
    assert shots_needed(1.0, 0.95) == 29  # 0.9^29 < 0.05
    assert (shots_needed(0.5, 0.95) or 2_000) < 15
    assert shots_needed(0.9, 0.95) is None


def test_shots_of_a_check_are_incidents_of_their_own():
    # Closer ones the detector would place together: twenty shots would be one observation.
    events = [Event(f"e{i}", f"e{i}", "pistol-9mm", 0.0, (0.0, 0.0, 1.5)) for i in range(3)]
    timed, duration = time_shots(events, DetectorOptions().pause_s)
    assert np.diff([e.time_s for e in timed]).min() > DetectorOptions().pause_s
    assert duration > timed[-1].time_s + 2.0


def test_what_wrong_pulses_grow_with_is_the_dilution_and_the_mean_lateness():
    turns = 2.0 * np.pi * np.arange(8) / 8.0
    wide, slow = off_course(300.0 * np.cos(turns), 300.0 * np.sin(turns), np.full(8, 9e-3))
    assert np.exp(wide) == pytest.approx(math.sqrt(4.0 / 8.0))  # J = diag(n/2, n/2, n)
    assert np.exp(slow) == pytest.approx(1.0)
    narrow = 0.2 * turns  # all within 63 degrees
    worse, slower = off_course(300.0 * np.cos(narrow), 300.0 * np.sin(narrow), np.full(8, 39e-3))
    assert worse > wide + math.log(3.0)
    assert np.exp(slower) == pytest.approx(4.0)
    assert np.exp(off_course(turns + 5.0, np.zeros(8), np.zeros(8))) == pytest.approx([20.0, 0.1])


def test_rounding_is_no_information():
    # Both Schur complements are -1e-40, their determinant is positive: not a variance of -1e40.
    assert plan_covariance(-1e-40, 0.0, -1e-40, 0.0, 0.0, 1e-30)[0] == math.inf


def test_no_chance_is_below_zero():
    chance = np.full((1, 12, 3), 1e-9)
    assert count_at_least(chance, 4).min() >= 0.0
    assert count_without_each(chance, 4, np.full(3, 1.0 / 3.0)).min() >= 0.0
