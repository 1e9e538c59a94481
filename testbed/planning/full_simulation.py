"""Shots fired in full: audio at every sensor, the detector on it, and what came of each shot."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.detect import detect
from detector.options import Detector
from detector.recording import open_recording
from scenes.event import Event
from scenes.scene import Scene
from sim.propagation.engines import EngineOptions
from sim.simulate import simulate
from testbed.alert_file import JudgedAlert
from testbed.matching import match_alerts
from testbed.survey import Survey
from testbed.truth_of import truth_of
from testbed.wire import write_recording

Floats = npt.NDArray[np.float64]

# A pulse that comes so long before or after the first arrival reports the shot. Behind houses the first arrival may be
# too faint, and a stronger one follows.
EARLY_S, LATE_S = 0.02, 0.06
# Between shots: echoes and tail of the last have faded, and the detector takes the next for another incident: it would
# place shots of one incident together, all of them right or all wrong.
PAUSE_S = 3.0
APART_S = 1.5


@dataclass(frozen=True, eq=False)
class FiredShots:
    """n shots and what became of them.

    Attributes
    ----------
    reported : ndarray of bool, shape (n, sensors)
        Whether each sensor has a pulse of the shot.
    late_s : ndarray, shape (n, sensors)
        Its pulse less the straight-line arrival, s; NaN where it has none.
    error_m : ndarray, shape (n,)
        Horizontal distance from the shot to the alert round matched to it (within 250 m and 1 s); inf without one.
    """

    reported: npt.NDArray[np.bool_]
    late_s: Floats
    error_m: Floats


def time_shots(events: Sequence[Event], incident_pause_s: float) -> tuple[tuple[Event, ...], float]:
    """Return the events one after another, each an incident of its own, and the duration that holds them, s.

    Parameters
    ----------
    events : sequence of Event
    incident_pause_s : float
        Rounds further apart are two incidents for the detector, s.
    """
    pause_s = max(PAUSE_S, incident_pause_s + APART_S)
    timed = tuple(
        Event(e.id, e.incident, e.kind, 2.0 + pause_s * i, e.position_m, e.traits)
        for i, e in enumerate(events)
    )
    return timed, 2.0 + pause_s * len(timed)


def fire(
    scene: Scene,
    engine: EngineOptions,
    survey: Survey,
    clock_sigma_s: float,
    detector: Detector,
    workers: int,
) -> FiredShots:
    """Simulate a scene, let the detector hear it, and say what became of each of its events, in their order.

    Raises
    ------
    BadInput
        When the scene cannot be.
    """
    simulation = simulate(scene, engine, workers)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "recording"
        write_recording(folder, scene, simulation.captures, survey, clock_sigma_s)
        recording = open_recording(folder)
        pulses = detector.hear(recording, workers)
    result = detect(recording.site, pulses, detector)
    index = {sensor.id: i for i, sensor in enumerate(scene.sensors)}
    row = {event.id: i for i, event in enumerate(scene.events)}
    reported = np.zeros((len(row), len(index)), dtype=np.bool_)
    late_s = np.full(reported.shape, np.nan)
    mine = [np.sort(pulses.time_s[pulses.station == i]) for i in range(len(index))]
    for one in simulation.heard:
        event, sensor = scene.events[row[one.event]], scene.sensors[index[one.sensor]]
        times = mine[index[one.sensor]]
        at = np.searchsorted(times, one.time_s - EARLY_S)
        if at < len(times) and times[at] <= one.time_s + LATE_S:
            straight_s = float(np.linalg.norm(np.subtract(event.position_m, sensor.position_m)))
            straight_s = event.time_s + straight_s / scene.air.sound_speed_mps
            reported[row[one.event], index[one.sensor]] = True
            late_s[row[one.event], index[one.sensor]] = times[at] - straight_s
    alerts = [
        JudgedAlert(a.id, a.time_s, a.position_m[:2], a.round_times_s, sensors=a.sensors)
        for a in result.alerts
    ]
    rows = match_alerts(truth_of(scene, simulation.heard).events, alerts)
    error_m = np.full(len(row), np.inf)
    for name, error in rows.select("event", "error_m").drop_nulls().iter_rows():
        error_m[row[name]] = error
    return FiredShots(reported, late_s, error_m)
