"""A Dask scheduler with workers as processes of their own, one of them killed in the middle of a sweep.

`python -m tests.cluster.dask_test` prints what it sees and fails when the table is not that of this machine alone.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polars.testing import assert_frame_equal

from testbed.sweep import shards
from testbed.sweep.tables import tables_of

PATIENCE_S = 120.0
SWEEP = [
    "scene=grid-v1", "scene.blocks_x=2", "scene.blocks_y=2", "layout=grid", "layout.count=4", "duration_s=15",
    "rate_hz=8000", "schedule=rates", "schedule.gunshots=1", "schedule.fireworks=0", "schedule.backfires=0",
    "cells=clock.jitter_s=1e-4,1e-2", "seeds=20",
]  # fmt: skip


def main() -> None:
    """Sweep here, then on a cluster that loses a worker; compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        address = folder / "scheduler.json"
        scheduler = start(
            "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", address
        )
        workers = [
            start("distributed.cli.dask_worker", "--scheduler-file", address, "--nthreads", "1", "--no-nanny",
                  "--no-dashboard", "--local-directory", folder / f"worker{n}")
            for n in range(2)
        ]  # fmt: skip
        try:
            wait_for(address.exists)
            run_sweeps(folder, scheduler_address(address), workers)
        finally:
            for process in (*workers, scheduler):
                process.kill()
                process.wait()


def run_sweeps(folder: Path, address: str, workers: list["subprocess.Popen[bytes]"]) -> None:
    """Sweep on the cluster, kill a worker once there are rows, and compare with this machine alone."""
    on_dask = sweep(folder / "dask", "compute=dask", f"compute.address={address}")
    wait_for(lambda: any((folder / "dask" / shards.SHARDS).glob("*.parquet")) or on_dask.poll() is not None)
    print(
        f"killing worker {workers[0].pid}, with the sweep {'under way' if on_dask.poll() is None else 'over'}"
    )
    os.kill(workers[0].pid, signal.SIGKILL)
    if on_dask.wait() != 0:
        sys.exit("the sweep on Dask failed")
    if sweep(folder / "here", "workers=2").wait() != 0:
        sys.exit("the sweep on this machine failed")
    there, here = (tables_of(shards.read_records(folder / name)) for name in ("dask", "here"))
    for name in ("scenes", "rounds", "incidents"):
        assert_frame_equal(getattr(there, name), getattr(here, name))
    print(f"dask: {len(there.scenes)} scenes with a worker killed in the middle, the same table as here")


def start(module: str, *words: object) -> "subprocess.Popen[bytes]":
    """Start a process of the cluster."""
    return subprocess.Popen([sys.executable, "-m", module, *map(str, words)], stderr=subprocess.DEVNULL)


def sweep(out: Path, *words: str) -> "subprocess.Popen[bytes]":
    """Start a sweep."""
    return subprocess.Popen([sys.executable, "-m", "testbed", "sweep", *SWEEP, f"out={out}", *words])


def scheduler_address(path: Path) -> str:
    """Return the address in a scheduler's file."""
    return json.loads(path.read_text())["address"]


def wait_for(condition) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            sys.exit("waited too long")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
