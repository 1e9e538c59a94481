"""The fast renderer against exact filtering in the frequency domain."""

import numpy as np
import pytest
from scipy.signal import hilbert

from scenes.air import Air
from sim.air_filter import air_log_response
from sim.band_filter import SECTIONS, design_shelves, fit_shelves
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.paths import BANDS_HZ
from sim.pulse_table import design_filters, pulse_table, pulse_tables
from sim.render import render
from sim.sources.blast_wave import blast_wave
from sim.sources.emission import EMISSION_RATE_HZ

RATE = 48_000
BANDS = np.array(BANDS_HZ)
FLAT = np.ones((1, 8))
EDGE = ((BANDS / 63.0) ** -0.5)[None]
TWO_EDGES = ((BANDS / 63.0) ** -1.0)[None]
GROUND = -np.array([[1.0, 0.95, 0.8, 0.6, 0.5, 0.5, 0.6, 0.6]])
FACADE = np.sqrt(1.0 - np.array([[0.02, 0.03, 0.03, 0.04, 0.05, 0.07, 0.07, 0.07]]))


@pytest.fixture(scope="module")
def filters():
    return design_filters(Air(), RATE)


@pytest.fixture(scope="module")
def shelves():
    return design_shelves(RATE)


def rendered(gain, length_m, position, filters, shelves, waveform, samples=4096):
    pressure = np.zeros(samples, dtype=np.float32)
    lengths = np.array([length_m])
    for start_s, table in pulse_tables(waveform, lengths, filters):
        render(pressure, np.array([position + start_s * filters.rate_hz]), gain, lengths, table, shelves)
    return pressure


def shelf_response(gain, shelves, frequency, rate):
    """Return the exact response of the shelves that were fitted to these gains."""
    drives, poles = np.empty(SECTIONS), np.empty(SECTIONS)
    scale, _ = fit_shelves(gain, shelves.corner, shelves.centre, shelves.solve, drives, poles)
    delay = np.exp(-2j * np.pi * frequency / rate)[:, None]
    return scale * np.prod(1.0 + drives * delay / (1.0 - poles * delay), axis=1)


