"""Levels kept on disk under a name made of all that they follow from."""

import functools
import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

import sim.propagation
from scenes.air import Air
from scenes.block import Block
from testbed.planning.blast_band import band_weights

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

# The sources that levels follow from: another engine finds other levels.
_ROOT = Path(sim.propagation.__file__).parents[2]
_DECIDE = ("sim/propagation/*.py", "sim/tail/*.py", "scenes/material.py", "testbed/planning/tail_levels.py")
_NAMES = ("gain_db", "way_db", "late_m")


def cache_folder() -> Path:
    """Return where levels are kept: `$XDG_CACHE_HOME/echoblock` or `~/.cache/echoblock`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "echoblock"


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
    for pattern in _DECIDE:
        for source in sorted(_ROOT.glob(pattern)):
            digest.update(source.read_bytes())
    digest.update(band_weights().tobytes())
    return digest.hexdigest()


def read_levels(file: Path, shape: tuple[int, int]) -> tuple[Floats32, Floats32, Floats32] | None:
    """Return gain, gain of the ways and lateness that a file holds, None where there is none or it is not whole."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            gain_db, way_db, late_m = (kept[name] for name in _NAMES)
    except (OSError, ValueError, KeyError, EOFError):
        return None
    if any(array.shape != shape for array in (gain_db, way_db, late_m)):
        return None
    return gain_db.astype(np.float32), way_db.astype(np.float32), late_m.astype(np.float32)


def write_levels(file: Path, *found: Floats32) -> None:
    """Keep levels; a folder that cannot be written to costs the next run its time, nothing else."""
    draft = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            np.savez(stream, **dict(zip(_NAMES, found, strict=True)))
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
