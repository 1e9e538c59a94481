"""Summary of a sweep: every cell, every level of every factor, main effects and interactions, causes of misses."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from testbed.sweep.estimates import METRICS, Samples, draw_values, interval
from testbed.sweep.factors import Factor
from testbed.sweep.manifest import Manifest
from testbed.sweep.tables import Tables

_TAILS = (2.5, 97.5)


def summarise_cells(
    manifest: Manifest, tables: Tables, samples: Samples, factors: Sequence[Factor]
) -> pl.DataFrame:
    """Return one row a cell: its factors, scenes, failures, every metric with its interval, and where it comes from."""
    rows: list[dict[str, Any]] = []
    for number, cell in enumerate(manifest.cells):
        scenes = tables.scenes.filter(pl.col("cell") == number)
        failed = int((scenes["status"] != "ok").sum())
        row: dict[str, Any] = {"cell": number, "overrides": " ".join(cell.words)}
        row |= {f.name: f.levels[f.level_of[number]] for f in factors}
        row |= {"scenes": len(scenes) - failed, "failed": failed, "rounds": int(scenes["rounds"].sum())}
        row |= _metrics(samples, samples.cell == number)
        row |= {
            "seeds": f"{len(manifest.seeds)} from {manifest.seeds[0]}",
            "commit": manifest.code.commit,
            "code": manifest.code.digest,
            "config": cell.digest,
        }
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def summarise_levels(samples: Samples, factor: Factor) -> pl.DataFrame:
    """Return one row a level of a factor, over all cells that have it."""
    level = np.array(factor.level_of)[samples.cell]
    rows = [
        {
            "factor": factor.name,
            "level": text,
            "scenes": int((level == i).sum()),
            **_metrics(samples, level == i),
        }
        for i, text in enumerate(factor.levels)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _metrics(samples: Samples, members: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    row: dict[str, float | None] = {}
    for name in METRICS:
        row[name], row[f"{name}_low"], row[f"{name}_high"] = interval(samples, name, members)
    return row


def rank_effects(samples: Samples, factors: Sequence[Factor], metric: str) -> pl.DataFrame:
    """Rank what moves a metric: factors by the spread of their levels, pairs by what they do beyond their sum.

    The main effect is the best level minus the worst, the interaction of two factors the largest departure of a pair
    of levels from the sum of both effects; each with the interval of the paired bootstrap.
    """
    rows = []
    overall = draw_values(samples, metric, np.ones(len(samples.cell), dtype=bool))
    main = {f.name: _level_draws(samples, f, metric) for f in factors}
    for factor in factors:
        draws = main[factor.name]
        if np.isfinite(draws[:, 0]).sum() > 1:
            high, low = int(np.nanargmax(draws[:, 0])), int(np.nanargmin(draws[:, 0]))
            what = f"{factor.levels[low]} → {factor.levels[high]}"
            rows.append(_effect("main effect", factor.name, what, draws[high] - draws[low]))
    for one, other in itertools.combinations(factors, 2):
        found = _interaction(samples, one, other, metric, main[one.name], main[other.name], overall)
        if found is not None:
            rows.append(found)
    schema = {
        "kind": pl.String, "factors": pl.String, "levels": pl.String,
        "effect": pl.Float64, "effect_low": pl.Float64, "effect_high": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema).sort(pl.col("effect").abs(), descending=True)


def pair_values(samples: Samples, one: Factor, other: Factor, metric: str) -> npt.NDArray[np.float64]:
    """Return a metric for each pair of levels (levels of one, levels of other); NaN where there are no scenes."""
    a, b = np.array(one.level_of)[samples.cell], np.array(other.level_of)[samples.cell]
    table = np.full((len(one.levels), len(other.levels)), np.nan)
    for i, j in itertools.product(range(table.shape[0]), range(table.shape[1])):
        table[i, j] = draw_values(samples, metric, (a == i) & (b == j))[0]
    return table


def count_causes(tables: Tables, factor: Factor) -> pl.DataFrame:
    """Return the share of rounds that each cause cost, one row a level and cause."""
    level = pl.Series("level", list(factor.level_of), dtype=pl.Int64)
    of_cell = pl.DataFrame({"cell": pl.Series(range(len(level)), dtype=pl.Int64), "level": level})
    events = tables.rounds.filter(pl.col("event").is_not_null()).join(of_cell, on="cell")
    rounds = events.group_by("level").agg(pl.len().alias("rounds"))
    lost = events.filter(pl.col("outcome").is_in(["missed", "mislocated"]))
    causes = lost.group_by("level", pl.col("cause").fill_null("unknown")).agg(pl.len().alias("lost"))
    return (
        causes.join(rounds, on="level")
        .with_columns((pl.col("lost") / pl.col("rounds")).alias("share"))
        .sort("level", "cause")
    )


def budget_by_level(tables: Tables, factor: Factor) -> pl.DataFrame:
    """Return the share of rounds located when stages are perfect, one row a level and stage; empty without a budget."""
    of_cell = pl.DataFrame({"cell": range(len(factor.level_of)), "level": list(factor.level_of)})
    rows = tables.budget.join(of_cell, on="cell").group_by("level", "perfect", maintain_order=True)
    shares = rows.agg((pl.col("rounds_located").sum() / pl.col("rounds").sum()).alias("share"))
    return shares.sort("level", maintain_order=True)


def _level_draws(samples: Samples, factor: Factor, metric: str) -> npt.NDArray[np.float64]:
    level = np.array(factor.level_of)[samples.cell]
    return np.array([draw_values(samples, metric, level == i) for i in range(len(factor.levels))])


def _interaction(
    samples: Samples,
    one: Factor,
    other: Factor,
    metric: str,
    main_one: npt.NDArray[np.float64],
    main_other: npt.NDArray[np.float64],
    overall: npt.NDArray[np.float64],
) -> dict[str, Any] | None:
    a, b = np.array(one.level_of)[samples.cell], np.array(other.level_of)[samples.cell]
    best: tuple[float, str, npt.NDArray[np.float64]] | None = None
    for i, j in itertools.product(range(len(one.levels)), range(len(other.levels))):
        beyond = draw_values(samples, metric, (a == i) & (b == j)) - main_one[i] - main_other[j] + overall
        size = abs(float(beyond[0]))
        if np.isfinite(size) and (best is None or size > best[0]):
            best = size, f"{one.levels[i]}, {other.levels[j]}", beyond
    return None if best is None else _effect("interaction", f"{one.name} × {other.name}", best[1], best[2])


def _effect(kind: str, factors: str, levels: str, draws: npt.NDArray[np.float64]) -> dict[str, Any]:
    good = draws[1:][np.isfinite(draws[1:])]
    low, high = np.percentile(good, _TAILS) if len(good) else (np.nan, np.nan)
    return {
        "kind": kind,
        "factors": factors,
        "levels": levels,
        "effect": float(draws[0]),
        "effect_low": float(low),
        "effect_high": float(high),
    }
