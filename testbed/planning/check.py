"""The map against full simulation: shots fired at sampled places, heard by the detector, counted."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from testbed.command_detector import CommandDetector
from testbed.intervals import binomial_interval
from testbed.planning.forecast import CONTRACT_M, Forecast
from testbed.planning.full_simulation import FiredShots, fire, time_shots
from testbed.planning.gunfire import shares_of
from testbed.planning.study import PlanSettings, Study
from testbed.progress import progress_bar

Indices = npt.NDArray[np.intp]


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
    rows = []
    with progress_bar("full simulation", "place") as progress:
        for done, cell in enumerate(cells, start=1):
            fired = fire_at(study, settings, chosen, int(cell), shots, detectable=detectable)
            rows.append(_row(settings, found, int(cell), fired, detectable=detectable))
            progress(done, len(cells))
    table = pl.DataFrame(rows)
    if names is not None:
        table = table.with_columns(pl.Series("point", list(names))).select("point", pl.exclude("point"))
    within = int(table["within"].sum())
    ratio = _ratio(table)
    inside = f"P within the 95 % interval in {within} of {len(table)} cells"
    verdict = f"{inside}; simulated over predicted median error: {ratio}"
    return Check(table, _draw(table, verdict), verdict)


def fire_at(
    study: Study, settings: PlanSettings, chosen: Sequence[int], cell: int, shots: int, *, detectable: bool
) -> FiredShots:
    """Fire shots at the middle of a cell, weapons by their shares, lines of fire all round."""
    rng = draw_stream(settings.seed, "planning check", str(cell))
    shares = shares_of(settings.shares, detectable=detectable)
    kinds = rng.choice(list(shares), shots, p=list(shares.values()))
    azimuths = rng.uniform(0.0, 360.0, shots)
    x, y, z = (float(v) for v in study.cells.position_m[cell])
    events, duration = time_shots(
        [
            Event(f"e{i}", f"e{i}", str(kind), 0.0, (x, y, z), {"azimuth_deg": float(azimuth)})
            for i, (kind, azimuth) in enumerate(zip(kinds, azimuths, strict=True))
        ]
    )
    seed = int(rng.integers(2**31))  # other noise, eddies and instruments at every cell
    sensors = tuple(
        Sensor(
            str(study.mounts.ids[i]),
            tuple(float(v) for v in study.mounts.position_m[i]),  # pyright: ignore[reportArgumentType] - three of them
            settings.clock.draw(draw_stream(seed, "clock", str(i))),
            settings.sensor.draw(settings.rate_hz, draw_stream(seed, "microphone", str(i))),
        )
        for i in chosen
    )
    scene = Scene(study.block, sensors, events, duration, seed, settings.weather, settings.ambient)
    return fire(
        scene,
        settings.propagation,
        settings.survey,
        settings.clock.sigma_s,
        settings.detector,
        settings.workers,
    )


def _row(
    settings: PlanSettings, found: Forecast, cell: int, fired: FiredShots, *, detectable: bool
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
        "cell": f"c{cell + 1:05d}",
        "shots": shots,
        "p_predicted": round(predicted, 4),
        "p_observed": observed,
        "p_low": low,
        "p_high": high,
        "within": bool((low or 0.0) <= predicted <= (1.0 if high is None else high)),
        "sensors_predicted": round(float(found.sensors_expected[cell]), 2),
        "sensors_observed": round(float(fired.reported.sum(axis=1).mean()), 2),
        "error_p50_predicted_m": round(error, 2) if np.isfinite(error) else None,
        "error_p50_observed_m": round(float(np.median(located)), 2) if len(located) else None,
        "located": len(located),
        "pass_predicted": round(float(found.p_accurate[cell]), 4),
        "pass_observed": rate,
        "pass_low": rate_low,
        "pass_high": rate_high,
    }


def _ratio(table: pl.DataFrame) -> str:
    both = table.filter(
        pl.col("error_p50_predicted_m").is_not_null() & pl.col("error_p50_observed_m").is_not_null()
    )
    if not len(both):
        return "no cell has both"
    ratio = both["error_p50_observed_m"].median() / both["error_p50_predicted_m"].median()  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]
    return f"{ratio:.2f}"


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
