"""One scene of a suite, rendered once and heard by one or two detectors; what stays is rows."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from detector.alert import write_alerts
from detector.detect import listen_recording
from detector.options import Detector
from detector.recording import open_recording
from scenes.streams import draw_stream
from sim.simulate import simulate
from testbed.alert_file import JudgedAlert, read_alerts
from testbed.command_detector import CommandDetector, run_command
from testbed.complaints import BAD_INPUT
from testbed.gate.reference import ReferenceDetector, hear_with_reference
from testbed.gate.suites import SERIES_SEED, draw_scene
from testbed.gate.world_print import WorldPrint, print_world
from testbed.sweep.record import Record, Task, head_of
from testbed.truth import Truth
from testbed.truth_of import truth_of
from testbed.verdict import judge
from testbed.wire import write_recording
from testbed.world import build_scene

Row = dict[str, Any]
_ROUND = ("event", "incident", "outcome", "error_m")
_INCIDENT = ("incident", "label", "outcome", "call", "in_region95", "region95_area_m2")


@dataclass(frozen=True)
class Rows:
    """What the judge made of one detector's alerts in one scene: round rows and incident rows."""

    rounds: list[Row]
    incidents: list[Row]


@dataclass(frozen=True)
class Trial:
    """A scene's outcome.

    Attributes
    ----------
    scene : str
    world : WorldPrint or None
        None where the scene could not even be rendered.
    rows : Rows or None
        Of the detector under test; None where it failed or was not asked, the world being another than expected.
    reference : Rows or None
        Of the detector that it is compared with, where that runs too.
    fault : str or None
        What failed, in a line.
    """

    scene: str
    world: WorldPrint | None = None
    rows: Rows | None = None
    reference: Rows | None = None
    fault: str | None = None


@dataclass(frozen=True)
class TrialJob:
    """Scenes that one process computes one after another.

    Attributes
    ----------
    numbers : tuple of int
        In the series of `testbed.gate.suites`.
    detector : Detector or CommandDetector
    expected : mapping of scene to WorldPrint
        A scene whose world is another is not heard: there is nothing to compare it with.
    reference : ReferenceDetector or None
        A second detector that hears the same recordings.
    fresh : int
        Other than 0: the same streets and bangs, all noise and chance on the way drawn anew (for the bench).
    """

    numbers: tuple[int, ...]
    detector: Detector | CommandDetector
    expected: dict[str, WorldPrint]
    reference: ReferenceDetector | None = None
    fresh: int = 0

    @property
    def seed(self) -> int:
        """Of the series that the scenes are drawn from."""
        return SERIES_SEED


def measure_trials(task: Task[TrialJob]) -> Record:
    """Compute the scenes of a job as a task of `testbed.sweep.fan_out`."""
    return {**head_of(task), "trials": run_trials(task.settings)}


def run_trials(job: TrialJob) -> list[Trial]:
    """Compute the scenes of a job.

    Raises
    ------
    BadInput
        When the reference detector cannot hear.
    """
    with tempfile.TemporaryDirectory(prefix="echoblock-gate-", ignore_cleanup_errors=True) as name:
        done = [_run(number, job, Path(name) / f"{number:04d}") for number in job.numbers]
        if job.reference is None:
            return [trial for trial, _ in done]
        return _hear_again(done, job.reference, Path(name))


def _run(number: int, job: TrialJob, folder: Path) -> tuple[Trial, Truth | None]:
    """Render and hear one scene; a failure is a trial too."""
    folder.mkdir()
    name, world, truth = f"g{number:04d}", None, None
    try:
        truth, world = _render(number, job.fresh, folder / "recording")
        expected = job.expected.get(name)
        if expected is not None and not world.is_same(expected):
            return Trial(name, world), truth
        alerts = _hear(folder, job.detector)
        return Trial(name, world, _rows(truth, alerts)), truth
    except BAD_INPUT as error:
        return Trial(name, world, fault=str(error).splitlines()[0]), truth
    except Exception as error:  # noqa: BLE001 - a detector that breaks in one scene is a result
        line = (str(error).splitlines() or [""])[0]
        return Trial(name, world, fault=f"{type(error).__name__}: {line}"), truth


