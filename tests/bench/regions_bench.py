"""Regions against what they promise, and errors against N beside the bound: `python -m tests.bench regions`.

Windows with known association, air and clocks unknown, by number of sensors and by the s.d. of onsets (what SNR does to
a pulse); a table, and pictures in `results/bench/`. `python -m tests.bench.regions_bench 200` takes more windows.
"""

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from testbed.intervals import binomial_interval
from tests.bench.nuisance_bench import SETTINGS
from tests.bench.place_bench import location_row
from tests.bench.windows import WindowOptions

mpl.use("Agg")
import matplotlib.pyplot as plt

FIRST, WINDOWS = 13_000, 40
SENSORS, ONSETS_S = (6, 8, 16, 30), (0.3e-3, 1e-3, 5e-3)
LEVELS = (0.50, 0.80, 0.95)
OFF = WindowOptions(sound_speed_sigma=0.003, wind_sigma_mps=1.0, clock_sigma_s=1e-3)
COLOURS = ("#0072B2", "#E69F00", "#009E73")  # told apart by all (Okabe and Ito)
MARKS = ("o", "s", "^")
FOLDER = Path("results/bench")


def main(windows: int = WINDOWS) -> None:
    """Print the table, draw the pictures."""
    seeds = range(FIRST, FIRST + windows)
    rows = {}
    print("N, onset ms | incidents | 50, 80, 95 % regions hold (95 % interval) | p50/p90 m: ours, bound")
    for onset_s in ONSETS_S:
        for count in SENSORS:
            options = replace(OFF, sensors=count, onset_sigma_s=onset_s)
            errors, draws, held, _ = location_row(options, seeds, SETTINGS)
            rows[count, onset_s] = errors, draws, held
            spans = interval_of(held, len(errors))
            cells = [f"{h:.2f} ({s[0]:.2f} to {s[1]:.2f})" for h, s in zip(held, spans, strict=True)]
            ours, bound = np.percentile(errors, [50, 90]), np.percentile(draws, [50, 90])
            print(
                f"{count:2d} {1e3 * onset_s:3.1f} | {len(errors)} | {', '.join(cells)} | "
                f"{ours[0]:.2f}/{ours[1]:.1f}, {bound[0]:.2f}/{bound[1]:.1f}",
                flush=True,
            )
    FOLDER.mkdir(parents=True, exist_ok=True)
    draw_coverage(rows, FOLDER / "coverage.png")
    draw_errors(rows, FOLDER / "errors.png")
    print(f"{FOLDER / 'coverage.png'}, {FOLDER / 'errors.png'}")


def interval_of(held: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """Return the binomial intervals (levels, 2) of shares (levels,) of a number of incidents."""
    return np.array([binomial_interval(round(h * count), count)[1:] for h in held], float)


def draw_coverage(rows: dict, path: Path) -> None:
    """A panel a number of sensors: share held against promised, with binomial intervals."""
    figure, panels = plt.subplots(1, len(SENSORS), figsize=(12, 3.6), sharey=True, layout="constrained")
    for panel, count in zip(panels, SENSORS, strict=True):
        panel.plot([0.4, 1.0], [0.4, 1.0], color="0.6", lw=1)
        for k, onset_s in enumerate(ONSETS_S):
            errors, _, held = rows[count, onset_s]
            spans = interval_of(held, len(errors))
            at = np.array(LEVELS) + 0.012 * (k - 1)
            panel.errorbar(
                at,
                held,
                [np.maximum(held - spans[:, 0], 0.0), np.maximum(spans[:, 1] - held, 0.0)],
                fmt=MARKS[k],
                color=COLOURS[k],
                ms=5,
                capsize=2,
                label=f"onsets {1e3 * onset_s:g} ms",
            )
        panel.set(title=f"{count} sensors", xlabel="region promises", xticks=LEVELS, ylim=(0.3, 1.02))
    panels[0].set_ylabel("region holds the true place")
    panels[0].legend(frameon=False, loc="lower right", fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_errors(rows: dict, path: Path) -> None:
    """Median and 90th percentile of the error against the number of sensors, ours and of draws from the bound."""
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for panel, (name, q) in zip(panels, (("median", 50), ("90th percentile", 90)), strict=True):
        for k, onset_s in enumerate(ONSETS_S):
            ours = [np.percentile(rows[n, onset_s][0], q) for n in SENSORS]
            bound = [np.percentile(rows[n, onset_s][1], q) for n in SENSORS]
            panel.plot(SENSORS, ours, MARKS[k] + "-", color=COLOURS[k], label=f"onsets {1e3 * onset_s:g} ms")
            panel.plot(SENSORS, bound, "--", color=COLOURS[k], lw=1)
        panel.set(title=name, xlabel="sensors on 1 km²", xscale="log", yscale="log", xticks=SENSORS)
        panel.set_xticks(SENSORS, [str(n) for n in SENSORS])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].plot([], [], "k--", lw=1, label="Cramér-Rao bound, draws")
    panels[0].set_ylabel("error of the place, m")
    panels[0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
