"""The page about a sweep: one file, no network, no scripts."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import polars as pl

from testbed.report import make_table, wrap_page
from testbed.sweep.effects import (
    budget_by_level,
    count_causes,
    rank_effects,
    summarise_cells,
    summarise_levels,
)
from testbed.sweep.estimates import METRICS, Samples, gather_samples
from testbed.sweep.factors import Factor, read_factors
from testbed.sweep.figures import Picture, draw_levels, draw_pairs, draw_shares
from testbed.sweep.manifest import Manifest
from testbed.sweep.tables import Tables
from testbed.table import number

_NOTE = (
    "Scenes are simulated. Intervals are 95 %, from a bootstrap that draws whole seeds, the same for all cells: cells "
    "share their seeds, so differences between them are paired."
)
_SHOWN = (
    "incidents_recall",
    "rounds_recall",
    "coverage95",
    "error_p50_m",
    "error_p90_m",
    "false_alerts_per_km2_day",
)
_MOST_ROWS = 200


@dataclass(frozen=True)
class Report:
    """What is said of a sweep: the page, the cells' summary, the ranked effects, the page's pictures by file name."""

    page: str
    cells: pl.DataFrame
    effects: pl.DataFrame
    pictures: dict[str, bytes]


def summarise(manifest: Manifest, tables: Tables, objective: str) -> Report:
    """Say what came of a sweep.

    Parameters
    ----------
    manifest : Manifest
    tables : Tables
    objective : str
        The metric by which cells and effects are ranked, of `METRICS`.
    """
    factors = read_factors([cell.words for cell in manifest.cells])
    samples = gather_samples(tables)
    cells = summarise_cells(manifest, tables, samples, factors)
    effects = rank_effects(samples, factors, objective)
    wanted = len(manifest.cells) * len(manifest.seeds)
    failed = tables.scenes.filter(pl.col("status") != "ok")
    shown = [picture for factor in factors for picture in _factor(tables, samples, factor)]
    pairs = draw_pairs(samples, factors, objective)
    parts = [
        f"<h1>{escape(manifest.name)}</h1>",
        f"<p>{escape(manifest.question)}</p>" if manifest.question else "",
        f'<p class="note">{escape(_NOTE)} {len(tables.scenes)} of {wanted} scenes, {len(failed)} failed.</p>',
        f"<h2>Cells, best first by {escape(METRICS[objective].title)}</h2>",
        _cells(cells, objective),
        "<h2>What matters</h2>" if len(effects) else "",
        _effects(effects) if len(effects) else "",
        *(_image(picture) for picture in shown),
        *(["<h2>Pairs of factors</h2>", *(_image(picture) for picture in pairs)] if pairs else []),
        *_failures(failed),
        _provenance(manifest),
    ]
    # The key of a config group has slashes.
    files = {re.sub(r"[^\w.-]", "-", f"{picture.name}.png"): picture.png for picture in (*shown, *pairs)}
    return Report(wrap_page(manifest.name, parts), cells, effects, files)


def _cells(cells: pl.DataFrame, objective: str) -> str:
    order = cells.sort(objective, descending=METRICS[objective].better > 0, nulls_last=True)
    shown = list(dict.fromkeys((objective, *_SHOWN)))
    lines = [
        (
            row["overrides"] or "(as configured)", str(row["scenes"]), str(row["failed"]), str(row["rounds"]),
            *(_estimate(row, name) for name in shown),
        )
        for row in order.head(_MOST_ROWS).iter_rows(named=True)
    ]  # fmt: skip
    heads = ("cell", "scenes", "failed", "rounds", *(METRICS[name].title for name in shown))
    return make_table(heads, lines, numeric=set(range(1, len(heads))))


def _estimate(row: dict[str, float | None], name: str) -> str:
    value, low, high = (row[key] for key in (name, f"{name}_low", f"{name}_high"))
    if value is None or low is None or high is None:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def _effects(effects: pl.DataFrame) -> str:
    lines = [
        (
            r["kind"],
            r["factors"],
            r["levels"],
            f"{number(r['effect'])} [{number(r['effect_low'])}, {number(r['effect_high'])}]",
        )
        for r in effects.head(_MOST_ROWS).iter_rows(named=True)
    ]
    return make_table(("", "factor", "levels", "effect"), lines, numeric={3})


def _factor(tables: Tables, samples: Samples, factor: Factor) -> list[Picture]:
    pictures = [
        Picture(
            factor.name, factor.title, draw_levels(summarise_levels(samples, factor), factor), factor.title
        )
    ]
    causes = count_causes(tables, factor)
    if len(causes):
        title = "why rounds were lost, as shares of all rounds"
        pictures.append(
            Picture(f"{factor.name}-causes", title, draw_shares(causes, factor, "cause", title, stacked=True))
        )
    budget = budget_by_level(tables, factor)
    if len(budget):
        title = "rounds located when stages of the detector are perfect"
        pictures.append(
            Picture(
                f"{factor.name}-budget", title, draw_shares(budget, factor, "perfect", title, stacked=False)
            )
        )
    return pictures


def _image(picture: Picture) -> str:
    source = f"data:image/png;base64,{base64.b64encode(picture.png).decode('ascii')}"
    head = f"<h2>{escape(picture.heading)}</h2>" if picture.heading else ""
    return f'{head}<p><img alt="{escape(picture.title)}" src="{source}"></p>'


def _failures(failed: pl.DataFrame) -> list[str]:
    if not len(failed):
        return []
    lines: Sequence[tuple[str, ...]] = [
        (str(r["cell"]), str(r["seed"]), r["error"]) for r in failed.head(_MOST_ROWS).iter_rows(named=True)
    ]
    return ["<h2>Failed scenes</h2>", make_table(("cell", "seed", "error"), lines, numeric={0, 1})]


def _provenance(manifest: Manifest) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.code.libraries)
    words = (
        f"commit {manifest.code.commit or 'unknown'}, code {manifest.code.digest}, sweep {manifest.identity}, "
        f"seeds {manifest.seeds[0]} to {manifest.seeds[-1]} ({len(manifest.seeds)}); {libraries}"
    )
    return f'<h2>Where this comes from</h2><p class="note">{escape(words)}</p>'
