"""Computes many tasks at once, on this machine or on a Dask cluster, through joblib: the same work either way."""

import importlib.util
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor

from scenes.errors import BadInput
from testbed.sweep.compute import Compute, Dask
from testbed.sweep.record import Record, Task, failure_of, head_of

Measure = Callable[[Task[Any]], Record]
"""Must be importable where the workers are, and never fail but for a full disk."""

_WATCH_S = 0.5


def compute_tasks(
    tasks: Iterable[Task[Any]], measure: Measure, compute: Compute, workers: int
) -> Iterator[Record]:
    """Yield the record of each task as it is ready, in any order.

    A worker process that dies takes down what runs beside it; these tasks are then tried again one at a time, and one
    that kills its worker when alone is a failed scene.

    Parameters
    ----------
    tasks : iterable of Task
        Taken as needed, so it may be long.
    measure : callable
    compute : Local or Dask
    workers : int
        Processes on this machine; a cluster knows its own number.

    Raises
    ------
    BadInput
        When there is no cluster at the address.
    """
    with _backend(compute, workers) as n_jobs:
        source = iter(tasks)
        while True:
            attempt = _Attempt(source)
            try:
                yield from attempt.records(measure, n_jobs)
            except BrokenProcessPool:
                suspects = attempt.stop()
            else:
                return
            for task in suspects:
                yield _compute_alone(task, measure)


class _Attempt:
    """One call of joblib, which takes tasks from a source that outlives it."""

    def __init__(self, source: Iterator[Task[Any]]) -> None:
        self._source = source
        self._out: dict[str, Task[Any]] = {}
        self._stopped = False

    def records(self, measure: Measure, n_jobs: int | None) -> Iterator[Record]:
        """Yield records as they come."""
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        records: Any = parallel(joblib.delayed(measure)(task) for task in self._tasks())
        for record in records:
            del self._out[record["task"]]
            yield record

    def stop(self) -> list[Task[Any]]:
        """Take no more tasks; return those whose records did not come."""
        self._stopped = True
        return list(self._out.values())

    def _tasks(self) -> Iterator[Task[Any]]:
        while not self._stopped and (task := next(self._source, None)) is not None:
            self._out[task.id] = task
            yield task


def _compute_alone(task: Task[Any], measure: Measure) -> Record:
    """Compute a task in a process of its own; when that dies, the scene has failed."""
    with joblib.parallel_config(backend="loky", **_guard()):
        try:
            records: Any = joblib.Parallel(n_jobs=2)([joblib.delayed(measure)(task)])
            return records[0]
        except BrokenProcessPool as error:
            died = RuntimeError("the worker process died (killed, or out of memory)")
            died.__cause__ = error
            return head_of(task) | failure_of(died)


def _backend(compute: Compute, workers: int) -> AbstractContextManager[int | None]:
    return _on_dask(compute) if isinstance(compute, Dask) else _on_this_machine(workers)


@contextmanager
def _on_this_machine(workers: int) -> Iterator[int | None]:
    # loky replaces a worker whose memory grows, and says so; the scenes do not care.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
        try:
            with joblib.parallel_config(backend="loky", **_guard()):
                yield workers
        finally:
            if workers > 1:
                get_reusable_executor().shutdown(wait=True, kill_workers=True)


@contextmanager
def _on_dask(compute: Dask) -> Iterator[int | None]:
    if importlib.util.find_spec("distributed") is None:
        raise BadInput("compute=dask: Dask is not installed; pip install 'echoblock[cluster]'")
    if not compute.address:
        raise BadInput("compute=dask wants compute.address=tcp://HOST:PORT, where the scheduler listens")
    from distributed import Client  # noqa: PLC0415 - an extra, and slow to import  # pyright: ignore[reportMissingImports] - of the extra "cluster"

    try:
        client = Client(compute.address, timeout=compute.timeout_s, set_as_default=False)
    except (OSError, ValueError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(
            f"compute.address={compute.address}: no Dask scheduler answers there ({line})"
        ) from error
    with client, joblib.parallel_config(backend="dask", client=client):
        yield None


def _guard() -> dict[str, Any]:
    return {"initializer": _guard_worker, "initargs": (os.getpid(),), "inner_max_num_threads": 1}


def _guard_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and die with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    """End this process when its parent is no longer the one it was born of."""
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)
