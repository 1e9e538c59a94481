"""The verb `field` on a set in miniature: what it writes, counts and draws."""

import json
import shutil
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from detector.consistency import ConsistencyOptions
from detector.tn098 import Tn098Options
from scenes.errors import BadInput
from testbed.cause import Workings
from testbed.field import FieldOptions, run_field
from testbed.field_night import Night, draw_sensors
from testbed.field_score import format_field, format_tuned, judge_night, score_field
from testbed.livefire import read_test
from testbed.livefire_truth import live_events
from tests.testbed.livefire_set import SENSORS, SHOOTER, write_test

NOTHING = Workings((), np.empty(0), np.empty(0), np.empty((0, 2)))


@pytest.fixture
def live_set(tmp_path):
    data = tmp_path / "set"
    write_test(data / "FP1" / "test_001")
    write_test(data / "FP1" / "test_002", shots_s=(2.0,))
    write_test(data / "FP2" / "test_003", shots_s=(2.0,))
    return data


def line(name, times_s, x=SHOOTER[0], y=SHOOTER[1]):
    return {"id": name, "time_s": times_s[0], "position_m": [x, y, None], "round_times_s": times_s}


def night(alerts, draw=0):
    return Night(draw, tuple(SENSORS), tuple(alerts), NOTHING)


def test_pulses_end_to_end_whatever_the_workers(live_set, tmp_path):
    results = [run_field(FieldOptions(live_set), tmp_path / f"out{workers}", workers) for workers in (1, 2)]
    score = results[0].score
    assert (score["tests"], score["incidents"], score["incidents_found"]) == (3, 3, 3)
    assert (score["rounds"], score["rounds_located_25m"], score["rounds_false"]) == (5, 5, 0)
    assert score["error_p95_m"] < 5.0
    assert score["by_position"]["FP2"]["rounds"] == 1
    assert list(score["by_sensors"]) == ["6"]
    assert "FP1" in format_field(score)
    for name in ("alerts.jsonl", "score.json", "matches.parquet", "incidents.parquet"):
        assert (tmp_path / "out1" / name).read_bytes() == (tmp_path / "out2" / name).read_bytes()
    lines = [json.loads(text) for text in (tmp_path / "out1" / "alerts.jsonl").read_text().splitlines()]
    assert {entry["test"] for entry in lines} == {"test_001", "test_002", "test_003"}
    assert json.loads((tmp_path / "out1" / "score.json").read_text()) == score


def test_audio_end_to_end(tmp_path):
    write_test(tmp_path / "set" / "FP1" / "test_001", audio=list(SENSORS))
    score = run_field(FieldOptions(tmp_path / "set", source="audio"), tmp_path / "out").score
    assert (score["rounds"], score["rounds_located_25m"]) == (3, 3)
    assert (score["onsets_within_5ms"], score["onsets_selected"]) == (18, 18)


def test_a_test_without_audio_is_missed_and_counted(live_set, tmp_path):
    score = run_field(FieldOptions(live_set, source="audio", positions=("FP2",)), tmp_path / "out").score
    assert (score["tests"], score["rounds_missed"], score["causes"]) == (1, 1, {"inaudible": 1})
    assert score["error_p50_m"] is None
    assert score["error_p50_all_m"] is None


def test_located_needs_place_and_time(live_set):
    test = read_test(live_set / "FP1" / "test_001")
    times = [event.time_s for event in live_events(test)]
    x, y = SHOOTER[:2]
    rows, incidents = judge_night(
        test, night([line("a", [times[0], times[1] + 0.16]), line("b", [times[2]], x + 20)])
    )
    assert rows["outcome"].to_list() == ["located", "mislocated", "located"]
    score = score_field(rows, incidents)
    assert (score["incidents_found"], score["rounds_located_25m"], score["rounds_located_15m"]) == (1, 2, 1)
    assert score["rounds_false"] == 0
    _, lost = judge_night(test, night([line("a", times, x, y + 26.0)]))
    assert lost["outcome"].to_list() == ["mislocated"]


