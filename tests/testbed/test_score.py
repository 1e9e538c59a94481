"""Stated values for a perfect, an empty and a blind night, and for nights that can be worked out by hand."""

import json
import math

import numpy as np
import pytest

from testbed.alert_file import JudgedAlert
from testbed.incidents import incident_rows
from testbed.labels import LABELS
from testbed.matching import match_alerts
from testbed.score import percentile, score_rows
from testbed.truth import TruthEvent, Watch

SQUARE_KM = Watch(duration_s=8_640.0, bounds_m=(-500.0, -500.0, 500.0, 500.0))  # a tenth of a km2 day


def event(name, time_s, x=0.0, y=0.0, incident="A", kind="pistol-9mm", **traits):
    return TruthEvent(name, incident, kind, time_s, (x, y, 1.5), traits)


def square(x, y, half):
    corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    return [[[*corners, corners[0]]]]


def alert(name, times_s, x=0.0, y=0.0, call="gunshot", region_m=10.0, **more):
    belief = dict.fromkeys(LABELS, 0.1) | {call if call in LABELS else "other": 0.7}
    return JudgedAlert(
        id=name,
        time_s=times_s[0],
        position_m=(x, y),
        round_times_s=tuple(times_s),
        covariance_m2=((25.0, 0.0), (0.0, 25.0)),
        regions={p: square(x, y, region_m) for p in ("50", "80", "95")},
        region95_area_m2=4.0 * region_m**2,
        belief=belief,
        call=call,
        sensors=("S1", "S2", "S3", "S4"),
        latency_s=0.5,
        **more,
    )


def judge(events, alerts, watch=SQUARE_KM, **options):
    rows = match_alerts(events, alerts, **options)
    score = score_rows(rows, incident_rows(rows, events, alerts, watch), watch)
    json.dumps(score, allow_nan=False)
    return score


def test_perfect_night():
    events = [
        event("1", 10.0),
        event("2", 10.5),
        event("3", 40.0, 300.0, 0.0, incident="B", kind="shell-burst"),
    ]
    score = judge(events, [alert("a", [10.0, 10.5]), alert("b", [40.0], 300.0, call="firework")])
    for rate in ("rounds_recall", "rounds_precision", "rounds_f1", "incidents_recall", "incidents_precision"):
        assert score[rate] == 1.0
    for rate in (
        "incidents_f1",
        "gunshot_recall",
        "gunshot_precision",
        "gunshot_f1",
        "contract_rate",
        "coverage95",
    ):
        assert score[rate] == 1.0
        assert score[f"{rate}_low"] < 1.0 == score[f"{rate}_high"]
    assert (score["rounds"], score["incidents"], score["alerts"]) == (3, 2, 2)
    assert score["error_p50_m"] == score["error_p95_all_m"] == score["false_alerts_per_km2_day"] == 0.0
    assert score["confusion"]["gunshot"]["gunshot"] == score["confusion"]["firework"]["firework"] == 1
    assert score["region95_area_p50_m2"] == 400.0
    assert score["latency_p50_s"] == 0.5
    assert score["mean_p_true_label"] == pytest.approx(0.7)
    assert score["causes"] == {}


def test_quiet_night_without_alerts_is_perfect():
    score = judge([], [])
    for f1 in ("rounds_f1", "incidents_f1", "gunshot_f1"):
        assert score[f1] == 1.0
        assert score[f"{f1}_low"] is None
    for rate in (
        "rounds_recall",
        "rounds_precision",
        "incidents_recall",
        "gunshot_recall",
        "gunshot_precision",
    ):
        assert score[rate] is None
    for nothing in ("contract_rate", "coverage95", "error_p50_m", "error_p50_all_m", "latency_p50_s"):
        assert score[nothing] is None
    assert score["false_alerts_per_km2_day"] == 0.0
    assert score["false_alerts_per_km2_day_high"] == pytest.approx(
        3.689 / 0.1, rel=1e-3
    )  # Garwood: 0 has 3.689 above
    assert score["rounds"] == score["rounds_false"] == score["alerts"] == 0


def test_blind_night():
    score = judge([event("1", 10.0), event("2", 40.0, incident="B")], [])
    for rate in (
        "rounds_recall",
        "rounds_f1",
        "incidents_recall",
        "incidents_f1",
        "gunshot_recall",
        "contract_rate",
    ):
        assert score[rate] == 0.0
        assert score[f"{rate}_high"] > 0.0
    for nothing in (
        "rounds_precision",
        "incidents_precision",
        "gunshot_precision",
        "error_p50_m",
        "error_p50_all_m",
    ):
        assert score[nothing] is None
    assert (score["rounds_missed"], score["incidents_missed"], score["contract_missed"]) == (2, 2, 2)
    assert score["confusion"]["gunshot"]["missed"] == 2


def test_false_alert_on_a_quiet_night():
    score = judge([], [alert("a", [10.0, 11.0])])
    assert (score["rounds_false"], score["incidents_false"], score["alerts_false"]) == (2, 1, 1)
    assert score["incidents_f1"] == score["rounds_precision"] == score["gunshot_precision"] == 0.0
    assert score["incidents_recall"] is None
    assert score["false_alerts_per_km2_day"] == pytest.approx(10.0)
    assert score["false_gunshot_alerts_per_km2_day"] == pytest.approx(10.0)
    assert score["confusion"]["nothing"]["gunshot"] == 1


