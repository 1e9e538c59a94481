"""Leave-one-position-out: for each firing position, settings learned on all others alone.

Three steps, each on the training positions only, each from the settings as they are: the priors of the noise by
maximum a posteriori at the surveyed places (`testbed.prior_fit`); a few settings, one after the other, by located
rounds less false ones; how wide regions are, by the log score of the located rounds. Clutter is not fitted by its
likelihood, which takes stations for independent: echoes come to all of them, and a fit that forgets it is sure of too
much.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from detector.consistency import ConsistencyOptions
from detector.one_by_one import SetOptions
from detector.options import Detector, DetectorOptions
from detector.pulse import Pulses
from detector.site import Site
from detector.tn098 import Tn098Options
from scenes.errors import BadInput
from testbed.alert_file import JudgedAlert
from testbed.field_night import Source, draw_sensors, hear_network, listen
from testbed.field_score import FIELD_GATES, parse_night
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.livefire_truth import live_events
from testbed.prior_data import Lesson
from testbed.prior_fit import learn_priors
from testbed.tuning import (
    Choices,
    Point,
    choose_by_turns,
    count_worth,
    log_score,
    override_all,
    read_option,
    widen,
)

Heard = Mapping[Hashable, tuple[Site, Pulses]]
"""What a test sounds like to every choice of `Detector.onset`."""
Progress = Callable[[int, int], None]
FACTORS = (1.0, 0.5, 2.0)  # of a setting, the first as it is
THRESHOLDS = (1.0, 0.85, 1.2)
FLOORS_M = (1.5, 0.5, 1.0, 2.0, 2.5, 3.0, 4.0)
PATHS_S = (7.5e-3, 2.5e-3, 5e-3, 10e-3, 15e-3, 20e-3)


@dataclass(frozen=True)
class Recipe:
    """What is learned of a detector.

    Attributes
    ----------
    priors : bool
        Whether it has the priors that `testbed.prior_fit` fits.
    choices : mapping
        Settings tried by turns: dotted name -> values, the first as it is.
    width : str
        Setting that says how wide regions are; empty where there is none.
    widths : tuple of float
    """

    priors: bool
    choices: Choices
    width: str = ""
    widths: tuple[float, ...] = ()


def recipe_of(detector: Detector, source: Source) -> Recipe:
    """Return what is learned of a detector.

    Raises
    ------
    BadInput
        For a detector that has nothing to learn.
    """

    def around(name: str, factors: Sequence[float] = FACTORS) -> Choices:
        return {name: tuple(read_option(detector, name) * factor for factor in factors)}

    if isinstance(detector, DetectorOptions):
        heard = around("onset.threshold", THRESHOLDS) if source == "audio" else {}
        clutter = {
            **around("association.clutter.background_hz"),
            **around("association.clutter.echoes"),
        }
        return Recipe(True, {**heard, **clutter}, "location.site_sigma_m", FLOORS_M)
    if isinstance(detector, Tn098Options):
        return Recipe(False, {**around("sets.window_s"), **_sets(detector.sets)}, "path_sigma_s", PATHS_S)
    if isinstance(detector, ConsistencyOptions):
        return Recipe(False, {**around("sets.window_s"), **_sets(detector.sets)})
    msg = f"tune=leave-one-out knows nothing to learn of {type(detector).__name__}; accepted is tune=none"
    raise BadInput(msg)


def _sets(options: SetOptions) -> Choices:
    least, share = options.stations_least, options.share_least
    return {
        "sets.stations_least": (least, least + 1, least + 2),
        "sets.share_least": (share, 0.8 * share, min(1.2 * share, 1.0)),
    }


def learn_left_out(
    tests: Sequence[LiveTest],
    surveys: Mapping[str, Survey],
    source: Source,
    detector: Detector,
    workers: int,
    progress: Progress | None = None,
) -> dict[str, Point]:
    """Learn settings for each position from all others.

    Parameters
    ----------
    tests : sequence of LiveTest
        Of two positions or more, all with their whole networks, whatever subsets are scored.
    surveys : mapping
        Position -> where its sensors stand.
    source : "audio" or "pulses"
    detector : Detector
        Where the search starts.
    workers : int
    progress : callable, optional

    Returns
    -------
    dict
        Position -> dotted name -> value learned without it.

    Raises
    ------
    BadInput
        With fewer than two positions, or a detector that has nothing to learn.
    """
    positions = sorted({test.position for test in tests})
    if len(positions) < 2:
        msg = f"tune=leave-one-out needs two positions or more, not {', '.join(positions) or 'none'}"
        raise BadInput(msg)
    recipe = recipe_of(detector, source)
    run = _Runner(workers, progress, (len(recipe.choices) + 1 + bool(recipe.width)) * len(tests))
    apart = [override_all(detector, {n: v}) for n, values in recipe.choices.items() for v in values]
    heard = run(_hear, [(test, surveys[test.position], source, apart) for test in tests])
    starts: dict[str, Point] = {position: {} for position in positions}
    if recipe.priors and isinstance(detector, DetectorOptions):
        starts = {
            p: learn_priors(_lessons(tests, heard, detector, p), detector.association) for p in positions
        }

    def worth(tried: Mapping[str, Sequence[Point]]) -> dict[str, list[float]]:
        jobs = [(t, h, detector, _of_others(tried, t)) for t, h in zip(tests, heard, strict=True)]
        return _sum_over_others(tests, run(_count, jobs))

    chosen = choose_by_turns(starts, recipe.choices, worth)
    if not recipe.width:
        return chosen
    jobs = [(t, h, detector, recipe, _of_others(chosen, t)) for t, h in zip(tests, heard, strict=True)]
    told = _sum_over_others(tests, run(_widths, jobs))
    return {p: {**point, recipe.width: recipe.widths[int(np.argmax(told[p]))]} for p, point in chosen.items()}


@dataclass
class _Runner:
    """Runs jobs in processes and counts them."""

    workers: int
    progress: Progress | None
    total: int
    done: int = 0

    def __call__(self, task: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        results = []
        for result in Parallel(n_jobs=self.workers, return_as="generator")(delayed(task)(*j) for j in jobs):
            results.append(result)
            self.done += 1
            if self.progress is not None:
                self.progress(self.done, self.total)
        return results


def _of_others(by_position: Mapping[str, Any], test: LiveTest) -> dict[str, Any]:
    return {position: value for position, value in by_position.items() if position != test.position}


def _sum_over_others(tests: Sequence[LiveTest], gained: Sequence[Mapping[str, Sequence[float]]]):
    """Sum what each left-out position's candidates gained over the tests of all other positions."""
    positions = sorted({test.position for test in tests})
    return {p: np.sum([g[p] for g in gained if p in g], axis=0).tolist() for p in positions}


