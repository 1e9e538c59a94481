"""`plan action=compare` and `action=backtest`: from settings to files in a folder."""

import json
import math
from collections.abc import Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from testbed.command_detector import CommandDetector
from testbed.field import read_set
from testbed.pair_sound import hear_pair
from testbed.path_picture import draw_paths
from testbed.planning.actions import indices_of, open_with_layout, read_layout, tell
from testbed.planning.backtest import backtest
from testbed.planning.check import check_map, sample_cells
from testbed.planning.compare import compare_table, difference, find_sensitivity, without_each
from testbed.planning.deliver import about, account_lines, html_check, write_account
from testbed.planning.forecast import Forecast, forecast
from testbed.planning.map_figure import draw_forecast
from testbed.planning.map_files import cell_squares, write_cells
from testbed.planning.mount_table import join_mounts
from testbed.planning.optimise import choices_of
from testbed.planning.page import html_lines, html_picture, html_table, write_plan_page
from testbed.planning.planners import PLANNERS
from testbed.planning.sharpen import sharpen
from testbed.planning.study import PlanSettings, Study, open_study
from testbed.planning.tables import METRICS, cell_table

SHOWN = (
    "layout",
    "sensors",
    "cost",
    "covered",
    "covered_one_failed",
    "p_accurate_mean",
    "error_p50_m",
    "bound_p90_m",
)


def compare(settings: PlanSettings, folder: Path) -> None:
    """Set layout B beside layout A; see what each sensor is worth, and what heights and noise change."""
    study, first, second, name = _open_pair(settings)
    study = sharpen(study, settings, (*first, *second))
    before, after = (forecast(study.levels.take(list(c)), study.question) for c in (first, second))
    table = compare_table(study, {"A": (first, before), name: (second, after)})
    table.write_csv(folder / "compare.csv")
    removed, sensitivity = without_each(study, first), find_sensitivity(study, settings, first)
    removed.write_csv(folder / "without_each.csv")
    sensitivity.write_csv(folder / "sensitivity.csv")
    change = difference(before, after)
    _draw_pair(folder, study, before, after, first, second, settings)
    _draw_profile(folder, study, settings, first)
    told = about(settings, study)
    cells = cell_table(study, _as_forecast(before, change), ())
    write_cells(folder / "difference.geojson", cells, cell_squares(study, study.cells), told)
    check = None
    if settings.check_points:
        check = check_map(
            study,
            settings,
            first,
            before,
            sample_cells(study, before, settings.check_points),
            settings.check_shots,
        )
    sections = [
        (
            "A against " + name,
            html_table(table) + html_picture((folder / "compare.png").read_bytes(), "A and B"),
        ),
        ("A without each of its sensors", html_table(removed)),
        ("If heights and noise are others", html_table(sensitivity)),
        ("One path in profile", html_picture((folder / "profile.png").read_bytes(), "Profile of a path")),
        ("The map against full simulation", html_check(check)),
        ("What was read, mended and left out", html_lines(account_lines(study, everything=True))),
        ("Where this comes from", html_lines([f"{key}: {value}" for key, value in told.items()])),
    ]
    layers = {
        "cells, A": {m: getattr(before, m) for m in METRICS},
        f"cells, {name}": {m: getattr(after, m) for m in METRICS},
    }
    page = write_plan_page(
        f"{study.block.name}: A against {name}", study, layers, {"A": first, name: second}, sections
    )
    (folder / "plan.html").write_text(page, encoding="utf-8")
    write_account(folder, study)
    tell(account_lines(study))
    with pl.Config(
        tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True, tbl_cols=20, tbl_width_chars=180
    ):
        tell([str(table.select(*SHOWN)), str(removed.select("removed", "covered_lost", "p_accurate_lost")),
              str(sensitivity.select("run", "covered", "p_accurate_mean", "error_p50_m"))])  # fmt: skip
    if check is not None:
        tell([f"the map against full simulation: {check.verdict}"])


def _open_pair(settings: PlanSettings) -> tuple[Study, tuple[int, ...], tuple[int, ...], str]:
    """Return the study, layouts A and B as mounts, and what B is called."""
    if settings.layout_b is not None and settings.layout_a is not None:
        tables = [read_layout(settings, file) for file in (settings.layout_a, settings.layout_b)]
        fresh = ~np.isin(tables[1].ids, tables[0].ids)
        study = open_study(settings, join_mounts([tables[0], tables[1].take(fresh)]))
        moved = _moved(tables)
        if moved:
            raise BadInput("\n".join(moved))
        return (
            study,
            indices_of(study, tables[0].ids.tolist()),
            indices_of(study, tables[1].ids.tolist()),
            "B",
        )
    if settings.layout_b is not None:
        raise BadInput("layout_b=FILE wants layout_a=FILE beside it")
    study, first = open_with_layout(settings)
    if settings.remove:
        gone = set(indices_of(study, settings.remove))
        absent = [str(study.mounts.ids[i]) for i in gone - set(first)]
        if absent:
            raise BadInput("\n".join(f"remove: layout A has no sensor {one!r}" for one in absent))
        second = tuple(i for i in first if i not in gone)
        if not second:
            raise BadInput("remove: no sensor is left")
        return study, first, second, f"A without {', '.join(settings.remove)}"
    far = PLANNERS["farthest"]().choose(choices_of(study), len(first), None)
    return study, first, tuple(far), "as far apart as can be"


