"""A forecast as a picture, PNG and PDF: the same figure for every layout, so that two can lie side by side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from scenes.heights import FOOT_M
from testbed.map_picture import SENSOR_COLOUR, draw_block, draw_scale
from testbed.planning.study import Study

# Nothing in a picture may depend on when it was drawn.
_PDF = {"CreationDate": None, "Creator": None, "Producer": None}


def draw_forecast(
    folder: Path,
    name: str,
    study: Study,
    values: dict[str, np.ndarray],
    layout_m: np.ndarray,
    title: str,
    layouts_m: Sequence[np.ndarray] = (),
    units: str = "si",
) -> None:
    """Draw one panel a value, each with its own scale; write NAME.png and NAME.pdf.

    Parameters
    ----------
    folder, name
        Where to, without ending.
    study : Study
    values : mapping of label to ndarray, shape (cells,)
        Labels that begin with "P(" run from 0 to 1; those that begin with "difference" are centred on 0.
    layout_m : ndarray, shape (m, 3)
        Sensors.
    title : str
    layouts_m : sequence of ndarray, optional
        Sensors of each panel, where they differ.
    units : "si" or "us"
        Of the axes and the scale bar: metres or feet; values come in the units that their labels say.
    """
    figure = Figure(figsize=(7.2 * len(values), 7.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for number, (label, value) in enumerate(values.items(), start=1):
        axes = figure.add_subplot(1, len(values), number)
        _draw_panel(
            figure, axes, study, label, value, layouts_m[number - 1] if layouts_m else layout_m, units
        )
    figure.suptitle(title, fontsize=12)
    figure.savefig(folder / f"{name}.png", metadata={"Software": None})
    figure.savefig(folder / f"{name}.pdf", metadata=_PDF)


def _draw_panel(
    figure: Figure, axes: Axes, study: Study, label: str, value: np.ndarray, layout_m: np.ndarray, units: str
) -> None:
    axes.set_aspect("equal")
    axes.set_facecolor("#f8f7f4")
    draw_block(axes, study.block)
    half = 0.5 * study.cells.step_m
    corners = half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    squares = study.cells.position_m[:, None, :2] + corners
    known = np.isfinite(value)
    if label.startswith("difference"):
        most = float(np.abs(value[known]).max(initial=1e-3))
        scale, shades = (-most, most), "PuOr"
    elif label.startswith("P("):
        scale, shades = (0.0, 1.0), "cividis"
    else:
        scale, shades = (0.0, float(np.quantile(value[known], 0.95)) if known.any() else 1.0), "cividis_r"
    drawn = PolyCollection(list(squares[known]), cmap=shades, edgecolors="none", zorder=0.5)
    drawn.set_array(value[known])
    drawn.set_clim(*scale)
    axes.add_collection(drawn)
    if not known.all():
        axes.add_collection(
            PolyCollection(
                list(squares[~known]), facecolor="#d62728", alpha=0.25, edgecolors="none", zorder=0.5
            )
        )
    axes.plot(
        layout_m[:, 0], layout_m[:, 1], "^", color=SENSOR_COLOUR, markersize=9, markeredgecolor="white", zorder=5,
        label=f"{len(layout_m)} sensors",
    )  # fmt: skip
    west, south, east, north = study.block.bounds_m
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    unit_m, unit = (FOOT_M, "ft") if units == "us" else (1.0, "m")
    draw_scale(axes, (west, south, east, north), unit_m)
    for axis, heading in ((axes.xaxis, "east"), (axes.yaxis, "north")):
        if units == "us":
            axis.set_major_locator(MultipleLocator(500.0 * FOOT_M))
            axis.set_major_formatter(lambda place, _: f"{place / FOOT_M:.0f}")
        axis.set_label_text(f"{heading}, {unit}")
    axes.legend(loc="lower right", fontsize=8, framealpha=0.9)
    bar = figure.colorbar(drawn, ax=axes, orientation="horizontal", shrink=0.8, pad=0.02)
    bar.set_label(label + ("" if known.all() else "; red: no shot is located"), fontsize=9)


# Larger bounds are drawn as this, m: a tenth of the street is hardly heard by three sensors.
WORST_M = 10_000.0


def draw_pareto(folder: Path, curve: pl.DataFrame) -> None:
    """Draw coverage and error over the number of sensors, planned and as far apart as can be; `pareto.png`, `.pdf`."""
    figure = Figure(figsize=(10.0, 4.2), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    styles = {"joint": ("#0072B2", "o-"), "farthest": ("#D55E00", "s--"), "random": ("#777777", "^:")}
    for planner, (colour, style) in styles.items():
        part = curve.filter(pl.col("planner") == planner).sort("sensors")
        if not len(part):
            continue
        left.plot(part["sensors"], part["covered"], style, color=colour, label=f"{planner}, all work")
        left.plot(
            part["sensors"],
            part["covered_one_failed"],
            style,
            color=colour,
            alpha=0.45,
            label=f"{planner}, worst one dead",
        )
        right.plot(
            part["sensors"], part["bound_p90_m"].clip(1.0, WORST_M), style, color=colour, label=planner
        )
    left.set_ylabel("share of street with P >= 0.9")
    left.set_ylim(0.0, 1.02)
    right.set_yscale("log")
    right.set_ylabel(f"90 % bound of error, m ({WORST_M:g}: as good as none)")
    for axes in (left, right):
        axes.set_xlabel("sensors")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(folder / "pareto.png", metadata={"Software": None})
    figure.savefig(folder / "pareto.pdf", metadata=_PDF)
