"""The scattered field as grains of sound: they have its energy and its times, and none stands out."""

import numpy as np
import pytest

from sim.air_filter import NEPER_PER_DB
from sim.band_filter import design_shelves
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.paths import BANDS_HZ
from sim.pulse_table import design_filters, pulse_table
from sim.render import render_tail
from sim.sources.blast_wave import blast_wave
from sim.tail import field as field_module
from sim.tail import tail as tail_module
from sim.tail.tail import BUNDLE, draw_tail
from tests.tail_scenes import AIR, C, energy, field_of, links_of, street


def test_pulses_have_the_energy_of_their_links_on_average_and_differ_from_draw_to_draw():
    links = links_of(field_of(street()))[0]
    tails = [draw_tail(links, 0.0, C, np.random.default_rng(i)) for i in range(200)]
    assert tails[0].time_s.shape == (len(tails[0].gain), BUNDLE)
    assert not np.array_equal(tails[0].amplitude, tails[1].amplitude)
    heard = np.mean([(tail.copy_amplitude**2).sum(axis=1) @ tail.gain**2 for tail in tails], axis=0)
    assert heard == pytest.approx(energy(links), rel=0.03)
    for tail in tails:
        assert (tail.amplitude**2).sum(axis=1) == pytest.approx(1.0)
    drawn = np.mean([(tail.gain**2).sum(axis=0) for tail in tails], axis=0)
    assert drawn == pytest.approx(energy(links), rel=0.005)


def test_grains_arrive_about_when_their_links_do_and_the_same_stream_gives_the_same_grains():
    links = links_of(field_of(street()))[0]
    power = links["power"].sum(axis=1)
    due_s = power @ links["length"] / power.sum() / C
    tails = [draw_tail(links, 0.0, C, np.random.default_rng(i)) for i in range(60)]
    means = []
    for tail in tails:
        share = tail.amplitude**2 * (tail.gain**2).sum(axis=1, keepdims=True)
        means.append((share * tail.time_s).sum() / share.sum())
    late_s = due_s - links["length"].min() / C
    assert 0.0 < np.mean(means) - due_s < 4e-3
    assert late_s > 0.03
    again = draw_tail(links, 0.0, C, np.random.default_rng(7))
    for name in ("time_s", "amplitude", "gain", "length_m", "direction", "copy_s", "copy_amplitude"):
        assert np.array_equal(getattr(again, name), getattr(tails[7], name))


def lumpiness(links, draws=24):
    """Return the mean square over the squared mean of the energy in 5 ms about its mean within 0.1 s: 1 if smooth."""
    found = []
    for number in range(draws):
        tail = draw_tail(links, -links["length"].min() / C, C, np.random.default_rng(number))
        share = (tail.gain**2).sum(axis=1)[:, None, None] * tail.amplitude[:, :, None] ** 2
        times = tail.time_s[:, :, None] + tail.copy_s[:, None, :]
        energies = share * tail.copy_amplitude[:, None, :] ** 2
        course = np.histogram(times.ravel(), np.linspace(0.02, 0.22, 41), weights=energies.ravel())[0]
        parts = course.reshape(-1, 10)
        found.append(((parts**2).mean(axis=1) / np.maximum(parts.mean(axis=1), 1e-30) ** 2).mean())
    return float(np.mean(found))


def test_the_tail_is_the_smoother_the_more_links_it_is_drawn_from(monkeypatch):
    """What is left of lumps with many links is the street's own course and the chance of single shots."""
    found = []
    for count in (6, 24, 96):
        monkeypatch.setattr(field_module, "LINKS", count)
        found.append(lumpiness(links_of(field_of(street()))[0]))
    assert found[0] > 1.1 * found[1]
    assert found[1] > found[2]
    monkeypatch.setattr(tail_module, "GRAINS_MAX", BUNDLE)
    assert lumpiness(links_of(field_of(street()))[0]) > 1.1 * found[2]


