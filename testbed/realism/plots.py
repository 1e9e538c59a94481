"""Pictures of the realism table: simulated over real, position after position pooled."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from testbed.realism.clip import CENTRES_HZ
from testbed.realism.observe import Observed, join
from testbed.realism.statistics import BINS_M, CLIPPED_DB, fit_levels

# Okabe and Ito (2008): told apart by all readers.
COLOURS = {"real": "#0072B2", "simulated": "#D55E00"}
MARKS = {"real": "o", "simulated": "^"}
COURSE_S = 1.6
HOP_S = 0.01


def draw_realism(path: Path, real: Mapping[str, Observed], simulated: Mapping[str, Observed]) -> None:
    """Draw level against distance, residuals, participation, spectra and decay into one PNG."""
    sides = {"real": join(list(real.values())), "simulated": join(list(simulated.values()))}
    figure = Figure(figsize=(13, 8), layout="constrained")
    axes = figure.subplots(2, 3)
    panels = (_levels, _residuals, _participation, _spectra, _decay, _echoes)
    for panel, axis in zip(panels, axes.ravel(), strict=True):
        for side, rows in sides.items():
            panel(axis, rows, side)
        axis.grid(alpha=0.3)
        axis.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def _levels(axis: Axes, rows: Observed, side: str) -> None:
    heard = rows.arrivals.filter(pl.col("reported") & pl.col("level_db").is_finite())
    axis.semilogx(
        heard["distance_m"], heard["level_db"], MARKS[side], color=COLOURS[side], ms=2.5, alpha=0.25
    )
    fit = fit_levels(rows)
    if np.isfinite(fit["fall"]):
        away = np.geomspace(50.0, 800.0, 50)
        line = fit["at_100m"] + fit["fall"] * np.log10(away / 100.0)
        text = f"{side}: {fit['at_100m']:.0f} dB at 100 m, {fit['fall']:.0f} dB a decade"
        axis.semilogx(away, line, color=COLOURS[side], lw=2, label=text)
    axis.set(xlabel="distance, m", ylabel="peak level of direct sound, dB", title="level against distance")
    axis.set_xticks([50, 100, 200, 400, 800], ["50", "100", "200", "400", "800"])
    axis.minorticks_off()
    axis.set_ylim(45.0, 108.0)
    if side == "simulated":
        axis.axhline(CLIPPED_DB, color="black", lw=0.8, ls=":", label="clipped above")


def _residuals(axis: Axes, rows: Observed, side: str) -> None:
    residual = rows.arrivals["residual_s"].drop_nulls().to_numpy() * 1e3
    axis.hist(
        residual, np.arange(-40.0, 41.0, 2.0).tolist(), density=bool(len(residual)), histtype="step", lw=2,
        color=COLOURS[side], label=f"{side}, {len(residual)} pulses",
    )  # fmt: skip
    axis.set(
        xlabel="arrival after the straight line, ms",
        ylabel="density, 1/ms",
        title="residuals to a straight line",
    )


def _participation(axis: Axes, rows: Observed, side: str) -> None:
    middle, share, low, high = [], [], [], []
    for number, (near, far) in enumerate(BINS_M):
        inside = rows.arrivals.filter(pl.col("distance_m").is_between(near, far, closed="left"))
        by_path = inside.group_by("position", "sensor").agg(pl.col("reported").mean())["reported"].to_numpy()
        if len(by_path):
            middle.append(number + (0.06 if side == "simulated" else -0.06))
            share.append(float(inside["reported"].mean()))  # pyright: ignore[reportArgumentType]
            low.append(float(np.quantile(by_path, 0.1)))
            high.append(float(np.quantile(by_path, 0.9)))
    axis.vlines(middle, low, high, color=COLOURS[side], alpha=0.4)
    axis.plot(
        middle, share, MARKS[side] + "-", color=COLOURS[side], label=f"{side} (bars: 10 to 90 % of paths)"
    )
    axis.set_xticks(range(len(BINS_M)), [f"{near} to {far}" for near, far in BINS_M], fontsize=8)
    axis.set(
        xlabel="distance, m",
        ylabel="share of direct sounds reported",
        ylim=(-0.02, 1.05),
        title="participation",
    )


def _spectra(axis: Axes, rows: Observed, side: str) -> None:
    spectra = np.array(rows.clips["spectrum_db"].drop_nulls().to_list())
    if len(spectra):
        _band(axis, np.array(CENTRES_HZ), spectra, side)
    axis.set_xscale("log")
    axis.set_xticks([63, 125, 250, 500, 1000, 2000, 4000], ["63", "125", "250", "500", "1k", "2k", "4k"])
    axis.minorticks_off()
    axis.set(
        xlabel="frequency, Hz",
        ylabel="third octave re the whole, dB",
        ylim=(-50, 0),
        title="spectra, first 0.1 s",
    )


def _decay(axis: Axes, rows: Observed, side: str) -> None:
    hops = round(COURSE_S / HOP_S)
    kept = [one[:hops] for one in rows.clips["course_db"].drop_nulls().to_list() if len(one) >= hops // 2]
    if kept:
        longest = max(map(len, kept))
        courses = np.array([one + [np.nan] * (longest - len(one)) for one in kept])
        _band(axis, np.arange(longest, dtype=np.float64) * HOP_S, courses, side)
    axis.axhline(-20.0, color="black", lw=0.8, ls=":")
    axis.set(
        xlabel="time after the peak, s",
        ylabel="level re the peak, dB",
        ylim=(-50, 2),
        title="decay of last rounds",
    )


def _echoes(axis: Axes, rows: Observed, side: str) -> None:
    echoes = rows.others.filter(pl.col("echo"))
    weight = np.full(len(echoes), 1.0 / max(int(rows.arrivals["reported"].sum()), 1))
    axis.hist(
        echoes["delay_s"], np.arange(0.0, 2.05, 0.1).tolist(), weights=weight, histtype="step", lw=2,
        color=COLOURS[side], label=f"{side}, {len(echoes)} echoes",
    )  # fmt: skip
    axis.set(
        xlabel="delay after the direct sound, s", ylabel="echoes per direct sound and 0.1 s", title="echoes"
    )


def _band(axis: Axes, x: npt.NDArray[np.float64], values: npt.NDArray[np.float64], side: str) -> None:
    low, middle, high = np.nanquantile(values, (0.1, 0.5, 0.9), axis=0)
    told, dashes = f"{side}, {len(values)} clips (10 to 90 %)", "-" if side == "real" else "--"
    axis.fill_between(x, low, high, color=COLOURS[side], alpha=0.15, lw=0)
    axis.plot(
        x,
        middle,
        color=COLOURS[side],
        lw=2,
        ls=dashes,
        label=told,
    )
