"""Compiles the kernels of the second half of a run in another process, while the first half compiles its own.

Kernels are compiled once and kept on disk beside their source (numba's cache). In the first run ever, compiling takes
most of the time, one kernel after another; what this process does not need at once, `testbed.rehearsal` compiles on
another core by doing the same work in a street of six sensors. It leaves nothing but the cache; nothing depends on it.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

PATIENCE_S = 120.0


class Helper(Protocol):
    """What the rest of a run waits for."""

    def wait(self) -> None:
        """Return when the kernels are there, or will not be."""
        ...


@contextmanager
def compile_ahead(workers: int) -> Generator[Helper]:
    """Compile in another process, if there is anything to compile and a core to do it on.

    Parameters
    ----------
    workers : int
        How many threads the run may use; 1 allows no second process.

    Yields
    ------
    Helper
        Ended when the context is left.
    """
    helper = _Rehearsal(start=workers > 1 and _cores() > 1 and not is_compiled())
    try:
        yield helper
    finally:
        helper.stop()


def is_compiled() -> bool:
    """Return whether the kernels of the detector's last stage are on disk and no older than their source."""
    from detector.climb import climb  # noqa: PLC0415 - numba is slow to import, and only runs ask

    source = Path(climb.py_func.__code__.co_filename)
    kept = Path(climb.stats.cache_path or "").glob(f"{source.stem}.{climb.py_func.__name__}-*.nbi")
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in kept)


def _cores() -> int:
    """Return how many cores this process may use; macOS and Windows know no affinity."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Rehearsal:
    """The other process; none where there is nothing to do."""

    def __init__(self, *, start: bool) -> None:
        command = [sys.executable, "-m", "testbed.rehearsal"]
        self._process = (
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own module
            if start
            else None
        )

    def wait(self) -> None:
        if self._process is not None:
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.stop()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
