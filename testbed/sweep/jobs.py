"""Reads the jobs of `run -m` as if they had been the scenes of a sweep."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from polars.exceptions import PolarsError
from yaml import YAMLError

from scenes.errors import BadInput
from testbed.json_checks import load_json
from testbed.outbox import CODE_FILE
from testbed.override_words import key_of
from testbed.sweep.cells import OF_THE_SWEEP
from testbed.sweep.code_version import CodeVersion, code_from
from testbed.sweep.manifest import Manifest, ManifestCell
from testbed.sweep.record import Record, name_task, numbers_of
from testbed.sweep.shards import RECORD_SCHEMA, SCORE_SCHEMA

_SCORE = "score.json"


def find_jobs(results: Path) -> list[Path]:
    """Return the folders of the jobs of a `run -m` in their order; of a single `run`, none."""
    found = [path.parent for path in results.glob(f"*/{_SCORE}") if path.parent.name.isdigit()]
    return sorted(found, key=lambda folder: int(folder.name))


def read_jobs(folders: list[Path], results: Path, objective: str) -> tuple[Manifest, pl.DataFrame]:
    """Return what was swept and the records.

    Jobs whose configs differ in nothing but the seed are one cell.

    Parameters
    ----------
    folders : list of Path
        As `find_jobs` gives them, at least one.
    results : Path
        That holds them.
    objective : str

    Raises
    ------
    BadInput
        When a job's files cannot be read, or jobs were computed by different code.
    """
    jobs = [_read_job(folder) for folder in folders]
    if len({job["code"].digest for job in jobs}) > 1:
        raise BadInput(
            f"results={results}: its jobs were computed by different code; they cannot be compared"
        )
    common = set.intersection(*(set(job["words"]) for job in jobs))
    cells: dict[str, ManifestCell] = {}
    records: list[Record] = []
    for job in jobs:
        words = tuple(word for word in job["words"] if word not in common)
        cells.setdefault(job["digest"], ManifestCell(words, job["digest"], job["config"]))
        head = {
            "task": name_task(job["digest"], job["seed"]),
            "cell": list(cells).index(job["digest"]),
            "seed": job["seed"],
        }
        records.append(head | job["record"])
    seeds = tuple(sorted({job["seed"] for job in jobs}))
    name = results.resolve().name
    manifest = Manifest(name, "", objective, tuple(cells.values()), seeds, jobs[0]["code"])
    table = pl.DataFrame(records, schema=RECORD_SCHEMA).sort("cell", "seed", maintain_order=True)
    return manifest, table.unique("task", keep="first", maintain_order=True)


def _read_job(folder: Path) -> dict[str, Any]:
    hydra = folder / ".hydra"
    try:
        config = _plain(hydra / "config.yaml")
        words = tuple(str(word) for word in _plain(hydra / "overrides.yaml"))
        rounds, incidents = (
            pl.read_parquet(folder / name, glob=False).to_dicts()
            for name in ("matches.parquet", "incidents.parquet")
        )
    except (OSError, PolarsError, YAMLError, OmegaConfBaseException) as error:
        raise BadInput(f"{folder}: is no job of run -m ({str(error).splitlines()[0]})") from error
    score, site = load_json(folder / _SCORE), load_json(folder / "recording" / "site.json")
    code = load_json(hydra / CODE_FILE) if (hydra / CODE_FILE).is_file() else None
    if not isinstance(score, Mapping) or not isinstance(config.get("seed"), int):
        raise BadInput(f"{folder}: is no job of run -m")
    kept = {key: value for key, value in config.items() if key not in OF_THE_SWEEP}
    numbers = {key: value for key, value in numbers_of(score).items() if key in SCORE_SCHEMA}
    return {
        "words": tuple(
            word for word in words if key_of(word) not in OF_THE_SWEEP and not word.startswith("hydra")
        ),
        "config": kept,
        "digest": hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:24],
        "seed": config["seed"],
        "code": CodeVersion("", "", ()) if code is None else code_from(code),
        "record": {
            "status": "ok",
            "sensors": len(site["stations"]),
            "score": numbers,
            "rounds": rounds,
            "incidents": incidents,
        },
    }


def _plain(path: Path) -> Any:
    return OmegaConf.to_container(OmegaConf.load(path), resolve=True)
