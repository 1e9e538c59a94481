"""Whole recordings that no good network delivers: answered or refused in one line, never hung, never crashed."""

import json

import numpy as np
import pytest
import soundfile

from detector.alert import alert_to_record
from detector.consistency import ConsistencyOptions
from detector.detect import detect, listen_recording
from detector.errors import BadInput
from detector.one_by_one import SetOptions
from detector.options import DetectorOptions
from detector.recording import open_recording
from detector.tn098 import Tn098Options
from tests.bench.windows import make_pulses, make_site

RATE = 8_000
HALF_S = 6.0
SHOTS_S = (2.0, 8.0)
PLACE_M = np.array([110.0, 60.0])
POSTS_M = np.array([[0, 0], [350, -20], [380, 300], [30, 330], [180, -150], [200, 480]], float)
SOUND_MPS = 340.3  # still air at 15 degC

DETECTORS = (DetectorOptions(), Tn098Options(), ConsistencyOptions())
every = pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)


@pytest.fixture(scope="module")
def street():
    """What six posts record in 12 s: noise and two shots at one place, as shares of full scale (6, n)."""
    rng = np.random.default_rng(21)
    heard = 0.002 * rng.standard_normal((len(POSTS_M), round(2.0 * HALF_S * RATE)))
    time_s = np.arange(heard.shape[1]) / RATE
    for i, post in enumerate(POSTS_M):
        away_m = float(np.hypot(*(post - PLACE_M)))
        for shot_s in SHOTS_S:
            after_s = time_s - shot_s - away_m / SOUND_MPS
            bang = np.exp(-np.maximum(after_s, 0.0) / 2e-3) * (1.0 - np.maximum(after_s, 0.0) / 1e-3)
            heard[i] += np.where((after_s >= 0.0) & (after_s < 0.02), 40.0 / away_m * bang, 0.0)
    return heard.astype(np.float32)


def write(folder, heard, changes=None):
    """A folder with two pieces of 6 s a post, or with what `changes` says of it: [(file, start_s, samples), ...]."""
    folder.mkdir()
    stations = []
    for i, (post, samples) in enumerate(zip(POSTS_M, heard, strict=True)):
        half = len(samples) // 2
        parts = [(f"{i}a.wav", 0.0, samples[:half]), (f"{i}b.wav", HALF_S, samples[half:])]
        parts = (changes or {}).get(i, parts)
        for file, _, part in parts:
            soundfile.write(folder / file, part, RATE, subtype="FLOAT")
        audio = [{"file": file, "start_s": start_s, "samples": len(part)} for file, start_s, part in parts]
        stations.append({
            "id": f"P{i}", "position_m": [*post, 1.5], "position_sigma_m": 0.5, "sample_rate_hz": RATE,
            "full_scale_pa": 20.0, "clock_sigma_s": 1e-3, "audio": audio,
        })  # fmt: skip
    site = {
        "format": "echoblock-recording/1",
        "epoch_utc": None,
        "origin": None,
        "air": {"temperature_c": 15.0, "humidity": 50.0, "wind_mps": [0.0, 0.0]},
        "stations": stations,
    }
    (folder / "site.json").write_text(json.dumps(site))
    return folder


def hear(folder, detector):
    return listen_recording(open_recording(folder), detector)


def assert_both_shots(result):
    """Every shot is in some alert at its place, and nothing is anywhere else."""
    times_s = np.sort(np.concatenate([a.round_times_s for a in result.alerts]))
    np.testing.assert_allclose(times_s, SHOTS_S, atol=0.03)
    for alert in result.alerts:
        np.testing.assert_allclose(alert.position_m[:2], PLACE_M, atol=15.0)


def one_line(folder, detector):
    """Return the line that a folder is refused with."""
    with pytest.raises(BadInput) as error:
        hear(folder, detector)
    (line,) = str(error.value).splitlines()
    return line


@every
def test_good_audio_is_heard(street, tmp_path, detector):
    assert_both_shots(hear(write(tmp_path / "r", street), detector))


@every
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused_in_one_line(street, tmp_path, detector, value):
    broken = street.copy()
    broken[3, 70_000] = value
    line = one_line(write(tmp_path / "r", broken), detector)
    assert line.endswith("3b.wav: sample 22000 is not a finite number")


@every
def test_samples_beyond_all_sense_stop_nobody(street, tmp_path, detector):
    """Float files can say 1e38 of full scale; its square is beyond float32."""
    absurd = street.copy()
    absurd[3, 30_000:30_010] = 1e38
    assert_both_shots(hear(write(tmp_path / "r", absurd), detector))


@every
def test_a_silent_post_is_done_without(street, tmp_path, detector):
    deaf = street.copy()
    deaf[3] = 0.0
    result = hear(write(tmp_path / "r", deaf), detector)
    assert_both_shots(result)
    assert all("P3" not in alert.sensors for alert in result.alerts)


@every
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_posts_that_are_all_stuck_hear_nothing(street, tmp_path, detector, level):
    assert hear(write(tmp_path / "r", np.full_like(street, level)), detector).alerts == ()


