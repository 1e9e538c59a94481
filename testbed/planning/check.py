"""The map against full simulation: shots fired at sampled places, heard by the detector, counted."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scenes.errors import BadInput
from testbed.command_detector import CommandDetector
from testbed.intervals import binomial_interval
from testbed.planning.firing import fire_at_cells
from testbed.planning.forecast import CONTRACT_M, Forecast, forecast
from testbed.planning.full_simulation import FiredShots
from testbed.planning.location import LocationErrors
from testbed.planning.study import PlanSettings, Study
from testbed.progress import progress_bar

Indices = npt.NDArray[np.intp]

# What eddies and onsets scatter straight arrivals by in simulation, s: 0.5 to 1 ms (`tests/bench/hearing_bench.py`).
EDDIES_S = 1e-3
SAMPLES = 400
# What the aim is: medians within this share of the simulated ones.
WITHIN = 0.25


@dataclass(frozen=True, eq=False)
class Check:
    """What became of shots at some cells: a row each, the picture as PNG, and a verdict in a line."""

    table: pl.DataFrame
    png: bytes
    verdict: str


def sample_cells(study: Study, found: Forecast, count: int) -> Indices:
    """Return cells evenly spread over the ranks of P(at least k), the least and the most included."""
    order = np.lexsort((np.arange(len(study.cells)), found.p_accurate, found.p_heard))
    return order[np.unique(np.round(np.linspace(0, len(order) - 1, count)).astype(np.intp))]


def check_map(
    study: Study,
    settings: PlanSettings,
    chosen: Sequence[int],
    found: Forecast,
    cells: Indices,
    shots: int,
    *,
    detectable: bool = False,
    names: Sequence[str] | None = None,
) -> Check:
    """Fire shots at cells in full simulation and set what came of them beside the forecast.

    Parameters
    ----------
    study, settings
    chosen : sequence of int
        Mounts of the layout.
    found : Forecast
        Of the layout.
    cells : ndarray of int
        `settings.workers` of them are fired at in parallel; those fired at before come from the cache.
    shots : int
        At each cell; weapons and lines of fire are drawn anew for each.
    detectable : bool
        Only what contracts count.
    names : sequence of str, optional
        Of the cells.
    """
    if isinstance(settings.detector, CommandDetector):
        raise BadInput(
            "detector=command: the map is set beside our own detectors; choose another or check_points=0"
        )
    errors = as_simulated(study.question.errors, settings.survey.position_sigma_m)
    question = replace(study.question, errors=errors, samples=SAMPLES)
    there = forecast(study.levels.at(cells).take(list(chosen)), question)
    rows = []
    with progress_bar("full simulation", "place") as progress:
        fired = fire_at_cells(study, settings, chosen, cells, shots, detectable=detectable)
        for done, shots_there in enumerate(fired, start=1):
            cell = int(cells[done - 1])
            map_m = float(found.error_p50_m[cell])
            rows.append(_row(settings, there, done - 1, f"c{cell + 1:05d}", map_m, shots_there, detectable))
            progress(done, len(cells))
    table = pl.DataFrame(rows)
    if names is not None:
        table = table.with_columns(pl.Series("point", list(names))).select("point", pl.exclude("point"))
    within = int(table["within"].sum())
    ratio = _ratio(table)
    inside = f"P within the 95 % interval in {within} of {len(table)} cells"
    verdict = f"{inside}; simulated over predicted median error: {ratio}"
    return Check(table, _draw(table, verdict), verdict)


def as_simulated(errors: LocationErrors, survey_m: float) -> LocationErrors:
    """Return the errors of a network in the simulated world.

    Its survey is the operator's, shots are fired just where they are said to be, and nothing but eddies and the onset
    scatters straight arrivals. What real streets add (path errors of 7.5 ms, a floor) is held against live fire instead
    (`testbed.planning.backtest`).
    """
    return replace(errors, timing_s=EDDIES_S, survey_m=survey_m, floor_m=0.0)


def _row(
    settings: PlanSettings,
    found: Forecast,
    cell: int,
    name: str,
    map_m: float,
    fired: FiredShots,
    detectable: bool,
) -> dict[str, object]:
    enough = fired.reported.sum(axis=1) >= settings.sensors_needed
    shots, heard = len(enough), int(enough.sum())
    accurate = int((fired.error_m <= CONTRACT_M).sum())
    located = fired.error_m[np.isfinite(fired.error_m)]
    observed, low, high = binomial_interval(heard, shots)
    rate, rate_low, rate_high = binomial_interval(accurate, shots)
    predicted = float((found.p_heard_detectable if detectable else found.p_heard)[cell])
    error = float(found.error_p50_m[cell])
    return {
        "cell": name,
        "shots": shots,
        "p_predicted": round(predicted, 4),
        "p_observed": observed,
        "p_low": low,
        "p_high": high,
        "within": bool((low or 0.0) <= predicted <= (1.0 if high is None else high)),
        "sensors_predicted": round(float(found.sensors_expected[cell]), 2),
        "sensors_observed": round(float(fired.reported.sum(axis=1).mean()), 2),
        "error_p50_map_m": round(map_m, 2) if np.isfinite(map_m) else None,
        "error_p50_predicted_m": round(error, 2) if np.isfinite(error) else None,
        "error_p50_observed_m": round(float(np.median(located)), 2) if len(located) else None,
        "located": len(located),
        "pass_predicted": round(float(found.p_accurate[cell]), 4),
        "pass_observed": rate,
        "pass_low": rate_low,
        "pass_high": rate_high,
    }


def _ratio(table: pl.DataFrame) -> str:
    """Say the ratio of the medians over cells, and in how many cells it is within 25 %."""
    both = table.drop_nulls(["error_p50_predicted_m", "error_p50_observed_m"])
    if not len(both):
        return "no cell has both"
    said, seen = both["error_p50_predicted_m"].to_numpy(), both["error_p50_observed_m"].to_numpy()
    near = int((np.abs(seen / said - 1.0) <= WITHIN).sum())
    return f"{np.median(seen) / np.median(said):.2f} over all, within 25 % in {near} of {len(both)} cells"


def _draw(table: pl.DataFrame, verdict: str) -> bytes:
    """Draw predicted against observed: probability of enough sensors, pass rate, median error."""
    figure = Figure(figsize=(12.5, 4.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 3)
    for axes, kind, label in (
        (panels[0], "p", "P(enough sensors hear)"),
        (panels[1], "pass", "P(within 25 m)"),
    ):
        middle = table[f"{kind}_observed"].to_numpy()
        low, high = table[f"{kind}_low"].to_numpy(), table[f"{kind}_high"].to_numpy()
        axes.errorbar(
            table[f"{kind}_predicted"], middle, [middle - low, high - middle], fmt="o", color="#0072B2",
            ecolor="#88b8d8", markersize=4, capsize=2,
        )  # fmt: skip
        axes.plot([0, 1], [0, 1], color="#777777", linewidth=0.8)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_xlabel(f"{label}, predicted by the map")
        axes.set_ylabel("in full simulation, 95 % interval")
    both = table.drop_nulls(["error_p50_predicted_m", "error_p50_observed_m"])
    axes = panels[2]
    axes.plot(both["error_p50_predicted_m"], both["error_p50_observed_m"], "o", color="#D55E00", markersize=4)
    limits = [1.0, 300.0]
    axes.plot(limits, limits, color="#777777", linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    axes.set_xlabel("median error predicted, m")
    axes.set_ylabel("median error in full simulation, m")
    figure.suptitle(verdict, fontsize=10)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
