"""Bearings: plane waves come from where they came from, as surely as they say, whatever a microphone does."""

import json

import numpy as np
import pytest
import soundfile

from detector.bearing import make_array
from detector.errors import BadInput
from detector.onset import find_pulses
from detector.onset_search import OnsetOptions
from detector.pulse_stream import stream_pulses
from detector.recording import open_recording
from tests.detector.test_onset import add_blast, make_noise

RATE = 48_000
SOUND_MPS = 340.0
TURNS = 0.3 + np.pi / 2.0 * np.arange(4)
SQUARE_M = np.column_stack([0.15 * np.cos(TURNS), 0.15 * np.sin(TURNS), np.zeros(4)])
COLUMNS = (
    "onset",
    "sigma_s",
    "level_dbfs",
    "snr_db",
    "clipped",
    "features",
    "azimuth_rad",
    "azimuth_sigma_rad",
)


def record(azimuths, peak, seed, microphones=SQUARE_M):
    """One blast every half second, each a plane wave from its azimuth, that passes the station at k + 0.50037 s."""
    rng = np.random.default_rng(seed)
    samples = np.array([make_noise(rng, 0.5 * len(azimuths) + 1.0, RATE) for _ in microphones])
    for k, azimuth in enumerate(azimuths):
        towards = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        for channel, place in zip(samples, microphones, strict=True):
            add_blast(channel, 0.50037 + 0.5 * k - float(place @ towards) / SOUND_MPS, peak, RATE)
    return samples


def hear(samples, microphones=SQUARE_M, block=2**16):
    blocks = (samples[:, i : i + block] for i in range(0, samples.shape[1], block))
    found = list(stream_pulses(blocks, RATE, OnsetOptions(), make_array(microphones, SOUND_MPS, RATE)))
    return {name: np.concatenate([getattr(part, name) for part in found]) for name in COLUMNS}


def turn(angle):
    return (angle + np.pi) % (2.0 * np.pi) - np.pi


def test_a_clear_blast_comes_from_where_it_came_and_when():
    azimuths = np.linspace(-3.1, 3.1, 11)
    found = hear(record(azimuths, 0.5, 1))
    assert np.abs(turn(found["azimuth_rad"] - azimuths)).max() < np.deg2rad(0.5)
    due_s = 0.50037 + 0.5 * np.arange(11)
    # at the station's position, whichever microphone heard it first: they are 0.4 ms apart
    np.testing.assert_allclose(found["onset"] / RATE, due_s, atol=1.5 / RATE + 3e-5)


def test_bearings_are_as_sure_as_they_say():
    azimuths = np.random.default_rng(2).uniform(-np.pi, np.pi, 60)
    stated = []
    for peak in (0.03, 0.06, 0.3):  # from barely heard to clear
        found = hear(record(azimuths, peak, 3))
        event = np.round((found["onset"] / RATE - 0.5) / 0.5).astype(int)
        known = (np.abs(found["onset"] / RATE - 0.50037 - 0.5 * event) < 2e-3) & np.isfinite(
            found["azimuth_rad"]
        )
        assert known.sum() >= 50, peak
        standard = (
            turn(found["azimuth_rad"] - azimuths[event.clip(0, 59)])[known]
            / found["azimuth_sigma_rad"][known]
        )
        assert 1.4826 * np.median(np.abs(standard)) < 1.25, peak
        assert np.mean(np.abs(standard) > 3.0) < 0.05, peak
        stated.append(np.median(found["azimuth_sigma_rad"][known]))
    assert stated[0] > 1.2 * stated[1] > 1.2 * 1.1 * stated[2]


def test_a_high_sound_is_no_other_azimuth():
    samples = np.array([make_noise(np.random.default_rng(i), 2.0, RATE) for i in range(4)])
    towards = np.array([np.cos(2.0) * np.cos(0.7), np.sin(2.0) * np.cos(0.7), np.sin(0.7)])
    for channel, place in zip(samples, SQUARE_M, strict=True):
        add_blast(channel, 1.0 - float(place @ towards) / SOUND_MPS, 0.5, RATE)
    assert turn(hear(samples)["azimuth_rad"] - 2.0) == pytest.approx([0.0], abs=np.deg2rad(1.0))


@pytest.mark.parametrize("fault", ["dead", "stuck", "screams", "deaf"])
@pytest.mark.parametrize("channel", [0, 2])
def test_one_microphone_that_does_not_work_spoils_nothing(fault, channel):
    azimuths = np.array([-2.0, 0.4, 1.1, 2.8])
    samples = record(azimuths, 0.4, 4)
    rng = np.random.default_rng(5)
    broken = {
        "dead": np.zeros(samples.shape[1]),
        "stuck": np.full(samples.shape[1], 0.7),
        "screams": 0.3 * rng.standard_normal(samples.shape[1]),
        "deaf": 0.01 * samples[channel],
    }
    samples[channel] = broken[fault]
    found = hear(samples)
    assert np.abs(turn(found["azimuth_rad"] - azimuths)).max() < np.deg2rad(1.5)


