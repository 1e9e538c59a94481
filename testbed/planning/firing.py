"""Shots at street cells in full simulation, a cell a task: kept as they are done, so that a long check resumes."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from detector.options import hash_options
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from testbed.planning.full_simulation import FiredShots, fire, time_shots
from testbed.planning.gunfire import shares_of
from testbed.planning.level_cache import cache_folder, name_levels
from testbed.planning.study import PlanSettings, Study
from testbed.sweep.code_version import digest_sources

Indices = npt.NDArray[np.intp]

# The sources that decide what becomes of a shot; what a map predicts is not among them.
_DECIDE = ("scenes", "sim", "detector", "testbed/planning/full_simulation.py", "testbed/survey.py", "testbed/wire.py",
           "testbed/matching.py")  # fmt: skip


def fire_at_cells(
    study: Study,
    settings: PlanSettings,
    chosen: Sequence[int],
    cells: Indices,
    shots: int,
    *,
    detectable: bool,
) -> Iterator[FiredShots]:
    """Fire shots at cells, `settings.workers` cells at a time; yield what came of them in the order of the cells.

    With `settings.cache` each cell is kept when it is done, under a name made of the code, the block, the sensors and
    all that decides the shots: a check that was interrupted, or that asks for more cells, takes what there is.
    """
    tasks = (
        delayed(_recall_or_fire)(_scene_at(study, settings, chosen, int(cell), shots, detectable), settings)
        for cell in cells
    )
    workers = min(settings.workers, max(len(cells), 1))
    found: Iterator[FiredShots] = Parallel(n_jobs=workers, return_as="generator")(tasks)  # pyright: ignore[reportAssignmentType] - none is None
    yield from found


def _scene_at(
    study: Study, settings: PlanSettings, chosen: Sequence[int], cell: int, shots: int, detectable: bool
) -> Scene:
    """Return shots at the middle of a cell, weapons by their shares, lines of fire all round."""
    rng = draw_stream(settings.seed, "planning check", str(cell))
    shares = shares_of(settings.shares, detectable=detectable)
    kinds = rng.choice(list(shares), shots, p=list(shares.values()))
    azimuths = rng.uniform(0.0, 360.0, shots)
    x, y, z = (float(v) for v in study.cells.position_m[cell])
    events, duration = time_shots(
        [
            Event(f"e{i}", f"e{i}", str(kind), 0.0, (x, y, z), {"azimuth_deg": float(azimuth)})
            for i, (kind, azimuth) in enumerate(zip(kinds, azimuths, strict=True))
        ],
        settings.detector.pause_s,
    )
    seed = int(rng.integers(2**31))  # other noise, eddies and instruments at every cell
    sensors = tuple(
        Sensor(
            str(study.mounts.ids[i]),
            tuple(float(v) for v in study.mounts.position_m[i]),  # pyright: ignore[reportArgumentType] - three of them
            settings.clock.draw(draw_stream(seed, "clock", str(i))),
            settings.sensor.draw(settings.rate_hz, draw_stream(seed, "microphone", str(i))),
        )
        for i in chosen
    )
    return Scene(study.block, sensors, events, duration, seed, settings.weather, settings.ambient)


def _recall_or_fire(scene: Scene, settings: PlanSettings) -> FiredShots:
    shape = (len(scene.events), len(scene.sensors))
    kept = cache_folder() / f"fired-{_name(scene, settings)}.npz" if settings.cache else None
    found = None if kept is None else _read(kept, shape)
    if found is None:
        found = fire(
            scene, settings.propagation, settings.survey, settings.clock.sigma_s, settings.detector, 1
        )
        if kept is not None:
            _write(kept, found)
    return found


def _name(scene: Scene, settings: PlanSettings) -> str:
    places = np.array([sensor.position_m for sensor in scene.sensors])
    shots = np.array([event.position_m for event in scene.events])
    told = (
        digest_sources(_DECIDE),
        name_levels(scene.block, scene.air, shots, places),
        [(sensor.id, sensor.clock, sensor.microphone) for sensor in scene.sensors],
        [(event.id, event.kind, event.time_s, event.traits) for event in scene.events],
        (scene.duration_s, scene.seed, scene.air, scene.ambient),
        (settings.propagation, settings.survey, settings.clock, hash_options(settings.detector)),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def _read(file: Path, shape: tuple[int, int]) -> FiredShots | None:
    """Return what a file holds, None where there is none or it is not whole."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            found = FiredShots(kept["reported"], kept["late_s"], kept["error_m"])
    except (OSError, ValueError, KeyError, EOFError):
        return None
    whole = found.reported.shape == found.late_s.shape == shape and found.error_m.shape == shape[:1]
    return found if whole else None


def _write(file: Path, found: FiredShots) -> None:
    """Keep a cell's shots; a folder that cannot be written to costs the next run its time, nothing else."""
    draft = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            np.savez(stream, reported=found.reported, late_s=found.late_s, error_m=found.error_m)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
