"""`echoblock accountability`: months of a district, its alerts, misses and false alerts, and what evidence can show."""

import base64
import dataclasses
import json
import sys
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import hydra
import polars as pl
from omegaconf import DictConfig
from pydantic import Field

from scenes.streams import draw_stream
from testbed.accountability.check import Comparison, compare
from testbed.accountability.district import draw_acts
from testbed.accountability.figures import draw_misses, draw_pairs, draw_thresholds
from testbed.accountability.ledger import Books, causes_near, keep_books, misses_by, summarise
from testbed.accountability.measure import FIRST_CHECKED, measure_response
from testbed.accountability.response import draw_answers, read_response
from testbed.accountability.uncertainty import resample_rates
from testbed.config import FromGroup
from testbed.config_groups import register
from testbed.job import perform
from testbed.progress import progress_bar
from testbed.report import make_document, make_table

NOTE = (
    "Simulated acts, answered as the detector answered full simulated audio. “No evidence found” is not “no gunfire”: "
    "the rates of recovery and dismissal are unknown and set by the district's options. Intervals (95 %) are "
    "those of the measured acts that all answers are drawn from."
)
SOURCE = (
    "City of Chicago, Office of Inspector General, file 21-0707 (2021). Only the rates' product is known."
)
PRODUCTS = ("accountability.html", "accountability.json", "incidents.parquet", "response.csv", "check.csv")
FACTORS = ("distance", "kind", "noise", "wind", "rain", "place", "outage", "suppressed", "hour")
HOLIDAY_NOTE = "holiday evenings"


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccountabilitySettings:
    """Which district for how many months; `response` is a measured table, shipped unless said.

    `measure_scenes` measures a new table first; `check_scenes` holds the table against so many scenes of full audio.
    """

    district: Annotated[Any, FromGroup("district")]
    detector: Annotated[Any, FromGroup("detector")]
    months: Annotated[int, Field(ge=1, le=1200)] = 12
    response: Path | None = None
    measure_scenes: Annotated[int, Field(ge=0, le=100_000)] = 0
    check_scenes: Annotated[int, Field(ge=0, le=100_000)] = 0
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


Lines = list[tuple[str, str]]
SETTINGS = AccountabilitySettings
register(SETTINGS, "accountability")


def account(settings: AccountabilitySettings, folder: Path) -> Books:
    """Simulate the months, write page, numbers and rows into an existing folder, print the table.

    Raises
    ------
    BadInput
        For a table or a district that cannot be.
    """
    table = _table(settings, folder)
    comparisons = _check(settings, table, folder)
    rng = draw_stream(settings.seed, "accountability")
    acts = draw_acts(settings.district, settings.months, rng)
    books = keep_books(settings.district, settings.months, acts, draw_answers(table, acts, rng), table, rng)
    intervals = resample_rates(settings.district, settings.months, acts, table, rng)
    lines = [*summarise(books, intervals), *_evening(books)]
    books.rows.write_parquet(folder / "incidents.parquet")
    record = _record(settings, books, lines, comparisons)
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "accountability.json").write_text(text + "\n", encoding="utf-8")
    (folder / "accountability.html").write_text(_page(settings, books, lines, comparisons), encoding="utf-8")
    sys.stdout.write(_tell(books, lines, comparisons))
    return books


def _table(settings: AccountabilitySettings, folder: Path) -> pl.DataFrame:
    if settings.measure_scenes:
        with progress_bar("measuring answers", "scene") as progress:
            measured = measure_response(
                settings.seed, range(settings.measure_scenes), settings.detector, settings.workers, progress
            )
        measured.write_csv(folder / "response.csv", float_precision=4)
        return read_response(folder / "response.csv")
    shipped = Path(str(files("testbed") / "accountability" / "response-v2.csv"))
    return read_response(settings.response or shipped)


def _check(settings: AccountabilitySettings, table: pl.DataFrame, folder: Path) -> list[Comparison]:
    if not settings.check_scenes:
        return []
    numbers = range(FIRST_CHECKED, FIRST_CHECKED + settings.check_scenes)
    with progress_bar("checking on full audio", "scene") as progress:
        fresh = measure_response(settings.seed, numbers, settings.detector, settings.workers, progress)
    fresh.write_csv(folder / "check.csv", float_precision=4)
    return compare(table, fresh, draw_stream(settings.seed, "accountability check"))


