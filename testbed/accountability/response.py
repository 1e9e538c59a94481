"""How the detector answers single acts, as measured on full audio: rows to draw from, not a formula."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from scenes.errors import BadInput
from testbed.accountability.district import Acts
from testbed.labels import CALLS, LABELS

SCHEMA = {
    "label": pl.String,
    "kind": pl.String,
    "place": pl.String,
    "nearest_m": pl.Float64,
    "fourth_m": pl.Float64,
    "noise_db": pl.Float64,
    "wind_mps": pl.Float64,
    "rain": pl.Boolean,
    "clipped_share": pl.Float64,
    "direct_share": pl.Float64,
    "outcome": pl.String,
    "cause": pl.String,
    "call": pl.String,
    "p_gunshot": pl.Float64,
    "error_m": pl.Float64,
    "extra_alerts": pl.Int64,
    "extra_gunshots": pl.Int64,
}
# Rows speak for acts this like them: a third of a distance, a few dB, a force of wind.
WIDTHS = {"nearest_m": 0.35, "fourth_m": 0.2, "noise_db": 4.0, "wind_mps": 2.0}
LIKE = {"cover": 2.0, "suppressed": 3.0, "rain": 1.0}  # penalty in nats where they are unlike
FAR = 3.0  # nothing within so many widths: the act lies outside of what was measured


@dataclass(frozen=True, eq=False)
class Answers:
    """What became of acts.

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        The measured row that each act drew.
    outside : ndarray of bool, shape (n,)
        Acts unlike all that was measured; they drew the nearest row.
    """

    row: npt.NDArray[np.int64]
    outside: npt.NDArray[np.bool_]


def read_response(path: Path) -> pl.DataFrame:
    """Read and check a table of measured answers (CSV, columns as `SCHEMA`).

    Raises
    ------
    BadInput
        No such file, other columns, a class without rows, values that no table has; one line.
    """
    try:
        table = pl.read_csv(path, schema_overrides=SCHEMA, null_values=[""])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{path}: cannot be read as CSV ({str(error).splitlines()[0]})") from error
    if tuple(table.columns) != tuple(SCHEMA):
        raise BadInput(f"{path}: columns {', '.join(table.columns)}; accepted are {', '.join(SCHEMA)}")
    lacking = [label for label in LABELS if label not in set(table["label"])]
    if lacking:
        raise BadInput(f"{path}: no rows of {', '.join(lacking)}; measure them first")
    strange = set(table["call"].drop_nulls()) - set(CALLS)
    numbers = table.select("nearest_m", "fourth_m", "noise_db", "wind_mps", "rain")
    if strange or numbers.null_count().sum_horizontal()[0] or float(table["nearest_m"].min() or 0.0) <= 0.0:  # pyright: ignore[reportArgumentType] - a float column
        raise BadInput(
            f"{path}: unknown calls {sorted(strange)}, or conditions that are missing, or distances not above 0"
        )
    return table


def draw_answers(table: pl.DataFrame, acts: Acts, rng: np.random.Generator) -> Answers:
    """Let every act draw the outcome of a measured act of its class that was much like it.

    A smoothed bootstrap: Gaussian weights over the logarithms of distance and over noise and wind (`WIDTHS`), less
    where cover, suppressor or rain differ.
    """
    row = np.zeros(len(acts), dtype=np.int64)
    outside = np.zeros(len(acts), dtype=bool)
    place = table["place"].to_numpy()
    rain = table["rain"].to_numpy()
    quiet = np.array([kind.endswith("-suppressed") for kind in table["kind"]])
    for index, label in enumerate(LABELS):
        own = np.flatnonzero(table["label"].to_numpy() == label)
        for part in np.array_split(
            np.flatnonzero(acts.label == index), max(1, np.sum(acts.label == index) // 5000)
        ):
            apart = _squares(table, own, acts, part)
            wanted = np.where(acts.doorway[part], "doorway", np.where(acts.car[part], "car", "open"))
            penalty = (
                LIKE["cover"] * (wanted[:, None] != place[own][None, :])
                + LIKE["suppressed"] * (acts.suppressed[part][:, None] != quiet[own][None, :])
                + LIKE["rain"] * (acts.rain[part][:, None] != rain[own][None, :])
            )
            weight = np.exp(-0.5 * apart - penalty + (0.5 * apart + penalty).min(axis=1, keepdims=True))
            total = np.cumsum(weight, axis=1)
            pick = (rng.uniform(size=(len(part), 1)) * total[:, -1:] > total).sum(axis=1)
            row[part] = own[pick]
            outside[part] = apart.min(axis=1) > FAR**2
    return Answers(row, outside)


def _squares(
    table: pl.DataFrame, own: npt.NDArray[np.int64], acts: Acts, part: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Squared distance (acts, rows) in widths."""
    total = np.zeros((len(part), len(own)))
    for name, width in WIDTHS.items():
        there, here = table[name].to_numpy()[own], getattr(acts, name)[part]
        if name.endswith("_m"):
            there, here = np.log(there), np.log(here)
        total += ((here[:, None] - there[None, :]) / width) ** 2
    return total