def _moved(tables: Sequence) -> list[str]:
    """Name sensors that both layouts have under one id, at different places."""
    a, b = ({str(i): p for i, p in zip(t.ids, t.position_m, strict=True)} for t in tables)
    return [
        f"sensor {name!r} stands {math.dist(a[name], b[name]):.1f} m apart in layout_a and layout_b; give it another id"
        for name in a.keys() & b.keys()
        if math.dist(a[name], b[name]) > 0.05
    ]


def _as_forecast(before: Forecast, change: dict[str, np.ndarray]) -> Forecast:
    """Return the differences in the shape of a forecast, so that they become the same columns."""
    return Forecast(**{**vars(before), **change})


def _draw_pair(
    folder: Path,
    study: Study,
    before: Forecast,
    after: Forecast,
    first: Sequence[int],
    second: Sequence[int],
    settings: PlanSettings,
) -> None:
    """Draw A, B and the difference in one figure each, alike in scale."""
    places = study.mounts.position_m[list(first)]
    others = study.mounts.position_m[list(second)]
    label = f"P(at least {settings.sensors_needed} sensors hear)"
    draw_forecast(
        folder,
        "compare",
        study,
        {
            f"{label}, A": before.p_heard,
            f"{label}, B": after.p_heard,
            "difference, B less A": after.p_heard - before.p_heard,
        },
        places,
        f"{study.block.name}: layout A, layout B, and the difference",
        [places, others, others],
        settings.units,
    )


def _draw_profile(folder: Path, study: Study, settings: PlanSettings, chosen: Sequence[int]) -> None:
    """Draw the ways from `source` (or the worst cell) to one sensor, with their cut over the roofs."""
    mount = chosen[0] if settings.sensor_id is None else indices_of(study, [settings.sensor_id])[0]
    x, y, z = (
        settings.source
        or study.cells.position_m[int(study.levels.gain_db[:, mount].argsort()[len(study.cells) // 2])]
    )
    place = study.mounts.position_m[mount]
    microphone = settings.sensor.draw(settings.rate_hz, draw_stream(settings.seed, "microphone", "profile"))
    sensor = Sensor(
        str(study.mounts.ids[mount]),
        (float(place[0]), float(place[1]), float(place[2])),
        microphone=microphone,
    )
    aside = math.degrees(math.atan2(place[1] - y, place[0] - x)) + 90.0
    event = Event(
        "source", "source", "pistol-9mm", 0.0, (float(x), float(y), float(z)), {"azimuth_deg": aside}
    )
    scene = Scene(study.block, (sensor,), (event,), 5.0, settings.seed, settings.weather, settings.ambient)
    sound = hear_pair(scene, event, sensor, settings.propagation)
    draw_paths(folder / "profile.png", scene, event, sensor, sound)


def run_backtest(settings: PlanSettings, folder: Path) -> None:
    """Predict the errors of random subsets of real sensors, then measure them."""
    if settings.data is None:
        raise BadInput("backtest wants data=DIR, the folder of the live-fire set that holds FP1, FP2, ...")
    if isinstance(settings.detector, CommandDetector):
        raise BadInput("detector=command: a backtest wants one of our own detectors")
    result = backtest(
        read_set(settings.data),
        settings.errors,
        settings.detector,
        settings.draws,
        settings.seed,
        settings.workers,
    )
    result.table.write_csv(folder / "backtest.csv")
    result.by_position.write_csv(folder / "backtest_positions.csv")
    (folder / "backtest.png").write_bytes(result.png)
    told = {
        "software": f"echoblock {version('echoblock')}",
        "seed": settings.seed,
        "draws": settings.draws,
        "errors": vars(settings.errors),
        "learned_without": {position: vars(one) for position, one in result.learned.items()},
        "verdict": result.verdict,
    }
    (folder / "backtest.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    title = "Location errors of real gunfire, said beforehand"
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    (folder / "backtest.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"></head><body><h1>{escape(title)}</h1>'
        f"<p>{escape(result.verdict)}</p>{html_picture(result.png, title)}{html_table(result.table)}"
        f"<h2>By firing position</h2>{html_table(result.by_position)}"
        f"{html_lines([f'{key}: {value}' for key, value in told.items()])}</body></html>\n",
        encoding="utf-8",
    )
    with pl.Config(
        tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True, tbl_cols=20, tbl_width_chars=180
    ):
        tell(
            [
                str(result.table.drop("tests", "p50_within_25_percent", "p90_within_25_percent")),
                result.verdict,
            ]
        )
