"""The gate: a suite's scenes through the detector, compared with what a baseline or another commit made of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.options import Detector
from scenes.errors import BadInput
from testbed.command_detector import CommandDetector, find_program
from testbed.gate.baseline import Baseline, earlier_reasons, read_baseline
from testbed.gate.decision import decide
from testbed.gate.pairing import pair_up
from testbed.gate.reference import ReferenceDetector, check_out
from testbed.gate.report import GateReport
from testbed.gate.suites import SUITES, Suite, draw_scene
from testbed.gate.trial import Trial, TrialJob, measure_trials, tables_of
from testbed.gate.world_print import WorldPrint, changed
from testbed.gate.worst import worst_scenes
from testbed.sweep.code_version import code_version
from testbed.sweep.compute import Local
from testbed.sweep.fan_out import compute_tasks
from testbed.sweep.record import Record, Task

Progress = Callable[[int, int], None]
_AT_ONCE = 4
# A reference detector starts anew for every job, which costs it seconds.
_AT_ONCE_AGAINST = 10
_SHOWN = 5


@dataclass(frozen=True)
class GateOptions:
    """What to gate.

    Attributes
    ----------
    suite : str
        "smoke", "pr" or "nightly".
    detector : Detector or CommandDetector
    kind : str
        Which choice of `detector=` that is.
    against : str or None
        A commit whose detector hears the same recordings; None compares with the baseline.
    baselines : Path
        Folder with one baseline a suite.
    workers : int
        Processes; the report does not depend on it.
    """

    suite: str
    detector: Detector | CommandDetector
    kind: str
    against: str | None
    baselines: Path
    workers: int = 1


def run_gate(options: GateOptions, progress: Progress | None = None) -> GateReport:
    """Run a suite and compare.

    Raises
    ------
    BadInput
        When there is nothing to compare with: no such baseline, no such commit, no such program.
    """
    suite = SUITES[options.suite]
    if isinstance(options.detector, CommandDetector):
        find_program(options.detector)
    if options.against is None:
        baseline = read_baseline(options.baselines / options.suite, suite, options.kind)
        trials = _run_all(suite, options, dict(baseline.worlds), None, progress)
        return _compare(suite, baseline, trials)
    with check_out(options.against, options.detector) as reference:
        trials = _run_all(suite, options, {}, reference, progress)
    if faults := _faults(trials):
        return GateReport("invalid", suite.name, options.against, suite.scenes, faults)
    rounds, incidents = tables_of([(t.scene, t.reference) for t in trials if t.reference is not None])
    worlds = {trial.scene: trial.world for trial in trials if trial.world is not None}
    about = f"the detector of {options.against} ({reference.commit})"
    return _compare(
        suite, Baseline(suite.name, options.kind, about, (), {}, worlds, rounds, incidents), trials
    )


def make_baseline(options: GateOptions, reason: str, progress: Progress | None = None) -> Baseline:
    """Run a suite and return what it gives as a new baseline.

    Raises
    ------
    BadInput
        Without a reason, or when a scene fails.
    """
    if not reason.strip():
        raise BadInput('update=true wants reason="...": why what was good is no longer the measure')
    if options.against is not None:
        raise BadInput(
            "update=true makes a baseline of the detector here; against=REF compares: one or the other"
        )
    suite = SUITES[options.suite]
    if isinstance(options.detector, CommandDetector):
        find_program(options.detector)
    trials = _run_all(suite, options, {}, None, progress)
    if faults := _faults(trials):
        raise BadInput("\n".join(faults))
    rounds, incidents = tables_of([(t.scene, t.rows) for t in trials if t.rows is not None])
    worlds = {trial.scene: trial.world for trial in trials if trial.world is not None}
    version = code_version()
    software = {"commit": version.commit, **dict(version.libraries)}
    reasons = (" ".join(reason.split()), *earlier_reasons(options.baselines / options.suite))
    return Baseline(suite.name, options.kind, "", reasons, software, worlds, rounds, incidents)


def _run_all(
    suite: Suite,
    options: GateOptions,
    expected: Mapping[str, WorldPrint],
    reference: ReferenceDetector | None,
    progress: Progress | None,
) -> list[Trial]:
    """Return the trials of all scenes in the suite's order, whatever the order in which they were done."""
    step = _AT_ONCE if reference is None else _AT_ONCE_AGAINST
    jobs: list[Task[TrialJob]] = []
    for first in range(0, suite.scenes, step):
        numbers = tuple(range(first, min(first + step, suite.scenes)))
        names = {f"g{number:04d}" for number in numbers}
        here = {name: world for name, world in expected.items() if name in names}
        job = TrialJob(numbers, options.detector, here, reference)
        jobs.append(Task(f"{first:04d}", len(jobs), job))
    trials: list[Trial] = []
    for record in compute_tasks(jobs, measure_trials, Local(), options.workers):
        trials += record.get("trials") or _lost(jobs[record["cell"]], record)
        if progress is not None:
            progress(len(trials), suite.scenes)
    return sorted(trials, key=lambda trial: trial.scene)


def _lost(task: Task[TrialJob], record: Record) -> list[Trial]:
    """Return the trials of a job whose process died."""
    return [Trial(f"g{number:04d}", fault=record["error"]) for number in task.settings.numbers]


def _compare(suite: Suite, baseline: Baseline, trials: Sequence[Trial]) -> GateReport:
    worlds = {trial.scene: trial.world for trial in trials if trial.world is not None}
    other = changed(baseline.worlds, worlds)
    missing = [name for name in baseline.worlds if name not in {trial.scene for trial in trials}]
    lines = [*_faults(trials)]
    if other:
        lines.append(
            f"the simulated world has changed in {len(other)} of {suite.scenes} scenes ({_some(other)}): what the"
            ' detector does there cannot be compared; make a new baseline (update=true reason="...") or use'
            " against=REF"
        )
    if missing:
        lines.append(f"{len(missing)} scenes of the baseline are missing ({_some(missing)})")
    if lines:
        return GateReport("invalid", suite.name, baseline.about, suite.scenes, tuple(lines))
    scenes = list(baseline.worlds)
    new = tables_of([(trial.scene, trial.rows) for trial in trials if trial.rows is not None])
    pairing = pair_up(scenes, (baseline.rounds, baseline.incidents), new)
    decision = decide(pairing)
    notes = []
    rounded = sum(not baseline.worlds[name].is_bitwise(world) for name, world in worlds.items())
    if rounded:
        notes.append(
            f"{rounded} scenes agree with the baseline's to rounding, not to the bit: another processor or library"
        )
    about = [draw_scene(int(name[1:])).about for name in scenes]
    return GateReport(
        decision.verdict,
        suite.name,
        baseline.about,
        len(scenes),
        (),
        decision,
        () if decision.verdict == "identical" else worst_scenes(pairing, about),
        tuple(notes),
    )


def _faults(trials: Sequence[Trial]) -> tuple[str, ...]:
    failed = [trial for trial in trials if trial.fault is not None]
    lines = [f"scene {trial.scene} failed: {trial.fault}" for trial in failed[:_SHOWN]]
    more = [f"and {len(failed) - _SHOWN} more scenes failed"] if len(failed) > _SHOWN else []
    return (*lines, *more)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
