"""Pictures of a sweep, as PNG."""

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from testbed.sweep.effects import pair_values
from testbed.sweep.estimates import METRICS, Samples
from testbed.sweep.factors import Factor

# Okabe and Ito's colours, which the colour-blind tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_SHOWN = (
    "incidents_recall",
    "rounds_recall",
    "coverage95",
    "error_p50_m",
    "error_p90_m",
    "false_alerts_per_km2_day",
)
_DECADES = 30.0
_DPI = 110


@dataclass(frozen=True)
class Picture:
    """A PNG with its name, what it shows and, where it opens a part of the page, that part's heading."""

    name: str
    title: str
    png: bytes
    heading: str = ""


def draw_levels(levels: pl.DataFrame, factor: Factor) -> bytes:
    """Draw every shown metric against a factor, with 95 % intervals."""
    figure = Figure(figsize=(10.5, 5.4), layout="constrained")
    axes = figure.subplots(2, 3)
    for name, ax in zip(_SHOWN, axes.flat, strict=True):
        place = _place(ax, factor)
        known = [i for i, value in enumerate(levels[name]) if value is not None]
        at, value = [place[i] for i in known], levels[name].to_numpy()[known].astype(float)
        low, high = (
            levels[f"{name}_{side}"].cast(pl.Float64).fill_null(levels[name]).to_numpy()[known].astype(float)
            for side in ("low", "high")
        )
        # Numbers are joined; of names none comes after another.
        marks = "o" if factor.values is None else "o-"
        ax.errorbar(
            at, value, [value - low, high - value], fmt=marks, color=COLOURS[0], capsize=3, markersize=4
        )
        if not known:
            ax.plot(place, np.full(len(place), np.nan))  # the axis is that of the other metrics
            ax.text(0.5, 0.5, "not measured", transform=ax.transAxes, ha="center", color="#666666")
        if METRICS[name].share:
            ax.set_ylim(-0.03, 1.03)
        else:
            ax.set_ylim(bottom=0.0)
        ax.set_title(METRICS[name].title, fontsize=10)
        ax.set_xlabel(factor.name, fontsize=9)
        ax.grid(visible=True, color="#dddddd", linewidth=0.6)
    return _png(figure)


def draw_shares(table: pl.DataFrame, factor: Factor, kind: str, title: str, *, stacked: bool) -> bytes:
    """Draw shares of rounds by level: stacked bars of causes, or lines of stages."""
    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    ax = figure.subplots()
    base = np.zeros(len(factor.levels))
    for number, name in enumerate(dict.fromkeys(table[kind])):
        part = table.filter(pl.col(kind) == name)
        share = np.zeros(len(factor.levels))
        share[part["level"].to_numpy()] = part["share"].fill_null(0.0).to_numpy()
        colour, hatch = COLOURS[number % len(COLOURS)], ("", "//", "..", "xx", "\\\\", "++", "oo")[number % 7]
        if stacked:
            ax.bar(
                range(len(base)), share, bottom=base, color=colour, hatch=hatch, edgecolor="white", label=name
            )
            base += share
        else:
            ax.plot(range(len(base)), share, "o-", color=colour, label=name)
    ax.set_xticks(range(len(base)), factor.levels, rotation=25 if max(map(len, factor.levels)) > 8 else 0)
    ax.set_ylim(0.0, 1.03)
    ax.set_xlabel(factor.name)
    ax.set_title(title, fontsize=10)
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _png(figure)


def draw_pairs(samples: Samples, factors: Sequence[Factor], metric: str) -> list[Picture]:
    """Draw a heat map for every pair of the first four factors."""
    pictures = []
    for one, other in itertools.combinations(factors[:4], 2):
        table = pair_values(samples, one, other, metric)
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        ax = figure.subplots()
        share = METRICS[metric].share
        image = ax.imshow(
            table, cmap="cividis", aspect="auto", origin="lower", vmin=0.0, vmax=1.0 if share else None
        )
        for (i, j), value in np.ndenumerate(table):
            if np.isfinite(value):
                dark = value < 0.5 * float(np.nanmax(table) if not share else 1.0)
                ax.text(
                    j,
                    i,
                    f"{value:.2f}",
                    ha="center",
                    va="center",
                    color="white" if dark else "black",
                    fontsize=8,
                )
        ax.set_xticks(range(len(other.levels)), other.levels, rotation=25)
        ax.set_yticks(range(len(one.levels)), one.levels)
        ax.set_xlabel(other.name)
        ax.set_ylabel(one.name)
        figure.colorbar(image, label=METRICS[metric].title)
        pictures.append(Picture(f"{one.name}-by-{other.name}", f"{one.name} by {other.name}", _png(figure)))
    return pictures


def _place(ax: Axes, factor: Factor) -> Sequence[float]:
    """Set up the axis of a factor; return where its levels stand on it."""
    values = factor.values
    if values is None:
        ax.set_xticks(
            range(len(factor.levels)),
            factor.levels,
            rotation=25 if len(factor.levels) > 2 else 0,
            ha="right" if len(factor.levels) > 2 else "center",
        )
        return range(len(factor.levels))
    if min(values) > 0.0 and max(values) / min(values) > _DECADES:
        ax.set_xscale("log")
    return values


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()
