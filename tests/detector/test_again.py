"""Further rounds over the paths of those that were found, though most stations have lost them in what rings."""

from dataclasses import replace

import numpy as np
import pytest

from detector.again import add_rounds
from detector.associate import AssociationOptions, associate
from detector.ears import lay_out
from detector.same_paths import STATIONS_LEAST, measure_paths
from detector.search import Hypothesis, SearchOptions
from tests.bench.windows import make_pulses, make_site

STATIONS, SPEED, AUTO_S = 12, 343.0, 0.07
PLACE = (80.0, 90.0)


@pytest.fixture(scope="module")
def square():
    rng = np.random.default_rng(5)
    grid = np.array([[x, y] for x in (0.0, 70.0, 140.0, 200.0) for y in (0.0, 100.0, 200.0)])
    return make_site(np.column_stack([grid + rng.uniform(-10.0, 10.0, grid.shape), np.full(STATIONS, 6.0)]))


def first_round(site, rng):
    """Arrivals of a shot at 1 s whose paths round corners are late by 10 ms on average, each by its own."""
    away = np.linalg.norm(site.positions_m - np.array([*PLACE, 1.5]), axis=1)
    return 1.0 + away / site.air.sound_speed_mps + rng.exponential(0.01, STATIONS)


def make_table(station, time_s, level_db):
    pulses = make_pulses(station, time_s, 1e-3)[0]
    order = np.lexsort((station, time_s))
    return replace(pulses, level_db=np.asarray(level_db)[order], clipped=np.zeros(len(time_s), bool))


def burst(site, rng, rounds, heard_by, lag_sigma_s=5e-4, louder_db=0.0):
    """Pulses of a burst whose later rounds only some stations report, and a hypothesis that has the first round."""
    first = first_round(site, rng)
    station, time_s, level = [np.arange(STATIONS)], [first], [np.full(STATIONS, 100.0)]
    for k in range(1, rounds):
        some = rng.permutation(STATIONS)[:heard_by]
        station.append(some)
        time_s.append(first[some] + AUTO_S * k + lag_sigma_s * rng.standard_normal(heard_by))
        level.append(np.full(heard_by, 100.0 + louder_db))
    pulses = make_table(np.concatenate(station), np.concatenate(time_s), np.concatenate(level))
    ears = lay_out(site, pulses, SPEED, np.ones(len(pulses), bool))
    row = ears.first[:-1].copy()
    h = Hypothesis(
        np.zeros(6), np.array([1.0]), np.array([30.0]), row[None, :], np.eye(5), np.array([1e6]), 20.0
    )
    return pulses, ears, h


@pytest.mark.parametrize("seed", range(5))
def test_rounds_of_a_burst_that_half_of_the_stations_lost_are_found(square, seed):
    _, ears, h = burst(square, np.random.default_rng(seed), 6, 6)
    more = add_rounds(h, np.zeros(len(ears.time), bool), ears, SearchOptions())
    np.testing.assert_allclose(more.times, 1.0 + AUTO_S * np.arange(6), atol=2e-3)
    assert (np.diff(more.times) > 0.0).all()
    assert ((more.direct >= 0).sum(axis=1) >= STATIONS_LEAST).all()
    taken = more.direct[more.direct >= 0]
    assert len(np.unique(taken)) == len(taken)
    assert more.log_evidence > h.log_evidence


@pytest.mark.parametrize("seed", range(5))
def test_what_follows_by_ways_of_its_own_is_no_round(square, seed):
    _, ears, h = burst(square, np.random.default_rng(seed), 6, 6, lag_sigma_s=0.03)
    assert add_rounds(h, np.zeros(len(ears.time), bool), ears, SearchOptions()) is h


def test_what_follows_much_weaker_is_an_echo(square):
    def found(louder_db):
        _, ears, h = burst(square, np.random.default_rng(0), 3, 8, louder_db=louder_db)
        return len(add_rounds(h, np.zeros(len(ears.time), bool), ears, SearchOptions()).times)

    assert found(0.0) == found(-2.0) == 3
    assert found(-12.0) == 1


def test_pulses_of_others_and_pulses_of_unknown_level_are_left_alone(square):
    _, ears, h = burst(square, np.random.default_rng(0), 6, 6)
    assert add_rounds(h, np.ones(len(ears.time), bool), ears, SearchOptions()) is h
    unknown = ears._replace(level=np.full(len(ears.time), np.nan))
    assert add_rounds(h, np.zeros(len(ears.time), bool), unknown, SearchOptions()) is h


def test_paths_are_the_median_of_the_rounds(square):
    _, ears, h = burst(square, np.random.default_rng(0), 4, 12)
    rows = ears.first[:-1, None] + np.arange(4)[None, :]
    h = replace(
        h, times=1.0 + AUTO_S * np.arange(4), direct=rows.T, scores=np.ones(4), weights=np.full(4, 1e6)
    )
    paths = measure_paths(h, ears)
    np.testing.assert_allclose(paths.delay, ears.time[ears.first[:-1]] - 1.0, atol=1.5e-3)
    np.testing.assert_allclose(paths.level, 100.0)


@pytest.mark.parametrize("seed", range(3))
def test_automatic_fire_is_one_incident_with_all_its_rounds(square, seed):
    pulses, _, _ = burst(square, np.random.default_rng(seed), 8, 6)
    # a station that does nothing but report is not listened to: let the night be longer than the burst
    long = np.concatenate([[-10.0], pulses.time_s, [10.0]]), np.concatenate([[0], pulses.station, [1]])
    pulses = make_table(long[1], long[0], np.concatenate([[60.0], pulses.level_db, [60.0]]))
    (incident,) = associate(square, pulses, AssociationOptions())
    gaps = np.diff(incident.round_times_s)
    assert len(gaps) == 7
    np.testing.assert_allclose(gaps, AUTO_S, atol=5e-3)
    assert np.hypot(*(incident.position_m - np.array(PLACE))) < 15.0
