"""Reads a table of pulses, for networks that report pulses instead of audio."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv, parquet

from detector.errors import BadInput
from detector.pulse import Pulses
from detector.site import Site
from detector.site_file import LATEST_S

REQUIRED = ("sensor", "time_s")
OPTIONAL = ("level_db", "snr_db", "sigma_s")
DEFAULT_SIGMA_S = 1e-3  # time stamps of whole milliseconds, the coarsest that reporting networks write
LINES_SHOWN = 5  # of one kind of mistake


def read_pulse_table(path: Path, site: Site) -> Pulses:
    """Read a CSV (`.csv`) or Parquet (`.parquet`) table: `sensor,time_s[,level_db,snr_db,sigma_s]`.

    Parameters
    ----------
    path : Path
        Other columns are left alone. Empty fields of the optional columns mean "unknown".
    site : Site
        Its stations' ids are the sensors that may occur.

    Returns
    -------
    Pulses
        Sorted by time, then station; rows that repeat a sensor and a time are kept once. Without sound there are no
        features.

    Raises
    ------
    BadInput
        No such file, neither format, a column missing or not numeric, no rows, an unknown sensor, a time that is not
        finite, a standard deviation that is not positive.
    """
    table = _read(path)
    mistakes = [
        f"{path}: no column {name!r}; needed are {', '.join(REQUIRED)}"
        for name in REQUIRED
        if name not in table.column_names
    ]
    if mistakes:
        raise BadInput("\n".join(mistakes))
    if not table.num_rows:
        raise BadInput(f"{path}: no rows; accepted is one row a pulse")
    names = np.asarray(table["sensor"].cast(pa.string()).to_pylist(), dtype=object)
    columns = {name: _numbers(table, name, path) for name in ("time_s", *OPTIONAL)}
    _check(path, site, names, columns)
    index = {station.id: i for i, station in enumerate(site.stations)}
    station = np.array([index[name] for name in names], dtype=np.int32)
    time_s, sigma_s = columns["time_s"], columns["sigma_s"]
    order = np.lexsort((station, time_s))
    repeats = np.zeros(len(order), dtype=bool)
    repeats[1:] = (np.diff(time_s[order]) == 0.0) & (np.diff(station[order]) == 0)
    keep = order[~repeats]
    return Pulses(
        station[keep],
        time_s[keep],
        np.where(np.isnan(sigma_s), DEFAULT_SIGMA_S, sigma_s)[keep],
        columns["level_db"][keep],
        columns["snr_db"][keep],
        np.zeros(len(keep), dtype=np.bool_),
        np.zeros((len(keep), 0)),
    )


def _read(path: Path) -> pa.Table:
    readers = {".csv": _read_csv, ".parquet": parquet.read_table}
    if path.suffix.lower() not in readers:
        raise BadInput(f"{path}: unknown format {path.suffix!r}; accepted are .csv and .parquet")
    if not path.is_file():
        raise BadInput(f"{path}: no such file; accepted is a pulse table in CSV or Parquet")
    try:
        return readers[path.suffix.lower()](path)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error


def _read_csv(path: Path) -> pa.Table:
    # Names like "007" are names, not numbers.
    return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types={"sensor": pa.string()}))


def _numbers(table: pa.Table, name: str, path: Path) -> npt.NDArray[np.float64]:
    """Return a column as float64, NaN where empty or absent."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    try:
        return table[name].cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    except pa.ArrowException as error:
        raise BadInput(f"{path}: column {name!r} is not numeric ({str(error).splitlines()[0]})") from error


def _check(
    path: Path, site: Site, names: npt.NDArray[np.object_], columns: dict[str, npt.NDArray[np.float64]]
) -> None:
    known = {station.id for station in site.stations}
    unknown = sorted({str(name) for name in names if name not in known})
    mistakes = [
        f"{path}: unknown sensor {name!r}; site.json does not list it" for name in unknown[:LINES_SHOWN]
    ]
    if len(unknown) > LINES_SHOWN:
        mistakes.append(f"{path}: and {len(unknown) - LINES_SHOWN} more unknown sensors")
    bad = np.flatnonzero(~np.isfinite(columns["time_s"]))
    if len(bad):
        mistakes.append(
            f"{path}: time_s is not a finite number in {len(bad)} rows, first in row {bad[0] + 1}"
        )
    bad = np.flatnonzero(np.isfinite(columns["time_s"]) & (np.abs(columns["time_s"]) > LATEST_S))
    if len(bad):
        mistakes.append(
            f"{path}: time_s must be within {LATEST_S:g} s of the epoch; it is not in {len(bad)} rows, "
            f"first in row {bad[0] + 1}"
        )
    sigma_s = columns["sigma_s"]
    bad = np.flatnonzero((sigma_s <= 0.0) | np.isinf(sigma_s))
    if len(bad):
        mistakes.append(
            f"{path}: sigma_s must be above 0 and finite; it is not in {len(bad)} rows, first in row {bad[0] + 1}"
        )
    if mistakes:
        raise BadInput("\n".join(mistakes))
