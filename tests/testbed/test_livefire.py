"""The reader of the live-fire set meets its traps."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from detector.recording import open_recording, read_clip
from scenes.errors import BadInput
from testbed.livefire import find_tests, read_test
from testbed.livefire_masks import fill_masks, find_masks
from testbed.livefire_network import keep_off_edges, pulse_network, write_audio_network
from testbed.livefire_survey import average_positions
from testbed.livefire_truth import live_events
from tests.testbed.livefire_set import RATE_HZ, SENSORS, SHOOTER, START, arrival, clip, write_test

REAL = Path(__file__).parents[2].parent / "shared" / "real" / "pittsburgh"


def test_repeats_and_missing_ids_are_dropped(tmp_path):
    write_test(tmp_path / "FP1" / "test_001")
    test = read_test(tmp_path / "FP1" / "test_001")
    assert len(test.pulses) == 3 * len(SENSORS)
    assert [len(selection) for selection in test.selections] == [len(SENSORS)] * 3
    assert test.selected_sensors == tuple(SENSORS)
    assert (test.key, test.rounds_fired) == ("FP1/test_001", 3)


def test_epoch_is_the_whole_second_before_the_first_pulse(tmp_path):
    write_test(tmp_path / "FP1" / "test_001", shots_s=(2.4,))
    test = read_test(tmp_path / "FP1" / "test_001")
    first = min(arrival(sensor, 2.4) for sensor in SENSORS)
    assert (test.epoch - START).total_seconds() == math.floor(first)
    assert test.pulses[0].time_s == pytest.approx(first - math.floor(first))


def test_wind_goes_where_it_does_not_come_from(tmp_path):
    write_test(tmp_path / "FP1" / "test_001")
    assert read_test(tmp_path / "FP1" / "test_001").wind_mps == pytest.approx(
        (2.0, 0.0)
    )  # from the west, to the east


def test_true_times_are_those_of_the_shots(tmp_path):
    write_test(tmp_path / "FP1" / "test_001")
    test = read_test(tmp_path / "FP1" / "test_001")
    events = live_events(test)
    fired = [event.time_s + (test.epoch - START).total_seconds() for event in events]
    assert fired == pytest.approx([2.0, 2.9, 3.8], abs=1e-3)
    assert all(event.position_m == SHOOTER for event in events)
    assert events[0].traits["calibre_in"] == 0.45


def test_a_sensor_stands_where_its_average_says(tmp_path):
    write_test(tmp_path / "FP1" / "test_001", audio=["SCP-00"])
    path = next((tmp_path / "FP1" / "test_001").glob("*audio.SCP-00.json"))
    head = json.loads(path.read_text())
    path.write_text(
        json.dumps(head | {"location": {"x": 9e3, "y": 9e3, "z": 0.0}, "serial_number": "SCP-99"})
    )
    survey = average_positions([read_test(tmp_path / "FP1" / "test_001")])
    assert survey["SCP-00"][0] == pytest.approx(SENSORS["SCP-00"])
    assert survey["SCP-99"] == ((9e3, 9e3, 0.0), 4.0)


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_audio_becomes_a_recording_that_the_detector_opens(tmp_path, suffix):
    write_test(tmp_path / "FP1" / "test_001", audio=list(SENSORS), suffix=suffix)
    test = read_test(tmp_path / "FP1" / "test_001")
    write_audio_network(test, average_positions([test]), list(SENSORS), tmp_path / "recording")
    recording = open_recording(tmp_path / "recording")
    assert recording.site.epoch_utc == "2018-12-19T01:00:02Z"
    station = recording.site.stations[0]
    assert (station.rate_hz, station.audio[0].start_s) == (RATE_HZ, -2.0)
    _, samples = read_clip(recording, 0, -2.0, 6.0)
    assert not len(find_masks(np.rint(samples[0] * 2**15).astype(np.int16), RATE_HZ))


def test_filled_masks_sound_like_the_audio_beside_them():
    masked = clip("SCP-00", (4.0,))
    filled = fill_masks(masked, RATE_HZ, np.random.default_rng(0)).astype(float)
    (_, stop), (start, _) = find_masks(masked, RATE_HZ)
    assert np.array_equal(filled[stop:start], masked[stop:start])
    assert filled[:stop].std() == pytest.approx(300.0, rel=0.1)
    assert filled[start:].std() == pytest.approx(300.0, rel=0.1)
    white = np.abs(np.fft.rfft(filled[:stop])) ** 2
    assert white[: len(white) // 2].mean() == pytest.approx(white[len(white) // 2 :].mean(), rel=0.25)


def test_a_clip_that_is_all_mask_stays_silent():
    silence = np.zeros(1000, dtype=np.int16)
    assert not fill_masks(silence, RATE_HZ, np.random.default_rng(0)).any()


def test_pulses_beside_a_mask_edge_are_dropped(tmp_path):
    write_test(tmp_path / "FP1" / "test_001")
    test = read_test(tmp_path / "FP1" / "test_001")
    _, pulses = pulse_network(test, average_positions([test]), list(SENSORS))
    first = pulses.time_s[pulses.station == 0][0]
    edges = [np.array([first + 0.059, first + 0.9 - 0.061]), *[np.empty(0)] * 5]
    kept = keep_off_edges(pulses, edges)
    assert len(kept) == len(pulses) - 1
    assert first not in kept.time_s[kept.station == 0]


def test_every_mistake_of_a_test_is_told_at_once(tmp_path):
    folder = tmp_path / "FP1" / "test_001"
    write_test(folder, audio=["SCP-00"])
    (folder / "test_001.weather.json").write_text('{"temperature": "cold", "speed": 0, "direction": 0}')
    (folder / "test_001.survey.json").write_text('{"num_rounds": 0, "firearm": "x"}')
    (folder / "test_001.nlos-tuples.json").unlink()
    (folder / "test_001.audio.SCP-00.json").unlink()
    with pytest.raises(BadInput) as caught:
        read_test(folder)
    lines = str(caught.value).splitlines()
    assert all(str(folder) in line for line in lines)
    for part in (
        "weather: temperature",
        "num_rounds",
        "survey_location",
        "nlos-tuples.json",
        "audio.SCP-00.json",
    ):
        assert any(part in line for line in lines), part


def test_broken_audio_is_named(tmp_path):
    folder = tmp_path / "FP1" / "test_001"
    write_test(folder, audio=["SCP-00"])
    (folder / "test_001.audio.SCP-00.flac").write_bytes(b"not audio")
    test = read_test(folder)
    with pytest.raises(BadInput, match=r"SCP-00\.flac"):
        write_audio_network(test, average_positions([test]), ["SCP-00"], tmp_path / "recording")


def test_what_is_not_the_set_is_named(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        find_tests(tmp_path / "absent")
    with pytest.raises(BadInput, match="not the live-fire set"):
        find_tests(tmp_path)
    write_test(tmp_path / "FP1" / "test_001")
    with pytest.raises(BadInput, match="no firing position FP2; there are FP1"):
        find_tests(tmp_path, ["FP1", "FP2"])


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the live-fire set beside the checkout")
def test_the_real_set_is_read_whole():
    tests = [read_test(folder) for folder in find_tests(REAL)]
    assert (len(tests), sum(t.rounds_fired for t in tests), sum(len(live_events(t)) for t in tests)) == (
        72,
        144,
        144,
    )
    assert sum(len(t.clips) for t in tests) == 342
    for test in tests:
        spread = [p.time_s for p in test.pulses]
        assert 0.0 <= min(spread) < 1.0
        assert spread == sorted(spread)
