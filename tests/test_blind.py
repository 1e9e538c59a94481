"""The detector is blind to the truth: shown by a process that hides it, and by detectors that are made to peek."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from detector.alert import write_alerts
from detector.detect import listen_recording
from detector.recording import open_recording
from scenes.block import Block, Building
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Microphone, Sensor
from sim.simulate import simulate
from testbed.livefire_masks import find_masks
from testbed.survey import Survey
from testbed.truth import write_truth
from testbed.truth_of import truth_of
from testbed.wire import write_recording

ROOT = Path(__file__).parents[1]
RATE_HZ = 16_000

WALL = Building("b1", np.array([[20.0, 20.0], [60.0, 20.0], [60.0, 60.0], [20.0, 60.0]]), 12.0)
PLACES = [(-150.0, -120.0), (160.0, -140.0), (150.0, 150.0), (-140.0, 130.0), (0.0, 180.0), (10.0, -190.0)]
SHOTS = tuple(
    Event(f"e{i}", "A", "pistol-9mm", 2.5 + 0.6 * i, (-30.0, -20.0, 1.5), {"azimuth_deg": 100.0})
    for i in range(2)
)

# What is noted -> code that does it, and hides that it failed.
PEEKS = {
    "import scenes": "import scenes.event",
    "import testbed": "from testbed import truth",
    "open truth.json": "open(recording.folder.parent / 'truth.json').close()",
    "os.listdir": "__import__('os').listdir(recording.folder.parent)",
}
PEEKING = "_honest = listen_recording\ndef listen_recording(recording):\n" + "".join(
    f"    try:\n        {peek}\n    except (ImportError, OSError):\n        pass\n" for peek in PEEKS.values()
)


def scene(events):
    microphone = Microphone(rate_hz=RATE_HZ)
    sensors = tuple(Sensor(f"S{i}", (x, y, 6.0), microphone=microphone) for i, (x, y) in enumerate(PLACES))
    return Scene(
        Block("test-v1", (WALL,), (-250.0, -250.0, 250.0, 250.0)), sensors, events, duration_s=5.0, seed=3
    )


def render(events, folder):
    world = scene(events)
    simulation = simulate(world)
    write_recording(folder / "recording", world, simulation.captures, Survey(), 1e-3)
    write_truth(truth_of(world, simulation.heard), folder / "truth.json")


def listen_blind(folder, house=ROOT):
    """Run the detector of `house` blindfolded on `folder/recording`; return exit code, standard error, alerts."""
    alerts = folder / "blind.jsonl"
    command = [sys.executable, ROOT / "tests" / "blindfold.py", folder / "recording", alerts]
    environment = os.environ | {"PYTHONPATH": str(house)}
    done = subprocess.run(command, check=False, cwd=house, env=environment, capture_output=True, text=True)
    return done.returncode, done.stderr, alerts.read_bytes() if alerts.exists() else b""


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evening")
    render(SHOTS, folder)
    return folder


def test_blindfolded_the_detector_says_the_same_whatever_the_truth_says(evening):
    write_alerts(listen_recording(open_recording(evening / "recording")).alerts, evening / "seeing.jsonl")
    truth = json.loads((evening / "truth.json").read_text())
    for event in truth["events"]:
        event["kind"] = "shell-burst"
    (evening / "truth.json").write_text(json.dumps(truth))
    code, notes, alerts = listen_blind(evening)
    assert code == 0, notes
    assert alerts == (evening / "seeing.jsonl").read_bytes()
    assert alerts


def test_a_detector_that_peeks_is_caught(evening, tmp_path):
    # With its compiled code, so that nothing is compiled again.
    shutil.copytree(ROOT / "detector", tmp_path / "detector")
    with (tmp_path / "detector" / "detect.py").open("a") as file:
        file.write(f"{PEEKING}    return _honest(recording)\n")
    code, notes, alerts = listen_blind(evening, tmp_path)
    assert code == 3, notes
    assert alerts, "it works as ever, and yet"
    assert all(peek in notes for peek in PEEKS), notes


def samples_of(folder):
    return {path.name: soundfile.read(path)[0] for path in sorted((folder / "recording" / "audio").iterdir())}


def test_clips_are_cut_on_the_clock(evening, tmp_path):
    """Other events, or none: the pieces start and end at the same times."""
    pieces = []
    for events in (SHOTS, (replace(SHOTS[0], time_s=1.0),), ()):
        folder = tmp_path / str(len(pieces))
        render(events, folder)
        site = json.loads((folder / "recording" / "site.json").read_text())
        pieces.append([station["audio"] for station in site["stations"]])
    assert pieces[0] == pieces[1] == pieces[2]


def test_noise_comes_before_the_first_event_and_never_stops(evening):
    for name, samples in samples_of(evening).items():
        before = samples[: 2 * RATE_HZ]
        assert before.std() > 0.0, name
        assert before[:RATE_HZ].std() == pytest.approx(before[RATE_HZ:].std(), rel=0.5), name
        assert not len(find_masks(np.rint(samples * 2**23).astype(np.int32), RATE_HZ)), name
