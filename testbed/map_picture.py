"""The picture of a run: where things were, where the detector put them, and how sure it was."""

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection, PathCollection
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from scenes.block import Block
from testbed.alert_file import JudgedAlert
from testbed.labels import UNCERTAIN, label_of
from testbed.truth import Truth, TruthEvent

# Okabe and Ito (2008): told apart by all common kinds of colour vision.
COLOURS: Mapping[str, str] = {
    "gunshot": "#D55E00",
    "firework": "#9A3D78",
    "backfire": "#E69F00",
    "other": "#009E73",
    UNCERTAIN: "#111111",
}
SENSOR_COLOUR = "#0072B2"
SURFACE_COLOURS: Mapping[str, str] = {"grass": "#dcebd3", "gravel": "#ece5d8", "concrete": "#eeeeee"}
_HALO = [withStroke(linewidth=2.5, foreground="white")]


def draw_map(
    path: FilePath,
    block: Block,
    truth: Truth,
    alerts: Sequence[JudgedAlert],
    rows: pl.DataFrame,
    *,
    size_inches: float = 10.0,
    dots_per_inch: int = 110,
) -> None:
    """Write the map as PNG.

    Parameters
    ----------
    path : Path
        Of the picture.
    block : Block
        Buildings are shaded by height.
    truth : Truth
        True positions of events and sensors.
    alerts : sequence of JudgedAlert
        Estimated positions and 95 % regions.
    rows : polars.DataFrame
        `testbed.matching.ROW_SCHEMA`: which alert stands for which event.
    size_inches, dots_per_inch
        Of the picture.
    """
    figure = Figure(figsize=(size_inches, size_inches), dpi=dots_per_inch)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.07, 0.13, 0.88, 0.83))
    axes.set_aspect("equal")
    axes.set_facecolor("#f8f7f4")
    roofs = draw_block(axes, block)
    if roofs is not None:
        _draw_bar(figure, roofs)
    _draw_regions(axes, alerts)
    _draw_errors(axes, truth, alerts, rows)
    _draw_alerts(axes, alerts)
    _draw_events(axes, truth, rows)
    _draw_sensors(axes, truth.watch.sensors_m)
    limits = _limits(block, truth)
    axes.set_xlim(limits[0], limits[2])
    axes.set_ylim(limits[1], limits[3])
    draw_scale(axes, limits)
    axes.set_xlabel("east, m")
    axes.set_ylabel("north, m")
    axes.set_title(_title(block, truth, rows), fontsize=11)
    _draw_legend(figure, truth, alerts)
    figure.savefig(path, metadata={"Software": None})


def _title(block: Block, truth: Truth, rows: pl.DataFrame) -> str:
    located = int((rows["outcome"] == "located").sum())
    false = int((rows["outcome"] == "false").sum())
    return f"{block.name}: {located} of {len(truth.events)} bangs located within 25 m, false rounds: {false}"


def draw_block(axes: Axes, block: Block) -> PatchCollection | None:
    """Draw ground and buildings; return the buildings, shaded by height in m, or None where there are none."""
    for patch in block.ground.patches:
        colour = SURFACE_COLOURS.get(patch.surface, "#e6e6e6")
        axes.add_patch(PathPatch(_outline([patch.outline]), facecolor=colour, edgecolor="none", zorder=0))
    if not block.buildings:
        return None
    heights = np.array([building.height_m for building in block.buildings])
    shades = LinearSegmentedColormap.from_list("roofs", colormaps["Greys"](np.linspace(0.18, 0.62, 64)))
    paths = [_outline([b.outline, *b.courtyards]) for b in block.buildings]
    drawn = PatchCollection(
        [PathPatch(p) for p in paths], cmap=shades, norm=PowerNorm(0.5, 0.0, float(heights.max()))
    )
    drawn.set(array=heights, edgecolor="#8a8a8a", linewidth=0.4, zorder=1)
    axes.add_collection(drawn)
    return drawn


