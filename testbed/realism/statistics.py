"""The statistics of the realism table, each computed from rows of any number of positions.

Spreads of times are robust: half the distance between the 16 % and 84 % quantiles, and 1.4826 times the median absolute
deviation, which equal the standard deviation of a normal distribution: one echo taken for a direct sound weighs little.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize
from scipy.stats import norm

from testbed.realism.observe import Observed

# From here on levels are taken for clipped: the sensors' full scale is 93.1 dB, and codes of mu-law are coarse there.
CLIPPED_DB = 92.0
BINS_M = ((0, 200), (200, 300), (300, 500), (500, 600), (600, 800))
CLIP_BINS_M = ((0, 200), (200, 400), (400, 600))
# Fewer than this many rows tell nothing of a share.
LEAST = 8

Floats = npt.NDArray[np.float64]
PATH = ["position", "sensor"]


def measure_paths(rows: Observed) -> dict[str, float]:
    """Return the spread of residuals between paths and on the same path, s, and of levels, dB.

    A path is a shooter and a sensor. What a whole round has in common (the error of its time) is taken off first.
    """
    heard = rows.arrivals.filter(pl.col("reported"))
    per_round = pl.col("residual_s").median().over("position", "test", "round")
    heard = heard.with_columns(residual_s=pl.col("residual_s") - per_round)
    paths = (
        heard.group_by(PATH)
        .agg(pl.col("residual_s").median().alias("mid"), pl.len())
        .filter(pl.col("len") >= 4)
    )
    same = heard.join(paths, on=PATH).with_columns(rest=pl.col("residual_s") - pl.col("mid"))
    return {"between_s": _spread(paths["mid"].to_numpy()), "same_s": _deviation(same["rest"].to_numpy())}


def measure_rounds(rows: Observed, quantile: float) -> float:
    """Return a quantile over rounds of the rms residual of a round, s."""
    heard = rows.arrivals.filter(pl.col("reported"))
    rms = heard.group_by("position", "test", "round").agg((pl.col("residual_s") ** 2).mean().sqrt(), pl.len())
    kept = rms.filter(pl.col("len") >= 4)["residual_s"].to_numpy()
    return float(np.quantile(kept, quantile)) if len(kept) >= LEAST else np.nan


def fit_levels(rows: Observed) -> dict[str, float]:
    """Fit levels of direct sounds: dB at 100 m, dB a decade, scatter of paths and of shots on a path, dB.

    Maximum likelihood with clipped levels as lower bounds (Tobin 1958, Econometrica 26, 24). The scatter of shots is
    that of a path's levels below clipping about their mean; that of paths is what it leaves of the whole.
    """
    heard = rows.arrivals.filter(pl.col("reported") & pl.col("level_db").is_finite())
    nothing: dict[str, float] = dict.fromkeys(("at_100m", "fall", "paths", "shots"), np.nan)
    if len(heard) < LEAST:
        return nothing
    decades = np.log10(np.maximum(heard["distance_m"].to_numpy(), 1.0) / 100.0)
    level = heard["level_db"].to_numpy()
    over = level >= CLIPPED_DB
    if np.count_nonzero(~over) < LEAST:
        return nothing

    def loss(guess: Floats) -> float:
        sigma = np.exp(guess[2])
        z = (np.where(over, CLIPPED_DB, level) - guess[0] - guess[1] * decades) / sigma
        return -float(np.where(over, norm.logsf(z), norm.logpdf(z) - guess[2]).sum())

    start = np.array([95.0, -20.0, np.log(8.0)])
    at_100m, fall, log_sigma = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 600}).x
    quiet = heard.filter(pl.col("level_db") < CLIPPED_DB)
    means = (
        quiet.group_by(PATH).agg(pl.col("level_db").mean().alias("mean"), pl.len()).filter(pl.col("len") >= 4)
    )
    rest = quiet.join(means, on=PATH).select(pl.col("level_db") - pl.col("mean")).to_series().to_numpy()
    shots = _deviation(rest)
    paths = float(np.sqrt(max(np.exp(2.0 * log_sigma) - shots**2, 0.0)))
    return {"at_100m": float(at_100m), "fall": float(fall), "paths": paths, "shots": shots}


def share_reporting(rows: Observed, low_m: float, high_m: float) -> float:
    """Return the share of rounds and sensors between two distances, m, whose direct sound was reported."""
    near = rows.arrivals.filter(pl.col("distance_m").is_between(low_m, high_m, closed="left"))
    return float(near["reported"].mean()) if len(near) >= LEAST else np.nan  # pyright: ignore[reportArgumentType]


def share_clipped(rows: Observed, low_m: float, high_m: float) -> float:
    """Return the share of clips between two distances, m, that hold clipped samples."""
    near = rows.clips.filter(pl.col("distance_m").is_between(low_m, high_m, closed="left"))
    return float(near["clipped"].mean()) if len(near) >= LEAST else np.nan  # pyright: ignore[reportArgumentType]


def measure_echoes(rows: Observed) -> dict[str, float]:
    """Return the direct share of all pulses; echoes per direct sound, their median delay s, share louder than it."""
    direct = int(rows.arrivals["reported"].sum())
    echoes = rows.others.filter(pl.col("echo"))
    total = direct + len(rows.others)
    if direct < LEAST or len(echoes) < LEAST:
        return dict.fromkeys(("direct", "echoes", "delay_s", "louder"), np.nan)
    return {
        "direct": direct / total,
        "echoes": len(echoes) / direct,
        "delay_s": float(np.median(echoes["delay_s"].to_numpy())),
        "louder": float(np.mean(echoes["louder_db"].to_numpy() > 0.0)),
    }


def _spread(values: Floats) -> float:
    """Return half the distance between the 16 % and 84 % quantiles, NaN of too few."""
    return float(np.subtract(*np.quantile(values, (0.84, 0.16))) / 2.0) if len(values) >= LEAST else np.nan


def _deviation(values: Floats) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if len(values) >= LEAST else np.nan


def _median_of(rows: Observed, column: str) -> float:
    values = rows.clips[column].drop_nulls().to_numpy()
    return float(np.median(values)) if len(values) >= LEAST else np.nan


def _distance(rows: Observed) -> float:
    values = rows.arrivals.filter(pl.col("reported"))["distance_m"].to_numpy()
    return float(np.median(values)) if len(values) >= LEAST else np.nan


def measure_all(rows: Observed) -> dict[str, float]:
    """Return every statistic by its name in `STATISTICS`."""
    shared: Mapping[str, float] = {**measure_paths(rows), **fit_levels(rows), **measure_echoes(rows)}
    found = {
        "residual between paths": 1e3 * shared["between_s"],
        "residual, same path": 1e3 * shared["same_s"],
        "rms residual of a round, median": 1e3 * measure_rounds(rows, 0.5),
        "rms residual of a round, 99 %": 1e3 * measure_rounds(rows, 0.99),
        "level at 100 m": shared["at_100m"],
        "fall of level": shared["fall"],
        "scatter of paths": shared["paths"],
        "scatter of shots": shared["shots"],
        "direct share of pulses": shared["direct"],
        "echoes per direct sound": shared["echoes"],
        "median delay of echoes": shared["delay_s"],
        "share of echoes louder": shared["louder"],
        "energy within 20 dB for": _median_of(rows, "decay_s"),
        "spectral centroid": _median_of(rows, "centroid_hz"),
        "energy above 2 kHz": _median_of(rows, "above_2khz"),
        "distance of reporting sensors": _distance(rows),
    }
    found |= {f"report, {low} to {high} m": share_reporting(rows, low, high) for low, high in BINS_M}
    return found | {
        f"clipped, {low} to {high} m": share_clipped(rows, low, high) for low, high in CLIP_BINS_M
    }


@dataclass(frozen=True)
class Row:
    """How a statistic is told: its unit, and by how much the set's range is widened (in the unit, and as a share)."""

    unit: str
    widen: float = 0.0
    widen_share: float = 0.0
    digits: int = 2


_TIME_MS, _SHARE = Row("ms", widen_share=0.25, digits=1), Row("", widen=0.1)
ROWS: Mapping[str, Row] = {
    "residual between paths": _TIME_MS,
    "residual, same path": _TIME_MS,
    "rms residual of a round, median": _TIME_MS,
    "rms residual of a round, 99 %": _TIME_MS,
    "level at 100 m": Row("dB", widen=2.0, digits=1),
    "fall of level": Row("dB/decade", widen=4.0, digits=1),
    "scatter of paths": Row("dB", widen=2.0, digits=1),
    "scatter of shots": Row("dB", widen=2.0, digits=1),
    **{f"report, {low} to {high} m": _SHARE for low, high in BINS_M},
    **{f"clipped, {low} to {high} m": _SHARE for low, high in CLIP_BINS_M},
    "direct share of pulses": _SHARE,
    "echoes per direct sound": Row(""),
    "median delay of echoes": Row("s", widen_share=0.25),
    "share of echoes louder": _SHARE,
    "energy within 20 dB for": Row("s", widen_share=0.25),
    "spectral centroid": Row("Hz", digits=0),
    "energy above 2 kHz": Row("", widen=0.1, digits=3),
    "distance of reporting sensors": Row("m", digits=0),
}
