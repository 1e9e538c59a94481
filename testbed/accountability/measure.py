"""Measures how the detector answers single acts: full audio of short scenes, heard, judged, one row an act."""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from joblib import Parallel, delayed

from detector.alert import write_alerts
from detector.detect import listen_recording
from detector.options import Detector
from detector.recording import open_recording
from scenes.blocks.crossroads import Crossroads
from scenes.blocks.grid import Grid
from scenes.layouts.random import RandomLayout
from scenes.schedules.rates import Rates
from scenes.streams import draw_stream
from sim.clock import CLOCKS
from sim.microphone import MICROPHONES
from sim.propagation.trace import PathOptions
from sim.simulate import simulate
from testbed.accountability.response import SCHEMA
from testbed.accountability.weather import Conditions, make_air, make_ambient
from testbed.alert_file import JudgedAlert, read_alerts
from testbed.config import SceneSettings
from testbed.faults import Faults
from testbed.survey import Survey
from testbed.truth import Truth, TruthEvent
from testbed.truth_of import truth_of
from testbed.verdict import Verdict, judge
from testbed.wire import write_recording
from testbed.workings import workings_of
from testbed.world import build_scene

DURATION_S = 60.0
EARLY_S = 1.0  # an alert may put a round so much before it was fired
FIRST_CHECKED = 1_000_000  # scenes from here on are only checked with, never measured
RAIN_SHARE = 0.25  # more than falls, to measure enough of it
FIREWORKS = {"string": 4.0, "shell": 3.0, "cracker": 3.0, "rocket": 2.0}


def draw_measured_scene(seed: int, number: int) -> tuple[SceneSettings, Conditions]:
    """Draw the world of one scene: one or two acts of each class, in any street, at any density, noise, weather."""
    rng = draw_stream(seed, "accountability scene", str(number))
    height = float(rng.choice([9.0, 15.0, 30.0]))
    block = (
        Crossroads()
        if rng.uniform() < 0.4
        else Grid(
            blocks_x=int(rng.integers(4, 7)),
            blocks_y=int(rng.integers(4, 7)),
            block_x_m=float(rng.uniform(60.0, 110.0)),
            block_y_m=float(rng.uniform(40.0, 80.0)),
            street_m=float(rng.uniform(12.0, 24.0)),
            height_low_m=6.0,
            height_high_m=height,
            seed=int(rng.integers(2**31)),
        )
    )
    noise_db = float(rng.uniform(0.0, 12.0))
    schedule = Rates(
        gunshots=int(rng.integers(1, 4)),
        fireworks=1,
        backfires=1,
        confusers=1,
        most_rounds=10,
        firework_kinds=FIREWORKS,
        automatic_share=0.15,
        two_shooters_share=0.05,
        moving_share=0.2,
        doorway_share=0.15,
        driving_share=0.5,
    )
    wind = rng.normal(0.0, 3.0, 2)
    conditions = Conditions(noise_db, float(np.hypot(*wind)), bool(rng.uniform() < RAIN_SHARE))
    settings = SceneSettings(
        scene=block,
        schedule=schedule,
        layout=RandomLayout(
            int(rng.integers(5, 17)), min_distance_m=60.0, height_m=float(rng.uniform(4.0, 9.0))
        ),
        ambient=make_ambient(conditions),
        weather=make_air(
            float(rng.uniform(-5.0, 30.0)),
            float(rng.uniform(30.0, 95.0)),
            (float(wind[0]), float(wind[1])),
        ),
        clock=CLOCKS["gps"],
        sensor=next(iter(MICROPHONES.values())),
        survey=Survey(),
        faults=Faults(),
        propagation=PathOptions(),
        duration_s=DURATION_S,
        rate_hz=24_000,
        seed=int(rng.integers(2**31)),
        workers=1,
    )
    return settings, conditions


