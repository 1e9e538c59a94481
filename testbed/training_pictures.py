"""Two pictures of a classifier: what its beliefs are worth, and what it takes for what."""

from pathlib import Path

import numpy as np

from detector.belief import LABELS
from testbed.labels import CALLS
from testbed.training_figures import Judged, bin_beliefs, calibration_error


def draw_reliability(judged: Judged, path: Path) -> None:
    """Draw the share of guns against the belief in guns, in 15 bins of equal mass at the base rate."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    rows = np.array(bin_beliefs(judged.belief[:, 0], judged.truth))
    figure = Figure(figsize=(5.2, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", lw=1, ls="--", label="as it should be")
    axes.plot(rows[:, 0], rows[:, 1], "o-", color="#0072B2", label="15 bins of equal mass")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.set(xlabel="belief that it was a gunshot", ylabel="share that was, at the base rate (guns 12 %)")
    error = calibration_error(judged.belief[:, 0], judged.truth)
    axes.set_title(
        f"{len(judged.truth)} incidents of scenes not learned from\ncalibration error {error:.3f}",
        fontsize=10,
    )
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def draw_confusion(judged: Judged, path: Path) -> None:
    """Draw which label was called what, as shares of the label."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    table = np.zeros((len(LABELS), len(CALLS)))
    for truth, call in zip(judged.truth, judged.call, strict=True):
        table[truth, CALLS.index(call)] += 1
    count = table.sum(axis=1)
    share = table / np.maximum(count, 1.0)[:, None]
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(share, cmap="cividis", vmin=0.0, vmax=1.0)
    for (row, column), value in np.ndenumerate(share):
        axes.text(
            column, row, f"{100 * value:.0f} %", ha="center", va="center",
            color="black" if value > 0.6 else "white",
        )  # fmt: skip
    axes.set_xticks(range(len(CALLS)), CALLS)
    axes.set_yticks(range(len(LABELS)), [f"{n} ({c:.0f})" for n, c in zip(LABELS, count, strict=True)])
    axes.set(xlabel="called", ylabel="was (incidents)")
    axes.set_title("scenes not learned from, at the base rate (guns 12 %)", fontsize=10)
    figure.colorbar(picture, ax=axes, label="share of what it was")
    figure.savefig(path, dpi=120, metadata={"Software": None})
