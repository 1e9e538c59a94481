"""Levels from every street cell to every mount."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.block import Block
from sim.propagation.city import index_block
from sim.propagation.engines import Trace, open_engine
from sim.propagation.levels import open_listeners, sum_levels
from sim.propagation.paths import Paths
from sim.propagation.trace import PathOptions, medium_of
from testbed.planning.blast_band import band_weights
from testbed.planning.level_cache import name_levels, read_levels, write_levels
from testbed.planning.tail_levels import PAIRS_MOST, find_tail

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

SILENT_DB = -300.0
# Over hills the general search is used, with as little as levels need.
HILLY = PathOptions(1, 1, False, floor_db=15.0, paths_max=12, tail=False)


@dataclass(frozen=True, eq=False)
class Levels:
    """What the ways between n cells and m mounts do to sound.

    Attributes
    ----------
    gain_db : ndarray of float32, shape (n, m)
        Level in the detector's band re that at 1 m, dB, of all that may give a pulse of the shot: ways and what facades
        scatter soon after; `SILENT_DB` where nothing leads.
    way_db : ndarray of float32, shape (n, m)
        The same of the ways alone.
    late_m : ndarray of float32, shape (n, m)
        Shortest way less straight line, m.
    bearing_rad : ndarray of float32, shape (n, m)
        From cell to mount, counter-clockwise from east.
    distance_m : ndarray of float32, shape (n, m)
    """

    gain_db: Floats32
    way_db: Floats32
    late_m: Floats32
    bearing_rad: Floats32
    distance_m: Floats32

    def take(self, mounts: npt.ArrayLike) -> "Levels":
        """Return the levels at some of the mounts."""
        index = np.asarray(mounts)
        return Levels(
            self.gain_db[:, index],
            self.way_db[:, index],
            self.late_m[:, index],
            self.bearing_rad[:, index],
            self.distance_m[:, index],
        )

    def put(self, mounts: npt.ArrayLike, better: "Levels") -> "Levels":
        """Return the levels with those of some of the mounts replaced."""
        index, columns = np.asarray(mounts), []
        for name in ("gain_db", "way_db", "late_m", "bearing_rad", "distance_m"):
            array = getattr(self, name).copy()
            array[:, index] = getattr(better, name)
            columns.append(array)
        return Levels(*columns)

    def at(self, cells: npt.ArrayLike) -> "Levels":
        """Return the levels from some of the cells."""
        index = np.asarray(cells)
        return Levels(
            self.gain_db[index],
            self.way_db[index],
            self.late_m[index],
            self.bearing_rad[index],
            self.distance_m[index],
        )


def find_levels(
    block: Block,
    air: Air,
    cells_m: Floats,
    mounts_m: Floats,
    workers: int = 1,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Levels:
    """Return the levels from cells (n, 3) at mounts (m, 3), m, from the cache where it has them.

    Parameters
    ----------
    block : Block
    air : Air
        Absorption only; wind and gradients are left out.
    cells_m, mounts_m : ndarray
    workers : int
        Threads; changes the time, not the levels.
    cache : path, optional
        A folder; files in it are arrays under the hash of block, air, cells and mounts.
    progress : callable, optional

    Raises
    ------
    BadInput
        When a point lies inside a building or under the ground.

    Notes
    -----
    Up to `testbed.planning.tail_levels.PAIRS_MOST` pairs of cell and mount, what facades scatter is followed from
    every cell, and ways by a facade and over roofs count. With more pairs the tail is carried over between cells
    and those ways are left out (3 dB in shadow): coarser but quick.
    """
    kept = None if cache is None else cache / f"levels-{name_levels(block, air, cells_m, mounts_m)}.npz"
    found = None if kept is None else read_levels(kept, (len(cells_m), len(mounts_m)))
    if found is None:
        found = _compute(block, air, cells_m, mounts_m, workers, progress)
        if kept is not None:
            write_levels(kept, *found)
    step = mounts_m[None, :, :] - cells_m[:, None, :]
    bearing = np.arctan2(step[..., 1], step[..., 0]).astype(np.float32)
    return Levels(*found, bearing, np.linalg.norm(step, axis=2).astype(np.float32))


def _compute(
    block: Block, air: Air, cells_m: Floats, mounts_m: Floats, workers: int, progress: Progress | None
) -> tuple[Floats32, Floats32, Floats32]:
    """Return the levels, those of the ways alone, and how late the shortest way is; ways are half of the progress."""
    city, weights, half = index_block(block), band_weights(), len(cells_m)
    few = len(cells_m) * len(mounts_m) <= PAIRS_MOST

    def tell(done: int) -> None:
        if progress is not None and (done % 50 == 0 or done in {half, 2 * half}):
            progress(done, 2 * half)

    if city.terrain is not None and not city.terrain.is_flat:
        trace = open_engine(city, air, HILLY)
        ways, late_m = _gather(
            lambda cell: _trace_hills(trace, air, cell, mounts_m, weights), cells_m, 1, tell
        )
    else:
        listeners = open_listeners(city, mounts_m, cells_m)
        ways, late_m = _gather(
            lambda cell: sum_levels(city, air, cell, listeners, weights, roof_echoes=few),
            cells_m,
            workers,
            tell,
        )
    tail = find_tail(
        block, city, air, cells_m, mounts_m, late_m, workers, lambda share: tell(half + int(share * half))
    )
    return _decibels(ways + tail), _decibels(ways), late_m.astype(np.float32)


def _gather(
    one: Callable[[Floats], tuple[Floats, Floats]],
    cells_m: Floats,
    workers: int,
    tell: Callable[[int], None],
) -> tuple[Floats, Floats]:
    powers, lates = [], []
    with ThreadPoolExecutor(workers) as pool:
        for done, (power, late_m) in enumerate(pool.map(one, cells_m), start=1):
            powers.append(power)
            lates.append(late_m)
            tell(done)
    return np.array(powers), np.array(lates)


def _decibels(power: Floats) -> Floats32:
    return (10.0 * np.log10(np.maximum(power, 10.0 ** (SILENT_DB / 10.0)))).astype(np.float32)


def _trace_hills(
    trace: Trace, air: Air, cell: Floats, mounts_m: Floats, weights: Floats
) -> tuple[Floats, Floats]:
    loss = medium_of(air)["log_power_per_m"]
    found: list[Paths] = trace(cell, mounts_m)
    power, late_m = np.zeros(len(found)), np.zeros(len(found))
    for k, paths in enumerate(found):
        if len(paths):
            power[k] = np.sum(weights * paths.gain**2 * np.exp(loss * paths.length_m[:, None]))
            late_m[k] = max(float(paths.length_m.min()) - math.dist(cell, mounts_m[k]), 0.0)
    return power, late_m
