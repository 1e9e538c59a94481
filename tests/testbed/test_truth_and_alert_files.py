"""Files of others: read back as written; mistakes told all at once, by name."""

import json

import pytest

from scenes.errors import BadInput
from testbed.alert_file import read_alerts
from testbed.complaints import tell
from testbed.truth import Hearing, Truth, TruthEvent, Watch, read_truth, write_truth

TRUTH = Truth(
    events=(
        TruthEvent("e1", "A", "pistol-9mm", 1.5, (1.0, 2.0, 1.5), {"azimuth_deg": 30.0}, {}),
        TruthEvent(
            "e2",
            "A",
            "pistol-9mm",
            2.5,
            (1.0, 2.0, 1.5),
            {},
            {"S1": Hearing(2.9, 101.5, "direct", clipped=True)},
        ),
        TruthEvent("e3", "B", "shell-burst", 3.5, (1.0, 2.0, 90.0), {}, None),
    ),
    watch=Watch(60.0, (0.0, 0.0, 1000.0, 500.0), {"S1": (0.0, 0.0, 4.0)}, 52.0),
)


def test_truth_reads_back_as_written(tmp_path):
    write_truth(TRUTH, tmp_path / "truth.json")
    assert read_truth(tmp_path / "truth.json") == TRUTH
    assert [p.name for p in tmp_path.iterdir()] == ["truth.json"]
    assert TRUTH.watch.area_km2 == 0.5


def test_truth_of_others_needs_no_extras(tmp_path):
    record = {
        "id": "e",
        "incident": "A",
        "kind": "rifle-556",
        "time_s": 1,
        "position_m": [0, 0, 0],
        "traits": {},
    }
    (tmp_path / "t.json").write_text(json.dumps({"format": "echoblock-truth/1", "events": [record]}))
    truth = read_truth(tmp_path / "t.json")
    assert truth.events[0].heard is None
    assert truth.watch == Watch()


def test_every_mistake_of_a_truth_is_told_at_once(tmp_path):
    path = tmp_path / "t.json"
    good = {"id": "e", "incident": "A", "kind": "rifle-556", "time_s": 1, "position_m": [0, 0, 0]}
    records = [good, good, good | {"id": "f", "time_s": "x"}, good | {"id": "g", "position_m": [1, 2]}, 7]
    path.write_text(
        json.dumps({"format": "echoblock-truth/1", "events": records, "watch": {"duration_s": -1}})
    )
    with pytest.raises(BadInput) as caught:
        read_truth(path)
    text = str(caught.value)
    for part in (
        "two events are called 'e'",
        "event 2 (f): time_s",
        "event 3 (g): position_m",
        "event 4",
        "watch",
    ):
        assert part in text


@pytest.mark.parametrize("content", ["", "[1", "[]", '{"format": "other/1"}', '{"format": NaN}'])
def test_what_is_no_truth_is_refused_by_name(tmp_path, content):
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(BadInput, match=r"t\.json"):
        read_truth(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_truth(tmp_path / "absent.json")


def test_foreign_alerts_need_little(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_text(
        '{"id": "b", "time_s": 5, "position_m": [1, 2, null], "round_times_s": [5.0, 6.0]}\n\n'
        '{"id": "a", "time_s": 3, "position_m": [1, 2]}\n'
    )
    first, second = read_alerts(path)
    assert (first.id, first.round_times_s, first.position_m) == ("a", (3.0,), (1.0, 2.0))
    assert (second.id, second.belief, second.regions) == ("b", None, None)
    path.write_text("")
    assert read_alerts(path) == ()


def test_every_mistake_of_alerts_is_told_at_once(tmp_path):
    path = tmp_path / "alerts.jsonl"
    good = {"id": "a", "time_s": 5, "position_m": [1, 2, None]}
    bad = [
        good,
        good,
        good | {"id": "b", "belief": {"gunshot": 1.0}},
        good | {"id": "c", "call": "bang"},
        good | {"id": "d", "round_times_s": [1, None]},
        good | {"id": "e", "regions": {"95": [[1]]}},
        good | {"id": "f", "time_s": None},
    ]
    path.write_text("\n".join(json.dumps(record) for record in bad) + "\n{oops\n")
    with pytest.raises(BadInput) as caught:
        read_alerts(path)
    text = str(caught.value)
    for part in (
        "two alerts are called 'a'",
        "line 3: belief",
        "line 4: call",
        "line 5: round",
        "line 6: reg",
    ):
        assert part in text
    for part in ("line 7: time_s", "line 8: is not JSON"):
        assert part in text


def test_of_a_file_wrong_in_every_line_the_first_are_told_and_how_many_more(capsys):
    tell(f"line {number}: is not JSON" for number in range(1, 501))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "echoblock: line 1: is not JSON"
    assert lines[-1] == "echoblock: and 480 more"
    assert len(lines) == 21
