"""The vendor's step-kernel pulses: where a sound sets in, in steps of a millisecond, whatever the pieces."""

import json
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from detector.recording import open_recording
from detector.step_pulses import StepOptions, find_step_pulses

RATE = 12_000
FRONTS_S = (2.0, 2.4, 7.3)


def write(folder, samples, start_s=0.0, cuts=()):
    """A recording of one station, cut into pieces that follow each other without a gap."""
    folder.mkdir()
    audio, edges = [], [0, *cuts, len(samples)]
    for i, (a, b) in enumerate(pairwise(edges)):
        soundfile.write(folder / f"{i}.wav", samples[a:b], RATE, subtype="FLOAT")
        audio.append({"file": f"{i}.wav", "start_s": start_s + a / RATE, "samples": b - a})
    station = {
        "id": "A", "position_m": [0.0, 0.0, 6.0], "position_sigma_m": 0.1, "microphones_m": [[0.0, 0.0, 0.0]],
        "sample_rate_hz": RATE, "full_scale_pa": 2.0, "clock_sigma_s": 1e-4, "audio": audio,
    }  # fmt: skip
    air = {"temperature_c": 15.0, "humidity": 60.0, "wind_mps": [0.0, 0.0]}
    site = {
        "format": "echoblock-recording/1",
        "epoch_utc": None,
        "origin": None,
        "air": air,
        "stations": [station],
    }
    (folder / "site.json").write_text(json.dumps(site))
    return open_recording(folder)


@pytest.fixture(scope="module")
def street():
    """Ten seconds of noise with three bangs that die away in 30 ms."""
    rng = np.random.default_rng(1)
    samples = 0.002 * rng.standard_normal(10 * RATE)
    for front in FRONTS_S:
        tail = np.exp(-np.arange(RATE // 5) / (0.03 * RATE)) * rng.standard_normal(RATE // 5)
        samples[round(front * RATE) :][: RATE // 5] += 0.15 * tail
    return samples.astype(np.float32)


def test_bangs_are_found_where_they_set_in(street, tmp_path):
    pulses = find_step_pulses(write(tmp_path / "r", street), StepOptions())
    np.testing.assert_allclose(pulses.time_s, FRONTS_S, atol=3e-3)
    assert (pulses.snr_db > 20.0).all()
    assert not pulses.clipped.any()
    # The largest sample of a bang is 0.15 sigma, some 0.4 of 2 Pa.
    np.testing.assert_allclose(pulses.level_db, 20.0 * np.log10(0.4 * 2.0 / 20e-6), atol=4.0)


def test_pieces_and_clock_do_not_matter(street, tmp_path):
    whole = find_step_pulses(write(tmp_path / "whole", street), StepOptions())
    cut = find_step_pulses(write(tmp_path / "cut", street, 50.0, (24_005, 71_111)), StepOptions(), workers=2)
    np.testing.assert_allclose(cut.time_s - 50.0, whole.time_s, atol=1e-9)
    np.testing.assert_allclose(cut.snr_db, whole.snr_db, atol=1e-6)


def test_silence_and_noise_hold_no_pulse(street, tmp_path):
    dead = find_step_pulses(write(tmp_path / "dead", np.zeros(3 * RATE, np.float32)), StepOptions())
    assert len(dead) == 0
    noise = street[: round(1.9 * RATE)]
    assert len(find_step_pulses(write(tmp_path / "noise", noise), StepOptions())) == 0
