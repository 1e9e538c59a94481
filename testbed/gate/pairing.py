"""Two versions' rows of the same scenes, side by side, as arrays that any reweighting of the scenes can be put on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# What is counted in each scene, one column each; "belief" is the sum of the probabilities given to true labels.
COUNTS = (
    "rounds", "located", "claimed", "incidents", "found", "regions", "held", "false_alerts", "named", "belief",
)  # fmt: skip

# Numbers that differ by less are the same number, computed on another machine.
SAME_M = 2e-3
SAME_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class Pairing:
    """Old against new, n scenes.

    Attributes
    ----------
    scenes : tuple of str
    old, new : ndarray, shape (n, len(COUNTS))
    scene : ndarray, shape (m,)
        Of each round that both versions matched, the index of its scene.
    old_error_m, new_error_m : ndarray, shape (m,)
        How far off both were.
    old_offset_m, new_offset_m : ndarray, shape (m, 2)
        In which direction, [east, north].
    lost, gained : int
        Incidents that only the old version found, that only the new one found.
    has_regions, has_beliefs : tuple of (bool, bool)
        Whether alerts of the old and of the new version have regions and beliefs at all.
    is_identical : bool
        Whether every row is the same.
    """

    scenes: tuple[str, ...]
    old: Floats
    new: Floats
    scene: Indices
    old_error_m: Floats
    new_error_m: Floats
    old_offset_m: Floats
    new_offset_m: Floats
    lost: int
    gained: int
    has_regions: tuple[bool, bool]
    has_beliefs: tuple[bool, bool]
    is_identical: bool


Tables = tuple[pl.DataFrame, pl.DataFrame]


def pair_up(scenes: Sequence[str], old: Tables, new: Tables) -> Pairing:
    """Lay two versions' rows side by side.

    Parameters
    ----------
    scenes : sequence of str
        All of the suite, those without a row too.
    old, new : tuple of DataFrame
        Round rows and incident rows (`testbed.gate.trial`).
    """
    index = {name: i for i, name in enumerate(scenes)}
    both = _matched(old[0]).join(_matched(new[0]), on=["scene", "event"], how="inner", suffix="_new")
    both = both.sort("scene", "event")
    lost, gained = _discordant(old[1], new[1])
    return Pairing(
        tuple(scenes),
        _counts(index, *old),
        _counts(index, *new),
        np.array([index[name] for name in both["scene"]], dtype=np.int64),
        both["error_m"].to_numpy().astype(np.float64),
        both["error_m_new"].to_numpy().astype(np.float64),
        both.select("east_m", "north_m").to_numpy().astype(np.float64),
        both.select("east_m_new", "north_m_new").to_numpy().astype(np.float64),
        lost,
        gained,
        (bool(old[1]["in_region95"].count()), bool(new[1]["in_region95"].count())),
        (bool(old[1]["p_true"].count()), bool(new[1]["p_true"].count())),
        _is_same(old[0], new[0]) and _is_same(old[1], new[1]),
    )


def _matched(rounds: pl.DataFrame) -> pl.DataFrame:
    return rounds.filter(pl.col("error_m").is_not_null() & pl.col("event").is_not_null())


def _counts(index: dict[str, int], rounds: pl.DataFrame, incidents: pl.DataFrame) -> Floats:
    located, outcome = pl.col("outcome") == "located", pl.col("outcome")
    per_scene = (
        rounds.group_by("scene").agg(
            pl.col("event").count().alias("rounds"),
            located.sum().alias("located"),
            outcome.is_in(["located", "mislocated", "false"]).sum().alias("claimed"),
        ),
        incidents.group_by("scene").agg(
            outcome.is_in(["located", "mislocated", "missed"]).sum().alias("incidents"),
            located.sum().alias("found"),
            pl.col("in_region95").count().alias("regions"),
            pl.col("in_region95").sum().alias("held"),
            (outcome == "false").sum().alias("false_alerts"),
            pl.col("p_true").count().alias("named"),
            pl.col("p_true").sum().alias("belief"),
        ),
    )
    table = np.zeros((len(index), len(COUNTS)))
    for part in per_scene:
        for row in part.iter_rows(named=True):
            for name, count in row.items():
                if name != "scene":
                    table[index[row["scene"]], COUNTS.index(name)] = count or 0
    return table


def _discordant(old: pl.DataFrame, new: pl.DataFrame) -> tuple[int, int]:
    """Count the incidents that only one version found."""
    happened = pl.col("outcome").is_in(["located", "mislocated", "missed"])
    columns = ["scene", "incident", (pl.col("outcome") == "located").alias("found")]
    both = (
        old.filter(happened)
        .select(columns)
        .join(new.filter(happened).select(columns), on=["scene", "incident"], suffix="_new")
    )
    was, is_now = both["found"], both["found_new"]
    return int((was & ~is_now).sum()), int((~was & is_now).sum())


def _is_same(old: pl.DataFrame, new: pl.DataFrame) -> bool:
    """Compare row by row; numbers to rounding."""
    if old.shape != new.shape:
        return False
    for name, kind in old.schema.items():
        one, other = old[name], new[name]
        if not (one.is_null() == other.is_null()).all():
            return False
        if not kind.is_float():
            if not (one == other).drop_nulls().all():
                return False
            continue
        far = SAME_M if name.endswith("_m") else SAME_SHARE * one.abs()
        if not ((one - other).abs() <= far).drop_nulls().all():
            return False
    return True
