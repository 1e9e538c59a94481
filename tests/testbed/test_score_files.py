"""The verb `score`, from files to files."""

import json

import polars as pl
import pytest

from scenes.errors import BadInput
from sim.sources import SOURCES
from testbed.labels import LABELS, label_of
from testbed.matching import ROW_SCHEMA
from testbed.truth import Truth, TruthEvent, Watch, write_truth
from testbed.verbs.score import format_score, score_files


@pytest.fixture
def night(tmp_path):
    events = tuple(TruthEvent(f"e{i}", f"I{i}", "pistol-9mm", 10.0 * i, (0.0, 0.0, 1.5)) for i in range(3))
    write_truth(Truth(events, Watch(60.0, (0.0, 0.0, 1000.0, 1000.0))), tmp_path / "truth.json")
    lines = [
        {"id": "a", "time_s": 0.1, "position_m": [3.0, 4.0]},
        {"id": "b", "time_s": 30.0, "position_m": [0.0, 0.0]},
    ]
    (tmp_path / "alerts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_files_in_files_out(night):
    verdict = score_files(night / "alerts.jsonl", night / "truth.json", night / "out")
    score = json.loads((night / "out" / "score.json").read_text())
    assert score == verdict.score
    assert (score["rounds_located"], score["rounds_missed"], score["rounds_false"]) == (1, 2, 1)
    assert score["false_alerts_per_km2_day"] == pytest.approx(1440.0)
    rows = pl.read_parquet(night / "out" / "matches.parquet")
    assert dict(rows.schema) == dict(ROW_SCHEMA)
    assert rows["error_m"].drop_nulls().to_list() == [5.0]
    assert "1 of 3" in format_score(verdict.score)


def test_stated_area_and_duration_win(night):
    score = score_files(
        night / "alerts.jsonl", night / "truth.json", night / "o", area_km2=2.0, duration_s=120.0
    ).score
    assert score["false_alerts_per_km2_day"] == pytest.approx(360.0)


def test_a_quiet_night_has_a_table(tmp_path):
    write_truth(Truth(()), tmp_path / "truth.json")
    (tmp_path / "alerts.jsonl").touch()
    verdict = score_files(tmp_path / "alerts.jsonl", tmp_path / "truth.json", tmp_path / "out")
    assert verdict.score["incidents_f1"] == 1.0
    assert "nan" not in format_score(verdict.score).lower()


def test_bad_input_leaves_nothing_behind(night):
    (night / "alerts.jsonl").write_text("nonsense\n")
    with pytest.raises(BadInput, match="line 1"):
        score_files(night / "alerts.jsonl", night / "truth.json", night / "out")
    assert not (night / "out").exists()


def test_a_kind_without_label_is_named(night):
    write_truth(Truth((TruthEvent("e", "I", "laser-9", 1.0, (0.0, 0.0, 0.0)),)), night / "truth.json")
    with pytest.raises(BadInput, match="'laser-9'"):
        score_files(night / "alerts.jsonl", night / "truth.json", night / "out")


def test_every_source_has_a_label_and_the_label_an_alert_can_give():
    assert {label_of(kind) for kind in SOURCES} <= set(LABELS)
    assert label_of("pistol-9mm") == "gunshot"
    assert label_of("laser-9") is None