def _draw_bar(figure: Figure, drawn: PatchCollection) -> None:
    bar = figure.colorbar(drawn, cax=figure.add_axes((0.78, 0.065, 0.17, 0.012)), orientation="horizontal")
    bar.set_label("height of buildings, m", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _outline(rings: Sequence[Any]) -> Path:
    """Return rings as one compound path; inner rings run the other way and stay open."""
    return Path.make_compound_path(
        *(Path(np.vstack([np.asarray(r)[:, :2], np.asarray(r)[:1, :2]]), closed=True) for r in rings)
    )


def _draw_regions(axes: Axes, alerts: Sequence[JudgedAlert]) -> None:
    for alert in alerts:
        paths = [_outline(polygon) for polygon in (alert.regions or {}).get("95", [])]
        if paths:
            colour = COLOURS[alert.call or UNCERTAIN]
            axes.add_collection(
                PathCollection(paths, facecolor=(colour, 0.22), edgecolor=colour, linewidth=1.1, zorder=3)
            )


def _draw_errors(axes: Axes, truth: Truth, alerts: Sequence[JudgedAlert], rows: pl.DataFrame) -> None:
    events = {event.id: event for event in truth.events}
    places = {alert.id: alert.position_m for alert in alerts}
    for event, alert in rows.select("event", "alert").drop_nulls().iter_rows():
        (x, y, _), (u, v) = events[event].position_m, places[alert]
        axes.plot([x, u], [y, v], color="black", linewidth=0.9, zorder=4)


def _draw_alerts(axes: Axes, alerts: Sequence[JudgedAlert]) -> None:
    for alert in alerts:
        colour = COLOURS[alert.call or UNCERTAIN]
        axes.plot(
            *alert.position_m, marker="x", color=colour, markersize=9, markeredgewidth=2.0, zorder=6,
            path_effects=_HALO,
        )  # fmt: skip


def _draw_events(axes: Axes, truth: Truth, rows: pl.DataFrame) -> None:
    missed = set(rows.filter(pl.col("outcome") == "missed")["event"])
    drawn: dict[tuple[str, bool, tuple[float, float]], TruthEvent] = {}
    for event in truth.events:
        place = (round(event.position_m[0]), round(event.position_m[1]))
        drawn.setdefault((event.incident, event.id in missed, place), event)
    named: set[str] = set()
    for (incident, lost, _), event in drawn.items():
        colour = COLOURS[label_of(event.kind, event.traits) or "other"]
        x, y = event.position_m[:2]
        axes.plot(
            x, y, marker="o", markersize=8 if lost else 6, markerfacecolor="white" if lost else colour,
            markeredgecolor=colour if lost else "white", markeredgewidth=1.8 if lost else 0.9, zorder=7,
        )  # fmt: skip
        if incident not in named:
            named.add(incident)
            axes.annotate(
                incident,
                (x, y),
                (7, 7),
                textcoords="offset points",
                fontsize=7.5,
                zorder=9,
                path_effects=_HALO,
            )


def _draw_sensors(axes: Axes, sensors: Mapping[str, tuple[float, float, float]]) -> None:
    for name, (x, y, _) in sensors.items():
        axes.plot(x, y, marker="^", color=SENSOR_COLOUR, markersize=8, markeredgecolor="white", zorder=5)
        axes.annotate(
            name, (x, y), (0, -13), textcoords="offset points", ha="center", fontsize=7, color=SENSOR_COLOUR,
            zorder=8, path_effects=_HALO,
        )  # fmt: skip


def _limits(block: Block, truth: Truth) -> tuple[float, float, float, float]:
    west, south, east, north = block.bounds_m
    points = [e.position_m[:2] for e in truth.events] + [p[:2] for p in truth.watch.sensors_m.values()]
    xs, ys = [west, east, *(p[0] for p in points)], [south, north, *(p[1] for p in points)]
    margin = 0.03 * max(max(xs) - min(xs), max(ys) - min(ys))
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin


def draw_scale(axes: Axes, limits: tuple[float, float, float, float], unit_m: float = 1.0) -> None:
    """Draw a scale bar, in feet for a unit of 0.3048 m, and the north arrow into (west, south, east, north), m."""
    west, south, east, north = limits
    width = east - west
    longest = max(5.0, width / unit_m / 5.0)
    units = max(step for step in (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000) if step <= longest)
    length = units * unit_m
    x, y = west + 0.03 * width, south + 0.03 * (north - south)
    box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 2.0}
    axes.plot(
        [x, x + length],
        [y, y],
        color="black",
        linewidth=4,
        solid_capstyle="butt",
        zorder=10,
        path_effects=_HALO,
    )
    axes.text(
        x + length / 2,
        y + 0.008 * width,
        f"{units} {'m' if unit_m == 1.0 else 'ft'}",
        ha="center",
        fontsize=9,
        zorder=10,
        bbox=box,
    )
    tip = (east - 0.04 * width, north - 0.02 * width)
    axes.annotate(
        "N", tip, (tip[0], tip[1] - 0.07 * width), ha="center", va="center", fontsize=12, weight="bold", zorder=10,
        arrowprops={"arrowstyle": "-|>", "linewidth": 2.0, "color": "black"}, bbox=box,
    )  # fmt: skip


def _draw_legend(figure: Figure, truth: Truth, alerts: Sequence[JudgedAlert]) -> None:
    labels = {label_of(e.kind, e.traits) or "other" for e in truth.events} | {
        a.call or UNCERTAIN for a in alerts
    }
    handles: list[Any] = [
        Line2D([], [], marker="^", linestyle="", color=SENSOR_COLOUR, markersize=8, label="sensor"),
        Line2D([], [], marker="o", linestyle="", color="#555555", label="true place"),
        Line2D([], [], marker="o", linestyle="", markerfacecolor="white", color="#555555", label="missed"),
        Line2D([], [], marker="x", linestyle="", color="#555555", markeredgewidth=2, label="alert"),
        Patch(facecolor="#bbbbbb", edgecolor="#555555", label="95 % region"),
        Line2D([], [], color="black", linewidth=0.9, label="error"),
        *(Patch(color=COLOURS[name], label=name) for name in COLOURS if name in labels),
    ]
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.06, 0.01), ncols=6, fontsize=8, frameon=False
    )