def test_unmatched_rounds_are_unlabelled_where_the_vendor_missed_one(tmp_path):
    write_test(tmp_path / "FP1" / "test_001", selected=2)
    test = read_test(tmp_path / "FP1" / "test_001")
    times = [event.time_s for event in live_events(test)]
    assert len(times) == 2
    rows, incidents = judge_night(test, night([line("a", [*times, times[-1] + 0.9])]))
    score = score_field(rows, incidents)
    assert (score["rounds_located_25m"], score["rounds_unlabelled"], score["rounds_false"]) == (2, 1, 0)


def test_epoch_of_alerts_is_the_second_before_the_first_pulse(live_set, tmp_path):
    run_field(FieldOptions(live_set, positions=("FP2",)), tmp_path / "out")
    alert = json.loads((tmp_path / "out" / "alerts.jsonl").read_text())
    test = read_test(live_set / "FP2" / "test_003")
    assert test.epoch.microsecond == 0
    said = (datetime.fromisoformat(alert["time_utc"]) - test.epoch).total_seconds()
    assert said == pytest.approx(alert["time_s"], abs=1e-5)


def test_draws_come_from_the_sensors_that_the_vendor_selected(live_set):
    test = read_test(live_set / "FP1" / "test_001")
    subsets = draw_sensors(test, "pulses", 4, 20, seed=1)
    assert all(len(set(subset)) == 4 and set(subset) <= set(test.selected_sensors) for subset in subsets)
    assert len(set(subsets)) > 5
    assert subsets == draw_sensors(test, "pulses", 4, 20, seed=1)
    assert subsets[:3] == draw_sensors(test, "pulses", 4, 3, seed=1)
    assert draw_sensors(test, "pulses", 99, 1, seed=1) == [tuple(SENSORS)]
    assert draw_sensors(test, "audio", 4, 1, seed=1) == [()]


def test_draws_are_counted_each(live_set, tmp_path):
    score = run_field(
        FieldOptions(live_set, positions=("FP2",), sensors_max=5, draws=3), tmp_path / "out"
    ).score
    assert (score["tests"], score["incidents"], score["rounds"], score["draws"]) == (1, 3, 3, 3)
    assert pl.read_parquet(tmp_path / "out" / "matches.parquet")["draw"].to_list() == [0, 1, 2]


def test_what_is_tuned_on_a_position_is_not_scored_on_it(live_set, tmp_path):
    """What is learned for a position stays the same when that position's own shots and pulses change."""
    first = run_field(FieldOptions(live_set, tune="leave-one-out"), tmp_path / "a").score
    assert first["tuned"]["FP1"]["learned_on"] == ["FP2"]
    assert first["rounds_located_25m"] == 5
    assert "location.site_sigma_m" in format_tuned(first)
    for test in ("test_001", "test_002"):
        shutil.rmtree(live_set / "FP1" / test)
        write_test(live_set / "FP1" / test, shots_s=(2.5, 3.1))
    second = run_field(FieldOptions(live_set, tune="leave-one-out"), tmp_path / "b").score
    assert second["tuned"]["FP1"] == first["tuned"]["FP1"]


@pytest.mark.parametrize("detector", [Tn098Options(), ConsistencyOptions()])
def test_published_detectors_learn_too(live_set, tmp_path, detector):
    options = FieldOptions(live_set, tune="leave-one-out", detector=detector)
    score = run_field(options, tmp_path / "out").score
    assert "sets.window_s" in score["tuned"]["FP2"]


def test_one_position_leaves_nothing_to_learn_from(live_set, tmp_path):
    options = FieldOptions(live_set, positions=("FP1",), tune="leave-one-out")
    with pytest.raises(BadInput, match="two positions or more, not FP1"):
        run_field(options, tmp_path / "out")


def test_mistakes_come_together_and_before_any_work(tmp_path):
    options = FieldOptions(tmp_path, sensors_max=2, draws=0)
    with pytest.raises(BadInput) as caught:
        run_field(options, tmp_path / "out")
    assert len(str(caught.value).splitlines()) == 2
    assert not (tmp_path / "out").exists()


def test_broken_tests_are_named_together(live_set, tmp_path):
    for name in ("FP1/test_001/test_001.survey.json", "FP2/test_003/test_003.weather.json"):
        (live_set / name).write_text("{}")
    with pytest.raises(BadInput) as caught:
        run_field(FieldOptions(live_set), tmp_path / "out")
    assert "test_001" in str(caught.value)
    assert "test_003" in str(caught.value)
    assert not (tmp_path / "out").exists()
