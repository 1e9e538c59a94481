"""Stretches: they cover every pulse, as a walk from the first to the last would, but leave out time without pulses."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.stretches import cut_into_stretches, find_loud_stations

LONG_S, OVERLAP_S = 20.0, 6.0


def walk(time_s):
    """Start of every stretch that holds a pulse, one after the other from the first pulse to the last."""
    starts, start = [], time_s.min() - OVERLAP_S
    while start <= time_s.max():
        if np.any((time_s >= start) & (time_s < start + LONG_S + 2.0 * OVERLAP_S)):
            starts.append(start)
        start += LONG_S + OVERLAP_S
    return starts


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=30))
def test_a_walk_finds_no_other_stretch(hundredths):
    time_s = np.concatenate([[0.0], 0.003 + np.array(hundredths) / 100.0])  # none on an edge
    found = cut_into_stretches(time_s, LONG_S, OVERLAP_S)
    held = [s for s in found if np.any((time_s >= s.start_s) & (time_s < s.stop_s))]
    np.testing.assert_allclose([s.start_s for s in held], walk(time_s), atol=1e-6)
    for t in time_s:
        assert 1 <= sum(s.start_s <= t < s.stop_s for s in found) <= 2
        assert any(s.start_s <= t < min(s.stop_s, s.settled_s) for s in found)


def test_years_without_a_pulse_are_passed_over():
    found = cut_into_stretches(np.array([1.0, 2.0, 1.8e9]), LONG_S, OVERLAP_S)
    last = found[-1]
    assert np.isinf(last.settled_s)
    assert last.start_s <= 1.8e9 < last.stop_s
    assert len(found) <= 4


def test_a_burst_is_not_loud_and_a_scream_is():
    station = np.concatenate([np.full(50, 0), np.full(51, 2)])
    assert find_loud_stations(station, 4, 1.0, 20.0).tolist() == [False, False, True, False]
    assert not find_loud_stations(station, 4, 10.0, 20.0).any()