def measure_response(
    seed: int,
    numbers: range,
    detector: Detector,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Render, hear and judge the scenes of these numbers.

    Returns
    -------
    polars.DataFrame
        `testbed.accountability.response.SCHEMA`, scene by scene; workers change no row.
    """
    jobs = (delayed(_measure_scene)(seed, number, detector) for number in numbers)
    parts: list[pl.DataFrame] = []
    results: Iterator[pl.DataFrame] = Parallel(n_jobs=workers, return_as="generator")(jobs)  # pyright: ignore[reportAssignmentType] - joblib's stubs say None
    for part in results:
        parts.append(part)
        if progress is not None:
            progress(len(parts), len(numbers))
    return pl.concat(parts)


def _measure_scene(seed: int, number: int, detector: Detector) -> pl.DataFrame:
    settings, conditions = draw_measured_scene(seed, number)
    scene, _ = build_scene(settings)
    simulation = simulate(scene, settings.propagation, settings.workers)
    truth = truth_of(scene, simulation.heard)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_recording(
            path / "recording", scene, simulation.captures, settings.survey, settings.clock.sigma_s
        )
        result = listen_recording(open_recording(path / "recording"), detector)
        # The judge reads the file that any detector could have written.
        write_alerts(result.alerts, path / "alerts.jsonl")
        alerts = read_alerts(path / "alerts.jsonl")
    verdict = judge(truth, alerts, workings_of(result.site, result))
    return describe_acts(truth, alerts, verdict, conditions)


def describe_acts(
    truth: Truth, alerts: Sequence[JudgedAlert], verdict: Verdict, conditions: Conditions
) -> pl.DataFrame:
    """Return one row for each incident of a judged scene."""
    sensors = np.array(list(truth.watch.sensors_m.values()))[:, :2]
    by_incident: dict[str, list[TruthEvent]] = defaultdict(list)
    for event in truth.events:
        by_incident[event.incident].append(event)
    causes = dict(verdict.rows.drop_nulls("incident").select("incident", "cause").iter_rows())
    main = verdict.incidents.filter(pl.col("label").is_not_null())
    extras = verdict.incidents.filter(pl.col("label").is_null())
    near = _owners(truth, alerts, extras)
    rows = []
    for row in main.iter_rows(named=True):
        events = by_incident[row["incident"]]
        away = np.sort(np.hypot(*(sensors - events[0].position_m[:2]).T))
        heard = [hearing for event in events for hearing in (event.heard or {}).values()]
        own = [call for owner, call in near if owner == row["incident"]]
        rows.append(
            {
                "label": row["label"],
                "kind": events[0].kind,
                "place": str(events[0].traits.get("from", "open")),
                "nearest_m": max(float(away[0]), 1.0),
                "fourth_m": float(away[min(3, len(away) - 1)]),
                "noise_db": conditions.noise_db,
                "wind_mps": conditions.wind_mps,
                "rain": conditions.rain,
                "clipped_share": float(np.mean([h.clipped for h in heard])) if heard else 0.0,
                "direct_share": float(np.mean([h.path == "direct" for h in heard])) if heard else 0.0,
                "outcome": row["outcome"],
                "cause": causes.get(row["incident"]),
                "call": row["call"],
                "p_gunshot": row["p_gunshot"],
                "error_m": row["error_m"],
                "extra_alerts": len(own),
                "extra_gunshots": own.count("gunshot"),
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def _owners(truth: Truth, alerts: Sequence[JudgedAlert], extras: pl.DataFrame) -> list[tuple[str, str]]:
    """Return (incident, call) of alerts beyond the first: the incident they share rounds with, or the last before."""
    time_of = {alert.id: alert.time_s for alert in alerts}
    found = []
    for row in extras.iter_rows(named=True):
        before = [e.incident for e in truth.events if e.time_s <= time_of[row["alert"]] + EARLY_S]
        owner = row["incident"] or (before or [truth.events[0].incident])[-1]
        found.append((owner, row["call"]))
    return found
