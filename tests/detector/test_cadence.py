"""The prior of a burst: what is added round by round is what the whole burst is worth."""

import numpy as np
import pytest
from scipy.integrate import quad

from detector.cadence import log_cadence, log_gap, log_worth
from detector.search import SearchOptions

CADENCE = SearchOptions().cadence


def test_gaps_add_up_to_the_chance_of_another_round():
    total, _ = quad(lambda gap: np.exp(log_gap(gap, CADENCE)), 0.0, 60.0, limit=200)
    assert total == pytest.approx(CADENCE.more, rel=1e-3)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 0, 2, 1), (1, 3, 0, 2)])
def test_rounds_may_be_found_in_any_order(order):
    times = np.array([1.0, 1.4, 2.1, 2.3])
    worth = [log_worth(times[i], times[list(order[:n])], CADENCE) for n, i in enumerate(order)]
    alone = log_cadence(times[:1], CADENCE)
    assert sum(worth) + alone == pytest.approx(log_cadence(times, CADENCE))


def test_rounds_too_close_or_too_far_are_of_no_worth():
    times = np.array([1.0])
    assert log_worth(1.0 + 0.5 * CADENCE.least_s, times, CADENCE) == -np.inf
    assert log_worth(1.0 + 1.1 * CADENCE.longest_s, times, CADENCE) == -np.inf


def test_a_burst_is_likelier_than_rounds_seconds_apart():
    assert (
        log_cadence(np.array([0.0, 0.5, 1.0]), CADENCE)
        > log_cadence(np.array([0.0, 4.0, 8.0]), CADENCE) + 6.0
    )
