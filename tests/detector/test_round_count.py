"""Rounds: a range that means what it says, automatic fire, and what speaks for a second shooter."""

import numpy as np
import pytest

from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.round_count import RoundModel, count_rounds, cut_range, is_automatic, spread_count
from detector.round_evidence import LACKING, ROUND, SHOOTERS, count_gaps, measure_round, measure_shooters

PLACES = 150.0 * np.array([(np.cos(a), np.sin(a)) for a in np.arange(6)])


def make_model(real: float = 9.0, lacking: float = -9.0, **more: float) -> RoundModel:
    """Make a model that believes all rounds and lacks none, but for what `more` says by name of evidence."""

    def weights(names: tuple[str, ...], one: float) -> dict[str, float]:
        return {name: one if name == "one" else more.get(name, 0.0) for name in names}

    return RoundModel(
        real=weights(ROUND, real),
        lacking=weights(LACKING, lacking),
        shape=1.0,
        shooters=weights(SHOOTERS, -2.0),
    )


def make_incident(
    times_s: list[float], heard: list[int], places: list[tuple[float, float]] | None = None
) -> tuple[Pulses, Incident]:
    """Fire rounds at places (the middle unless said), each heard by the first so many of six stations."""
    rows = [
        (t + np.hypot(*(PLACES[i] - place)) / 340.0, i, k)
        for k, (t, n, place) in enumerate(
            zip(times_s, heard, places or [(0.0, 0.0)] * len(times_s), strict=True)
        )
        for i in range(n)
    ]
    rows.sort()
    arrival, station, number = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    pulses = Pulses(
        station.astype(np.int32), arrival, np.full(n, 1e-3), np.full(n, 90.0), np.full(n, 20.0),
        np.zeros(n, bool), np.zeros((n, len(FEATURES))),
    )  # fmt: skip
    return pulses, Incident(np.zeros(2), np.array(times_s), np.arange(n), number, 9.0)


def test_the_range_is_the_shortest_that_holds_enough() -> None:
    assert cut_range(np.array([0.0, 0.05, 0.91, 0.04])) == (2, 2)
    assert cut_range(np.array([0.0, 0.5, 0.45, 0.05])) == (1, 2)
    assert cut_range(np.array([0.0, 0.2, 0.2, 0.2, 0.2, 0.2])) == (1, 5)


def test_sure_rounds_have_no_range_and_lacking_ones_widen_it_upwards() -> None:
    heard = make_incident([0.0, 0.5, 1.0], [6, 6, 6])
    sure = count_rounds(*heard, make_model())
    assert (sure.low, sure.high) == (3, 3)
    lacking = count_rounds(*heard, make_model(lacking=0.5))
    assert lacking.low == 3
    assert lacking.high > 4


def test_a_round_that_few_heard_close_behind_another_may_be_none() -> None:
    heard = make_incident([0.0, 0.5, 0.6], [6, 6, 3])
    doubting = make_model(real=3.0, heard_share=4.0)
    count = count_rounds(*heard, doubting)
    assert (count.low, count.high) == (2, 3)
    rounds = measure_round(*heard)
    assert rounds[2, ROUND.index("close_behind")] > rounds[1, ROUND.index("close_behind")]
    assert rounds[2, ROUND.index("heard_share")] == pytest.approx(np.log(0.5))


def test_the_spread_of_the_count_is_a_probability_with_the_mean_it_should_have() -> None:
    heard = make_incident([0.0, 0.5, 1.0], [6, 6, 6])
    count = spread_count(*heard, make_model(real=0.0, lacking=np.log(2.0)))
    assert count.sum() == pytest.approx(1.0)
    # three coins and two lacking on average, given that there was one at least
    nothing = 0.125 / 3.0
    assert count @ np.arange(len(count)) == pytest.approx(3.5 / (1.0 - nothing), rel=1e-3)


def test_automatic_fire_is_told_from_fingers_and_from_fuses() -> None:
    rng = np.random.default_rng(0)
    assert is_automatic(np.cumsum(np.full(10, 0.05)))  # 1,200 a minute
    assert is_automatic(np.array([0.0, 0.1, 0.2, 1.1]))  # 600, a burst of three and one more
    assert not is_automatic(np.cumsum(np.full(5, 0.2)))
    assert not is_automatic(np.array([0.0, 0.07]))
    assert not is_automatic(np.array([0.0, 0.05, 0.14, 0.2, 0.31]))
    strings = [is_automatic(np.cumsum(rng.exponential(0.08, 6))) for _ in range(200)]
    assert np.mean(strings) < 0.4


def test_gaps_in_a_regular_cadence_count() -> None:
    assert count_gaps(np.array([0.0, 0.1, 0.2, 0.4, 0.5])) == 1
    assert count_gaps(np.array([0.0, 0.1])) == 0


def test_two_places_speak_for_two_shooters() -> None:
    times = [0.0, 0.4, 0.9, 1.3]
    one = measure_shooters(*make_incident(times, [6] * 4))
    two = measure_shooters(*make_incident(times, [6] * 4, [(0.0, 0.0), (12.0, 0.0)] * 2))
    apart = SHOOTERS.index("apart_median")
    assert one[apart] == pytest.approx(0.0, abs=1e-6)
    # 12 m are 35 ms from one side to the other, a dozen times the jitter of a path
    assert 0.7 < two[apart] < 1.5
    model = make_model(apart_median=5.0)
    alone, together = (
        count_rounds(*make_incident(times, [6] * 4, places), model).several_shooters
        for places in ([(0.0, 0.0)] * 4, [(0.0, 0.0), (12.0, 0.0)] * 2)
    )
    assert alone < 0.2
    assert together > 0.8