def _render(number: int, fresh: int, recording: Path) -> tuple[Truth, WorldPrint]:
    settings = draw_scene(number).settings
    scene, _ = build_scene(settings)
    if fresh:
        scene = replace(scene, seed=int(draw_stream(scene.seed, "gate fresh", str(fresh)).integers(2**31)))
    simulation = simulate(scene, settings.propagation)
    write_recording(recording, scene, simulation.captures, settings.survey, settings.clock.sigma_s)
    truth = truth_of(scene, simulation.heard)
    site = (recording / "site.json").read_text(encoding="utf-8")
    return truth, print_world(truth, site, simulation.captures)


def _hear(folder: Path, detector: Detector | CommandDetector) -> tuple[JudgedAlert, ...]:
    if isinstance(detector, CommandDetector):
        return run_command(detector, folder / "recording").alerts
    result = listen_recording(open_recording(folder / "recording"), detector)
    write_alerts(result.alerts, folder / "alerts.jsonl")
    return read_alerts(folder / "alerts.jsonl")


def _hear_again(
    done: Sequence[tuple[Trial, Truth | None]], reference: ReferenceDetector, folder: Path
) -> list[Trial]:
    heard = [(trial, truth) for trial, truth in done if trial.rows is not None and truth is not None]
    recordings = [folder / trial.scene.removeprefix("g") / "recording" for trial, _ in heard]
    rows = {
        trial.scene: _rows(truth, read_alerts(path))
        for (trial, truth), path in zip(heard, hear_with_reference(reference, recordings), strict=True)
    }
    return [replace(trial, reference=rows.get(trial.scene)) for trial, _ in done]


def _rows(truth: Truth, alerts: Sequence[JudgedAlert]) -> Rows:
    """Judge, and keep the columns that a gate looks at; rounds with their error's direction."""
    verdict = judge(truth, alerts)
    place = {alert.id: alert.position_m for alert in alerts}
    true = {event.id: event.position_m for event in truth.events}
    rounds = []
    for row in verdict.rows.iter_rows(named=True):
        offset: tuple[float | None, float | None] = (None, None)
        if row["error_m"] is not None:
            offset = (
                place[row["alert"]][0] - true[row["event"]][0],
                place[row["alert"]][1] - true[row["event"]][1],
            )
        rounds.append({key: row[key] for key in _ROUND} | {"east_m": offset[0], "north_m": offset[1]})
    incidents = [
        {key: row[key] for key in _INCIDENT} | {"p_true": row[f"p_{row['label']}"] if row["label"] else None}
        for row in verdict.incidents.sort("incident", "outcome", "alert", nulls_last=True).iter_rows(
            named=True
        )
    ]
    return Rows(rounds, incidents)


ROUND_SCHEMA = {
    "scene": pl.String,
    **dict.fromkeys(("event", "incident", "outcome"), pl.String),
    **dict.fromkeys(("error_m", "east_m", "north_m"), pl.Float32),
}
INCIDENT_SCHEMA = {
    "scene": pl.String,
    **dict.fromkeys(("incident", "label", "outcome", "call"), pl.String),
    "in_region95": pl.Boolean,
    "region95_area_m2": pl.Float32,
    "p_true": pl.Float32,
}


def tables_of(rows: Sequence[tuple[str, Rows]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return round rows and incident rows of scenes, each with its scene, in the order given."""
    rounds = [{"scene": scene, **row} for scene, its_rows in rows for row in its_rows.rounds]
    incidents = [{"scene": scene, **row} for scene, its_rows in rows for row in its_rows.incidents]
    return pl.DataFrame(rounds, schema=ROUND_SCHEMA), pl.DataFrame(incidents, schema=INCIDENT_SCHEMA)
