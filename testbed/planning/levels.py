"""Levels from every street cell to every mount, kept on disk under a name made of what they follow from."""

import functools
import hashlib
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import sim.propagation
from scenes.air import Air
from scenes.block import Block
from sim.propagation.city import index_block
from sim.propagation.engines import Trace, open_engine
from sim.propagation.levels import open_listeners, sum_levels
from sim.propagation.paths import Paths
from sim.propagation.trace import PathOptions, medium_of
from testbed.planning.hearing import band_weights

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
        Level in the detector's band re the peak level at 1 m, dB; `SILENT_DB` where no way leads.
    late_m : ndarray of float32, shape (n, m)
        Shortest way less straight line, m.
    bearing_rad : ndarray of float32, shape (n, m)
        From cell to mount, counter-clockwise from east.
    distance_m : ndarray of float32, shape (n, m)
    """

    gain_db: Floats32
    late_m: Floats32
    bearing_rad: Floats32
    distance_m: Floats32

    def take(self, mounts: npt.ArrayLike) -> "Levels":
        """Return the levels at some of the mounts."""
        index = np.asarray(mounts)
        return Levels(
            self.gain_db[:, index],
            self.late_m[:, index],
            self.bearing_rad[:, index],
            self.distance_m[:, index],
        )

    def at(self, cells: npt.ArrayLike) -> "Levels":
        """Return the levels from some of the cells."""
        index = np.asarray(cells)
        return Levels(
            self.gain_db[index], self.late_m[index], self.bearing_rad[index], self.distance_m[index]
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
    """
    kept = None if cache is None else cache / f"levels-{name_levels(block, air, cells_m, mounts_m)}.npz"
    found = None if kept is None else _read(kept, (len(cells_m), len(mounts_m)))
    if found is None:
        found = _compute(block, air, cells_m, mounts_m, workers, progress)
        if kept is not None:
            _write(kept, *found)
    step = mounts_m[None, :, :] - cells_m[:, None, :]
    bearing = np.arctan2(step[..., 1], step[..., 0]).astype(np.float32)
    return Levels(*found, bearing, np.linalg.norm(step, axis=2).astype(np.float32))


def cache_folder() -> Path:
    """Return where levels are kept: `$XDG_CACHE_HOME/echoblock` or `~/.cache/echoblock`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "echoblock"


def _compute(
    block: Block, air: Air, cells_m: Floats, mounts_m: Floats, workers: int, progress: Progress | None
) -> tuple[Floats32, Floats32]:
    city, weights = index_block(block), band_weights()
    if city.terrain is not None and not city.terrain.is_flat:
        trace = open_engine(city, air, HILLY)
        return _gather(lambda cell: _trace_hills(trace, air, cell, mounts_m, weights), cells_m, 1, progress)
    listeners = open_listeners(city, mounts_m, cells_m)
    return _gather(lambda cell: sum_levels(city, air, cell, listeners, weights), cells_m, workers, progress)


def _gather(
    one: Callable[[Floats], tuple[Floats, Floats]],
    cells_m: Floats,
    workers: int,
    progress: Progress | None,
) -> tuple[Floats32, Floats32]:
    powers, lates = [], []
    with ThreadPoolExecutor(workers) as pool:
        for done, (power, late_m) in enumerate(pool.map(one, cells_m), start=1):
            powers.append(10.0 * np.log10(np.maximum(power, 10.0 ** (SILENT_DB / 10.0))))
            lates.append(late_m)
            if progress is not None and (done % 50 == 0 or done == len(cells_m)):
                progress(done, len(cells_m))
    return np.array(powers, dtype=np.float32), np.array(lates, dtype=np.float32)


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


def name_levels(block: Block, air: Air, cells_m: Floats, mounts_m: Floats) -> str:
    """Return a digest of all that levels follow from: block, air, places and the engine's code."""
    digest = hashlib.sha256(f"{_code()} {air!r} {block.ground.surface}".encode())
    for building in block.buildings:
        digest.update(f"{building.base_m!r} {building.height_m!r} {building.facade}".encode())
        for ring in (building.outline, *building.courtyards):
            digest.update(np.ascontiguousarray(ring, dtype=np.float64).tobytes() + b"|")
    for patch in block.ground.patches:
        digest.update(patch.surface.encode() + np.ascontiguousarray(patch.outline).tobytes())
    if block.ground.terrain is not None:
        terrain = block.ground.terrain
        digest.update(f"{terrain.west_m} {terrain.south_m} {terrain.step_m}".encode())
        digest.update(np.ascontiguousarray(terrain.heights_m).tobytes())
    for places in (cells_m, mounts_m):
        digest.update(np.ascontiguousarray(places, dtype=np.float64).tobytes() + b"|")
    return digest.hexdigest()[:32]


@functools.cache
def _code() -> str:
    """Return a digest of the code that levels follow from: another engine finds other levels."""
    digest = hashlib.sha256()
    folder = Path(sim.propagation.__file__).parent
    for source in (
        *sorted(folder.glob("*.py")),
        Path(sim.propagation.__file__).parents[2] / "scenes/material.py",
    ):
        digest.update(source.read_bytes())
    digest.update(band_weights().tobytes())
    return digest.hexdigest()


def _read(file: Path, shape: tuple[int, int]) -> tuple[Floats32, Floats32] | None:
    """Return what a file of the cache holds, None where there is none or it is not whole."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            gain_db, late_m = kept["gain_db"], kept["late_m"]
    except (OSError, ValueError, KeyError, EOFError):
        return None
    if gain_db.shape != shape or late_m.shape != shape:
        return None
    return gain_db.astype(np.float32), late_m.astype(np.float32)


def _write(file: Path, gain_db: Floats32, late_m: Floats32) -> None:
    """Keep levels; a folder that cannot be written to costs the next run its time, nothing else."""
    draft = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            np.savez(stream, gain_db=gain_db, late_m=late_m)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