@pytest.mark.parametrize("count", [2, 4])
def test_microphones_in_line_tell_no_bearing_but_are_all_heard(count):
    line = np.column_stack([0.1 * np.arange(count), np.zeros(count), np.zeros(count)])
    azimuths = np.array([-1.0, 0.5, 2.0])
    found = hear(record(azimuths, 0.4, 6, line), line)
    assert np.isnan(found["azimuth_rad"]).all()
    due_s = 0.50037 + 0.5 * np.arange(3)
    np.testing.assert_allclose(found["onset"] / RATE, due_s, atol=1e-4)


def test_four_microphones_time_a_faint_sound_better_than_one():
    azimuths = np.random.default_rng(7).uniform(-np.pi, np.pi, 60)
    samples = record(azimuths, 0.04, 7)
    due_s = 0.50037 + 0.5 * np.arange(60)
    spread = []
    for found in (hear(samples), hear(samples[:1], np.zeros((1, 3)))):
        late_s = (found["onset"][:, None] / RATE - due_s).ravel()
        near = late_s[np.abs(late_s) < 5e-3]
        assert len(near) >= 54
        spread.append(np.median(np.abs(near - np.median(near))))
    assert spread[0] < 0.8 * spread[1]


@pytest.mark.parametrize("block", [7, 4_801])
def test_blocks_do_not_matter(block):
    samples = record(np.linspace(-3.0, 3.0, 19), 0.1, 8)
    whole, parts = hear(samples, block=samples.shape[1]), hear(samples, block=block)
    for name in COLUMNS:
        assert len(whole[name]) >= 15
        assert np.array_equal(whole[name], parts[name], equal_nan=True), name


def write(folder, samples, microphones=SQUARE_M):
    """A recording folder of one array that begins at 10 s on its clock."""
    soundfile.write(folder / "a.wav", samples.T, RATE, subtype="FLOAT")
    station = {
        "id": "A", "position_m": [0.0, 0.0, 6.0], "position_sigma_m": 0.1, "sample_rate_hz": RATE,
        "microphones_m": microphones.tolist(), "full_scale_pa": 2.0, "clock_sigma_s": 1e-4,
        "audio": [{"file": "a.wav", "start_s": 10.0, "samples": samples.shape[1]}],
    }  # fmt: skip
    site = {
        "format": "echoblock-recording/1",
        "epoch_utc": None,
        "origin": None,
        "air": {"temperature_c": 14.6, "humidity": 60.0, "wind_mps": [0.0, 0.0]},
        "stations": [station],
    }
    (folder / "site.json").write_text(json.dumps(site))
    return folder


def test_a_recording_of_an_array_is_heard_with_its_bearing(tmp_path):
    pulses = find_pulses(open_recording(write(tmp_path, record(np.array([1.2, -2.1]), 0.3, 9))))
    np.testing.assert_allclose(pulses.azimuth_rad, [1.2, -2.1], atol=0.01)
    np.testing.assert_allclose(pulses.time_s, [10.50037, 11.00037], atol=1e-4)


@pytest.mark.parametrize("channel", [0, 3])
def test_a_sample_that_is_no_number_on_any_microphone_is_refused_in_one_line(tmp_path, channel):
    samples = record(np.array([1.2]), 0.3, 10)
    samples[channel, 30_000] = np.nan
    with pytest.raises(BadInput) as error:
        find_pulses(open_recording(write(tmp_path, samples)))
    (line,) = str(error.value).splitlines()
    assert line.endswith("a.wav: sample 30000 is not a finite number")


def test_more_microphones_than_channels_are_refused_in_one_line(tmp_path):
    folder = write(tmp_path, record(np.array([1.2]), 0.3, 11)[:3])
    with pytest.raises(BadInput) as error:
        open_recording(folder)
    (line,) = str(error.value).splitlines()
    assert "3 channels for 4 microphones" in line


def test_ten_thousand_clicks_a_second_are_answered(tmp_path):
    samples = record(np.array([1.2]), 0.3, 12)
    samples[:, ::5] += np.float32(0.5)
    pulses = find_pulses(open_recording(write(tmp_path, samples)))
    assert len(pulses) < 100
    assert np.isfinite(pulses.sigma_s).all()


def test_clipped_blasts_still_come_from_where_they_came():
    azimuths = np.array([-2.0, 0.4, 2.8])
    found = hear(np.clip(record(azimuths, 20.0, 13), -1.0, 1.0))
    assert found["clipped"].all()
    assert np.abs(turn(found["azimuth_rad"] - azimuths)).max() < np.deg2rad(1.5)


def test_silence_and_scraps_hold_no_pulse():
    assert len(hear(np.zeros((4, 2 * RATE), np.float32))["onset"]) == 0
    assert len(hear(record(np.array([1.0]), 0.3, 14)[:, :300])["onset"]) == 0
