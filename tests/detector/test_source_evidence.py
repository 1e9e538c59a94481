"""The source's level, the clearest pulses, their votes, repeats from one place: made up, so the answer is known."""

import numpy as np
import pytest

from detector.clear_evidence import CLEAR, VOTES, measure_clear, measure_votes
from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.repeat_evidence import REPEATS, measure_repeats
from detector.site import Site
from detector.source_evidence import AIR_DB_M, SOURCE, measure_source
from tests.detector.test_class_evidence import SPEED, STREET, hear, make_site

PLACE = np.zeros(2)


def hear_once(site: Site, level_db: np.ndarray, **columns: np.ndarray) -> tuple[Pulses, Incident]:
    """Return one bang in the middle that all stations hear, in the order in which they do."""
    arrival_s = np.linalg.norm(site.positions_m - np.array(STREET), axis=1) / SPEED
    order = np.argsort(arrival_s, kind="stable")
    n = len(order)
    plain = {"clipped": np.zeros(n, np.bool_), "features": np.zeros((n, len(FEATURES)))} | columns
    pulses = Pulses(
        order.astype(np.int32),
        arrival_s[order],
        np.full(n, 1e-3),
        level_db[order],
        np.full(n, 20.0),
        plain["clipped"][order],
        plain["features"][order],
    )
    return pulses, Incident(PLACE, np.zeros(1), np.arange(n), np.zeros(n, dtype=np.int64), 9.0)


def open_level(site: Site, source_db: float) -> np.ndarray:
    away_m = np.linalg.norm(site.positions_m[:, :2], axis=1)
    return source_db - 20.0 * np.log10(away_m) - AIR_DB_M * away_m


def source_of(site: Site, level_db: np.ndarray, clipped: np.ndarray | None = None) -> dict[str, float]:
    clip = np.zeros(len(level_db), np.bool_) if clipped is None else clipped
    pulses, incident = hear_once(site, level_db, clipped=clip)
    said = measure_source(site, pulses, incident, PLACE)
    return dict(zip(SOURCE, said.tolist(), strict=True))


@pytest.mark.parametrize(("source_db", "is_gun"), [(160.0, True), (142.0, False)])
def test_levels_in_the_open_give_the_source_back(source_db: float, is_gun: bool) -> None:
    site = make_site()
    said = source_of(site, open_level(site, source_db))
    assert said["free_level_db"] == pytest.approx(source_db)
    assert said["fitted_level_db"] == pytest.approx(source_db, abs=2.0)
    assert said["fitted_sigma_db"] < 3.0
    assert (said["gun_over_cracker_nats"] > 3.0) == is_gun
    assert (said["gun_over_cracker_nats"] < -3.0) != is_gun
    assert said["gun_over_quiet_nats"] >= 0.0


def test_houses_and_converters_take_from_a_level_and_do_not_hide_the_gun() -> None:
    site = make_site()
    level_db = open_level(site, 160.0)
    shaded_db = level_db - np.where(np.arange(8) % 2 == 0, 0.0, 20.0)
    assert source_of(site, shaded_db)["fitted_level_db"] == pytest.approx(160.0, abs=4.0)
    # All stop at 93 dB: of what clipped only the least level is known.
    cut_db = np.minimum(level_db, 93.0)
    unsaid = source_of(site, cut_db)["gun_over_cracker_nats"]
    said = source_of(site, cut_db, level_db > 93.0)
    assert said["gun_over_cracker_nats"] > unsaid + 1.0
    assert said["fitted_sigma_db"] > 5.0


