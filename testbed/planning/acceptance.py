"""Where to fire before a network is paid for, what to expect there, and how many shots make it certain."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import binom

from scenes.frame import local_to_lonlat
from testbed.planning.forecast import CONTRACT_M, Forecast
from testbed.planning.frame import origin_of
from testbed.planning.map_files import write_points
from testbed.planning.page import html_lines, html_table
from testbed.planning.study import Study

# The contract's wording: within 25 m for 90 % of detectable gunfire in the coverage area.
CONTRACT_RATE = 0.9
RULE = (
    f"Rule: located within {CONTRACT_M:g} m for {CONTRACT_RATE:.0%} of detectable (outdoor, unsuppressed, over .25"
    " calibre) gunfire. A point is told from the rule by the number of shots beside it; where none stands, the"
    " predicted rate is too near the rule for any affordable number."
)
# Points nearer to each other than this tell the same.
APART_M = 60.0
MOST_SHOTS = 2_000


@dataclass(frozen=True, eq=False)
class AcceptancePlan:
    """Firing points: a row each, their cells, and a line that says how many shots the verdict takes."""

    table: pl.DataFrame
    cells: npt.NDArray[np.intp]
    verdict: str


def plan_acceptance(study: Study, found: Forecast, points: int, confidence: float) -> AcceptancePlan:
    """Choose firing points at the worst, the median and the best cells by the predicted pass rate.

    Parameters
    ----------
    study : Study
    found : Forecast
    points : int
        A third each of worst, median and best, `APART_M` apart where the street is large enough.
    confidence : float
        Of the verdict on each point and on all together.
    """
    order = np.lexsort((np.arange(len(study.cells)), found.p_accurate))
    share = max(points // 3, 1)
    middle = order[np.argsort(np.abs(np.arange(len(order)) - len(order) // 2), kind="stable")]
    taken: list[int] = []
    grades: list[str] = []
    for grade, ranked, number in (
        ("worst", order, points - 2 * share),
        ("median", middle, share),
        ("best", order[::-1], share),
    ):
        for cell in _spread(study, ranked, number, taken):
            taken.append(cell)
            grades.append(grade)
    cells = np.array(taken, dtype=np.intp)
    lonlat = local_to_lonlat(origin_of(study.block), study.cells.position_m[cells, :2])
    rates = found.p_accurate[cells]
    table = pl.DataFrame(
        {
            "point": [f"A{i:02d}" for i in range(1, len(cells) + 1)],
            "grade": grades,
            "lon": np.round(lonlat[:, 0], 7),
            "lat": np.round(lonlat[:, 1], 7),
            "cell": [f"c{cell + 1:05d}" for cell in cells],
            "zone": study.cells.zone[cells].tolist(),
            "p_heard": np.round(found.p_heard_detectable[cells], 4),
            "pass_predicted": np.round(rates, 4),
            "error_p50_m": [round(float(e), 2) if np.isfinite(e) else None for e in found.error_p50_m[cells]],
            "verdict_predicted": ["passes" if rate >= CONTRACT_RATE else "fails" for rate in rates],
            "shots": [shots_needed(float(rate), confidence) for rate in rates],
        }
    )
    overall = float(study.cells.weight @ found.p_accurate)
    shots = shots_needed(overall, confidence)
    side = "above" if overall >= CONTRACT_RATE else "below"
    told = f"at most {MOST_SHOTS} shots do not tell it" if shots is None else f"{shots} shots show that"
    verdict = (
        f"over the whole street {overall:.1%} of detectable gunfire is expected within {CONTRACT_M:g} m, {side} the"
        f" contract's {CONTRACT_RATE:.0%}; with a confidence of {confidence:.0%}, {told}"
    )
    return AcceptancePlan(table, cells, verdict)


def shots_needed(rate: float, confidence: float, contract: float = CONTRACT_RATE) -> int | None:
    """Return the least number of shots that tells a rate from the contract's, None where `MOST_SHOTS` do not.

    An exact one-sided binomial test at `confidence` of "the rate is the contract's" that, when the true rate is `rate`,
    ends the right way with a probability of 80 % at least (Clopper and Pearson 1934).
    """
    for shots in range(5, MOST_SHOTS + 1):
        hits = np.arange(shots + 1)
        if rate >= contract:
            wins = hits[binom.sf(hits - 1, shots, contract) <= 1.0 - confidence]
            power = binom.sf(wins[0] - 1, shots, rate) if len(wins) else 0.0
        else:
            wins = hits[binom.cdf(hits, shots, contract) <= 1.0 - confidence]
            power = binom.cdf(wins[-1], shots, rate) if len(wins) else 0.0
        if power >= 0.8:
            return shots
    return None


def _spread(study: Study, ranked: npt.NDArray[np.intp], number: int, taken: list[int]) -> list[int]:
    """Return the first of the ranked cells that are apart from each other and from those taken."""
    chosen: list[int] = []
    places = study.cells.position_m[:, :2]
    apart = APART_M
    while len(chosen) < number and apart > 1.0:
        for cell in ranked:
            others = [*taken, *chosen]
            if len(chosen) == number:
                break
            if not others or np.hypot(*(places[others] - places[cell]).T).min() >= apart:
                chosen.append(int(cell))
        apart *= 0.5
    return chosen


def write_acceptance(folder: Path, plan: AcceptancePlan, about: Mapping[str, Any]) -> None:
    """Write `acceptance.geojson`, `.csv` and a page to print."""
    write_points(folder / "acceptance.geojson", plan.table, about)
    plan.table.write_csv(folder / "acceptance.csv")
    title = f"Acceptance test: {about['block']}"
    style = (
        "body{font:12pt Georgia,serif;margin:2cm;max-width:24cm}table{border-collapse:collapse;font-size:9pt}"
        "th,td{border:1px solid #777;padding:3pt 5pt;text-align:left}pre{white-space:pre-wrap}"
        "@media print{body{margin:0}tr{break-inside:avoid}}"
    )
    blank = plan.table.select("point", "grade", "shots").with_columns(
        pl.lit("").alias("fired"), pl.lit("").alias("within 25 m"), pl.lit("").alias("signed")
    )
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(plan.verdict)}.</p>",
        f"<p>{escape(RULE)}</p>",
        html_table(plan.table),
        "<h2>To fill in on the street</h2>",
        html_table(blank),
        html_lines([f"{key}: {value}" for key, value in about.items()]),
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    (folder / "acceptance.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{style}</style></head><body>'
        + "\n".join(parts)
        + "</body></html>\n",
        encoding="utf-8",
    )
    (folder / "acceptance.json").write_text(
        json.dumps({**about, "verdict": plan.verdict}, indent=1) + "\n", encoding="utf-8"
    )
