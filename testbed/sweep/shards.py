"""What a sweep keeps on disk: Parquet shards, each of whole scenes, each there whole or not at all."""

import hashlib
import os
import time
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl
from polars.exceptions import PolarsError

from scenes.errors import BadInput
from testbed.incidents import INCIDENT_SCHEMA
from testbed.matching import ROW_SCHEMA
from testbed.sweep.record import Record, numbers_of
from testbed.truth import Truth
from testbed.verdict import judge

_EMPTY_SCORE = numbers_of(judge(Truth(()), ()).score)
# Counts are whole numbers even when nothing happened; everything else may be null then.
SCORE_SCHEMA: dict[str, type[pl.DataType]] = {
    key: pl.Int64 if isinstance(value, int) else pl.Float64 for key, value in _EMPTY_SCORE.items()
}
HEAD_SCHEMA: dict[str, Any] = {"task": pl.String, "cell": pl.Int64, "seed": pl.Int64}
COST_SCHEMA: dict[str, Any] = {"wall_s": pl.Float64, "cpu_s": pl.Float64, "host": pl.String}
RECORD_SCHEMA: dict[str, Any] = {
    **HEAD_SCHEMA,
    "status": pl.String,
    "error": pl.String,
    "traceback": pl.String,
    "world": pl.String,
    "sensors": pl.Int64,
    "score": pl.Struct(SCORE_SCHEMA),
    "rounds": pl.List(pl.Struct(dict(ROW_SCHEMA))),
    "incidents": pl.List(pl.Struct(dict(INCIDENT_SCHEMA))),
    "budget": pl.List(pl.Struct({"perfect": pl.String, **SCORE_SCHEMA})),
    **COST_SCHEMA,
}

SHARDS = "shards"
_LEAST_S, _MOST_S, _SHARE = 5.0, 300.0, 0.02
_MOST_RECORDS = 2_000


class ShardWriter:
    """Collects records and writes them in shards: at least every 5 s, or 2 % of the time so far, up to 300 s.

    So a long sweep has hundreds of shards, not one a scene, and a crash costs little. Used as a context: what is
    left is written at its end, however it ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / SHARDS
        self._folder.mkdir(parents=True, exist_ok=True)
        self._kept: list[Record] = []
        self._began = self._written = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.flush()

    def keep(self, record: Record) -> None:
        """Take a record; write a shard when it is time."""
        self._kept.append(record)
        now = time.monotonic()
        patience = min(max(_SHARE * (now - self._began), _LEAST_S), _MOST_S)
        if len(self._kept) >= _MOST_RECORDS or now - self._written >= patience:
            self.flush()

    def flush(self) -> None:
        """Write what there is.

        Raises
        ------
        OSError
            When the disk is full; earlier shards are as they were.
        """
        if self._kept:
            write_shard(self._folder, self._kept)
            self._kept = []
        self._written = time.monotonic()


def write_shard(folder: Path, records: list[Record]) -> Path:
    """Write records as one Parquet file, which appears whole, and is on the disk when this returns."""
    table = pl.DataFrame(records, schema=RECORD_SCHEMA).sort("cell", "seed")
    name = hashlib.sha256("".join(table["task"]).encode()).hexdigest()[:24]
    path, draft = folder / f"{name}.parquet", folder / f".{name}.part"
    try:
        with draft.open("wb") as file:
            table.write_parquet(file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return path


def read_done(folder: Path, *, retry: bool = False) -> set[str]:
    """Return the ids of the scenes that a sweep's folder holds; without those that failed when they are tried again."""
    table = _read(folder, ["task", "status"])
    if retry:
        table = table.filter(pl.col("status") == "ok")
    return set(table["task"])


def read_records(folder: Path) -> pl.DataFrame:
    """Return all records of a sweep's folder in the order of cells and seeds, one a scene.

    Raises
    ------
    BadInput
        When a shard cannot be read.
    """
    table = _read(folder, list(RECORD_SCHEMA))
    # A scene that was tried again counts as it went well; whichever order the shards came in.
    order = ["cell", "seed", pl.col("status") != "ok"]
    return table.sort(order, maintain_order=True).unique("task", keep="first", maintain_order=True)


def clear_drafts(folder: Path) -> None:
    """Remove what a process that was killed left half-written."""
    for draft in (folder / SHARDS).glob(".*.part"):
        draft.unlink(missing_ok=True)


def _read(folder: Path, columns: Collection[str]) -> pl.DataFrame:
    schema = {name: RECORD_SCHEMA[name] for name in columns}
    tables = [pl.DataFrame(schema=schema)]
    for path in sorted((folder / SHARDS).glob("*.parquet")):
        try:
            table = pl.read_parquet(path, columns=list(columns), glob=False)
        except (OSError, PolarsError) as error:
            raise BadInput(f"{path}: is no shard of a sweep ({str(error).splitlines()[0]})") from error
        tables.append(table.select(pl.col(name).cast(kind) for name, kind in schema.items()))
    return pl.concat(tables)
