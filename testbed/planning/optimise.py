"""Where to put sensors: the planner's choice beside its rivals, the curve over their number, where the next ones go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from scenes.errors import BadInput
from testbed.planning.deliver import plain
from testbed.planning.forecast import Forecast, forecast, summarise
from testbed.planning.mount_table import MountTable
from testbed.planning.planners import PLANNERS
from testbed.planning.search import loss_of, weigh
from testbed.planning.settle import settle
from testbed.planning.sharpen import sharpen
from testbed.planning.study import PlanSettings, Study, chosen_ids
from testbed.planning.worth import Choices, lay_out_choices

RIVALS = ("coverage", "farthest", "regular", "random")
CURVE = (0.5, 0.75, 1.0, 1.25, 1.5)
# Layouts that the last exchanges begin with: the choice, then the rivals in their order.
STARTS = 4
# Shots sampled in each cell for the curve and the next places, whose figures are quantiles over all cells.
FEWER = 30


@dataclass(frozen=True, eq=False)
class Plan:
    """The chosen mounts, their forecast, the rivals', and tables.

    Attributes
    ----------
    study : Study
        With the levels of all layouts in the table followed from every cell.
    chosen : tuple of int
        Mounts, those installed first.
    found : Forecast
    rivals : dict of name to mounts
    table : polars.DataFrame
        A row a layout: figures as of `testbed.planning.forecast.summarise`, cost, loss.
    curve : polars.DataFrame
        Figures over the number of sensors and what they cost.
    following : polars.DataFrame
        Where the next sensors go, and what each brings.
    """

    study: Study
    chosen: tuple[int, ...]
    found: Forecast
    rivals: dict[str, tuple[int, ...]]
    table: pl.DataFrame
    curve: pl.DataFrame
    following: pl.DataFrame


def choices_of(study: Study, *, fixed: Sequence[int] | None = None) -> Choices:
    """Return the mounts of a study as planners see them; `fixed` replaces the installed ones."""
    mounts = study.mounts
    installed = mounts.installed
    if fixed is not None:
        installed = np.zeros(len(mounts), dtype=np.bool_)
        installed[list(fixed)] = True
    return lay_out_choices(
        study.levels,
        study.question,
        study.cells.weight,
        mounts.position_m,
        mounts.cost,
        installed,
        mounts.allowed,
    )


def check_wishes(mounts: MountTable, count: int | None, budget: float | None) -> None:
    """Refuse a count or a budget that the mounts cannot meet.

    Raises
    ------
    BadInput
        One line a mistake.
    """
    mistakes = []
    installed, usable = int(mounts.installed.sum()), int((mounts.allowed | mounts.installed).sum())
    if count is None and budget is None:
        mistakes.append("optimise wants count=N or budget=COST, or both")
    if count is not None and count > usable:
        mistakes.append(f"count={count}: only {usable} of {len(mounts)} mounts may hold a sensor")
    if count is not None and count < installed:
        mistakes.append(f"count={count}: {installed} sensors are installed already")
    spent = float(mounts.cost[mounts.installed].sum())
    if budget is not None and spent > budget:
        mistakes.append(f"budget={budget:g}: the installed sensors cost {spent:g}")
    if mistakes:
        raise BadInput("\n".join(mistakes))


def make_plan(study: Study, settings: PlanSettings) -> Plan:
    """Choose mounts, and set rivals, the current layout, the curve and the next places beside the choice.

    The wishes are taken as checked (`check_wishes`).
    """
    choices = choices_of(study)
    count, budget, workers = settings.count, settings.budget, settings.workers
    chosen = tuple(settings.planner.choose(choices, count, budget, workers))
    rivals = {name: tuple(PLANNERS[name]().choose(choices, count, budget, workers)) for name in RIVALS}
    current = tuple(int(i) for i in np.flatnonzero(study.mounts.installed))
    if current:
        rivals["current"] = current
    sharp = sharpen(study, settings, {i for layout in (chosen, *rivals.values()) for i in layout})
    chosen = settle_plan(sharp, chosen, rivals, budget, workers)
    choices = choices_of(sharp)
    found = forecast(sharp.levels.take(list(chosen)), study.question)
    rows = [_row("planned", study, choices, chosen, found)]
    for name, layout in rivals.items():
        rows.append(
            _row(name, study, choices, layout, forecast(sharp.levels.take(list(layout)), study.question))
        )
    curve = _curve(study, settings, choices_of(study), len(chosen))
    return Plan(
        sharp,
        chosen,
        found,
        rivals,
        pl.DataFrame(rows),
        curve,
        place_next(sharp, settings.next_count, chosen),
    )


def settle_plan(
    study: Study,
    chosen: Sequence[int],
    rivals: Mapping[str, Sequence[int]],
    budget: float | None,
    workers: int = 1,
) -> tuple[int, ...]:
    """Return the choice after the last exchanges, among the mounts of all layouts at hand, whose levels are sharp."""
    pool = np.array(sorted({int(i) for layout in (chosen, *rivals.values()) for i in layout}))
    mounts, question = study.mounts, study.question
    choices = lay_out_choices(
        study.levels.take(pool),
        question,
        study.cells.weight,
        mounts.position_m[pool],
        mounts.cost[pool],
        mounts.installed[pool],
        mounts.allowed[pool],
        len(study.cells),
        question.draws(detectable=False),
    )
    starts = [chosen, *(r for r in rivals.values() if len(r) == len(chosen))][:STARTS]
    settled = settle(
        choices,
        [np.searchsorted(pool, layout).tolist() for layout in starts],
        [np.searchsorted(pool, layout).tolist() for layout in rivals.values()],
        budget,
        workers,
    )
    return tuple(int(pool[i]) for i in settled)


def place_next(study: Study, count: int, chosen: Sequence[int]) -> pl.DataFrame:
    """Return where the next `count` sensors go, one after another, and what each brings, all others staying."""
    choices = choices_of(study, fixed=chosen)
    layout, rows = list(chosen), []
    for _ in range(count):
        free = np.flatnonzero(choices.open)
        free = free[~np.isin(free, layout)]
        if not len(free):
            break
        losses = weigh(choices, np.array(layout, dtype=np.int64), free.astype(np.int64), both=True)
        best = int(free[int(np.argmin(losses))])
        before = loss_of(choices, layout)
        layout.append(best)
        fewer = replace(study.question, samples=FEWER)
        figures = summarise(forecast(study.levels.take(layout), fewer), study.cells.weight)
        rows.append(
            {
                "next": len(rows) + 1,
                "mount": str(study.mounts.ids[best]),
                "type": str(study.mounts.type[best]),
                "cost": float(study.mounts.cost[best]),
                "loss_m": round(float(losses.min()), 3),
                "gain_m": round(before - float(losses.min()), 3),
                **plain(figures),
            }
        )
    return pl.DataFrame(rows)


def _row(
    name: str, study: Study, choices: Choices, layout: Sequence[int], found: Forecast
) -> dict[str, object]:
    return {
        "layout": name,
        "sensors": len(layout),
        "cost": round(float(study.mounts.cost[list(layout)].sum()), 2),
        "loss_m": round(loss_of(choices, list(layout)), 3),
        **plain(summarise(found, study.cells.weight)),
        "mounts": " ".join(chosen_ids(study, list(layout))),
    }


def _curve(study: Study, settings: PlanSettings, choices: Choices, number: int) -> pl.DataFrame:
    """Return figures of planned, spread and random layouts over the number of sensors."""
    least = max(int(choices.fixed.sum()), settings.sensors_needed)
    most = int((choices.open | choices.fixed).sum())
    numbers = sorted({int(np.clip(round(share * number), least, most)) for share in CURVE})
    quick, fewer = PLANNERS["joint"](restarts=1, rounds=3), replace(study.question, samples=FEWER)
    rows = []
    for n in numbers:
        for name, planner in (
            ("joint", quick),
            ("farthest", PLANNERS["farthest"]()),
            ("random", PLANNERS["random"]()),
        ):
            layout = planner.choose(choices, n, None, settings.workers)
            found = forecast(study.levels.take(list(layout)), fewer)
            rows.append({"planner": name, **_row(name, study, choices, layout, found)})
    return pl.DataFrame(rows).drop("layout", "mounts")
