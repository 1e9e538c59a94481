"""The delays of a map are first arrivals: straight where nothing stands between, else round the corner."""

from pathlib import Path

import numpy as np
import pytest

from detector.delay_table import read_delay_table
from detector.detour import detour
from detector.site import AirReading, Site, Station
from scenes.block import Block, Building, Ground
from scenes.errors import BadInput
from scenes.terrain import Terrain
from testbed.delay_map import map_delays, write_delays

WALL = np.array([(-10.0, -200.0), (10.0, -200.0), (10.0, 30.0), (-10.0, 30.0)])
BLOCK = Block("wall-v1", (Building("tower", WALL, 300.0),), (-100.0, -100.0, 100.0, 100.0))
AIR = AirReading()


def _site(x: float, y: float) -> Site:
    return Site((Station("s0", (x, y, 5.0), 0.1, np.zeros((1, 3)), 0.0, 1.0, 1e-4),), AIR)


def test_detour_round_a_corner_is_the_corner_s_and_nothing_in_sight(tmp_path: Path) -> None:
    site = _site(60.0, 0.0)
    write_delays(map_delays(BLOCK, site, 10.0), tmp_path / "d.parquet")
    detours = read_delay_table(tmp_path / "d.parquet", site)
    assert detour(60.0, 80.0, 0, detours) == pytest.approx(0.0, abs=3e-4)
    # Round both corners of the wall's end, in plan; the height difference adds less than 0.2 ms.
    bent = np.hypot(50.0, 30.0) + 20.0 + np.hypot(50.0, 30.0)
    assert detour(-60.0, 0.0, 0, detours) == pytest.approx((bent - 120.0) / AIR.sound_speed_mps, abs=5e-4)


def test_workers_change_nothing_and_points_in_buildings_are_left_out() -> None:
    site = _site(60.0, 0.0)
    one, two = map_delays(BLOCK, site, 20.0), map_delays(BLOCK, site, 20.0, workers=2)
    assert one.equals(two)
    x, y = one["x_m"].to_numpy(), one["y_m"].to_numpy()
    assert not np.any((np.abs(x) <= 10.0) & (y <= 30.0))


def test_a_station_that_the_survey_puts_into_a_wall_is_heard_over_it() -> None:
    table = map_delays(BLOCK, _site(9.7, 0.0), 20.0)
    assert np.isfinite(table["delay_s"].to_numpy()).all()


def test_a_grid_without_end_is_refused() -> None:
    with pytest.raises(BadInput, match="grid points"):
        map_delays(BLOCK, _site(60.0, 0.0), 0.1)


def test_on_a_slope_shots_are_fired_above_the_ground_there_and_a_hill_makes_sound_late() -> None:
    """Ground rises by 1 in 5 to the east, up to a crest at x = 50, and falls by 1 in 1 behind it."""
    at = np.arange(-150.0, 151.0, 5.0)
    heights = np.where(at < 50.0, 0.2 * (at + 150.0), 40.0 - (at - 50.0)).clip(0.0)
    terrain = Terrain(-150.0, -150.0, (5.0, 5.0), np.tile(heights, (len(at), 1)))
    shed = Building("shed", np.array([(-99.0, -99.0), (-98.0, -99.0), (-98.0, -98.0)]), 12.0)
    block = Block("hill-v1", (shed,), (-100.0, -100.0, 100.0, 100.0), Ground(terrain=terrain))
    station = np.array([-90.0, 0.0, 17.0])
    site = Site((Station("s0", tuple(station.tolist()), 0.1, np.zeros((1, 3)), 0.0, 1.0, 1e-4),), AIR)
    one, two = map_delays(block, site, 20.0), map_delays(block, site, 20.0, workers=2)
    assert one.equals(two)
    x, y, delay_s = (one[name].to_numpy() for name in ("x_m", "y_m", "delay_s"))
    shot = np.column_stack([x, y, np.interp(x, at, heights) + 1.5])
    late_m = delay_s * AIR.sound_speed_mps - np.linalg.norm(shot - station, axis=1)
    assert np.abs(late_m[x < 45.0]).max() < 1e-6
    assert (late_m[x > 65.0] > 0.5).all()
