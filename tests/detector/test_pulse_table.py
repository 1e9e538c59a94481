"""Pulse tables: what is read, and what is refused."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from detector.errors import BadInput
from detector.pulse_table import read_pulse_table
from detector.site import AirReading, Site, Station

SITE = Site(
    tuple(Station(name, (0.0, 0.0, 0.0), 1.0, np.zeros((1, 3)), 0.0, 1.0, 1e-3) for name in ("007", "B")),
    AirReading(),
)


def write(folder: Path, text: str, name: str = "pulses.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_rows_are_sorted_and_repeats_dropped(tmp_path: Path) -> None:
    pulses = read_pulse_table(
        write(tmp_path, "sensor,time_s,level_db\nB,2.5,90\n007,1.5,\nB,2.5,90\n007,2.5,80\n"), SITE
    )
    assert pulses.station.tolist() == [0, 0, 1]
    assert pulses.time_s.tolist() == [1.5, 2.5, 2.5]
    assert np.array_equal(pulses.level_db, [np.nan, 80.0, 90.0], equal_nan=True)
    assert np.isnan(pulses.snr_db).all()
    assert (pulses.sigma_s > 0.0).all()
    assert pulses.features.shape == (3, 0)


def test_parquet_says_the_same(tmp_path: Path) -> None:
    columns = {"sensor": ["B", "007"], "time_s": [2.0, 1.0], "sigma_s": [0.01, 0.002]}
    parquet.write_table(pa.table(columns), tmp_path / "pulses.parquet")
    pulses = read_pulse_table(tmp_path / "pulses.parquet", SITE)
    assert pulses.sigma_s.tolist() == [0.002, 0.01]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("sensor,time_s\n", "no rows"),
        ("sensor,when\nB,1\n", "no column 'time_s'"),
        ("sensor,time_s\nB,soon\n", "'time_s' is not numeric"),
        ("sensor,time_s\nB,\nB,1\n", "in 1 rows, first in row 1"),
        ("sensor,time_s\nB,inf\n", "not a finite number"),
        (
            "sensor,time_s\nB,1\nB,-1e300\n",
            r"within 1e\+10 s of the epoch; it is not in 1 rows, first in row 2",
        ),
        ("sensor,time_s\nZ,1\nY,2\n", "unknown sensor 'Y'.*\n.*unknown sensor 'Z'"),
        ("sensor,time_s,sigma_s\nB,1,0\n", "sigma_s must be above 0"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_pulse_table(write(tmp_path, text), SITE)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="accepted are"):
        read_pulse_table(write(tmp_path, "x", "pulses.xlsx"), SITE)
    with pytest.raises(BadInput, match="no such file"):
        read_pulse_table(tmp_path / "pulses.csv", SITE)
    with pytest.raises(BadInput, match="cannot be read"):
        read_pulse_table(write(tmp_path, "x", "pulses.parquet"), SITE)
