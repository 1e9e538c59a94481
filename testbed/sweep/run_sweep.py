"""Runs a sweep, or what is left of it."""

import shutil
from functools import partial
from pathlib import Path

from scenes.errors import BadInput
from testbed.config import SweepSettings
from testbed.full_disk import is_disk_full
from testbed.sweep.cells import compose_cells, tasks_of
from testbed.sweep.compute import Dask
from testbed.sweep.design import read_seeds
from testbed.sweep.fan_out import Measure
from testbed.sweep.manifest import claim_folder, lock_folder, manifest_of
from testbed.sweep.missing import compute_missing
from testbed.sweep.scene_task import measure_scene
from testbed.sweep.shards import clear_drafts, read_done

_WORK = "work"


def run_sweep(settings: SweepSettings, folder: Path, measure: Measure | None = None) -> None:
    """Compute every scene of a sweep that its folder does not hold.

    Parameters
    ----------
    settings : SweepSettings
    folder : Path
        Made where absent; it may hold a part of this very sweep.
    measure : callable, optional
        What makes a record of a scene; `measure_scene` by default.

    Raises
    ------
    BadInput
        When a cell or seed cannot be (nothing is written then), the folder is another sweep's, or the disk is full.
    """
    seeds = read_seeds(settings.seeds)
    cells = compose_cells(settings, seeds)
    with lock_folder(folder):
        claim_folder(folder, manifest_of(settings.name, settings.question, settings.objective, cells, seeds))
        clear_drafts(folder)
        work = folder / _WORK
        shutil.rmtree(work, ignore_errors=True)
        is_local = not isinstance(settings.compute, Dask)
        try:
            if is_local:
                work.mkdir()
            one = measure or partial(measure_scene, work=str(work) if is_local else None)
            compute_missing(
                tasks_of(cells, seeds),
                len(cells) * len(seeds),
                folder,
                one,
                compute=settings.compute,
                workers=settings.workers,
                title=settings.name,
                retry=settings.retry,
            )
        except OSError as error:
            if not is_disk_full(error, folder):
                raise
            kept = len(read_done(folder))
            raise BadInput(
                f"{folder}: the disk is full; {kept} of {len(cells) * len(seeds)} scenes are kept. "
                "Make room and give the same command again"
            ) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
