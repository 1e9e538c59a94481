"""Faults cost what they say, no fault costs nothing, and the detector can read what is left."""

import dataclasses
import json

import numpy as np
import pytest

from detector.recording import open_recording, read_blocks
from scenes.ambient import Ambient
from scenes.block import Block
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Microphone, Sensor
from sim.capture import Capture
from sim.simulate import simulate
from testbed.faults import NO_FAULTS, Faults, address_error, break_sensors, deliver
from testbed.survey import Survey
from testbed.wire import write_recording

RATE = 8_000
SECONDS = 60


def capture(restamps=(), name="S1"):
    ramp = np.arange(RATE * SECONDS, dtype=np.int32)[None, :]
    return Capture(name, 0.25, RATE, 24, 0.9, ramp, restamps)


def sensors(count=400):
    return tuple(Sensor(f"S{i}", (float(i), 0.0, 6.0)) for i in range(count))


def scene(clock=Clock(), seed=3):  # noqa: B008 - frozen
    block = Block("empty", (), (-500.0, -500.0, 500.0, 500.0))
    bang = Event("e1", "i1", "m80", 1.0, (10.0, 20.0, 1.5))
    return Scene(block, (Sensor("S1", (60.0, 0.0, 6.0), clock),), (bang,), 4.0, seed)


def write(folder, the_scene, faults=NO_FAULTS):
    broken = break_sensors(the_scene.sensors, faults, the_scene.seed)
    the_scene = dataclasses.replace(the_scene, sensors=broken)
    write_recording(folder, the_scene, simulate(the_scene).captures, Survey(), 1e-4, faults=faults)
    return json.loads((folder / "site.json").read_text())


@pytest.mark.parametrize(
    "faults",
    [
        Faults(deaf_db=40.0, deaf_hz=50.0),
        Faults(address_m=(100.0, 900.0)),
        Faults(packet_s=0.05, late_s=500.0),
    ],
)
def test_faults_of_share_zero_change_no_byte_whatever_their_size(tmp_path, faults):
    write(tmp_path / "sound", scene())
    write(tmp_path / "zero", scene(), faults)
    files = sorted(p.relative_to(tmp_path / "sound") for p in (tmp_path / "sound").rglob("*") if p.is_file())
    assert [str(f) for f in files] == ["audio/S1.flac", "site.json"]
    assert all((tmp_path / "sound" / f).read_bytes() == (tmp_path / "zero" / f).read_bytes() for f in files)


def test_shares_are_shares_and_a_larger_one_breaks_the_same_sensors_and_more():
    dead = {
        share: {s.id for s in break_sensors(sensors(), Faults(dead_share=share), 5) if not s.alive}
        for share in (0.1, 0.3)
    }
    assert len(dead[0.1]) == pytest.approx(40, abs=20)
    assert len(dead[0.3]) == pytest.approx(120, abs=30)
    assert dead[0.1] < dead[0.3]
    deaf = {s.id for s in break_sensors(sensors(), Faults(deaf_share=0.1), 5) if s.microphone.windscreen_db}
    assert deaf != dead[0.1]


def test_a_wrong_address_is_as_far_off_as_stated_and_nobody_is_told(tmp_path):
    errors = np.array([address_error(Faults(address_share=1.0), 5, s.id) for s in sensors()])
    distance = np.linalg.norm(errors, axis=1)
    assert 10.0 <= distance.min() < 12.0
    assert 48.0 < distance.max() <= 50.0
    assert (errors[:, 2] == 0.0).all()
    right, wrong = write(tmp_path / "a", scene()), write(tmp_path / "b", scene(), Faults(address_share=1.0))
    here, there = right["stations"][0], wrong["stations"][0]
    assert 10.0 <= np.hypot(*np.subtract(here["position_m"], there["position_m"])[:2]) <= 50.0
    assert here | {"position_m": 0} == there | {"position_m": 0}


