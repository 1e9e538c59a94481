"""Flat tables of many scenes: one row a scene, a round, an incident, a stage of the error budget."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from testbed.sweep.shards import COST_SCHEMA, HEAD_SCHEMA

HEAD = list(HEAD_SCHEMA)
_NESTED = ("rounds", "incidents", "budget")


@dataclass(frozen=True, eq=False)
class Tables:
    """What a sweep found, in the order of cells and seeds.

    Attributes
    ----------
    scenes : polars.DataFrame
        One row a scene: task, cell, seed, status, error, traceback, world, sensors, and the numbers of its score.
    rounds, incidents : polars.DataFrame
        The rows of `matches.parquet` and `incidents.parquet` of all scenes, after task, cell, seed.
    budget : polars.DataFrame
        With `error_budget=true`: one row a scene and a stage that was perfect.
    costs : polars.DataFrame
        Seconds and host of each scene; the one table that differs from one computation to another.
    """

    scenes: pl.DataFrame
    rounds: pl.DataFrame
    incidents: pl.DataFrame
    budget: pl.DataFrame
    costs: pl.DataFrame


FILES = {
    "scenes": "scenes.parquet",
    "rounds": "matches.parquet",
    "incidents": "incidents.parquet",
    "budget": "error_budget.parquet",
    "costs": "costs.parquet",
}


def tables_of(records: pl.DataFrame) -> Tables:
    """Return the tables of a sweep's records (`testbed.sweep.shards.read_records`)."""
    return Tables(
        scenes=records.drop(*_NESTED, *COST_SCHEMA).unnest("score"),
        rounds=_unfold(records, "rounds"),
        incidents=_unfold(records, "incidents"),
        budget=_unfold(records, "budget"),
        costs=records.select(*HEAD, *COST_SCHEMA),
    )


def _unfold(records: pl.DataFrame, name: str) -> pl.DataFrame:
    rows = records.select(*HEAD, name).filter(pl.col(name).list.len() > 0)
    return rows.explode(name).unnest(name)


def write_tables(tables: Tables, folder: Path) -> None:
    """Write every table as Parquet; each file appears whole."""
    for name, file in FILES.items():
        draft = folder / f".{file}.part"
        getattr(tables, name).write_parquet(draft)
        draft.replace(folder / file)