def exact(gain, length_m, position, filters, shelves, waveform, samples=4096):
    """Return the same as one product of spectra, the delay a phase."""
    frequency = np.fft.rfftfreq(samples, 1.0 / RATE)
    spectrum = (
        np.fft.rfft(waveform, samples * EMISSION_RATE_HZ // RATE)[: len(frequency)] * RATE / EMISSION_RATE_HZ
    )
    anti_alias = np.interp(frequency, filters.frequency_hz, filters.anti_alias.real) + 1j * np.interp(
        frequency, filters.frequency_hz, filters.anti_alias.imag
    )
    log_response = anti_alias + length_m * air_log_response(Air(), frequency)
    spectrum = spectrum * np.exp(log_response - 2j * np.pi * frequency * position / RATE)
    return np.fft.irfft(spectrum * shelf_response(gain[0], shelves, frequency, RATE), samples)


def band_levels(signal):
    power = np.abs(np.fft.rfft(signal)) ** 2
    frequency = np.fft.rfftfreq(len(signal), 1.0 / RATE)
    edges = 2.0**0.5
    return np.array(
        [10.0 * np.log10(power[(frequency >= b / edges) & (frequency < b * edges)].sum()) for b in BANDS]
    )


@pytest.mark.parametrize(
    "gain", [FLAT, EDGE, TWO_EDGES, GROUND, FACADE], ids=["flat", "edge", "two", "ground", "facade"]
)
@pytest.mark.parametrize(
    ("length_m", "position"), [(3.0, 800.3), (95.0, 801.875), (410.0, 799.6), (900.0, 800.0)]
)
def test_every_octave_agrees_with_exact_filtering_within_02_db_and_the_delay_within_1_us(
    gain, length_m, position, filters, shelves
):
    waveform = blast_wave(1000.0, 0.4e-3)
    fast = rendered(gain, length_m, position, filters, shelves, waveform)
    slow = exact(gain, length_m, position, filters, shelves, waveform)
    levels = band_levels(slow)
    heard = levels > levels.max() - 50.0
    assert np.abs(band_levels(fast) - levels)[heard].max() < 0.2
    cross = np.conj(np.fft.rfft(slow)) * np.fft.rfft(fast)
    frequency = np.fft.rfftfreq(len(slow), 1.0 / RATE)
    slope = np.sum(np.abs(cross) * frequency * np.angle(cross)) / np.sum(np.abs(cross) * frequency**2)
    assert abs(slope / (2.0 * np.pi)) < 1e-6


@pytest.mark.parametrize("position", [500.0, 500.25, 500.49, 500.5, 500.99])
def test_a_shot_nearby_arrives_within_a_sample_of_its_time(position, filters, shelves):
    pressure = rendered(FLAT, 5.0, position, filters, shelves, blast_wave(1000.0, 0.4e-3))
    half = 0.5 * pressure.max()
    after = np.flatnonzero(pressure > half)[0]
    half_way = after - (pressure[after] - half) / (pressure[after] - pressure[after - 1])
    rise = 20e-6 / 2.0 * RATE
    assert abs(half_way - (position + rise)) < 0.5


@pytest.mark.parametrize("gain", [FLAT, EDGE, TWO_EDGES, GROUND], ids=["flat", "edge", "two", "ground"])
def test_nothing_rings_before_the_arrival(gain, filters, shelves):
    pressure = rendered(gain, 2.0, 600.0, filters, shelves, blast_wave(1000.0, 0.4e-3))
    envelope = np.abs(pressure)
    assert envelope[:597].max() < 1e-4 * envelope.max()


def test_the_level_falls_by_6_db_per_doubling(filters, shelves):
    waveform = blast_wave(1000.0, 0.4e-3)
    near, far = (
        np.abs(rendered(FLAT / r, 0.01, 700.0, filters, shelves, waveform)).max() for r in (10.0, 20.0)
    )
    assert 20.0 * np.log10(near / far) == pytest.approx(6.02, abs=0.01)


def test_air_takes_what_iso_9613_says_of_every_octave(filters, shelves):
    narrow = np.zeros(200_000)
    time = np.arange(len(narrow)) / EMISSION_RATE_HZ
    for frequency in (250.0, 1000.0, 4000.0, 8000.0):
        tone = np.sin(2.0 * np.pi * frequency * time) * np.hanning(len(time)) ** 2
        near, far = (
            np.abs(hilbert(rendered(FLAT, r, 2000.0, filters, shelves, tone, samples=60_000))).max()
            for r in (1.0, 301.0)
        )
        expected = 300.0 * float(attenuation_db_per_m(frequency, Air().temperature_c, Air().humidity))
        assert 20.0 * np.log10(near / far) == pytest.approx(expected, abs=0.02 * expected + 0.05)


@pytest.mark.parametrize("rate", [8_000, 12_000, 22_050, 44_100, 96_000])
def test_any_rate_renders_the_pulse_at_its_time(rate):
    filters, shelves = design_filters(Air(), rate), design_shelves(rate)
    pressure = rendered(FLAT, 4.0, 300.4, filters, shelves, blast_wave(1.0, 1e-3), samples=1024)
    half_way = np.flatnonzero(pressure > 0.5 * pressure.max())[0]
    assert abs(half_way - 300.4) < 2.0


def test_a_long_emission_is_the_sum_of_its_pieces(filters, shelves):
    waveform = np.zeros(EMISSION_RATE_HZ // 5)
    grain = blast_wave(1.0, 0.2e-3)
    for start in (100, 5_700, 5_759, 30_000):
        waveform[start : start + len(grain)] += grain
    whole = np.zeros(20_000, dtype=np.float32)
    lengths = np.array([50.0])
    render(whole, np.array([300.0]), EDGE, lengths, pulse_table(waveform, lengths, filters), shelves)
    pieces = rendered(EDGE, 50.0, 300.0, filters, shelves, waveform, samples=20_000)
    assert np.abs(whole - pieces).max() < 2e-3 * np.abs(whole).max()


def test_which_other_paths_there_are_changes_no_bit(filters):
    waveform = blast_wave(100.0, 0.4e-3)
    few = pulse_table(waveform, np.array([123.0]), filters)
    many = pulse_table(waveform, np.array([5.0, 123.0, 700.0]), filters)
    assert all(
        np.array_equal(few.rows[i], many.rows[list(many.node).index(n)]) for i, n in enumerate(few.node)
    )


def test_paths_at_the_ends_of_the_recording_are_cut_not_wrapped(filters, shelves):
    pressure = np.zeros(400, dtype=np.float32)
    lengths = np.array([10.0] * 4)
    table = pulse_table(blast_wave(1.0, 0.4e-3), lengths, filters)
    gains = np.repeat(EDGE, 4, axis=0)
    render(pressure, np.array([-1e4, -20.0, 390.0, 1e5]), gains, lengths, table, shelves)
    assert np.isfinite(pressure).all()
    assert pressure[200:380].max() < 0.05
    assert np.abs(pressure[390:]).max() > 0.1


@pytest.mark.parametrize("ageing", [1e-6, 0.3])
def test_every_node_of_a_blast_that_ages_is_the_blast_aged_so_far(ageing):
    """Node by node as one waveform by itself, stretched by np.interp."""
    blast, filters = blast_wave(1000.0, 0.4e-3), design_filters(Air(), 48_000)
    lengths = filters.node_m * np.array([0.5, 3.5, 40.0])
    aged = pulse_table(blast, lengths, filters, ageing)
    heard = np.flatnonzero(np.abs(blast) > 1e-4 * np.abs(blast).max())[-1] + 1
    for node, rows in zip(aged.node, aged.rows, strict=True):
        stretch = np.sqrt(1.0 + ageing * np.log(max(node * filters.node_m, 1.0)))
        place = np.arange(int(np.ceil(heard * stretch))) / stretch
        older = np.interp(place, np.arange(heard), blast[:heard], right=0.0) / stretch
        alone = pulse_table(older, filters.node_m * np.array([node + 0.5]), filters)
        shared = min(rows.shape[1], alone.rows.shape[2])
        difference = rows[:, :shared] - alone.rows[0, :, :shared]
        assert np.abs(difference).max() < 2e-3 * np.abs(rows).max()