def test_a_link_however_strong_is_no_single_pulse():
    links = links_of(field_of(street()))[0][:6].copy()
    links["power"][0] *= 1e3
    tail = draw_tail(links, 0.0, C, np.random.default_rng(2))
    each = (tail.gain**2).sum(axis=1, keepdims=True) * tail.amplitude**2
    assert each.sum() == pytest.approx(energy(links).sum(), rel=0.02)
    assert each.max() < 0.02 * each.sum()
    assert tail.time_s.size > 160


def test_the_parts_of_a_long_emission_share_the_tail_without_making_it_louder():
    tail = draw_tail(links_of(field_of(street()))[0], 0.0, C, np.random.default_rng(0))
    assert tail.share(0, 1).gain == pytest.approx(tail.gain)
    shares = [tail.share(part, 30) for part in range(8)]
    assert sum(len(share.gain) for share in shares) == len(tail.gain)
    mean = np.mean([(share.gain**2).sum(axis=0) for share in shares], axis=0)
    assert mean == pytest.approx((tail.gain**2).sum(axis=0))


def test_rendered_pulses_have_the_energy_that_gains_and_air_say():
    rate, waveform = 48_000, blast_wave(100.0, 0.4e-3)
    filters, shelves = design_filters(AIR, rate), design_shelves(rate)
    gain, length = np.array([np.linspace(1.0, 0.4, 8)]), np.array([300.0])
    table = pulse_table(waveform, length, filters)
    pressure = np.zeros(8000, dtype=np.float32)
    render_tail(
        pressure,
        np.array([[1000.4, 3000.0, 5000.0, 7e6]]),
        np.array([[1.0, -2.0, 0.5, 1.0]]),
        gain,
        length,
        (np.zeros((1, 1)), np.ones((1, 1))),
        table,
        shelves,
    )
    peaks = [np.abs(pressure[begin : begin + 1000]).max() for begin in (950, 2950, 4950)]
    assert np.array(peaks) / peaks[0] == pytest.approx([1.0, 2.0, 0.5], rel=1e-3)
    assert np.argmax(np.abs(pressure) > 0.5 * peaks[0]) == pytest.approx(1000, abs=4)
    spectrum = np.abs(np.fft.rfft(pressure[950:1950], 16_384)) / rate
    frequency = np.fft.rfftfreq(16_384, 1.0 / rate)
    source = np.abs(np.fft.rfft(waveform, 65_536))[: len(frequency)] / 192_000
    for band in (2, 3, 4, 5):
        chosen = (frequency > BANDS_HZ[band] / 2**0.5) & (frequency < BANDS_HZ[band] * 2**0.5)
        air = np.exp(-300.0 * NEPER_PER_DB * attenuation_db_per_m(frequency[chosen], 15.0, 60.0))
        expected = (np.square(source[chosen] * air)).sum() * gain[0, band] ** 2
        assert 10.0 * np.log10(np.square(spectrum[chosen]).sum() / expected) == pytest.approx(0.0, abs=0.7)


def test_a_grain_is_the_sum_of_its_copies_wherever_it_begins():
    rate = 48_000
    filters, shelves = design_filters(AIR, rate), design_shelves(rate)
    gain, length = np.array([np.linspace(1.0, 0.4, 8)] * 2), np.array([100.0, 300.0])
    table = pulse_table(blast_wave(100.0, 0.4e-3), length, filters)
    place, amplitude = np.array([[700.0, -100.0], [900.0, 2900.0]]), np.array([[1.0, 0.3], [-0.5, 2.0]])
    late, part = np.array([[0.0, 250.0], [900.0, 40.0]]), np.array([[0.8, -0.2], [0.1, 0.6]])
    grains, singly = np.zeros((2, 3000), dtype=np.float32)
    render_tail(grains, place, amplitude, gain, length, (late, part), table, shelves)
    for copy in range(2):
        render_tail(
            singly,
            place + late[:, copy, None],
            amplitude * part[:, copy, None],
            gain,
            length,
            (np.zeros((2, 1)), np.ones((2, 1))),
            table,
            shelves,
        )
    assert np.abs(grains).max() > 0.1
    assert grains == pytest.approx(singly, abs=1e-5 * float(np.abs(singly).max()))
