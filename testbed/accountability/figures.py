"""Pictures of the books: alerts against threshold, misses by distance, and what dispositions can say."""

from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from testbed.accountability.dispositions import ALERTS, DISPOSITIONS, WITH_EVIDENCE, fit_pairs
from testbed.accountability.ledger import Books, by_threshold, misses_by
from testbed.intervals import binomial_interval

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
THRESHOLDS = np.round(np.arange(0.02, 0.99, 0.02), 2)


def draw_thresholds(books: Books) -> bytes:
    """Draw alerts a month, precision and recall against the belief from which alerts are sent (PNG)."""
    figure = _figure()
    left = figure.subplots()
    curve = by_threshold(books, THRESHOLDS.tolist())
    left.plot(THRESHOLDS, np.maximum(curve[:, 0], 0.01), color=GREY, label="alerts a month (left)")
    left.set_yscale("log")
    left.set_xlabel("belief in gunfire from which an alert is sent")
    left.set_ylabel("alerts a month")
    right = left.twinx()
    right.plot(THRESHOLDS, curve[:, 1], color=ORANGE, linestyle="--", label="precision (right)")
    right.plot(THRESHOLDS, curve[:, 2], color=BLUE, linestyle="-.", label="recall of gunfire (right)")
    right.set_ylim(0.0, 1.0)
    right.set_ylabel("share")
    handles = [*left.get_lines(), *right.get_lines()]
    left.legend(handles, [str(h.get_label()) for h in handles], loc="upper right", fontsize=8)
    return _png(figure)


def draw_misses(books: Books) -> bytes:
    """Draw the share of gunfire without an alert by distance to the nearest sensor, with 95 % intervals (PNG)."""
    figure = _figure()
    axes = figure.subplots()
    rows = misses_by(books, "distance")
    for i, (_, missed, total) in enumerate(rows):
        rate, low, high = binomial_interval(missed, total)
        if rate is not None and low is not None and high is not None:
            axes.errorbar(i, rate, [[rate - low], [high - rate]], fmt="o", color=BLUE, capsize=4)
            axes.annotate(
                f"{missed} of {total}", (i, rate), textcoords="offset points", xytext=(8, 4), fontsize=8
            )
    axes.set_xticks(range(len(rows)), [name for name, _, _ in rows])
    axes.set_ylim(0.0, 1.0)
    axes.set_xlim(-0.5, len(rows) - 0.2)
    axes.set_xlabel("distance to the nearest sensor, working or not")
    axes.set_ylabel("gunfire that led to no alert")
    return _png(figure)


def draw_pairs() -> bytes:
    """Draw which pairs (precision, recovery of evidence) fit the published dispositions (PNG)."""
    figure = _figure()
    axes: Axes = figure.subplots()
    pairs = fit_pairs()
    axes.fill_between(
        pairs.precision, pairs.low, np.minimum(pairs.high, 2.0), color=BLUE, alpha=0.2, linewidth=0,
        label=f"the {ALERTS - DISPOSITIONS:,} alerts without disposition: none to all with evidence",
    )  # fmt: skip
    axes.plot(
        pairs.precision,
        pairs.recovery,
        color=BLUE,
        label=f"{WITH_EVIDENCE:,} of {DISPOSITIONS:,} dispositions",
    )
    for precision in (0.25, 0.5, 0.9):
        recovery = WITH_EVIDENCE / DISPOSITIONS / precision
        axes.plot(precision, recovery, "o", color=ORANGE)
        axes.annotate(
            f"if {precision:.0%} were gunfire,\nevidence was found at {recovery:.0%} of it",
            (precision, recovery), textcoords="offset points", xytext=(8, 8), fontsize=8,
        )  # fmt: skip
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("share of alerts that were gunfire (precision)")
    axes.set_ylabel("share of gunfire at which evidence was found")
    axes.legend(loc="upper right", fontsize=8)
    return _png(figure)


def _figure() -> Figure:
    figure = Figure(figsize=(8.0, 4.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    for axes in figure.axes:
        axes.grid(alpha=0.25)
    held = BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return held.getvalue()
