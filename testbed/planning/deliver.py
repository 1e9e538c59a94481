"""A layout's map in every format that planners ask for."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from scenes.heights import FOOT_M
from testbed.planning.check import Check
from testbed.planning.forecast import Forecast, summarise
from testbed.planning.map_figure import draw_forecast
from testbed.planning.map_files import (
    cell_squares,
    write_cells,
    write_kml,
    write_package,
    write_points,
    write_raster,
)
from testbed.planning.page import html_lines, html_picture, html_table, write_plan_page
from testbed.planning.study import PlanSettings, Study, chosen_ids
from testbed.planning.tables import METRICS, cell_table, sensor_table, zone_table

LICENCE = "Footprints from OpenStreetMap are (c) OpenStreetMap contributors, ODbL 1.0"


def about(settings: PlanSettings, study: Study) -> dict[str, Any]:
    """Return where a result comes from: software, seed, inputs, how much of the map is a guess."""
    guessed = sum(building.height_guessed for building in study.block.buildings)
    return {
        "software": f"echoblock {version('echoblock')}",
        "seed": settings.seed,
        "action": settings.action,
        "block": study.block.name,
        "mounts": str(settings.mounts or "proposed"),
        "cells": len(study.cells),
        "cell_m": study.cells.step_m,
        "sensors_needed": settings.sensors_needed,
        "guessed_heights": f"{guessed} of {len(study.block.buildings)} buildings",
        "licence": LICENCE,
    }


def deliver_map(
    folder: Path,
    settings: PlanSettings,
    study: Study,
    chosen: Sequence[int],
    found: Forecast,
    check: Check | None,
    more: Sequence[tuple[str, str]] = (),
    rivals: Mapping[str, Sequence[int]] | None = None,
    name: str = "layout",
) -> dict[str, float]:
    """Write the map of a layout in all formats, and the page; return its figures.

    Parameters
    ----------
    folder : Path
    settings, study
    chosen : sequence of int
        Mounts of the layout.
    found : Forecast
        Of the layout.
    check : Check or None
        The map against full simulation.
    more : sequence of (heading, HTML)
        Sections of the page before the general ones.
    rivals : mapping of name to mounts, optional
        Other layouts to show on the page.
    name : str
        Of the layout.
    """
    ids = chosen_ids(study, chosen)
    told = about(settings, study)
    sensors = sensor_table(study, tuple(chosen), settings.units)
    cells = cell_table(study, found, ids, settings.units)
    squares = cell_squares(study, study.cells)
    write_points(folder / "sensors.geojson", sensors, told)
    sensors.write_csv(folder / "sensors.csv")
    cells.write_csv(folder / "cells.csv")
    write_cells(folder / "cells.geojson", cells, squares, told)
    write_kml(folder / "map.kml", study.block.name, sensors, cells, squares, "p_heard")
    write_package(folder / "map.gpkg", sensors, cells, squares, "p_heard")
    for metric in ("p_heard", "p_worst_failure", "error_p50_m"):
        write_raster(folder / f"{metric}.tif", study, getattr(found, metric))
    zones = zone_table(cells)
    zones.write_csv(folder / "zones.csv")
    figures = summarise(found, study.cells.weight)
    (folder / "summary.json").write_text(
        json.dumps({**told, name: plain(figures)}, indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    places = study.mounts.position_m[np.array(chosen, dtype=np.intp)]
    k = settings.sensors_needed
    covered = f"{figures['covered']:.0%} of the street with P(at least {k}) >= 0.9"
    title = f"{study.block.name}: {len(ids)} sensors, {covered}"
    unit_m, unit = (FOOT_M, "ft") if settings.units == "us" else (1.0, "m")
    values = {
        f"P(at least {k} sensors hear), all gunfire": found.p_heard,
        f"median error, {unit}": found.error_p50_m / unit_m,
    }
    draw_forecast(folder, "map", study, values, places, title, units=settings.units)
    sections = [
        ("Figures", html_table(pl.DataFrame([{"layout": name, **plain(figures)}]))),
        *more,
        ("Zones", html_table(zones)),
        ("The map against full simulation", html_check(check)),
        ("What was read, mended and left out", html_lines(account_lines(study, everything=True))),
        ("Where this comes from", html_lines([f"{key}: {value}" for key, value in told.items()])),
    ]
    if check is not None:
        file = "verify" if settings.action == "verify" else "check"
        check.table.write_csv(folder / f"{file}.csv")
        (folder / f"{file}.png").write_bytes(check.png)
    layers = {f"cells, {name}": {m: getattr(found, m) for m in METRICS}}
    page = write_plan_page(title, study, layers, {name: chosen, **(rivals or {})}, sections)
    (folder / "plan.html").write_text(page, encoding="utf-8")
    write_account(folder, study)
    return figures


def html_check(check: Check | None) -> str:
    """Return the section of a page about the map against full simulation."""
    if check is None:
        return "<p>Not checked: check_points=0.</p>"
    return html_picture(check.png, "Predicted against simulated") + html_table(check.table)


def write_account(folder: Path, study: Study) -> None:
    """Write `import.txt`: what was read, mended and left out, by id."""
    (folder / "import.txt").write_text(
        "\n".join(account_lines(study, everything=True)) + "\n", encoding="utf-8"
    )


def account_lines(study: Study, *, everything: bool = False) -> list[str]:
    """Return what was read, mended and left out, of footprints and of the other files."""
    lines: list[str] = []
    if study.account is not None:
        lines += study.account.lines(study.account.read if everything else 5)
    else:
        lines.append(f"{study.block.name}: an authored block of {len(study.block.buildings)} buildings")
    shown = len(study.notes) if everything else 5
    if study.notes:
        lines.append(f"other files: {len(study.notes)} notes")
        lines += [f"  {name}: {why}" for name, why in study.notes[:shown]]
        if len(study.notes) > shown:
            lines.append(f"  and {len(study.notes) - shown} more")
    return lines


def plain(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Return figures with None where nothing could be measured."""
    return {key: round(value, 4) if np.isfinite(value) else None for key, value in figures.items()}
