"""Results appear whole or not at all."""

import pytest

from scenes.errors import BadInput
from testbed.outbox import outbox


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_results_arrive_together(tmp_path):
    out = tmp_path / "a" / "b"
    with outbox(out, ["score.json"]) as draft:
        (draft / "score.json").write_text("{}")
        assert not out.exists()
    assert names(out) == ["score.json"]
    assert names(tmp_path) == ["a"]


def fail_halfway(out, error):
    with outbox(out, ["score.json"]) as draft:
        (draft / "score.json").write_text("new")
        raise error


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway(tmp_path / "a" / "b", RuntimeError("halfway"))
    assert names(tmp_path) == []


def test_an_interruption_leaves_older_results_alone(tmp_path):
    (tmp_path / "score.json").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        fail_halfway(tmp_path, KeyboardInterrupt())
    assert (tmp_path / "score.json").read_text() == "old"
    assert names(tmp_path) == ["score.json"]


def test_new_results_replace_the_verbs_own_and_nothing_else(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "old").write_text("")
    (tmp_path / "alerts.geojson").write_text("of a site with an origin")
    with outbox(tmp_path, ["alerts.jsonl", "alerts.geojson", "evidence"]) as draft:
        (draft / "alerts.jsonl").write_text("")
        (draft / "evidence").mkdir()
    assert names(tmp_path) == ["alerts.jsonl", "evidence", "thesis.tex"]
    assert names(tmp_path / "evidence") == []


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(BadInput, match="is a file; a folder is wanted"), outbox(tmp_path / "out" / "x", []):
        pass
