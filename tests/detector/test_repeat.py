"""Rounds that come over other paths than their incident's are echoes or another's, and no rounds of it."""

from dataclasses import replace

import numpy as np
import pytest

from detector.associate import AssociationOptions, associate, build_incident
from detector.ears import lay_out
from detector.echo import is_echo
from detector.noise import prior_noise
from detector.repeat import COMMON_LEAST, log_odds_same
from detector.rivals import Found
from detector.search import Hypothesis
from tests.bench.windows import make_pulses, make_site

STATIONS = 12
SPEED = 343.0


@pytest.fixture(scope="module")
def square():
    """Twelve stations on and in a square of 200 m, as dense as streets have them."""
    rng = np.random.default_rng(5)
    grid = np.array([[x, y] for x in (0.0, 70.0, 140.0, 200.0) for y in (0.0, 100.0, 200.0)])
    return make_site(np.column_stack([grid + rng.uniform(-10.0, 10.0, grid.shape), np.full(STATIONS, 6.0)]))


def arrivals(site, place, time_s):
    away = np.linalg.norm(site.positions_m - np.array([*place, 1.5]), axis=1)
    return time_s + away / site.air.sound_speed_mps


def pulses_of(rounds, known=True):
    pulses = make_pulses(np.tile(np.arange(STATIONS), len(rounds)), np.concatenate(rounds), 1e-3)[0]
    level = np.full(len(pulses.time_s), 100.0 if known else np.nan)
    return replace(pulses, level_db=level, clipped=np.full(len(level), known))


def odds(site, one, other, known=True):
    """Of two rounds that are the only pulses: the first of each station and the second."""
    ears = lay_out(site, pulses_of([one, other], known), SPEED, np.ones(2 * STATIONS, bool))
    first = ears.first[:-1]
    return log_odds_same(first, first + 1, np.zeros((STATIONS, 2)), ears)


def test_rounds_of_one_place_repeat_and_those_of_others_do_not(square):
    rng = np.random.default_rng(1)
    shot = arrivals(square, (80.0, 90.0), 1.0)
    again = shot + 0.5 + 1e-3 * rng.standard_normal(STATIONS)
    assert odds(square, shot, again) > 10.0
    masked = again + np.where(np.arange(STATIONS) < 4, 0.05, 0.0)
    assert odds(square, shot, masked) > 0.0
    assert odds(square, shot, shot + 0.15 + rng.exponential(0.04, STATIONS)) < 0.0
    assert odds(square, shot, arrivals(square, (80.0, 115.0), 1.5)) < 0.0
    assert odds(square, shot, again, known=False) == 0.0


def test_few_stations_tell_nothing(square):
    ears = lay_out(
        square, pulses_of([np.ones(STATIONS), np.full(STATIONS, 2.0)]), SPEED, np.ones(2 * STATIONS, bool)
    )
    first = ears.first[:-1].copy()
    first[COMMON_LEAST - 1 :] = -1
    assert log_odds_same(first, ears.first[:-1] + 1, np.zeros((STATIONS, 2)), ears) == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_echoes_behind_every_shot_are_no_rounds(square, seed):
    """A courtyard answers each shot 0.14 s later and by ways of its own to each station, the same every time."""
    rng = np.random.default_rng(seed)
    late = 0.1 + rng.exponential(0.04, STATIONS)
    shots = [arrivals(square, (80.0, 90.0), t) for t in (1.0, 1.5)]
    rounds = [r + 5e-4 * rng.standard_normal(STATIONS) for s in shots for r in (s, s + late)]
    (incident,) = associate(square, pulses_of(rounds), AssociationOptions())
    np.testing.assert_allclose(incident.round_times_s, [1.0, 1.5], atol=5e-3)
    assert np.hypot(*(incident.position_m - [80.0, 90.0])) < 1.0


@pytest.mark.parametrize("speed_mps", [1.5, 10.0, 15.0])
@pytest.mark.parametrize("gap_s", [0.25, 0.5, 1.0])
def test_rounds_from_a_car_are_of_one_shooter(square, speed_mps, gap_s):
    rng = np.random.default_rng(0)
    rounds = [
        arrivals(square, (80.0 + speed_mps * gap_s * k, 90.0), 1.0 + gap_s * k)
        + 5e-4 * rng.standard_normal(STATIONS)
        for k in range(3)
    ]
    (incident,) = associate(square, pulses_of(rounds), AssociationOptions())
    assert len(incident.round_times_s) == 3


def test_a_round_is_not_left_out_for_one_before_it_that_too_few_heard(square):
    """A cough at two stations 20 ms before a shot makes the shot look like its echo off a wall."""
    shot = arrivals(square, (80.0, 90.0), 1.0)
    numbers = np.concatenate([[0, 1], np.arange(STATIONS)])
    pulses = make_pulses(numbers, np.concatenate([shot[:2] - 0.02, shot]), 1e-3)[0]
    ears = lay_out(square, pulses, SPEED, np.ones(len(numbers), bool))
    last = ears.first[1:] - 1
    rounds = np.stack([np.where(np.arange(STATIONS) < 2, ears.first[:-1], -1), last])
    place = np.array([80.0, 90.0, 1.5])
    best = Hypothesis(place, np.array([0.98, 1.0]), np.ones(2), rounds, np.eye(2), np.ones(2), 50.0)
    noise = prior_noise(square.air, AssociationOptions().noise)
    incident = build_incident(Found(best, ()), ears, noise, np.zeros(3), AssociationOptions())
    assert len(np.unique(pulses.station[incident.pulse])) == STATIONS


@pytest.mark.parametrize(
    ("echo_times", "told"),
    [
        ([1.05, 1.55, 2.15], True),  # robbed the original of its third round
        ([1.45, 1.95, 2.55], False),  # too late after the shots to have robbed one
        ([1.05, 1.75, 2.15], False),  # only one follows: another shooter
    ],
)
def test_an_echo_may_have_robbed_the_original_of_a_round(square, echo_times, told):
    ears = lay_out(square, pulses_of([np.ones(STATIONS)]), SPEED, np.ones(STATIONS, bool))
    noise = prior_noise(square.air, AssociationOptions().noise)

    def hypothesis(place, times):
        count = len(times)
        direct = np.zeros((count, STATIONS), np.int64)
        at = np.array([*place, 1.5, 0.0, 0.0, 0.0])
        return Hypothesis(at, np.array(times), np.ones(count), direct, np.eye(5), np.ones(count), 1.0)

    shots, echo = hypothesis((80.0, 90.0), [1.0, 1.5]), hypothesis((92.0, 90.0), echo_times)
    assert is_echo(echo, shots, ears, noise) == told
