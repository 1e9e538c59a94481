"""Octave gains become a causal filter of that magnitude."""

import numpy as np
import pytest

from sim.band_filter import SECTIONS, design_shelves, fit_shelves
from sim.propagation.paths import BANDS_HZ

BANDS = np.array(BANDS_HZ)


def response(gain, rate, frequency):
    shelves = design_shelves(rate)
    drives, poles = np.empty(SECTIONS), np.empty(SECTIONS)
    scale, flat = fit_shelves(gain, shelves.corner, shelves.centre, shelves.solve, drives, poles)
    delay = np.exp(-2j * np.pi * frequency / rate)[:, None]
    shelved = scale if flat else scale * np.prod(1.0 + drives * delay / (1.0 - poles * delay), axis=1)
    return shelved + np.zeros(len(frequency))


@pytest.mark.parametrize(
    ("exponent", "tolerance_db"), [(0.0, 0.01), (0.25, 0.2), (0.5, 0.3), (1.0, 0.6), (1.5, 1.0)]
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gains_of_edges_are_met_in_every_octave(exponent, tolerance_db, sign):
    gain = sign * 0.01 * (BANDS / 63.0) ** -exponent
    got = response(gain, 48_000, BANDS)
    assert np.abs(20.0 * np.log10(np.abs(got / gain))).max() < tolerance_db
    assert (np.sign(got.real) == sign).sum() >= (8 if exponent < 1.0 else 1)


def test_an_edge_turns_the_phase_by_minus_45_degrees():
    phase = np.degrees(np.angle(response((BANDS / 63.0) ** -0.5, 48_000, np.array([500.0, 1000.0]))))
    assert phase == pytest.approx([-45.0, -45.0], abs=6.0)


def test_a_facade_is_met_within_a_tenth_of_a_db():
    gain = np.sqrt(1.0 - np.array([0.02, 0.03, 0.03, 0.04, 0.05, 0.07, 0.07, 0.07]))
    got = response(gain, 48_000, BANDS)
    assert np.abs(20.0 * np.log10(np.abs(got) / gain)).max() < 0.1


@pytest.mark.parametrize("rate", [8_000, 12_000, 44_100, 96_000])
def test_the_filter_is_the_same_at_every_rate_that_reaches_the_band(rate):
    gain = (BANDS / 63.0) ** -0.5
    inside = BANDS[0.35 * rate > BANDS]
    here, there = response(gain, rate, inside), response(gain, 48_000, inside)
    assert np.abs(20.0 * np.log10(np.abs(here / there))).max() < 0.35


def test_silence_stays_silence():
    assert np.abs(response(np.zeros(8), 48_000, BANDS)).max() == 0.0