@every
def test_a_post_clipped_throughout_is_done_without(street, tmp_path, detector):
    clipped = street.copy()
    clipped[3] = np.clip(1e6 * street[3], -1.0, 1.0)
    assert_both_shots(hear(write(tmp_path / "r", clipped), detector))


@every
def test_all_posts_clipped_throughout_are_no_incident(street, tmp_path, detector):
    clipped = np.clip(1e6 * street, -1.0, 1.0)
    assert hear(write(tmp_path / "r", clipped), detector).alerts == ()


@every
def test_a_truncated_wave_file_is_refused_in_one_line(street, tmp_path, detector):
    folder = write(tmp_path / "r", street)
    whole = (folder / "3b.wav").read_bytes()
    (folder / "3b.wav").write_bytes(whole[: len(whole) // 2])
    line = one_line(folder, detector)
    assert "3b.wav" in line
    assert "announced are 48000" in line


@every
def test_an_empty_file_is_refused_in_one_line(street, tmp_path, detector):
    folder = write(tmp_path / "r", street)
    (folder / "3b.wav").write_bytes(b"")
    assert "3b.wav" in one_line(folder, detector)


@every
def test_the_order_in_which_pieces_are_listed_does_not_matter(street, tmp_path, detector):
    half = street.shape[1] // 2
    swapped = {
        i: [(f"{i}b.wav", HALF_S, s[half:]), (f"{i}a.wav", 0.0, s[:half])] for i, s in enumerate(street)
    }
    one = hear(write(tmp_path / "one", street), detector)
    other = hear(write(tmp_path / "other", street, swapped), detector)
    assert [alert_to_record(a) for a in one.alerts] == [alert_to_record(a) for a in other.alerts]


def test_a_piece_delivered_twice_under_two_names_is_refused_in_one_line(street, tmp_path):
    first = street[3][: street.shape[1] // 2]
    twice = {3: [("3a.wav", 0.0, first), ("3again.wav", 0.0, first)]}
    line = one_line(write(tmp_path / "r", street, twice), DETECTORS[0])
    assert line.endswith("station 'P3': audio '3a.wav' and '3again.wav' overlap by 6.000 s")


@every
def test_a_piece_played_again_later_is_no_second_incident(street, tmp_path, detector):
    half = street.shape[1] // 2
    again = {3: [("3a.wav", 0.0, street[3][:half]), ("3b.wav", HALF_S, street[3][half:]),
                 ("3c.wav", 2.0 * HALF_S, street[3][:half])]}  # fmt: skip
    assert_both_shots(hear(write(tmp_path / "r", street, again), detector))


def test_a_clock_set_back_between_pieces_is_refused_in_one_line(street, tmp_path):
    half = street.shape[1] // 2
    back = {3: [("3a.wav", 0.0, street[3][:half]), ("3b.wav", HALF_S - 0.8, street[3][half:])]}
    assert "overlap by 0.800 s" in one_line(write(tmp_path / "r", street, back), DETECTORS[0])


@every
@pytest.mark.parametrize("step_s", [0.8, 3600.0, 1.8e9], ids=["0.8 s", "an hour", "from 1970 to now"])
def test_a_clock_that_steps_between_pieces_stops_nobody(street, tmp_path, detector, step_s):
    half = street.shape[1] // 2
    ahead = {3: [("3a.wav", 0.0, street[3][:half]), ("3b.wav", HALF_S + step_s, street[3][half:])]}
    assert_both_shots(hear(write(tmp_path / "r", street, ahead), detector))


@pytest.mark.parametrize("start_s", [1e11, -1e300])
def test_a_time_without_digits_for_milliseconds_is_refused_in_one_line(street, tmp_path, start_s):
    half = street.shape[1] // 2
    absurd = {3: [("3a.wav", start_s, street[3][:half])]}
    line = one_line(write(tmp_path / "r", street, absurd), DETECTORS[0])
    assert "stations[3].audio[0].start_s" in line


@pytest.mark.parametrize("detector", [DETECTORS[0], Tn098Options(sets=SetOptions(stations_least=3))])
def test_three_posts_list_both_places(detector):
    """Behind a corner of their triangle, two places explain what three posts hear; both are told."""
    site = make_site(np.array([[0.0, 0.0, 6.0], [400.0, 0.0, 6.0], [0.0, 400.0, 6.0]]))
    place = np.array([-60.0, -50.0])
    away_m = np.hypot(*(site.positions_m[:, :2] - place).T)
    pulses, _ = make_pulses(np.arange(3), 2.0 + away_m / site.air.sound_speed_mps, 1e-3)
    (alert,) = detect(site, pulses, detector).alerts
    told = np.array([alert.position_m[:2], *(a.position_m for a in alert.alternatives)])
    assert len(told) == 2
    assert np.hypot(*(told - place).T).min() < 5.0
    assert np.hypot(*(told[0] - told[1])) > 50.0
    for there in told:
        emitted_s = pulses.time_s - np.hypot(*(site.positions_m[pulses.station, :2] - there).T) / SOUND_MPS
        assert np.ptp(emitted_s) < 0.02
