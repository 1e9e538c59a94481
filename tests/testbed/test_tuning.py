"""Tuning: the left-out position has no say, and the score that decides cannot be gamed."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from detector.options import DetectorOptions
from scenes.errors import BadInput
from testbed.alert_file import JudgedAlert
from testbed.matching import Gates
from testbed.truth import TruthEvent
from testbed.tuning import FIELD_GRID, choose_left_out, expand_grid, log_score, override, override_all


@dataclass(frozen=True)
class Inner:
    sigma_s: float = 1.0


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    least: int = 3


def test_grid_is_every_combination_and_the_options_as_they_are():
    points = expand_grid({"inner.sigma_s": (1.0, 2.0), "least": (3, 4)})
    candidates = [override_all(Outer(), point) for point in points]
    assert candidates[0] == Outer()
    assert [(c.inner.sigma_s, c.least) for c in candidates[1:]] == [(1.0, 3), (1.0, 4), (2.0, 3), (2.0, 4)]


def test_the_shipped_grid_names_settings_of_the_detector():
    for point in expand_grid(FIELD_GRID):
        override_all(DetectorOptions(), point)


def test_unknown_settings_are_named():
    with pytest.raises(BadInput, match=r"sigma_m: no such option; there are sigma_s"):
        override(Outer(), "inner.sigma_m", 1.0)


def test_the_left_out_position_has_no_say():
    scores = {"FP1": [0.0, 1e6, 0.0], "FP2": [1.0, 0.0, 0.0], "FP3": [1.0, 0.0, 3.0]}
    chosen = choose_left_out(scores)
    assert chosen == {"FP1": 2, "FP2": 1, "FP3": 1}
    assert choose_left_out(scores | {"FP1": [9.0, -1e9, 9.0]})["FP1"] == chosen["FP1"]
    with pytest.raises(BadInput, match="two positions"):
        choose_left_out({"FP1": [1.0]})


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
