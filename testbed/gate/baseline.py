"""Baselines: what a detector did on a suite, kept small enough to be committed, and what the world was then."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from scenes.errors import BadInput
from testbed.gate.suites import Suite
from testbed.gate.trial import INCIDENT_SCHEMA, ROUND_SCHEMA
from testbed.gate.world_print import WorldPrint
from testbed.json_checks import load_json

FORMAT = "echoblock-baseline/1"
FILES = ("baseline.json", "rounds.parquet", "incidents.parquet", "worlds.parquet")
WORLD_SCHEMA = {
    "scene": pl.String,
    "facts": pl.String,
    "audio": pl.String,
    "sensor": pl.String,
    "level_db": pl.Float32,
    "print": pl.Float32,
}
_TABLES: Mapping[str, Mapping[str, Any]] = {
    "rounds": ROUND_SCHEMA,
    "incidents": INCIDENT_SCHEMA,
    "worlds": WORLD_SCHEMA,
}
_REASONS_KEPT = 20


@dataclass(frozen=True, eq=False)
class Baseline:
    """What is compared with.

    Attributes
    ----------
    suite : str
        Name with version.
    detector : str
        Which choice of `detector=` made it.
    about : str
        Where it comes from, for reports.
    reasons : tuple of str
        Why it was made, the latest first.
    software : mapping of str
        Versions of what computed it.
    worlds : mapping of scene to WorldPrint
    rounds, incidents : DataFrame
    """

    suite: str
    detector: str
    about: str
    reasons: tuple[str, ...]
    software: Mapping[str, str]
    worlds: Mapping[str, WorldPrint]
    rounds: pl.DataFrame
    incidents: pl.DataFrame


def read_baseline(folder: Path, suite: Suite, detector: str) -> Baseline:
    """Read a baseline and check that it is of this suite and detector.

    Raises
    ------
    BadInput
        No baseline, a broken one, or one of another suite or detector.
    """
    again = f'make one with update=true reason="..." suite={suite.name.split("-", maxsplit=1)[0]}'
    if not (folder / FILES[0]).is_file():
        raise BadInput(f"{folder}: there is no baseline; {again}")
    head = load_json(folder / FILES[0])
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise BadInput(f"{folder / FILES[0]}: is no {FORMAT}; {again}")
    for key, wanted in (("suite", suite.name), ("detector", detector)):
        if head.get(key) != wanted:
            raise BadInput(f"{folder}: is a baseline of {key} {head.get(key)!r}, not {wanted!r}; {again}")
    tables = {name: _read_table(folder / f"{name}.parquet", schema) for name, schema in _TABLES.items()}
    worlds = _worlds_of(tables["worlds"])
    if len(worlds) != suite.scenes:
        raise BadInput(
            f"{folder}: holds {len(worlds)} scenes, the suite {suite.name} has {suite.scenes}; {again}"
        )
    return Baseline(
        suite.name,
        detector,
        f"the baseline in {folder}",
        tuple(map(str, head.get("reasons", ()))),
        head.get("software", {}),
        worlds,
        tables["rounds"],
        tables["incidents"],
    )


def write_baseline(folder: Path, baseline: Baseline) -> None:
    """Write a baseline into an existing folder."""
    head = {
        "format": FORMAT,
        "suite": baseline.suite,
        "detector": baseline.detector,
        "reasons": list(baseline.reasons[:_REASONS_KEPT]),
        "software": dict(baseline.software),
    }
    (folder / FILES[0]).write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")
    tables = (
        ("rounds", baseline.rounds),
        ("incidents", baseline.incidents),
        ("worlds", _rows_of(baseline.worlds)),
    )
    for name, table in tables:
        table.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=19)


def earlier_reasons(folder: Path) -> tuple[str, ...]:
    """Return the reasons of the baseline that is about to be replaced; none where there is none to be read."""
    try:
        head = load_json(folder / FILES[0])
    except BadInput:
        return ()
    reasons = head.get("reasons", ()) if isinstance(head, dict) else ()
    return tuple(map(str, reasons)) if isinstance(reasons, list) else ()


def _read_table(path: Path, schema: Mapping[str, Any]) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path)
    except (OSError, PolarsError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"{path}: cannot be read ({line})") from error
    if dict(table.schema) != {name: kind() for name, kind in schema.items()}:
        raise BadInput(f"{path}: has other columns than a baseline; wanted are {', '.join(schema)}")
    return table


def _worlds_of(table: pl.DataFrame) -> dict[str, WorldPrint]:
    worlds = {}
    for (name,), part in table.group_by("scene", maintain_order=True):
        worlds[str(name)] = WorldPrint(
            part["facts"][0],
            part["audio"][0],
            tuple(part["sensor"]),
            tuple(part["level_db"]),
            tuple(part["print"]),
        )
    return worlds


def _rows_of(worlds: Mapping[str, WorldPrint]) -> pl.DataFrame:
    rows: Sequence[tuple[Any, ...]] = [
        (name, world.facts, world.audio, sensor, level, number)
        for name, world in worlds.items()
        for sensor, level, number in zip(world.sensors, world.level_db, world.print, strict=True)
    ]
    return pl.DataFrame(rows, schema=WORLD_SCHEMA, orient="row")
