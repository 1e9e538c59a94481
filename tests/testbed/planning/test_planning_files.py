"""What a small study writes, opened again with other tools; comparisons and backtests on made-up towns."""

import re
import sqlite3
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pyogrio.raw
import pytest

from scenes.air import Air
from scenes.block import Block, Building, Origin
from scenes.geotiff import read_geotiff
from testbed.planning.acceptance import plan_acceptance, write_acceptance
from testbed.planning.compare import difference, without_each
from testbed.planning.forecast import Question, forecast, summarise
from testbed.planning.levels import find_levels
from testbed.planning.map_files import (
    cell_squares,
    write_cells,
    write_kml,
    write_package,
    write_points,
    write_raster,
)
from testbed.planning.mount_table import propose_mounts
from testbed.planning.optimise import place_next
from testbed.planning.page import write_plan_page
from testbed.planning.street_cells import lay_cells
from testbed.planning.study import Study
from testbed.planning.tables import METRICS, cell_table, sensor_table, zone_table


@pytest.fixture(scope="module")
def study() -> Study:
    house = np.array([(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)])
    houses = tuple(
        Building(f"h{x}{y}", house + np.array([90.0 * x, 90.0 * y]), 12.0)
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
    )
    block = Block("<b>town</b>", houses, (-150.0, -150.0, 150.0, 150.0), origin=Origin(6.15, 46.2))
    mounts = propose_mounts(block, 24, 40.0, 6.0, ("pole", "roof"))
    cells, _ = lay_cells(block, None, 150)
    levels = find_levels(block, Air(), cells.position_m, mounts.position_m)
    return Study(block, None, mounts, cells, levels, Question(), ())


def test_levels_fall_with_distance_and_shade(study, tmp_path):
    seen = study.levels.late_m < 1e-6
    assert seen.any()
    assert (study.levels.late_m >= 0.0).all()
    # In sight spherical spreading and the ground leave -20 lg(d) to 6 dB more, less what the band loses.
    free = study.levels.way_db + 20.0 * np.log10(study.levels.distance_m)
    assert free[seen].max() < 7.0
    assert np.median(free[~seen]) < np.median(free[seen])


def test_levels_come_back_from_the_cache_and_a_spoilt_file_is_found_out(study, tmp_path):
    cells, mounts = study.cells.position_m[:5], study.mounts.position_m[:4]
    first = find_levels(study.block, Air(), cells, mounts, 2, tmp_path)
    (kept,) = tmp_path.glob("*.npz")
    again = find_levels(study.block, Air(), cells, mounts, 1, tmp_path)
    np.testing.assert_array_equal(first.gain_db, again.gain_db)
    kept.write_bytes(b"spoilt")
    mended = find_levels(study.block, Air(), cells, mounts, 1, tmp_path)
    np.testing.assert_array_equal(first.gain_db, mended.gain_db)
    find_levels(study.block, Air(temperature_c=30.0), cells, mounts, 1, tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_more_sensors_hear_more_and_a_dead_one_less(study):
    few, many = (forecast(study.levels.take(np.arange(n)), study.question) for n in (6, 12))
    assert (many.p_heard >= few.p_heard - 1e-9).all()
    assert (few.p_worst_failure <= few.p_heard + 1e-9).all()
    figures = summarise(many, study.cells.weight)
    assert figures["covered_one_failed"] <= figures["covered"]


def test_files_open_again(study, tmp_path):
    chosen = tuple(range(8))
    found = forecast(study.levels.take(list(chosen)), study.question)
    sensors, cells = sensor_table(study, chosen), cell_table(study, found, ("a",) * 8)
    squares = cell_squares(study, study.cells)
    write_points(tmp_path / "s.geojson", sensors, {"seed": 0})
    write_cells(tmp_path / "c.geojson", cells, squares, {})
    write_kml(tmp_path / "m.kml", study.block.name, sensors, cells, squares, "p_heard")
    write_package(tmp_path / "m.gpkg", sensors, cells, squares, "p_heard")
    write_raster(tmp_path / "p.tif", study, found.p_heard)
    for name, layer, rows in (
        ("s.geojson", None, 8),
        ("c.geojson", None, len(cells)),
        ("m.kml", "sensors", 8),
        ("m.gpkg", "cells", len(cells)),
    ):
        meta, _, shapes, _ = pyogrio.raw.read(tmp_path / name, layer=layer)
        assert len(shapes) == rows
        assert "4326" in str(meta["crs"]) or "CRS84" in str(meta["crs"])
    assert {"layer_styles", "sensors", "cells"} <= {
        str(n) for n, _ in pyogrio.list_layers(tmp_path / "m.gpkg")
    }
    with sqlite3.connect(tmp_path / "m.gpkg") as base:
        styles = dict(base.execute("SELECT f_table_name, styleQML FROM layer_styles"))
    base.close()
    drawn = ET.fromstring(styles["cells"]).find("renderer-v2")  # noqa: S314 - our own
    assert drawn is not None
    assert drawn.get("attr") == "p_heard"
    assert {r.get("symbol") for r in drawn.iter("range")} == {x.get("name") for x in drawn.iter("symbol")}
    raster = read_geotiff(tmp_path / "p.tif")
    known = np.isfinite(raster.heights_m)
    assert known.sum() == len(cells)
    assert np.nanmean(raster.heights_m) == pytest.approx(found.p_heard.mean(), abs=1e-5)
    assert zone_table(cells)["cells"].sum() == len(cells)


def test_feet_are_named_so(study):
    found = forecast(study.levels.take([0, 1, 2, 3, 4]), study.question)
    metres, feet = (cell_table(study, found, ("a",) * 5, units) for units in ("si", "us"))
    assert "error_p50_ft" in feet.columns
    assert feet["east_ft"][0] == pytest.approx(metres["east_m"][0] / 0.3048, abs=0.01)


def test_a_page_needs_no_network_and_its_names_do_no_harm(study):
    found = forecast(study.levels.take([0, 1, 2, 3]), study.question)
    layers = {"cells": {m: getattr(found, m) for m in METRICS}}
    page = write_plan_page(study.block.name, study, layers, {"A": (0, 1, 2, 3)}, [("x", "y")])
    assert "<b>town</b>" not in page
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="http', page)
    assert page == write_plan_page(study.block.name, study, layers, {"A": (0, 1, 2, 3)}, [("x", "y")])


def test_acceptance_points_are_graded_and_apart(study, tmp_path):
    found = forecast(study.levels.take(list(range(8))), study.question)
    plan = plan_acceptance(study, found, 6, 0.95)
    rates = {grade: part["pass_predicted"].mean() for (grade,), part in plan.table.group_by("grade")}
    assert rates["worst"] <= rates["median"] <= rates["best"]
    assert len(set(plan.cells.tolist())) == 6
    write_acceptance(tmp_path, plan, {"block": study.block.name})
    assert "<b>town</b>" not in (tmp_path / "acceptance.html").read_text()
    assert len(pyogrio.raw.read(tmp_path / "acceptance.geojson")[2]) == 6


def test_removing_a_sensor_never_helps_coverage(study):
    table = without_each(study, tuple(range(7)))
    assert (table["covered_lost"] >= -1e-9).all()
    same = forecast(study.levels.take([0, 1, 2, 3]), study.question)
    assert np.nanmax(np.abs(difference(same, same)["p_heard"])) == 0.0


def test_the_next_sensors_lower_the_loss(study):
    table = place_next(study, 2, (0, 1, 2, 3))
    assert isinstance(table, pl.DataFrame)
    assert len(set(table["mount"])) == 2
    assert (table["gain_m"] >= 0.0).all()
