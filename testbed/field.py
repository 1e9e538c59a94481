"""The detector on real gunshots: every test of the live-fire set, heard, judged and tabled."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from joblib import Parallel, delayed

from detector.options import Detector, DetectorOptions
from scenes.errors import BadInput
from testbed.command_detector import CommandDetector, find_program
from testbed.field_night import Night, Source, draw_sensors, hear_test
from testbed.field_score import count_onsets, judge_night, score_field
from testbed.field_tuning import Progress, learn_left_out
from testbed.intervals import binomial_interval
from testbed.livefire import LiveTest, find_tests, read_test
from testbed.livefire_network import Survey
from testbed.livefire_survey import average_positions
from testbed.score import Score, estimate
from testbed.tuning import Point, override_all


@dataclass(frozen=True)
class FieldOptions:
    """What to run on the live-fire set.

    Attributes
    ----------
    data : Path
        Folder that holds FP1, FP2, ...
    source : "audio" or "pulses"
        The clips, or the pulses that the field sensors reported.
    positions : tuple of str
        Firing positions; empty for all.
    sensors_max : int or None
        Run with at most so many of the sensors that the vendor selected in a test.
    draws : int
        How many random subsets of them.
    seed : int
        Of the subsets.
    tune : "none" or "leave-one-out"
        Use the detector as it is, or with settings learned for each position on all others.
    detector : Detector or CommandDetector
        An own program hears audio; there is nothing in it to tune.
    """

    data: Path
    source: Source = "pulses"
    positions: tuple[str, ...] = ()
    sensors_max: int | None = None
    draws: int = 1
    seed: int = 0
    tune: Literal["none", "leave-one-out"] = "none"
    detector: Detector | CommandDetector = field(default_factory=DetectorOptions)


@dataclass(frozen=True, eq=False)
class FieldResult:
    """Round rows, incident rows, the score."""

    rows: pl.DataFrame
    incidents: pl.DataFrame
    score: Score


def run_field(
    options: FieldOptions,
    out: Path,
    workers: int = 1,
    progress: Progress | None = None,
    learning: Progress | None = None,
) -> FieldResult:
    """Run the detector on the live-fire set; write alerts, rows and score into `out` (made where absent).

    Parameters
    ----------
    options : FieldOptions
    out : Path
        Folder for `alerts.jsonl`, `matches.parquet`, `incidents.parquet`, `score.json`.
    workers : int
        Processes; the results do not depend on it.
    progress : callable, optional
        Called with (tests done, tests).
    learning : callable, optional
        Called with (steps of tuning done, steps).

    Raises
    ------
    BadInput
        One line a mistake in the options or the data, before anything is written.
    """
    _check(options)
    tests = read_set(options.data, options.positions)
    surveys = {
        position: average_positions([test for test in tests if test.position == position])
        for position in {test.position for test in tests}
    }
    learned: dict[str, Point] = {}
    if options.tune == "leave-one-out" and not isinstance(options.detector, CommandDetector):
        learned = learn_left_out(tests, surveys, options.source, options.detector, workers, learning)
    nights = _hear_all(tests, surveys, learned, options, workers, progress)
    kept = [(test, night) for test, its_nights in zip(tests, nights, strict=True) for night in its_nights]
    judged = [judge_night(test, night) for test, night in kept]
    rows, incidents = (pl.concat(frames) for frames in zip(*judged, strict=True))
    score = _head(options, learned) | score_field(rows, incidents)
    if options.source == "audio" and not isinstance(options.detector, CommandDetector):
        near, selected = np.sum([count_onsets(test, night) for test, night in kept], axis=0).tolist()
        score |= {"onsets_selected": selected, "onsets_within_5ms": near}
        score |= estimate("onsets_within_5ms_rate", binomial_interval(near, selected))
    result = FieldResult(rows, incidents, score)
    _write(result, kept, out)
    return result


def read_set(data: Path, positions: Sequence[str] = ()) -> list[LiveTest]:
    """Read all tests of the positions; raise BadInput with the mistakes of all of them."""
    tests, mistakes = [], []
    for folder in find_tests(data, positions):
        try:
            tests.append(read_test(folder))
        except BadInput as error:
            mistakes.append(str(error))
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return tests


def _check(options: FieldOptions) -> None:
    mistakes = []
    if options.sensors_max is not None and options.sensors_max < 3:
        mistakes.append(f"sensors_max must be 3 or more (a place needs three), not {options.sensors_max}")
    if options.draws < 1:
        mistakes.append(f"draws must be 1 or more, not {options.draws}")
    if options.draws > 1 and options.sensors_max is None:
        mistakes.append("draws above 1 need sensors_max: without it there is nothing to draw")
    if isinstance(options.detector, CommandDetector):
        find_program(options.detector)
        if options.source == "pulses":
            mistakes.append("detector=command hears recordings, not pulses; it wants source=audio")
        if options.tune != "none":
            mistakes.append("tune: there is nothing to tune in detector=command; it wants tune=none")
    if mistakes:
        raise BadInput("\n".join(mistakes))


def _hear_all(
    tests: Sequence[LiveTest],
    surveys: Mapping[str, Survey],
    learned: Mapping[str, Point],
    options: FieldOptions,
    workers: int,
    progress: Progress | None,
) -> list[list[Night]]:
    jobs = (
        delayed(hear_test)(
            test,
            surveys[test.position],
            options.source,
            draw_sensors(test, options.source, options.sensors_max, options.draws, options.seed),
            override_all(options.detector, learned[test.position]) if learned else options.detector,
        )
        for test in tests
    )
    nights = []
    for done, its_nights in enumerate(Parallel(n_jobs=workers, return_as="generator")(jobs), start=1):
        nights.append(its_nights)
        if progress is not None:
            progress(done, len(tests))
    return nights


def _head(options: FieldOptions, learned: Mapping[str, Point]) -> Score:
    """Say what was run: the keys before the figures."""
    tuned = {}
    if options.tune == "leave-one-out":
        tuned = {
            "tuned": {
                position: {"learned_on": sorted(learned.keys() - {position}), **learned[position]}
                for position in sorted(learned)
            }
        }
    return {
        "source": options.source,
        "sensors_max": options.sensors_max,
        "draws": options.draws,
        "seed": options.seed,
        "tune": options.tune,
        **tuned,
    }


def _write(result: FieldResult, nights: Sequence[tuple[LiveTest, Night]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (out / "alerts.jsonl").open("w", encoding="utf-8") as file:
        for test, night in nights:
            mark = {"test": test.name, "position": test.position, "draw": night.draw}
            file.writelines(json.dumps(mark | dict(alert), allow_nan=False) + "\n" for alert in night.alerts)
    result.rows.write_parquet(out / "matches.parquet")
    result.incidents.write_parquet(out / "incidents.parquet")
    text = json.dumps(result.score, indent=1, allow_nan=False)
    (out / "score.json").write_text(text + "\n", encoding="utf-8")