def _hear(test: LiveTest, survey: Survey, source: Source, detectors: Sequence[Detector]) -> Heard:
    (sensors,) = draw_sensors(test, source, None, 1, 0)
    networks = hear_network(test, survey, source, sensors, detectors)
    return {d.onset: network for d, network in zip(detectors, networks, strict=True)}


def _lessons(
    tests: Sequence[LiveTest], heard: Sequence[Heard], detector: Detector, left_out: str
) -> list[Lesson]:
    lessons = []
    for test, networks in zip(tests, heard, strict=True):
        events = live_events(test)
        site, pulses = networks[detector.onset]
        if test.position == left_out or not events or len(pulses) == 0:
            continue
        recorded = [p.samples / s.rate_hz for s in site.stations for p in s.audio]
        listened_s = float(np.mean(recorded)) if recorded else float(np.ptp(pulses.time_s)) + 1.0
        places = np.array([event.position_m for event in events])
        times = np.array([event.time_s for event in events])
        lessons.append(Lesson(site, pulses, places, times, listened_s, test.position))
    return lessons


def _count(
    test: LiveTest, heard: Heard, detector: Detector, points: Mapping[str, Sequence[Point]]
) -> dict[str, list[int]]:
    """Count for each candidate located rounds less false ones, at the places that association gives."""
    events = live_events(test)
    gained: dict[str, list[int]] = {}
    for position, candidates in points.items():
        gained[position] = []
        for point in candidates:
            options = override_all(detector, point)
            found = options.associate(*heard[options.onset])
            alerts = [
                JudgedAlert(str(i), f.round_times_s[0], tuple(f.position_m), tuple(f.round_times_s))
                for i, f in enumerate(found)
            ]
            gained[position].append(count_worth(events, alerts, FIELD_GATES))
    return gained


def _widths(
    test: LiveTest, heard: Heard, detector: Detector, recipe: Recipe, points: Mapping[str, Point]
) -> dict[str, list[float]]:
    """Return the log score of each width of regions, with the alerts located once."""
    events, gained = live_events(test), {}
    for position, point in points.items():
        options = override_all(detector, point)
        used = read_option(options, recipe.width)
        alerts = parse_night(listen(*heard[options.onset], options), test)
        gained[position] = [
            log_score(events, [widen(a, recipe.width, used, width) for a in alerts], FIELD_GATES)
            for width in recipe.widths
        ]
    return gained
