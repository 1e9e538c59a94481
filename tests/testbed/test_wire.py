"""The wire carries samples exactly, and of the world only what its operator reads."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile

from scenes.air import Air
from scenes.block import Block
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Microphone, Sensor
from sim.capture import Capture
from testbed.survey import Survey
from testbed.wire import write_capture, write_recording


def full_range(bits, samples=2_000):
    half = 2 ** (bits - 1)
    values = np.random.default_rng(1).integers(-half, half, (2, samples), dtype=np.int64)
    values[:, :2] = [[-half, half - 1], [half - 1, -half]]
    return values.astype(np.int32)


def scene_of(ids, air=Air(18.0, 55.0, wind_mps=(2.0, -1.0)), seed=3):  # noqa: B008 - frozen
    places = {name: (100.0 * i, -50.0 * i, 6.0) for i, name in enumerate(ids)}
    sensors = tuple(Sensor(name, place, microphone=Microphone(bits=16)) for name, place in places.items())
    event = Event("e1", "i1", "pistol-9mm", 5.0, (10.0, 20.0, 1.5))
    return Scene(Block("empty", (), (-500.0, -500.0, 500.0, 500.0)), sensors, (event,), 10.0, seed, air)


def captures_of(scene):
    return [Capture(s.id, 0.25, 12_000, 16, 0.9, full_range(16)[:1]) for s in scene.sensors]


def site_of(folder, scene, survey, captures=None):
    write_recording(folder, scene, captures or captures_of(scene), survey, 1e-4)
    return json.loads((folder / "site.json").read_text())


@pytest.mark.parametrize(("bits", "rate"), [(16, 12_000), (24, 48_000), (24, 44_101)])
def test_samples_survive_exactly(tmp_path, bits, rate):
    samples = full_range(bits)
    write_capture(tmp_path / "a.flac", Capture("a", 0.0, rate, bits, 0.9, samples))
    read, rate_read = soundfile.read(tmp_path / "a.flac", dtype="int32")
    np.testing.assert_array_equal(read.T >> (32 - bits), samples)
    assert rate_read == rate
    assert soundfile.info(tmp_path / "a.flac").subtype == f"PCM_{bits}"


def test_same_scene_same_bytes(tmp_path):
    scene = scene_of(["S1", "S2"])
    for name in ("one", "two"):
        write_recording(tmp_path / name, scene, captures_of(scene), Survey(), 1e-4)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) == 3
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)


def test_a_perfect_survey_tells_the_truth(tmp_path):
    scene = scene_of(["S1", "S2"])
    site = site_of(tmp_path / "r", scene, Survey(0.0, 0.0, 0.0, 0.0))
    assert [s["position_m"] for s in site["stations"]] == [list(s.position_m) for s in scene.sensors]
    assert site["air"] == {"temperature_c": 18.0, "humidity": 55.0, "wind_mps": [2.0, -1.0]}


def test_survey_errors_are_as_large_as_announced(tmp_path):
    scene = scene_of([f"S{i}" for i in range(300)])
    dead = [Capture(s.id, 0.0, 12_000, 16, 0.9, np.zeros((1, 0), np.int32)) for s in scene.sensors]
    site = site_of(tmp_path / "r", scene, Survey(position_sigma_m=2.5), dead)
    errors = np.array([s["position_m"] for s in site["stations"]]) - [s.position_m for s in scene.sensors]
    assert 2.2 < errors.std() < 2.8
    assert {s["position_sigma_m"] for s in site["stations"]} == {2.5}


def test_another_sensor_changes_no_other_reading(tmp_path):
    few = site_of(tmp_path / "few", scene_of(["S1", "S2"]), Survey())
    more = site_of(tmp_path / "more", scene_of(["S1", "S2", "S3"]), Survey())
    assert more["stations"][:2] == few["stations"]
    assert more["air"] == few["air"]


def test_the_recording_knows_nothing_of_the_truth(tmp_path):
    scene = scene_of(["S1", "S2"])
    louder = dataclasses.replace(scene, events=(dataclasses.replace(scene.events[0], kind="backfire"),))
    assert site_of(tmp_path / "a", scene, Survey()) == site_of(tmp_path / "b", louder, Survey())
    assert not any(p.name == "truth.json" for p in (tmp_path / "a").rglob("*"))


def test_a_dead_sensor_has_a_station_and_no_audio(tmp_path):
    scene = scene_of(["S1", "S2"])
    alive, dead = captures_of(scene)
    dead = dataclasses.replace(dead, samples=dead.samples[:, :0])
    site = site_of(tmp_path / "r", scene, Survey(), [alive, dead])
    assert [len(s["audio"]) for s in site["stations"]] == [1, 0]
    assert [p.name for p in (tmp_path / "r" / "audio").iterdir()] == ["S1.flac"]


def test_no_id_leads_out_of_the_folder(tmp_path):
    names = ["../../S1", "..", "a/b"]
    site = site_of(tmp_path / "r", scene_of(names), Survey())
    files = [(tmp_path / "r" / s["audio"][0]["file"]).resolve() for s in site["stations"]]
    assert all(file.is_file() and file.parent == (tmp_path / "r" / "audio").resolve() for file in files)
    assert len(set(files)) == 3
