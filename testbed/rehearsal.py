"""Does once, small, what a run does after its paths are found: so every kernel for it is compiled and kept on disk.

Run as `python -m testbed.rehearsal` by `testbed.compile_ahead`. One shot beside one house, with six sensors around, is
rendered along direct paths laid by hand (the search for paths is what the other process compiles meanwhile) and with
what the house scatters, then listened to.
"""

import tempfile
from pathlib import Path

import numpy as np

from detector.alert import write_alerts
from detector.detect import DetectionResult, listen_recording
from detector.evidence import write_evidence
from detector.options import DetectorOptions
from detector.recording import open_recording
from scenes.block import Block, Building
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from sim.ambient import design_noise
from sim.arrivals import Arrivals
from sim.band_filter import design_shelves
from sim.capture import Capture
from sim.propagation.city import index_block
from sim.propagation.paths import BANDS_HZ, PathKind, Paths
from sim.pulse_table import design_filters, pulse_tables
from sim.recorder import add_event, capture_of, quiet_pressure
from sim.sources import SOURCES
from sim.sources.emission import Emission
from sim.tail.field import links_from, open_field
from sim.tail.tail import Tail, draw_tail
from testbed.survey import Survey
from testbed.wire import write_recording

SHOT_M = (40.0, 30.0, 1.5)
HOUSE_M = np.array([(60.0, 50.0), (90.0, 50.0), (90.0, 62.0), (60.0, 62.0)])
SENSORS_M = ((0, 0), (300, 20), (280, 310), (-20, 290), (150, 420), (-180, 120))
DURATION_S = 3.0
# Enough for some bands to lag, so that the filter for unequal gains is compiled too.
TILT_DB_PER_OCTAVE = -1.0


def rehearse(folder: Path) -> DetectionResult:
    """Render, write and hear one shot.

    Parameters
    ----------
    folder : Path
        Empty, to write into.

    Returns
    -------
    DetectionResult
        With the shot in it.
    """
    scene = _street()
    captures = [
        _record(scene, sensor, tail) for sensor, tail in zip(scene.sensors, _tails(scene), strict=True)
    ]
    write_recording(folder / "recording", scene, captures, Survey(), 1e-4)
    heard = open_recording(folder / "recording")
    result = listen_recording(heard, DetectorOptions())
    (folder / "evidence").mkdir()
    write_alerts(write_evidence(result, DetectorOptions(), folder, heard), folder / "alerts.jsonl")
    return result


def _street() -> Scene:
    block = Block("rehearsal-v1", (Building("house", HOUSE_M, 8.0),), (-500.0, -500.0, 500.0, 500.0))
    sensors = tuple(Sensor(f"s{i}", (float(x), float(y), 6.0)) for i, (x, y) in enumerate(SENSORS_M))
    shot = Event("shot", "shot", "pistol-9mm", 0.7, SHOT_M, {"azimuth_deg": 20.0})
    return Scene(block, sensors, (shot,), DURATION_S)


def _tails(scene: Scene) -> list[Tail | None]:
    """Draw what the house scatters of the muzzle blast to each sensor."""
    receivers = np.array([sensor.position_m for sensor in scene.sensors])
    field = open_field(index_block(scene.block), scene.block, scene.air, receivers)
    blast, speed = _emissions(scene)[0], scene.air.sound_speed_mps
    if field is None:
        return [None] * len(receivers)
    return [
        draw_tail(links, scene.events[0].time_s, speed, draw_stream(scene.seed, "tail", sensor.id))
        if len(links)
        else None
        for links, sensor in zip(
            links_from(field, blast.position_m, blast.directivity), scene.sensors, strict=True
        )
    ]


def _record(scene: Scene, sensor: Sensor, tail: Tail | None) -> Capture:
    microphone = sensor.microphone
    pressure = quiet_pressure(scene, sensor, design_noise(microphone.high_pass_hz, microphone.rate_hz))
    arrivals = [_arrive(scene, part, sensor, tail) for part in _emissions(scene)]
    shelves = design_shelves(microphone.rate_hz)
    add_event(pressure, sensor, arrivals, scene.air.sound_speed_mps, 0.0, shelves)
    return capture_of(sensor, pressure)


def _emissions(scene: Scene) -> list[Emission]:
    event = scene.events[0]
    parts = SOURCES[event.kind](event, draw_stream(scene.seed, "emission", event.id))
    return [part for part in parts if isinstance(part, Emission)]


def _arrive(scene: Scene, emission: Emission, sensor: Sensor, tail: Tail | None) -> Arrivals:
    """Lay the straight path, and with it one echo that has lost its high frequencies."""
    step = np.array(sensor.position_m) - emission.position_m
    straight_m = float(np.linalg.norm(step))
    length_m = straight_m * np.array([1.0, 1.3])
    direction = np.tile(step / straight_m, (2, 1))
    tilt_db = np.outer([0.0, TILT_DB_PER_OCTAVE], np.arange(len(BANDS_HZ)))
    paths = Paths(
        length_m / scene.air.sound_speed_mps,
        10.0 ** (tilt_db / 20.0) / length_m[:, None],
        length_m,
        np.full(2, PathKind.DIRECT, dtype=np.int8),
        np.zeros(2, dtype=np.int8),
        np.zeros(2, dtype=np.int8),
        direction,
        direction,
        np.array([emission.position_m, sensor.position_m] * 2, dtype=np.float64),
        np.array([0, 2, 4]),
    )
    lengths = length_m if tail is None else np.concatenate([length_m, tail.length_m])
    table = pulse_tables(emission.waveform, lengths, design_filters(scene.air, *sensor.microphone.sampling))
    start_s = scene.events[0].time_s + emission.delay_s
    return Arrivals(
        start_s + paths.delay_s,
        paths.gain,
        length_m,
        direction,
        paths.kind,
        {sensor.microphone.sampling: table},
        paths,
        tail,
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        rehearse(Path(name))