def _record(
    settings: AccountabilitySettings, books: Books, lines: Lines, comparisons: list[Comparison]
) -> dict[str, object]:
    return {
        "district": dataclasses.asdict(settings.district),
        "months": settings.months,
        "seed": settings.seed,
        "table": dict(lines),
        "misses": {factor: misses_by(books, factor) for factor in FACTORS},
        "causes_within_50_m": causes_near(books),
        "check": [dataclasses.asdict(c) | {"holds": c.holds} for c in comparisons],
    }


def _evening(books: Books) -> list[tuple[str, str]]:
    rows = books.rows.filter("holiday")
    if not rows.height:
        return []
    sent = rows.filter("sent")
    return [
        (HOLIDAY_NOTE, f"{rows.height} more fireworks, {sent.height} of them sent as gunfire"),
    ]


def _tell(books: Books, told: Lines, comparisons: list[Comparison]) -> str:
    lines = [f"{name:52s} {value}" for name, value in told]
    lines.append("")
    for factor in ("distance", "noise", "wind", "rain", "place", "outage"):
        parts = ", ".join(f"{name}: {missed} of {total}" for name, missed, total in misses_by(books, factor))
        lines.append(f"gunfire without alert by {factor:27s} {parts}")
    causes = ", ".join(f"{name} {count}" for name, count in causes_near(books)) or "none"
    lines.append(f"{'gunfire within 50 m of a sensor without alert':52s} {causes}")
    lines += [
        f"full audio, {c.label:10s} {c.acts:4d} acts: found {c.found} (table {c.found_low} to {c.found_high}), "
        f"called gunfire {c.called} ({c.called_low} to {c.called_high}){'' if c.holds else '  DIFFERS'}"
        for c in comparisons
    ]
    return "\n" + "\n".join(lines) + "\n\n"


def _page(settings: AccountabilitySettings, books: Books, lines: Lines, comparisons: list[Comparison]) -> str:
    title = f"Accountability: {settings.months} months of {settings.district.area_km2:g} km²"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">{escape(NOTE)}</p>',
        make_table(("what", "value"), lines, numeric=set()),
        "<h2>What the belief from which alerts are sent does</h2>",
        _image(draw_thresholds(books), "Alerts a month, precision and recall against the threshold"),
        "<h2>Gunfire without an alert</h2>",
        _image(draw_misses(books), "Misses by distance to the nearest sensor"),
        *(_misses(books, factor) for factor in FACTORS),
        "<h3>Within 50 m of a sensor, why</h3>",
        make_table(("cause", "acts"), [(n, str(c)) for n, c in causes_near(books)], numeric={1}),
        "<h2>What 4,556 of 41,830 dispositions can say</h2>",
        f"<p>{escape(SOURCE)}</p>",
        _image(draw_pairs(), "Pairs of precision and recovery that fit the published dispositions"),
    ]
    if comparisons:
        names = ("class", "acts", "found", "table", "called gunfire", "table", "holds")
        cells = [
            (
                c.label, str(c.acts), str(c.found), f"{c.found_low} to {c.found_high}", str(c.called),
                f"{c.called_low} to {c.called_high}", "yes" if c.holds else "NO",
            )
            for c in comparisons
        ]  # fmt: skip
        parts += ["<h2>The table against full audio</h2>", make_table(names, cells, numeric={1, 2, 3, 4, 5})]
    return make_document(title, parts)


def _misses(books: Books, factor: str) -> str:
    lines = [
        (name, str(missed), str(total), f"{missed / total:.2f}" if total else "–")
        for name, missed, total in misses_by(books, factor)
    ]
    names = (factor, "no alert", "acts", "share without alert")
    return f"<h3>By {escape(factor)}</h3>" + make_table(names, lines, numeric={1, 2, 3})


def _image(png: bytes, words: str) -> str:
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="accountability")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, account, PRODUCTS)
