"""A map's delays are read whole or refused in a line, and they move the answer to where they say."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from detector.delay_table import read_delay_table
from detector.detect import detect
from detector.detour import detour
from detector.errors import BadInput
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station

PLACES = ((0.0, 0.0), (400.0, 20.0), (380.0, 410.0), (-20.0, 390.0), (200.0, 600.0), (600.0, 200.0))
AIR = AirReading()
SPEED = AIR.sound_speed_mps
# How much later than straight each station hears anything, s: a block of houses stands before five of them.
BEHIND = np.array([0.0, 0.030, 0.012, 0.025, 0.020, 0.008])


def _site() -> Site:
    one = np.zeros((1, 3))
    stations = [Station(f"s{i}", (x, y, 5.0), 0.1, one, 0.0, 1.0, 1e-4) for i, (x, y) in enumerate(PLACES)]
    return Site(tuple(stations), AIR)


def _table(step_m: float = 50.0, **changes: object) -> pa.Table:
    x, y = np.meshgrid(np.arange(-200.0, 801.0, step_m), np.arange(-200.0, 801.0, step_m))
    x, y = x.ravel(), y.ravel()
    straight = [np.hypot(x - px, y - py) / SPEED for px, py in PLACES]
    columns: dict[str, object] = {
        "x_m": np.tile(x, len(PLACES)),
        "y_m": np.tile(y, len(PLACES)),
        "station": np.repeat([f"s{i}" for i in range(len(PLACES))], len(x)),
        "delay_s": np.concatenate([s + late for s, late in zip(straight, BEHIND, strict=True)]),
    }
    return pa.table({**columns, **changes})


def _write(path: Path, table: pa.Table) -> Path:
    parquet.write_table(table, path)
    return path


def test_detours_are_what_the_table_adds_to_straight_flight(tmp_path: Path) -> None:
    detours = read_delay_table(_write(tmp_path / "d.parquet", _table()), _site())
    rng = np.random.default_rng(1)
    for x, y in rng.uniform(-150.0, 750.0, (20, 2)):
        late = [detour(x, y, i, detours) for i in range(len(PLACES))]
        # Straight flight curves between grid points; the detour itself does not.
        assert late == pytest.approx(BEHIND.tolist(), abs=1e-9)


def test_a_point_inside_a_building_takes_the_nearest_known_detour(tmp_path: Path) -> None:
    table = _table()
    delay = table["delay_s"].to_numpy().copy()
    inside = (np.abs(table["x_m"].to_numpy() - 300.0) < 60.0) & (
        np.abs(table["y_m"].to_numpy() - 300.0) < 60.0
    )
    delay[inside] = np.nan
    holed = table.set_column(3, "delay_s", pa.array(delay))
    detours = read_delay_table(_write(tmp_path / "d.parquet", holed), _site())
    assert np.isfinite(detours.late_s).all()
    assert detour(300.0, 300.0, 1, detours) == pytest.approx(BEHIND[1], abs=1e-9)


def test_the_map_takes_the_bias_out_of_the_place(tmp_path: Path) -> None:
    site = _site()
    shot = np.array([150.0, 120.0, 0.0])
    times = [10.0, 10.5, 11.0]
    away = np.linalg.norm(site.positions_m - shot, axis=1) / SPEED
    time = np.concatenate([t + away + BEHIND for t in times])
    station = np.tile(np.arange(len(PLACES)), len(times))
    order = np.lexsort((station, time))
    n = len(time)
    pulses = Pulses(
        station[order].astype(np.int32), time[order], np.full(n, 1e-4), np.full(n, 90.0), np.full(n, 30.0),
        np.zeros(n, bool), np.zeros((n, 0)),
    )  # fmt: skip
    helped = Site(
        site.stations, AIR, detours=read_delay_table(_write(tmp_path / "d.parquet", _table()), site)
    )

    def miss_m(where: Site) -> float:
        (alert,) = detect(where, pulses).alerts
        return float(np.hypot(*(np.array(alert.position_m[:2]) - shot[:2])))

    assert miss_m(helped) < 0.5
    assert miss_m(site) > 1.5


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"delay_s": None}, "no column 'delay_s'"),
        ({"x_m": "a"}, "cannot be read|Failed to parse|invalid"),
        ({"station": "other"}, "no delays for station s0"),
        ({"delay_s": 0.0}, "shorter than straight flight"),
        ({"delay_s": np.nan}, "no finite delay"),
        ({"x_m": np.inf}, "not finite"),
        ({"x_m": 1.0}, "has one value"),
    ],
)
def test_a_table_that_cannot_be_is_refused_in_one_line(
    changes: dict[str, object], line: str, tmp_path: Path
) -> None:
    table = _table()
    for name, value in changes.items():
        at = table.column_names.index(name)
        filled = None if value is None else pa.array(np.full(table.num_rows, value))
        table = table.remove_column(at) if filled is None else table.set_column(at, name, filled)
    with pytest.raises(BadInput, match=line) as told:
        read_delay_table(_write(tmp_path / "d.parquet", table), _site())
    assert "\n" not in str(told.value)


def test_points_off_a_grid_no_file_and_no_parquet_are_refused(tmp_path: Path) -> None:
    x = _table()["x_m"].to_numpy().copy()
    x[7] += 3.3
    with pytest.raises(BadInput, match="no regular grid"):
        read_delay_table(_write(tmp_path / "d.parquet", _table(x_m=x)), _site())
    with pytest.raises(BadInput, match="no such file"):
        read_delay_table(tmp_path / "none.parquet", _site())
    (tmp_path / "text.parquet").write_text("x_m,y_m\n", encoding="utf-8")
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        read_delay_table(tmp_path / "text.parquet", _site())
