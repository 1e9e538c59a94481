"""First-arrival delays from public footprints: the help that a detector may be given (`delays=FILE`).

The table is made from what an operator has: footprints with heights and the terrain under them, the sensors as
surveyed, the thermometer. For every point of a grid over the streets it says when the first sound of a shot there would
reach each station.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from detector.site import Site
from scenes.air import Air
from scenes.block import Block
from scenes.errors import BadInput
from scenes.walls import building_at, is_inside
from sim.propagation.city import index_block
from sim.propagation.engines import open_engine
from sim.propagation.paths import Paths
from sim.propagation.trace import PathOptions

Floats = npt.NDArray[np.float64]

# Above the ground.
SHOOTER_M = 1.5
# A first arrival so far below the strongest is not what an onset is found at.
FAINT_DB = 25.0
POINTS_MOST = 200_000
# First arrivals are direct, round corners or over roofs; what reflects comes later. Of more corners than three nothing
# is left to hear in the streets between two sensors.
FIRST_ARRIVALS = PathOptions(reflection_order=0, corner_count=3, reflected_diffraction=False, ground=False)
_LIFT_M = 0.5
# So many neighbouring points are traced together: what they see is found once for all stations, and fits in memory.
_TOGETHER = 128


def map_delays(
    block: Block,
    site: Site,
    step_m: float,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """Trace the first arrivals from all streets to all stations, in still air at the site's temperature.

    Parameters
    ----------
    block : Block
        The footprints.
    site : Site
        Stations as surveyed.
    step_m : float
        Distance between grid points, m; time grows with its inverse square and with the stations.
    workers : int
        Threads; change no byte.
    progress : callable, optional
        Called with (points done, points).

    Returns
    -------
    pyarrow.Table
        `x_m, y_m, station, delay_s`, one row for each street point and station.

    Raises
    ------
    BadInput
        When the grid would have too many points.
    """
    points = _street_points(block, step_m)
    city = index_block(block)
    air = Air(site.air.temperature_c, site.air.humidity)

    stations = [_out_of_walls(block, p) for p in site.positions_m]

    def delays(part: Floats) -> Floats:
        trace = open_engine(city, air, FIRST_ARRIVALS, part)
        return np.array([_first_arrivals(trace(place, part)) for place in stations])

    columns = [np.empty((len(stations), 0))]
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        for column in pool.map(delays, _parted(points)):
            columns.append(column)
            done += column.shape[1]
            if progress is not None:
                progress(done, len(points))
    count = len(points)
    names = [station.id for station in site.stations for _ in range(count)]
    return pa.table(
        {
            "x_m": np.tile(points[:, 0], len(stations)),
            "y_m": np.tile(points[:, 1], len(stations)),
            "station": pa.array(names).dictionary_encode(),
            "delay_s": np.concatenate(columns, axis=1).ravel(),
        }
    )


def write_delays(table: pa.Table, path: Path) -> None:
    """Write `delays.parquet`."""
    parquet.write_table(table, path)


def _street_points(block: Block, step_m: float) -> Floats:
    west, south, east, north = block.bounds_m
    x, y = np.arange(west, east + step_m, step_m), np.arange(south, north + step_m, step_m)
    if len(x) * len(y) > POINTS_MOST:
        raise BadInput(
            f"map_step_m={step_m:g}: {len(x) * len(y)} grid points over {block.name}; accepted are {POINTS_MOST}"
        )
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    grid = grid[~is_inside(block, grid)]
    return np.column_stack([grid, _ground_m(block, grid) + SHOOTER_M])


def _ground_m(block: Block, places: Floats) -> Floats:
    """Return the height of the ground at places (n, 2 or more), m."""
    terrain = block.ground.terrain
    return np.zeros(len(places)) if terrain is None else terrain.height_at(places)


def _parted(points: Floats) -> list[Floats]:
    return [points[i : i + _TOGETHER] for i in range(0, len(points), _TOGETHER)]


def _out_of_walls(block: Block, place_m: Floats) -> Floats:
    """Lift a station that the survey puts inside a building, or under the ground, over it."""
    building = int(building_at(block, place_m[None])[0])
    over = 0.0 if building < 0 else block.buildings[building].top_m + _LIFT_M
    ground = float(_ground_m(block, place_m[None])[0])
    return np.array([place_m[0], place_m[1], max(place_m[2], over, ground + _LIFT_M)])


def _first_arrivals(traced: list[Paths]) -> Floats:
    """Return the delay of each pair's first path that is not too faint, s; NaN where there is none."""
    delays = np.full(len(traced), np.nan)
    for i, paths in enumerate(traced):
        if len(paths):
            level_db = 10.0 * np.log10((paths.gain**2).sum(axis=1) + 1e-30)
            delays[i] = paths.delay_s[level_db >= level_db.max() - FAINT_DB].min()
    return delays
