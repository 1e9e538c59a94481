"""Bangs that were not counted: what single stations heard beside an incident's rounds."""

import numpy as np
import pytest

from detector.bustle_evidence import BUSTLE, measure_bustle
from detector.faint_repeat_evidence import FAINT, measure_faint_repeats
from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station

DELAY_S = np.array([0.3, 0.5, 0.6, 0.8])  # from the place to the stations
LEVEL_DB = np.array([90.0, 84.0, 82.0, 78.0])


def make_site() -> Site:
    away = DELAY_S * AirReading().sound_speed_mps
    stations = [
        Station(f"S{k}", (float(a), 0.0, 6.0), 0.1, np.zeros((1, 3)), 48e3, 0.9, 1e-3)
        for k, a in enumerate(away)
    ]
    return Site(tuple(stations), AirReading())


def hear(more: list[tuple[int, float, float]]) -> tuple[Pulses, Incident]:
    """Return what one bang at 10 s makes of four stations, and more pulses (station, s, dB)."""
    rows = [(s, 10.0 + DELAY_S[s], LEVEL_DB[s], 0) for s in range(4)] + [(*row, -1) for row in more]
    rows.sort(key=lambda row: row[1])
    station, time_s, level_db, counted = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    pulses = Pulses(
        station.astype(np.int32), time_s, np.full(n, 1e-3), level_db, np.full(n, 10.0), np.zeros(n, np.bool_),
        np.zeros((n, len(FEATURES))),
    )  # fmt: skip
    index = np.flatnonzero(counted == 0)
    return pulses, Incident(np.zeros(2), np.array([10.0]), index, np.zeros(4, dtype=np.int64), 9.0)


def faint(more: list[tuple[int, float, float]]) -> dict[str, float]:
    return dict(zip(FAINT, measure_faint_repeats(*hear(more)).tolist(), strict=True))


def bustle(more: list[tuple[int, float, float]]) -> dict[str, float]:
    pulses, incident = hear(more)
    return dict(zip(BUSTLE, measure_bustle(make_site(), pulses, incident, np.zeros(2)).tolist(), strict=True))


def repeat(station: int, after_s: float, louder_db: float = 0.0) -> tuple[int, float, float]:
    return station, 10.0 + DELAY_S[station] + after_s, LEVEL_DB[station] + louder_db


def test_a_bang_that_two_of_four_stations_repeat_is_likely_one() -> None:
    said = faint([repeat(0, 0.45), repeat(2, 0.452)])
    assert said["faint_repeat_nats"] > 5.0
    assert 10.0 ** said["log10_faint_repeat_s"] == pytest.approx(0.45, abs=0.003)
    assert said["log10_faint_repeats"] == pytest.approx(np.log10(2.0))
    assert said["faint_before_nats"] < 0.0


def test_echoes_of_unlike_delays_are_less_likely_one() -> None:
    echoes = faint([repeat(0, 0.3), repeat(2, 0.45)])
    assert echoes["faint_repeat_nats"] < faint([repeat(0, 0.45), repeat(2, 0.45)])["faint_repeat_nats"] - 5.0


def test_a_repeat_is_as_loud_as_the_round_was_there() -> None:
    alike, fainter = ([repeat(s, 0.45, db) for s in (0, 2)] for db in (0.0, -12.0))
    assert faint(alike)["faint_repeat_nats"] > faint(fainter)["faint_repeat_nats"] + 5.0


def test_a_bang_before_the_round_is_told_apart() -> None:
    said = faint([repeat(s, -0.7) for s in range(3)])
    assert said["faint_before_nats"] == said["faint_repeat_nats"] > 10.0


def test_silence_repeats_nothing() -> None:
    assert faint([]) == pytest.approx(
        {
            "faint_repeat_nats": -3.0,
            "log10_faint_repeat_s": np.log10(3.0),
            "log10_faint_repeats": 0.0,
            "faint_before_nats": -3.0,
        }
    )


def test_a_string_is_busy_at_each_station_for_itself() -> None:
    rng = np.random.default_rng(3)
    alone = bustle([])
    string = bustle([repeat(s, after_s) for s in range(4) for after_s in rng.uniform(0.05, 1.1, 10)])
    assert alone["log10_pulses_near"] == pytest.approx(np.log10(2.0))
    assert string["log10_pulses_near"] == string["log10_loud"] == pytest.approx(np.log10(12.0))
    assert string["log10_pulses_per_s"] > alone["log10_pulses_per_s"] + 0.5
    assert string["log10_pulse_gap_s"] < alone["log10_pulse_gap_s"] - 0.5
    assert string["log10_loud_a_round"] == pytest.approx(np.log10(6.0))


def test_what_came_before_and_what_is_faint_count_apart() -> None:
    said = bustle([*(repeat(s, -0.8) for s in range(4)), *(repeat(s, 0.5, -20.0) for s in range(4))])
    assert said["log10_before_near"] == pytest.approx(np.log10(2.0))
    assert said["log10_pulses_near"] == pytest.approx(np.log10(3.0))
    assert said["log10_loud_near"] == pytest.approx(np.log10(2.0))
