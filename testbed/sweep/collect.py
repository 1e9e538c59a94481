"""Gathers what a sweep computed: flat tables, a summary as CSV, a page. Done twice, it gives the same files."""

from pathlib import Path

import polars as pl

from scenes.errors import BadInput
from testbed.complaints import nearest
from testbed.sweep.estimates import METRICS
from testbed.sweep.jobs import find_jobs, read_jobs
from testbed.sweep.manifest import FILE, Manifest, ManifestCell, read_manifest
from testbed.sweep.shards import read_records
from testbed.sweep.sweep_page import summarise
from testbed.sweep.tables import FILES, tables_of, write_tables

PLOTS = "plots"
PRODUCTS = (*FILES.values(), "summary.csv", "effects.csv", "report.html", PLOTS)


def collect(results: Path, objective: str) -> Path:
    """Gather the sweep in a folder, or what a multirun left in its subfolders, into it.

    `sweep -m` leaves a sweep a job, `run -m` one scene a job.

    Parameters
    ----------
    results : Path
    objective : str
        Metric by which the report ranks.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BadInput
        When there is no sweep, its parts are of different code, or the objective is no metric.
    """
    if objective not in METRICS:
        raise BadInput(
            f"objective={objective}: no such metric{nearest(objective, METRICS)}; one of {', '.join(METRICS)}"
        )
    if not results.is_dir():
        raise BadInput(f"results={results}: no such folder")
    folders = [results] if (results / FILE).is_file() else sorted(p.parent for p in results.glob(f"*/{FILE}"))
    if folders:
        manifest, records = _read_sweeps(folders, results)
    elif jobs := find_jobs(results):
        manifest, records = read_jobs(jobs, results, objective)
    else:
        raise BadInput(
            f"results={results}: holds no sweep (no {FILE}, here or one folder below) and no jobs of run -m"
        )
    tables = tables_of(records)
    if not len(tables.scenes):
        raise BadInput(f"results={results}: no scene has been computed yet")
    write_tables(tables, results)
    report = summarise(manifest, tables, objective)
    (results / PLOTS).mkdir(exist_ok=True)
    products = {
        "summary.csv": report.cells.write_csv().encode(),
        "effects.csv": report.effects.write_csv().encode(),
        "report.html": report.page.encode(),
        **{f"{PLOTS}/{name}": png for name, png in report.pictures.items()},
    }
    for name, content in products.items():
        draft = results / ".product.part"
        draft.write_bytes(content)
        draft.replace(results / name)
    return results


def _read_sweeps(folders: list[Path], results: Path) -> tuple[Manifest, pl.DataFrame]:
    manifests = [read_manifest(folder) for folder in folders]
    first, parts = 0, []
    for folder, manifest in zip(folders, manifests, strict=True):
        parts.append(read_records(folder).with_columns(pl.col("cell") + first))
        first += len(manifest.cells)
    return _join(manifests, results), pl.concat(parts)


def _join(manifests: list[Manifest], results: Path) -> Manifest:
    head = manifests[0]
    if len({m.code.digest for m in manifests}) > 1:
        raise BadInput(f"results={results}: its sweeps were made by different code; they cannot be compared")
    cells: list[ManifestCell] = [cell for manifest in manifests for cell in manifest.cells]
    seeds = tuple(sorted({seed for manifest in manifests for seed in manifest.seeds}))
    return Manifest(head.name, head.question, head.objective, tuple(cells), seeds, head.code)
