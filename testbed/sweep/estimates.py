"""Metrics of groups of scenes, with intervals from a bootstrap that draws whole seeds.

A seed is one world: its rounds are not independent, and all cells share it. So seeds are drawn, with replacement, the
same draw for all cells (the cluster bootstrap: Davison and Hinkley 1997, Bootstrap Methods, section 3.8): differences
between cells are then paired. Where a share is 0 or 1 in every scene a bootstrap knows no doubt; the interval is then
the exact one (`testbed.intervals`) with as many trials as there are scenes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from testbed.intervals import SECONDS_PER_DAY, binomial_interval
from testbed.sweep.tables import Tables

Floats = npt.NDArray[np.float64]
DRAWS = 500
_BLOCKS = 64
_TAILS = (2.5, 97.5)


@dataclass(frozen=True)
class Metric:
    """One number of a group of scenes.

    Attributes
    ----------
    title : str
    better : int
        1 when more is better, -1 when less is.
    share : bool
        Whether it lies between 0 and 1.
    """

    title: str
    better: int
    share: bool = True


METRICS: Mapping[str, Metric] = {
    "incidents_recall": Metric("incidents located", 1),
    "rounds_recall": Metric("rounds located", 1),
    "incidents_precision": Metric("located of claimed incidents", 1),
    "rounds_f1": Metric("F1 of rounds", 1),
    "gunshot_recall": Metric("gunshots called so", 1),
    "gunshot_precision": Metric("gunshot calls that are right", 1),
    "coverage95": Metric("inside the 95 % region", 1),
    "error_p50_m": Metric("median error, m", -1, share=False),
    "error_p90_m": Metric("90 % of errors below, m", -1, share=False),
    "false_alerts_per_km2_day": Metric("false alerts per km² and day", -1, share=False),
}


@dataclass(frozen=True, eq=False)
class Samples:
    """What metrics are computed from, once for all groups.

    Attributes
    ----------
    cell, seed : ndarray of int, shape (n,)
        Of each scene that did not fail; seeds count from 0 in order.
    parts : mapping of metric to (numerator, denominator), each ndarray, shape (n,)
    error_m, error_scene : ndarray, shape (e,)
        Sorted errors of matched rounds, and the scene of each.
    weights : ndarray, shape (DRAWS + 1, seeds)
        How often each seed is in each draw; the first is the sample itself.
    """

    cell: npt.NDArray[np.int64]
    seed: npt.NDArray[np.int64]
    parts: Mapping[str, tuple[Floats, Floats]]
    error_m: Floats
    error_scene: npt.NDArray[np.int64]
    weights: Floats


def gather_samples(tables: Tables) -> Samples:
    """Return the counts of every scene that did not fail."""
    scenes = tables.scenes.filter(pl.col("status") == "ok")
    seeds, seed = np.unique(scenes["seed"].to_numpy(), return_inverse=True)
    place = scenes.select("task").with_row_index("scene")
    errors = (
        tables.rounds.select("task", "error_m")
        .drop_nulls()
        .join(place, on="task", how="inner")
        .sort("error_m")
    )
    rng = np.random.default_rng(0)
    draws = rng.multinomial(len(seeds), np.full(len(seeds), 1.0 / max(len(seeds), 1)), DRAWS)
    return Samples(
        scenes["cell"].to_numpy(),
        seed,
        {name: _parts(scenes, name) for name, metric in METRICS.items() if not name.startswith("error_")},
        errors["error_m"].to_numpy(),
        errors["scene"].to_numpy().astype(np.int64),
        np.concatenate([np.ones((1, len(seeds))), draws]).astype(np.float64),
    )


def _parts(scenes: pl.DataFrame, name: str) -> tuple[Floats, Floats]:
    """Return numerator and denominator of a ratio, per scene."""

    def count(column: str) -> Floats:
        return scenes[column].fill_null(0).to_numpy().astype(np.float64)

    level = name.split("_", maxsplit=1)[0]
    if name.endswith(("s_recall", "s_precision", "s_f1")):
        hits = count(f"{level}_located")
        if name.endswith("recall"):
            return hits, count(level)
        claimed = hits + count(f"{level}_mislocated") + count(f"{level}_false")
        return (hits, claimed) if name.endswith("precision") else (2.0 * hits, claimed + count(level))
    if name == "gunshot_recall":
        return count("gunshot_incidents_called"), count("gunshot_incidents")
    if name == "gunshot_precision":
        return count("gunshot_alerts_right"), count("gunshot_alerts")
    if name == "coverage95":
        trials = count("coverage95_count")
        return count("coverage95") * trials, trials
    return count("alerts_false"), count("area_km2") * count("duration_s") / SECONDS_PER_DAY


def draw_values(samples: Samples, name: str, members: npt.NDArray[np.bool_]) -> Floats:
    """Return a metric of some scenes in every draw, NaN where it cannot be measured.

    Parameters
    ----------
    samples : Samples
    name : str
        Of `METRICS`.
    members : ndarray of bool, shape (n,)
        Which scenes.

    Returns
    -------
    ndarray, shape (DRAWS + 1,)
        The first is the estimate.
    """
    if name.startswith("error_"):
        return _draw_quantiles(
            samples, float(name.removeprefix("error_p").removesuffix("_m")) / 100.0, members
        )
    over, under = (
        np.bincount(samples.seed[members], part[members], samples.weights.shape[1])
        for part in samples.parts[name]
    )
    # Not by `@`: products so small are done before the threads of a linear algebra library have met.
    sums = np.einsum("ds,sk->kd", samples.weights, np.stack([over, under], axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[0] / sums[1]


def _draw_quantiles(samples: Samples, share: float, members: npt.NDArray[np.bool_]) -> Floats:
    kept = members[samples.error_scene]
    errors, seeds = samples.error_m[kept], samples.seed[samples.error_scene[kept]]
    if not len(errors):
        return np.full(len(samples.weights), np.nan)
    # In which of some blocks of errors a draw's quantile lies, from the blocks' masses; then where in that block.
    draws, count = samples.weights.shape
    size = max(1, math.ceil(len(errors) / _BLOCKS))
    place = np.arange(len(errors))
    blocks = np.bincount(seeds * _BLOCKS + place // size, minlength=count * _BLOCKS).reshape(count, _BLOCKS)
    mass = np.cumsum(samples.weights @ blocks, axis=1)
    wanted = share * mass[:, -1:]
    block = (mass >= wanted).argmax(axis=1)
    before = np.where(block > 0, mass[np.arange(draws), block - 1], 0.0)
    inside = block[:, None] * size + np.arange(size)
    drawn = np.where(
        inside < len(errors), samples.weights[np.arange(draws)[:, None], seeds[inside % len(errors)]], 0.0
    )
    within = (before[:, None] + np.cumsum(drawn, axis=1) >= wanted).argmax(axis=1)
    return np.where(mass[:, -1] > 0.0, errors[np.minimum(block * size + within, len(errors) - 1)], np.nan)


def interval(
    samples: Samples, name: str, members: npt.NDArray[np.bool_]
) -> tuple[float | None, float | None, float | None]:
    """Return a metric of some scenes with its 95 % interval; None where nothing was measured."""
    draws = draw_values(samples, name, members)
    value = float(draws[0])
    if not np.isfinite(value):
        return None, None, None
    good = draws[1:][np.isfinite(draws[1:])]
    scenes = int(members.sum())
    if METRICS[name].share and value in {0.0, 1.0}:
        return binomial_interval(round(value * scenes), scenes)
    if scenes < 2 or not len(good):
        return value, None, None
    low, high = np.percentile(good, _TAILS)
    return value, float(min(low, value)), float(max(high, value))
