"""What `plan` does: an action each, from settings to files in a folder."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from scenes.errors import BadInput
from testbed.complaints import nearest
from testbed.planning.acceptance import plan_acceptance, write_acceptance
from testbed.planning.check import Check, check_map, sample_cells
from testbed.planning.deliver import about, account_lines, deliver_map, html_check, plain, write_account
from testbed.planning.forecast import Forecast, forecast
from testbed.planning.map_figure import draw_pareto
from testbed.planning.mount_table import MountTable, read_mount_table
from testbed.planning.optimise import Plan, check_wishes, choices_of, make_plan
from testbed.planning.page import html_picture, html_table
from testbed.planning.sharpen import sharpen
from testbed.planning.study import PlanSettings, Study, open_study, read_block

COLUMNS = ("layout", "sensors", "cost", "loss_m", "covered", "covered_detectable", "covered_one_failed",
           "p_accurate_mean", "error_p50_m", "error_p90_m", "bound_p90_m")  # fmt: skip

CHECKED = ("point", "p_predicted", "p_observed", "p_low", "p_high", "error_p50_predicted_m", "error_p50_observed_m",
           "pass_predicted", "pass_observed")  # fmt: skip


def map_layout(settings: PlanSettings, folder: Path) -> None:
    """Map the installed sensors, or `layout_a`, or else the planner's choice of `count`."""
    study, chosen = open_with_layout(settings)
    found = forecast(study.levels.take(list(chosen)), study.question)
    check = checked(study, settings, chosen, found)
    figures = deliver_map(folder, settings, study, chosen, found, check)
    tell(account_lines(study))
    tell([f"{len(chosen)} sensors, {len(study.cells)} cells of {study.cells.step_m:g} m"])
    tell([f"  {name}: {value}" for name, value in plain(figures).items()])
    if check is not None:
        tell([f"the map against full simulation: {check.verdict}"])


def optimise(settings: PlanSettings, folder: Path) -> None:
    """Choose mounts; set rivals, the curve and the next places beside them."""
    study = open_study(settings, check=partial(check_wishes, count=settings.count, budget=settings.budget))
    plan: Plan = make_plan(study, settings)
    study = plan.study
    check = checked(study, settings, plan.chosen, plan.found)
    plan.table.write_csv(folder / "layouts.csv")
    plan.curve.write_csv(folder / "pareto.csv")
    plan.following.write_csv(folder / "next.csv")
    draw_pareto(folder, plan.curve)
    shown = plan.table.select(*COLUMNS)
    more = [
        ("Beside other layouts", html_table(shown)),
        ("Over the number of sensors", html_picture((folder / "pareto.png").read_bytes(), "Pareto curve")),
        ("Where the next ones go", html_table(plan.following)),
    ]
    deliver_map(folder, settings, study, plan.chosen, plan.found, check, more, plan.rivals, "planned")
    tell(account_lines(study))
    tell(
        [
            _text(shown),
            "where the next ones go:",
            _text(plan.following.select("mount", "gain_m", "covered", "bound_p90_m")),
        ]
    )
    if check is not None:
        tell([f"the map against full simulation: {check.verdict}"])


def accept(settings: PlanSettings, folder: Path) -> None:
    """Choose firing points and say what to expect there."""
    study, chosen = open_with_layout(settings)
    found = forecast(study.levels.take(list(chosen)), study.question)
    plan = plan_acceptance(study, found, settings.points, settings.confidence)
    write_acceptance(folder, plan, about(settings, study))
    write_account(folder, study)
    tell(
        [
            plan.verdict,
            _text(plan.table.select("point", "grade", "lon", "lat", "p_heard", "pass_predicted", "shots")),
        ]
    )


def verify(settings: PlanSettings, folder: Path) -> None:
    """Fire at the acceptance points in full simulation; predicted against observed."""
    study, chosen = open_with_layout(settings)
    found = forecast(study.levels.take(list(chosen)), study.question)
    plan = plan_acceptance(study, found, settings.points, settings.confidence)
    write_acceptance(folder, plan, about(settings, study))
    names = [f"{point} ({grade})" for point, grade in plan.table.select("point", "grade").iter_rows()]
    check = check_map(
        study, settings, chosen, found, plan.cells, settings.shots, detectable=True, names=names
    )
    more = [("Acceptance points in full simulation", html_check(check))]
    deliver_map(folder, settings, study, chosen, found, check, more)
    tell([_text(check.table.select(*CHECKED)), check.verdict])


def open_with_layout(settings: PlanSettings) -> tuple[Study, tuple[int, ...]]:
    """Open a study and return the layout in question: `layout_a`, else the installed ones, else the planner's choice.

    Raises
    ------
    BadInput
        When there is neither a layout nor a count.
    """
    extra = None if settings.layout_a is None else read_layout(settings, settings.layout_a)
    study = open_study(settings, extra, check=None if extra is not None else partial(_check_layout, settings))
    if extra is not None:
        chosen = indices_of(study, extra.ids.tolist())
    elif settings.count is None and settings.budget is None:
        chosen = tuple(int(i) for i in np.flatnonzero(study.mounts.installed))
    else:
        choices = choices_of(study)
        chosen = tuple(settings.planner.choose(choices, settings.count, settings.budget, settings.workers))
    return sharpen(study, settings, chosen), chosen


def _check_layout(settings: PlanSettings, mounts: MountTable) -> None:
    """Refuse mounts that hold no sensor when none is to be placed, and wishes that they cannot meet."""
    if settings.count is not None or settings.budget is not None:
        check_wishes(mounts, settings.count, settings.budget)
    elif not mounts.installed.any():
        raise BadInput(
            "no sensors: mounts=FILE has none installed; give layout_a=FILE, or count=N or budget=COST to plan some"
        )


def read_layout(settings: PlanSettings, file: Path) -> MountTable:
    """Read the sensors of a layout; all of them count, allowed or not."""
    block, _ = read_block(settings)
    table, notes = read_mount_table(file, block, settings.mount_height_m, feet=settings.units == "us")
    tell([f"{file}: {name}: {why}" for name, why in notes])
    return table


def indices_of(study: Study, ids: Sequence[str]) -> tuple[int, ...]:
    """Return the mounts of those names.

    Raises
    ------
    BadInput
        When there is none of a name; one line each.
    """
    at = {str(name): i for i, name in enumerate(study.mounts.ids)}
    wrong = [name for name in ids if name not in at]
    if wrong:
        raise BadInput("\n".join(f"there is no mount {name!r}{nearest(name, at)}" for name in wrong))
    return tuple(at[name] for name in ids)


def checked(study: Study, settings: PlanSettings, chosen: Sequence[int], found: Forecast) -> Check | None:
    """Set the map beside full simulation at sampled cells, unless `check_points` is 0."""
    if not settings.check_points:
        return None
    cells = sample_cells(study, found, settings.check_points)
    return check_map(study, settings, chosen, found, cells, settings.check_shots)


def tell(lines: Sequence[str]) -> None:
    """Write lines to standard output."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _text(table: pl.DataFrame) -> str:
    with pl.Config(
        tbl_rows=40,
        tbl_cols=20,
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_width_chars=200,
    ):
        return str(table)
