"""Belief: probabilities that sum to one, base rates that can be changed, calls that keep to a stated risk."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.belief import LABELS, BaseRate, BeliefOptions, believe, check_belief_options
from detector.errors import BadInput

scores = st.lists(st.floats(-50.0, 50.0), min_size=4, max_size=4)
shares = st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4)


@given(scores, shares)
def test_probabilities_sum_to_one(log_likelihood: list[float], rates: list[float]) -> None:
    options = BeliefOptions(BaseRate(*(np.array(rates) / sum(rates))))
    belief = believe(np.array(log_likelihood), options)
    assert sum(getattr(belief, label) for label in LABELS) == pytest.approx(1.0)


@given(scores, shares)
def test_the_ratio_and_any_base_rate_give_the_belief(log_likelihood: list[float], rates: list[float]) -> None:
    rate = BaseRate(*(np.array(rates) / sum(rates)))
    belief = believe(np.array(log_likelihood), BeliefOptions(rate))
    # in logarithms: the odds of a belief of nearly 1 lose their digits
    prior = np.log10(rate.gunshot) - np.log10(1.0 - rate.gunshot)
    rest = belief.firework + belief.backfire + belief.other
    if 1e-9 < belief.gunshot < 1.0 - 1e-9:
        assert np.log10(belief.gunshot / rest) == pytest.approx(prior + belief.log10_lr_gunshot, abs=1e-5)


def test_without_evidence_belief_is_the_base_rate_and_the_call_is_uncertain() -> None:
    belief = believe(None, BeliefOptions(BaseRate(0.9, 0.05, 0.03, 0.02)))
    assert (belief.gunshot, belief.firework, belief.backfire, belief.other) == (0.9, 0.05, 0.03, 0.02)
    assert belief.log10_lr_gunshot == 0.0
    assert belief.call == "uncertain"


def test_a_call_is_made_where_the_risk_allows() -> None:
    even = BaseRate(0.25, 0.25, 0.25, 0.25)
    evidence = np.log([0.65, 0.15, 0.1, 0.1])
    assert believe(evidence, BeliefOptions(even, doubt_cost=0.3)).call == "uncertain"
    assert believe(evidence, BeliefOptions(even, doubt_cost=0.4)).call == "gunshot"


def test_what_may_well_be_a_gun_is_not_called_anything_else() -> None:
    alike = np.log([0.45, 0.45, 0.05, 0.05])  # guns are rare: 0.12 against 0.48
    assert believe(alike, BeliefOptions(miss_cost=1.0)).call == "firework"
    assert believe(alike, BeliefOptions()).call == "uncertain"
    no_gun = np.log([0.01, 0.9, 0.05, 0.04])
    assert believe(no_gun, BeliefOptions()).call == "firework"


@given(scores, st.floats(1.0, 50.0))
def test_the_cost_of_misses_takes_no_gunshot_call_away_and_names_nothing_new(
    log_likelihood: list[float], cost: float
) -> None:
    before = believe(np.array(log_likelihood), BeliefOptions(miss_cost=1.0)).call
    after = believe(np.array(log_likelihood), BeliefOptions(miss_cost=cost)).call
    assert after in {before, "uncertain"}
    assert (after == "gunshot") == (before == "gunshot")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (BeliefOptions(BaseRate(0.0, 0.5, 0.3, 0.2)), "base_rate.gunshot is 0"),
        (BeliefOptions(BaseRate(1.0, 0.5, 0.3, 0.2)), "base_rate.gunshot is 1.*\n.*sums to 2"),
        (BeliefOptions(BaseRate(0.1, 0.1, 0.1, 0.1)), "sums to 0.4"),
        (BeliefOptions(doubt_cost=0.9), "doubt_cost"),
        (BeliefOptions(miss_cost=0.5), "miss_cost is 0.5"),
    ],
)
def test_impossible_options_are_named(options: BeliefOptions, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_belief_options(options)


def test_the_stated_base_rate_is_a_distribution() -> None:
    assert sum(astuple(BaseRate())) == pytest.approx(1.0)
    check_belief_options(BeliefOptions())
