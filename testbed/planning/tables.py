"""Cells and sensors as tables: one row each, plain columns, ready for any file."""

import numpy as np
import polars as pl

from scenes.frame import local_to_lonlat
from scenes.heights import FOOT_M
from testbed.planning.forecast import Forecast
from testbed.planning.frame import origin_of
from testbed.planning.study import Study

METRICS = {
    "p_heard": "P(at least k sensors hear), all gunfire",
    "p_heard_detectable": "P(at least k sensors hear), detectable gunfire",
    "p_worst_failure": "P(at least k sensors hear) when the most needed sensor is dead",
    "p_accurate": "P(located within 25 m), detectable gunfire",
    "error_p50_m": "median error of located shots, m",
    "error_p90_m": "90 % error of located shots, m",
    "bound_m": "bound on the error, floor included, m",
    "dilution": "horizontal dilution of precision",
    "sensors_expected": "sensors that hear, on average",
}
LONGEST_M = 1e6


def cell_table(study: Study, found: Forecast, sensor_ids: tuple[str, ...], units: str = "si") -> pl.DataFrame:
    """Return a row for each street cell; with units="us" lengths are in feet and named so."""
    cells = study.cells
    lonlat = local_to_lonlat(origin_of(study.block), cells.position_m[:, :2])
    worst = [sensor_ids[i] if sensor_ids else "" for i in found.worst_sensor]
    table = pl.DataFrame(
        {
            "cell": [f"c{i:05d}" for i in range(1, len(cells) + 1)],
            "lon": np.round(lonlat[:, 0], 7),
            "lat": np.round(lonlat[:, 1], 7),
            "east_m": np.round(cells.position_m[:, 0], 2),
            "north_m": np.round(cells.position_m[:, 1], 2),
            "zone": cells.zone.tolist(),
            "weight": cells.weight,
            **{name: _finite(getattr(found, name)) for name in METRICS},
            "worst_sensor": worst,
        }
    ).with_columns(pl.col(list(METRICS)).round(4))
    return to_feet(table) if units == "us" else table


def sensor_table(study: Study, chosen: tuple[int, ...], units: str = "si") -> pl.DataFrame:
    """Return a row for each sensor of a layout, in the columns that `mounts=FILE` reads."""
    table = study.mounts.take(np.array(chosen, dtype=np.intp))
    lonlat = local_to_lonlat(origin_of(study.block), table.position_m[:, :2])
    scale = FOOT_M if units == "us" else 1.0
    return pl.DataFrame(
        {
            "id": table.ids.tolist(),
            "lon": np.round(lonlat[:, 0], 7),
            "lat": np.round(lonlat[:, 1], 7),
            "z_agl": np.round(table.z_agl_m / scale, 2),
            "type": table.type.tolist(),
            "cost": table.cost,
            "allowed": table.allowed,
            "installed": table.installed,
        }
    )


def zone_table(cells: pl.DataFrame) -> pl.DataFrame:
    """Return weighted means over the cells of each zone."""
    weight = pl.col("weight")
    names = ("p_heard", "p_heard_detectable", "p_worst_failure", "p_accurate")
    error = next(name for name in cells.columns if name.startswith("error_p50"))
    return (
        cells.group_by("zone")
        .agg(
            pl.len().alias("cells"),
            weight.sum().round(4).alias("share_of_shots"),
            *(((pl.col(n) * weight).sum() / weight.sum()).round(4).alias(n) for n in names),
            ((pl.col("p_heard") >= 0.9) * weight).sum().truediv(weight.sum()).round(4).alias("covered"),
            pl.col(error).median().round(2),
        )
        .sort("zone")
    )


def to_feet(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with columns in m as columns in feet."""
    lengths = [name for name in table.columns if name.endswith("_m")]
    return table.with_columns((pl.col(name) / FOOT_M).round(2) for name in lengths).rename(
        {name: f"{name[:-2]}_ft" for name in lengths}
    )


def _finite(values: np.ndarray) -> list[float | None]:
    """Return numbers with None where nothing could be measured."""
    return [float(v) if np.isfinite(v) and v < LONGEST_M else None for v in values]
