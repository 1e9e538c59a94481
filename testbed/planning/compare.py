"""Two layouts side by side, one sensor less, and how far the answer hangs on heights and noise."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import shapely

from scenes.block import Block, Building
from scenes.streams import draw_stream
from testbed.planning.deliver import plain
from testbed.planning.forecast import Forecast, forecast, summarise
from testbed.planning.level_cache import cache_folder
from testbed.planning.levels import Levels, find_levels
from testbed.planning.study import PlanSettings, Study, chosen_ids
from testbed.planning.tables import METRICS
from testbed.progress import progress_bar

# (A) A guessed height is off by a third, one standard deviation.
GUESS_SIGMA = 0.33
NOISES_DB = (-6.0, 6.0, 12.0)
# Cells of a run with other heights: its levels are not in the cache.
CELLS_MOST = 600


def difference(before: Forecast, after: Forecast) -> dict[str, np.ndarray]:
    """Return after less before in every cell; NaN where either has no number."""
    result = {}
    for metric in METRICS:
        a, b = getattr(before, metric), getattr(after, metric)
        known = np.isfinite(a) & np.isfinite(b)
        result[metric] = np.where(known, np.where(known, b, 0.0) - np.where(known, a, 0.0), np.nan)
    return result


def compare_table(study: Study, layouts: Mapping[str, tuple[Sequence[int], Forecast]]) -> pl.DataFrame:
    """Return a row a layout: its figures, number, cost and names."""
    return pl.DataFrame(
        [
            {
                "layout": name,
                "sensors": len(chosen),
                "cost": round(float(study.mounts.cost[list(chosen)].sum()), 2),
                **plain(summarise(found, study.cells.weight)),
                "mounts": " ".join(chosen_ids(study, list(chosen))),
            }
            for name, (chosen, found) in layouts.items()
        ]
    )


def without_each(study: Study, chosen: Sequence[int]) -> pl.DataFrame:
    """Return the figures of a layout without each of its sensors in turn, the most needed first."""
    whole = summarise(forecast(study.levels.take(list(chosen)), study.question), study.cells.weight)
    rows = []
    for mount in chosen:
        rest = [i for i in chosen if i != mount]
        figures = summarise(forecast(study.levels.take(rest), study.question), study.cells.weight)
        lost = {
            "removed": str(study.mounts.ids[mount]),
            "covered_lost": round(whole["covered"] - figures["covered"], 4),
            "p_accurate_lost": round(whole["p_accurate_mean"] - figures["p_accurate_mean"], 4),
        }
        rows.append(lost | plain(figures))
    return pl.DataFrame(rows).sort("p_accurate_lost", descending=True)


def find_sensitivity(study: Study, settings: PlanSettings, chosen: Sequence[int]) -> pl.DataFrame:
    """Return the figures of a layout under other noise, and with guessed heights drawn anew.

    Heights that the map gives stay; a mount on a roof keeps its height over the ground. Runs are on an even choice of
    `CELLS_MOST` cells, so that the first row, as planned, is the one to compare with.
    """
    cells = np.unique(np.linspace(0, len(study.cells) - 1, CELLS_MOST).astype(np.intp))
    weight = study.cells.weight[cells] / study.cells.weight[cells].sum()
    levels = study.levels.at(cells).take(list(chosen))
    rows: list[dict[str, object]] = [_figures("as planned", levels, study, weight, 0.0)]
    rows += [_figures(f"noise {louder:+g} dB", levels, study, weight, louder) for louder in NOISES_DB]
    guessed = sum(building.height_guessed for building in study.block.buildings)
    if guessed:
        for number in (1, 2):
            other = _other_heights(study, settings, cells, chosen, number)
            told = f"guessed heights drawn anew, {number} ({guessed} of {len(study.block.buildings)})"
            rows.append(_figures(told, other, study, weight, 0.0))
    return pl.DataFrame(rows)


def _figures(
    name: str, levels: Levels, study: Study, weight: np.ndarray, louder_db: float
) -> dict[str, object]:
    question = replace(study.question, noise_db=study.question.noise_db + louder_db)
    return {"run": name, **plain(summarise(forecast(levels, question), weight))}


def _other_heights(
    study: Study, settings: PlanSettings, cells: np.ndarray, chosen: Sequence[int], number: int
) -> Levels:
    rng = draw_stream(settings.seed, "guessed heights", str(number))
    factor = np.exp(GUESS_SIGMA * rng.standard_normal(len(study.block.buildings)))
    places = study.mounts.position_m[list(chosen)]
    buildings = tuple(
        replace(b, height_m=_height(b, float(f), places)) if b.height_guessed else b
        for b, f in zip(study.block.buildings, factor, strict=True)
    )
    block: Block = replace(study.block, buildings=buildings)
    with progress_bar("levels", "cell") as progress:
        return find_levels(
            block,
            settings.weather,
            study.cells.position_m[cells],
            places,
            settings.workers,
            cache_folder() if settings.cache else None,
            progress,
        )


def _height(building: Building, factor: float, places: np.ndarray) -> float:
    """Return another height for a building, below the sensors that stand on it."""
    plan = shapely.Polygon(building.outline)
    height = building.height_m * factor
    on_it = shapely.intersects_xy(plan, places[:, 0], places[:, 1])
    lowest = float(places[on_it, 2].min(initial=np.inf)) - building.base_m
    return max(min(height, lowest - 0.1), 1.0)