def test_mislocated_counts_against_recall_and_precision():
    score = judge([event("1", 10.0)], [alert("a", [10.0], x=26.0, region_m=30.0)])
    assert (score["rounds_mislocated"], score["contract_mislocated"]) == (1, 1)
    assert score["rounds_recall"] == score["rounds_precision"] == score["contract_rate"] == 0.0
    assert score["error_p50_m"] == pytest.approx(26.0)
    assert score["coverage95"] == 1.0
    assert score["mahalanobis2_p50"] == pytest.approx(26.0**2 / 25.0)
    assert judge([event("1", 10.0)], [alert("a", [10.0], x=24.0)])["rounds_located"] == 1


def test_missed_rounds_are_infinitely_far_off():
    events = [event(str(i), 10.0 * i, incident=str(i)) for i in range(10)]
    alerts = [alert(f"a{i}", [10.0 * i], x=float(i)) for i in range(8)]
    score = judge(events, alerts)
    assert score["error_p90_m"] == pytest.approx(6.3)
    assert score["error_p50_all_m"] == pytest.approx(4.5)
    assert score["error_p90_all_m"] is None


def test_dismissed_gunfire_is_missed_by_contract_and_uncertain_is_not():
    events = [
        event("1", 10.0),
        event("2", 40.0, incident="B"),
        event("3", 70.0, incident="C", calibre_in=0.22),
    ]
    alerts = [alert("a", [10.0], call="firework"), alert("b", [40.0], call="uncertain"), alert("c", [70.0])]
    score = judge(events, alerts)
    assert (score["contract_accurate"], score["contract_missed"]) == (1, 1)  # the .22 is no contract matter
    assert score["contract_rate"] == 0.5
    assert score["gunshot_recall"] == pytest.approx(1 / 3)
    assert score["gunshot_precision"] == 1.0


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("rifle-22", False), ("rifle-223", False), ("rifle-762", True), ("gun", True), ("m80", False)],
)
def test_calibre_follows_from_the_kind(kind, counts):
    assert judge([event("1", 10.0, kind=kind)], [])["contract_missed"] == int(counts)


@pytest.mark.parametrize("traits", [{"suppressed": True}, {"indoors": 1}, {"calibre_in": 0.25}])
def test_undetectable_gunfire_is_outside_the_contract(traits):
    assert judge([event("1", 10.0, **traits)], [])["contract_rate"] is None


def test_outside_the_area_is_outside_the_contract():
    assert judge([event("1", 10.0, x=501.0)], [])["contract_rate"] is None
    assert judge([event("1", 10.0, x=499.0)], [])["contract_rate"] == 0.0


def test_firework_called_gunshot_is_a_wrong_gunshot_alert_and_no_false_alert():
    score = judge([event("1", 10.0, kind="firecracker-string")], [alert("a", [10.0])])
    assert (score["alerts_false"], score["gunshot_alerts_wrong"]) == (0, 1)
    assert score["gunshot_precision"] == 0.0
    assert score["gunshot_recall"] is None


def test_two_alerts_for_one_incident():
    events = [event(str(i), 10.0 + i) for i in range(3)]
    score = judge(events, [alert("a", [10.0, 11.0]), alert("b", [12.0], x=1.0)])
    assert (score["incidents_located"], score["alerts_duplicate"], score["alerts_false"]) == (1, 1, 0)
    assert score["rounds_located"] == 3
    assert score["gunshot_alerts"] == 1


def test_foreign_alerts_have_no_belief_and_no_regions():
    score = judge([event("1", 10.0)], [JudgedAlert("a", 10.0, (3.0, 4.0), (10.0,))])
    assert score["rounds_recall"] == score["contract_rate"] == 1.0
    assert score["error_p50_m"] == pytest.approx(5.0)
    nothing = (
        "coverage95",
        "mahalanobis2_p50",
        "gunshot_recall",
        "gunshot_precision",
        "gunshot_f1",
        "latency_p50_s",
    )
    assert all(score[key] is None for key in nothing)
    assert score["confusion"]["gunshot"]["uncalled"] == 1


def test_without_area_there_is_no_rate_per_area():
    score = judge([], [alert("a", [1.0])], watch=Watch())
    assert score["alerts_false"] == 1
    assert score["false_alerts_per_km2_day"] is None


def test_unlabelled_rounds_count_for_nothing():
    score = judge([event("1", 10.0)], [alert("a", [10.0]), alert("b", [30.0])], unlabelled=True)
    assert (score["rounds_unlabelled"], score["rounds_false"], score["alerts_false"]) == (1, 0, 0)
    assert score["rounds_precision"] == score["gunshot_precision"] == 1.0


def test_percentile_is_numpys_where_finite():
    values = np.random.default_rng(1).exponential(size=17)
    for q in (0.0, 10.0, 50.0, 95.0, 100.0):
        assert percentile(values, q) == pytest.approx(np.percentile(values, q))
    assert percentile([1.0, math.inf], 50) is None
    assert percentile([1.0, 2.0, math.inf], 50) == 2.0
    assert percentile([], 50) is None
