"""The matcher: laws that hold whatever the night, and nights that fool a greedy matcher."""

import dataclasses

import numpy as np
import pytest

from testbed.alert_file import JudgedAlert
from testbed.incidents import INCIDENT_SCHEMA, incident_rows
from testbed.matching import ROW_SCHEMA, Gates, match_alerts
from testbed.truth import TruthEvent


def events_at(*times_xy):
    return [TruthEvent(f"e{i}", "A", "rifle-556", t, (x, y, 1.5)) for i, (t, x, y) in enumerate(times_xy)]


def rounds_at(*times_xy):
    return [JudgedAlert(f"a{i}", t, (x, y), (t,)) for i, (t, x, y) in enumerate(times_xy)]


def outcomes(rows):
    return rows["outcome"].value_counts().sort("outcome").rows()


def test_columns_are_those_of_the_interface():
    rows = match_alerts([], [])
    assert rows.columns == list(ROW_SCHEMA)
    assert " ".join(rows.columns) == (
        "event incident kind alert error_m dt_s outcome cause mahalanobis2 in_region95 p_true_label "
        "distance_nearest_m sensors"
    )
    assert incident_rows(rows, [], []).columns == list(INCIDENT_SCHEMA)


@pytest.mark.parametrize(
    ("x", "t", "outcome"),
    [
        (24.9, 0.0, "located"),
        (25.1, 0.0, "mislocated"),
        (249.0, 0.99, "mislocated"),
        (251.0, 0.0, None),
        (0.0, 1.01, None),
    ],
)
def test_gates(x, t, outcome):
    rows = match_alerts(events_at((10.0, 0.0, 0.0)), rounds_at((10.0 + t, x, 0.0)))
    if outcome is None:
        assert outcomes(rows) == [("false", 1), ("missed", 1)]
    else:
        assert outcomes(rows) == [(outcome, 1)]
        assert rows["error_m"][0] == pytest.approx(x)
        assert rows["dt_s"][0] == pytest.approx(t)


def test_each_round_is_used_once():
    rows = match_alerts(events_at((10.0, 0.0, 0.0), (10.2, 0.0, 0.0)), rounds_at((10.1, 0.0, 0.0)))
    assert outcomes(rows) == [("located", 1), ("missed", 1)]


def test_rounds_of_a_burst_keep_their_order():
    times = [10.0 + 0.1 * i for i in range(6)]
    rows = match_alerts(
        events_at(*((t, 0.0, 0.0) for t in times)), rounds_at(*((t + 0.04, 1.0, 0.0) for t in times))
    )
    assert rows["alert"].to_list() == [f"a{i}" for i in range(6)]


def test_a_false_round_beside_a_missed_one_does_not_push_its_neighbours():
    """Field gates: three rounds 0.8 s apart, the first missed, one false after the last."""
    gates = Gates(located_s=0.15)
    rows = match_alerts(
        events_at((0.0, 0, 0), (0.8, 0, 0), (1.6, 0, 0)),
        rounds_at((0.8, 0, 0), (1.6, 0, 0), (2.4, 0, 0)),
        gates,
    )
    assert outcomes(rows) == [("false", 1), ("located", 2), ("missed", 1)]


def test_a_nearer_wrong_pair_does_not_cost_a_right_one():
    """Greedy takes e1-a0 (5 m), which leaves e0 and a1 208 m apart; the best matching locates both."""
    rows = match_alerts(events_at((0.0, 0, 0), (0.01, 25.0, 0)), rounds_at((0.0, 20.0, 0), (0.0, 45.0, 0)))
    assert outcomes(rows) == [("located", 2)]


def test_shuffling_changes_nothing():
    rng = np.random.default_rng(3)
    events = events_at(
        *zip(rng.uniform(0, 30, 40), rng.uniform(0, 400, 40), rng.uniform(0, 400, 40), strict=True)
    )
    alerts = rounds_at(
        *zip(rng.uniform(0, 30, 50), rng.uniform(0, 400, 50), rng.uniform(0, 400, 50), strict=True)
    )
    rows = match_alerts(events, alerts)
    shuffled = match_alerts(
        [events[i] for i in rng.permutation(40)], [alerts[i] for i in rng.permutation(50)]
    )
    assert rows.equals(shuffled)


def test_bunches_change_nothing():
    """Each bunch alone gives the same pairs as the whole night in one assignment problem."""
    rng = np.random.default_rng(4)
    events = events_at(*((t, *rng.uniform(0, 300, 2)) for t in rng.uniform(0, 60, 30)))
    alerts = rounds_at(*((t, *rng.uniform(0, 300, 2)) for t in rng.uniform(0, 60, 30)))
    rows = match_alerts(events, alerts)
    chain = [
        dataclasses.replace(events[0], id=f"link{i}", time_s=0.5 * i, position_m=(9e3, 9e3, 0))
        for i in range(122)
    ]
    whole = match_alerts([*events, *chain], alerts)
    paired = rows.drop_nulls("event").select("event", "alert").sort("event")
    same = (
        whole.filter(whole["event"].is_in(paired["event"].to_list())).select("event", "alert").sort("event")
    )
    assert paired.equals(same)


def test_distance_to_the_nearest_sensor():
    rows = match_alerts(
        events_at((0.0, 30.0, 40.0)), [], sensors_m=np.array([[0.0, 0.0, 1.5], [500.0, 0.0, 9.0]])
    )
    assert rows["distance_nearest_m"][0] == pytest.approx(50.0)


def test_an_alert_of_two_incidents_is_the_alert_of_both():
    events = [
        TruthEvent("e0", "A", "rifle-556", 0.0, (0.0, 0.0, 1.5)),
        TruthEvent("e1", "B", "rifle-556", 0.5, (20.0, 0.0, 1.5)),
    ]
    alerts = [JudgedAlert("a", 0.0, (10.0, 0.0), (0.0, 0.5))]
    incidents = incident_rows(match_alerts(events, alerts), events, alerts)
    assert incidents.select("incident", "alert", "outcome").rows() == [
        ("A", "a", "located"),
        ("B", "a", "located"),
    ]
