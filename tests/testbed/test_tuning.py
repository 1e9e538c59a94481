"""Tuning: settings by turns, and scores that cannot be gamed."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from scenes.errors import BadInput
from testbed.alert_file import JudgedAlert
from testbed.matching import Gates
from testbed.truth import TruthEvent
from testbed.tuning import choose_by_turns, count_worth, log_score, override, read_option


@dataclass(frozen=True)
class Inner:
    sigma_s: float = 1.0


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    least: int = 3


def test_unknown_settings_are_named():
    with pytest.raises(BadInput, match=r"sigma_m: no such option; there are sigma_s"):
        override(Outer(), "inner.sigma_m", 1.0)


def test_settings_are_chosen_one_after_the_other_and_ties_keep_what_is():
    tried = []

    def worth(points):
        tried.append(points)
        return {
            position: [-abs(p["a"] - 2.0) - abs(p.get("b", 0) - 1) for p in ps]
            for position, ps in points.items()
        }

    chosen = choose_by_turns({"FP1": {"c": 5.0}}, {"a": (1.0, 2.0, 3.0), "b": (0.0, 2.0)}, worth)
    assert chosen == {"FP1": {"c": 5.0, "a": 2.0, "b": 0.0}}
    assert [len(points["FP1"]) for points in tried] == [3, 2]
    assert read_option(override(Outer(), "inner.sigma_s", 4.0), "inner.sigma_s") == 4.0


def test_a_false_round_undoes_a_located_one():
    event = [TruthEvent("e", "A", "rifle", 0.0, (0.0, 0.0, 0.0))]
    good, false = JudgedAlert("a", 0.0, (1.0, 0.0), (0.0,)), JudgedAlert("b", 50.0, (1.0, 0.0), (50.0, 51.0))
    assert count_worth(event, [good], Gates()) == 1
    assert count_worth(event, [good, false], Gates()) == -1
    assert count_worth(event, [], Gates()) == 0


def test_log_score_is_best_at_the_true_spread():
    """Errors of 4 m s.d. in each axis: neither tighter nor wider covariances score better."""
    rng = np.random.default_rng(5)
    errors = 4.0 * rng.standard_normal((400, 2))
    events = [TruthEvent(f"e{i}", "A", "rifle", 10.0 * i, (0.0, 0.0, 0.0)) for i in range(400)]

    def score(sigma):
        matrix = ((sigma**2, 0.0), (0.0, sigma**2))
        alerts = [
            JudgedAlert(f"a{i}", 10.0 * i, (x, y), (10.0 * i,), covariance_m2=matrix)
            for i, (x, y) in enumerate(errors)
        ]
        return log_score(events, alerts, Gates())

    assert score(4.0) > max(score(3.2), score(5.0))


def test_missed_and_false_rounds_cost():
    event = [TruthEvent("e", "A", "rifle", 0.0, (0.0, 0.0, 0.0))]
    good = JudgedAlert("a", 0.0, (1.0, 0.0), (0.0,), covariance_m2=((9.0, 0.0), (0.0, 9.0)))
    false = JudgedAlert("b", 50.0, (1.0, 0.0), (50.0,), covariance_m2=((9.0, 0.0), (0.0, 9.0)))
    assert log_score(event, [good], Gates()) > log_score(event, [good, false], Gates())
    assert log_score(event, [good, false], Gates()) > log_score(event, [false], Gates())
