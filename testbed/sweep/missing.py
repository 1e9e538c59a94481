"""Computes the scenes that a folder lacks."""

import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from testbed.sweep.compute import Compute, Local
from testbed.sweep.fan_out import Measure, compute_tasks
from testbed.sweep.record import Task
from testbed.sweep.shards import ShardWriter, read_done


def compute_missing(
    tasks: Iterable[Task[Any]],
    total: int,
    folder: Path,
    measure: Measure,
    *,
    compute: Compute | None = None,
    workers: int = 1,
    title: str = "sweep",
    retry: bool = False,
) -> None:
    """Compute the tasks whose records are not in the folder's shards, and add them there; show one bar.

    Parameters
    ----------
    tasks : iterable of Task
        All of them, done or not.
    total : int
        How many there are.
    folder : Path
        Records are read from and added to its `shards/`.
    measure : callable
        Makes the record of a task.
    compute : Local or Dask, optional
        Where; on this machine by default.
    workers : int
        Processes on this machine.
    title : str
        In front of the bar.
    retry : bool
        Whether scenes that failed are computed again.

    Raises
    ------
    OSError
        When the disk is full; all shards written until then stay.
    """
    done = read_done(folder, retry=retry)
    missing = (task for task in tasks if task.id not in done)
    failed = 0
    # The bar is this process's alone; its usual lock between processes outlives one that is interrupted.
    tqdm.set_lock(threading.RLock())
    bar = tqdm(desc=title, total=total, initial=len(done), unit="scene", dynamic_ncols=True, smoothing=0.05)
    with bar, ShardWriter(folder) as writer:
        bar.set_postfix(failed=failed, refresh=False)
        for record in compute_tasks(missing, measure, compute or Local(), workers):
            writer.keep(record)
            if record["status"] != "ok":
                failed += 1
                bar.set_postfix(failed=failed, refresh=False)
                tqdm.write(f"scene {record['task']} failed: {record['error']}", file=sys.stderr)
            bar.update()