def test_a_wet_windscreen_takes_its_loss_and_more_of_high_notes(tmp_path):
    loud = Microphone(full_scale_pa=2000.0, noise_floor_db=0.0)
    dry = scene()
    dry = dataclasses.replace(dry, sensors=(dataclasses.replace(dry.sensors[0], microphone=loud),))
    wet = dataclasses.replace(dry, sensors=break_sensors(dry.sensors, Faults(deaf_share=1.0), 3))
    quiet = Ambient(octave_db_rms=(-60.0,) * 8)
    heard = []
    for one in (dry, wet):
        samples = simulate(dataclasses.replace(one, ambient=quiet)).captures[0].samples[0]
        heard.append(np.abs(np.fft.rfft(samples[54_000:66_000])))
    frequency = np.fft.rfftfreq(12_000, 1.0 / 48_000)
    for low, high, loss_db in ((100.0, 150.0, 12.4), (380.0, 420.0, 15.0), (1500.0, 1700.0, 24.3)):
        band = (frequency > low) & (frequency < high)
        ratio = 10.0 * np.log10((heard[0][band] ** 2).sum() / (heard[1][band] ** 2).sum())
        assert ratio == pytest.approx(loss_db, abs=0.7)


def test_dropped_packets_leave_gaps_and_what_is_left_keeps_its_time():
    whole = capture()
    pieces = deliver(whole, Faults(drop_share=0.2), 1)
    kept = sum(piece.samples.shape[1] for piece in pieces)
    assert 0.6 < kept / whole.samples.shape[1] < 0.95
    for piece in pieces:
        assert piece.start_s == pytest.approx(0.25 + piece.samples[0, 0] / RATE)
        assert (np.diff(piece.samples[0]) == 1).all()
        assert piece.delivered_s is None
    assert deliver(whole, Faults(drop_share=1.0), 1) == ()


def test_a_packet_that_comes_twice_takes_the_place_of_the_next():
    (piece,) = deliver(capture(), Faults(repeat_share=0.1), 1)
    seconds = piece.samples[0].reshape(SECONDS, RATE)[:, 0] // RATE
    twice = np.flatnonzero(seconds != np.arange(SECONDS))
    assert 1 <= len(twice) <= 15
    assert (seconds[twice] == twice - 1).all()


def test_late_packets_come_last_and_none_is_lost():
    whole = capture()
    pieces = deliver(whole, Faults(late_share=0.2), 1)
    assert sum(piece.samples.shape[1] for piece in pieces) == whole.samples.shape[1]
    arrivals = [piece.delivered_s for piece in pieces]
    assert arrivals == sorted(arrivals)
    late = [p.delivered_s - (p.samples[0, -1] + 1) / RATE for p in pieces]
    assert min(late) == pytest.approx(0.0, abs=1e-9)
    assert 2.0 < max(late) < 200.0


@pytest.mark.parametrize("step_s", [0.125, -0.125])
def test_a_clock_that_jumps_stamps_what_follows_anew_and_never_twice(tmp_path, step_s):
    site = write(tmp_path / "r", scene(Clock(step_s=step_s, step_at_s=2.0)))
    first, second = site["stations"][0]["audio"]
    assert first["samples"] == 96_000
    end_s = first["start_s"] + first["samples"] / 48_000
    lost_s = max(-step_s, 0.0)
    assert second["start_s"] - end_s == pytest.approx(step_s + lost_s)
    assert second["samples"] == pytest.approx(48_000 * (2.0 - lost_s))


def test_the_detector_reads_what_a_neglected_line_delivers(tmp_path):
    faults = Faults(packet_s=0.1, drop_share=0.1, repeat_share=0.1, late_share=0.3, late_s=1.0)
    site = write(tmp_path / "r", scene(), faults)
    recording = open_recording(tmp_path / "r")
    starts = [block.start_s for block in read_blocks(recording, 0)]
    assert starts == sorted(starts)
    assert len(starts) == len(site["stations"][0]["audio"]) > 3


def test_addresses_are_two_distances():
    with pytest.raises(ValueError, match="address_m must be two distances"):
        Faults(address_m=(50.0, 10.0))
