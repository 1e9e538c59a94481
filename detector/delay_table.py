"""Reads a table of expected first-arrival delays: `x_m,y_m,station,delay_s` on a regular grid."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from detector.detour import Detours
from detector.errors import BadInput
from detector.site import Site

COLUMNS = ("x_m", "y_m", "station", "delay_s")
POINTS_MOST = 4_000_000  # over all stations; a square of 5 km every 10 m for 16 stations
EARLY_MOST_S = (
    5e-3  # a delay shorter than straight flight by more than rounding and survey explain is no delay
)
STEP_TOLERANCE = 1e-3


def read_delay_table(path: Path, site: Site) -> Detours:
    """Read expected delays in still air at the site's temperature, and take the straight flight off them.

    Parameters
    ----------
    path : Path
        Parquet. Each row is a grid point, a station and the delay of the first arrival, s; NaN, or no row, where
        nobody can stand (inside a building): such points take the detour of the nearest known one.
    site : Site
        Every station needs rows; other stations in the table are left alone.

    Returns
    -------
    Detours
        In the site's frame.

    Raises
    ------
    BadInput
        No such file, no Parquet, a column missing or not numeric, points off a regular grid, a station without rows,
        a delay shorter than straight flight.
    """
    columns = _read(path)
    ids = [station.id for station in site.stations]
    missing = [name for name in ids if name not in set(columns["station"])]
    if missing:
        raise BadInput(f"{path}: no delays for station {', '.join(missing[:5])}")
    east, step_m = _axis(columns["x_m"], "x_m", path)
    north, other_m = _axis(columns["y_m"], "y_m", path)
    if abs(other_m - step_m) > STEP_TOLERANCE * step_m:
        raise BadInput(
            f"{path}: the grid's step is {step_m:g} m in x_m and {other_m:g} m in y_m; one step is accepted"
        )
    shape = (len(ids), len(north), len(east))
    if np.prod(shape) > POINTS_MOST:
        raise BadInput(f"{path}: {np.prod(shape)} grid points; accepted are {POINTS_MOST}")
    delay = np.full(shape, np.nan)
    index = {name: i for i, name in enumerate(ids)}
    own = np.array([index.get(name, -1) for name in columns["station"]])
    known = own >= 0
    column = np.rint((columns["x_m"][known] - east[0]) / step_m).astype(np.int64)
    row = np.rint((columns["y_m"][known] - north[0]) / step_m).astype(np.int64)
    delay[own[known], row, column] = columns["delay_s"][known]
    return Detours(float(east[0]), float(north[0]), step_m, _detours(delay, east, north, site, path))


def _read(path: Path) -> dict[str, npt.NDArray]:
    try:
        table = parquet.read_table(path)
    except FileNotFoundError:
        raise BadInput(
            f"{path}: no such file; accepted is Parquet with columns {', '.join(COLUMNS)}"
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from None
    absent = [name for name in COLUMNS if name not in table.column_names]
    if absent:
        raise BadInput(f"{path}: no column {', '.join(map(repr, absent))}; needed are {', '.join(COLUMNS)}")
    try:
        numbers = {name: table[name].cast(pa.float64()).to_numpy() for name in COLUMNS if name != "station"}
        names = np.asarray(table["station"].cast(pa.string()).to_pylist(), dtype=object)
    except pa.ArrowException as error:
        raise BadInput(f"{path}: {str(error).splitlines()[0]}") from None
    if not len(names):
        raise BadInput(f"{path}: no rows; accepted is one row a grid point and station")
    return {**numbers, "station": names}


def _axis(values: npt.NDArray[np.float64], name: str, path: Path) -> tuple[npt.NDArray[np.float64], float]:
    """Return the regular axis that the values lie on, and its step."""
    if not np.all(np.isfinite(values)):
        raise BadInput(f"{path}: {name} holds values that are not finite")
    seen = np.unique(np.round(values, 6))
    if len(seen) < 2:
        raise BadInput(f"{path}: {name} has one value; a grid has two or more")
    step_m = float(np.diff(seen).min())
    count = (seen[-1] - seen[0]) / step_m
    if count > POINTS_MOST or np.any(
        np.abs((seen - seen[0]) / step_m - np.rint((seen - seen[0]) / step_m)) > 0.01
    ):
        raise BadInput(f"{path}: {name} lies on no regular grid (smallest step {step_m:g} m)")
    return seen[0] + step_m * np.arange(round(count) + 1), step_m


def _detours(
    delay: npt.NDArray[np.float64],
    east: npt.NDArray[np.float64],
    north: npt.NDArray[np.float64],
    site: Site,
    path: Path,
) -> npt.NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - half a second that runs without a table save

    late = np.empty_like(delay)
    for i, station in enumerate(site.stations):
        x, y, _ = station.position_m
        # In plan: the table's makers and the detector may differ in what they take for the street's height.
        straight_m = np.hypot(east[None, :] - x, north[:, None] - y)
        late[i] = delay[i] - straight_m / site.air.sound_speed_mps
        if not np.isfinite(late[i]).any():
            raise BadInput(f"{path}: no finite delay for station {station.id}")
        if np.nanmin(late[i]) < -EARLY_MOST_S:
            raise BadInput(
                f"{path}: station {station.id}: a delay is {-1e3 * np.nanmin(late[i]):.1f} ms shorter than straight "
                f"flight at {site.air.sound_speed_mps:.1f} m/s"
            )
        gap = ~np.isfinite(late[i])
        nearest = np.asarray(distance_transform_edt(gap, return_distances=False, return_indices=True))
        late[i] = late[i][nearest[0], nearest[1]]
    return np.maximum(late, 0.0)