def test_the_clear_and_the_near_are_heard_apart_from_the_rest() -> None:
    site = make_site()
    away_m = np.linalg.norm(site.positions_m[:, :2], axis=1)
    features = np.zeros((8, len(FEATURES)))
    features[:, FEATURES.index("log10_centroid_hz")] = 4.0 - np.log10(away_m)  # far ones are dull
    features[:, FEATURES.index("log10_rise_ms")] = np.arange(8.0)
    pulses, incident = hear_once(site, np.full(8, 80.0), features=features)
    loud = np.where(pulses.station == 5, 30.0, np.where(np.isin(pulses.station, (4, 6)), 25.0, 5.0))
    said = dict(zip(CLEAR, measure_clear(site, pulses, incident, PLACE, loud).tolist(), strict=True))
    assert said["clear_log10_rise_ms"] == pytest.approx(5.0)
    assert said["near_log10_rise_ms"] == pytest.approx(0.5)
    # of a slope of -1, as much as the spread of distances tells
    assert -1.0 < said["centroid_slope"] < -0.4
    assert said["rise_spread"] == pytest.approx(np.arange(8.0).std())


def test_votes_are_counted_by_station() -> None:
    site = make_site()
    pulses, incident = hear_once(site, np.full(8, 80.0))
    gun, cracker = np.log([0.7, 0.1, 0.1, 0.1]), np.log([0.1, 0.7, 0.1, 0.1])
    scores = np.array([gun] * 6 + [cracker] * 2)
    said = dict(
        zip(VOTES, measure_votes(pulses, incident, np.arange(8.0)[::-1], scores).tolist(), strict=True)
    )
    for_gun, against = np.log(0.7 / 0.3), np.log(0.1 / 0.9)
    assert said["gun_clear_nats"] == pytest.approx(for_gun)
    assert said["gun_stations_nats"] == pytest.approx(6.0 * for_gun + 2.0 * against)
    assert (said["gun_most_nats"], said["gun_least_nats"]) == pytest.approx((for_gun, against))
    assert (said["best_gunshot"], said["best_firework"], said["best_other"]) == (0.75, 0.25, 0.0)


def test_what_bangs_from_the_same_place_is_found_and_echoes_are_not() -> None:
    site = make_site()
    arrival_s = np.linalg.norm(site.positions_m - np.array(STREET), axis=1) / SPEED
    rng = np.random.default_rng(0)
    again = tuple((s, float(t) + k) for s, t in enumerate(arrival_s) for k in (1.2, 2.4, 3.6))
    echoes = tuple((s, float(t + rng.uniform(0.03, 1.0))) for s, t in enumerate(arrival_s) for _ in range(3))
    alone = hear(site, [(0.0, STREET)], more=echoes)
    assert alone["log10_repeats_wide"] == 0.0
    driver = hear(site, [(0.0, STREET)], more=(*again, *echoes))
    assert driver["log10_repeats_close"] == pytest.approx(np.log10(2.0), abs=1e-6)
    assert driver["log10_repeats_wide"] == pytest.approx(np.log10(4.0), abs=1e-6)
    assert driver["repeat_cv"] == pytest.approx(0.0, abs=1e-6)
    assert driver["log10_repeat_s"] == pytest.approx(np.log10(1.2), abs=1e-6)


def test_two_stations_tell_no_place_from_another() -> None:
    site = make_site(2)
    pulses, incident = hear_once(site, np.full(2, 80.0))
    assert dict(zip(REPEATS, measure_repeats(pulses, incident).tolist(), strict=True)) == {
        "log10_repeats_close": 0.0,
        "log10_repeats_wide": 0.0,
        "repeat_cv": 0.5,
        "log10_repeat_s": pytest.approx(np.log10(12.0)),
    }


def test_bangs_of_one_gun_are_alike_and_those_of_a_string_are_not() -> None:
    site = make_site()
    even = hear(site, [(0.0, STREET), (0.3, STREET), (0.8, STREET)])
    assert even["round_level_spread_db"] == pytest.approx(0.0, abs=1e-9)
    assert even["heard_evenly"] == 1.0
    assert even["log10_longest_s"] == pytest.approx(np.log10(0.51), abs=1e-6)
    assert even["log10_interval_ratio"] == pytest.approx(np.log10(0.51 / 0.31), abs=1e-6)
    assert 10.0 ** even["log10_pulses_a_round"] == pytest.approx(8.0, rel=1e-5)
