"""Prints what sweeping costs beside the scenes: `python -m tests.bench sweep`.

All times are seconds of CPU, of this process and its workers, so that other load on the machine does not count. The
speed-up of two workers is therefore computed, by Amdahl's law, with what this process does beside them as the serial
part. On two free cores the clock can show no more than that.
"""

import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from detector.options import DetectorOptions
from scenes.air import Air
from scenes.ambient import Ambient
from scenes.blocks.grid import Grid
from scenes.layouts.grid import RegularGrid
from scenes.schedules.rates import Rates
from sim.clock import CLOCKS
from sim.microphone import MicrophoneModel
from sim.propagation.trace import PathOptions
from testbed.config import RunSettings
from testbed.survey import Survey
from testbed.sweep.code_version import code_version
from testbed.sweep.collect import collect
from testbed.sweep.manifest import Manifest, ManifestCell, claim_folder
from testbed.sweep.missing import compute_missing
from testbed.sweep.record import Record, Task, name_task
from testbed.sweep.scene_task import measure_scene
from testbed.sweep.shards import SHARDS, write_shard
from tests.testbed.tiny_scene import Tiny, measure_tiny, tiny_tasks

TINY, REAL = 10_000, 40
GOAL = 1.8
CELLS = tuple((f"layout.count={n}", f"weather={w}") for n in (4, 6, 8, 10, 12) for w in ("mild", "windy"))


def main() -> None:
    """Print overhead, speed-up and the cost of a report."""
    print_overhead()
    print_speed_up()
    print_report()


def print_overhead() -> None:
    """Print what the harness adds to a scene."""
    tasks = tiny_tasks(TINY // 2)
    with timed() as scenes:
        for task in tasks:
            measure_tiny(task)
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as name, timed() as whole:
            compute_missing(tasks, TINY, Path(name), measure_tiny, workers=workers)
        added = (sum(whole) - scenes[0]) / TINY
        print(
            f"harness, {TINY} tiny scenes, {workers} worker(s): {1e3 * added:.2f} ms a scene beside the scene's own"
        )


def print_speed_up() -> None:
    """Print what a second worker is worth on small real scenes."""
    tasks = [Task(name_task("bench", seed), 0, replace(SCENE, seed=seed)) for seed in range(REAL)]
    measure_scene(tasks[0])  # kernels are loaded once, in either case
    spent = []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as name, timed() as cpu_s:
            compute_missing(tasks, REAL, Path(name), measure_scene, workers=workers)
        spent.append(cpu_s)
    (alone, _), (parent, children) = spent
    start = max(children - alone, 0.0) / 2.0
    print(
        f"{REAL} scenes: {alone:.1f} s in one process; beside two workers {parent:.1f} s here, {children:.1f} s in them"
    )
    print(
        f"two workers, once they have started ({start:.1f} s each): {alone / (parent + alone / 2.0):.2f} times one"
    )
    needed = (start + parent) / (1.0 / GOAL - 0.5)
    print(
        f"with their start {GOAL} times from {needed:.0f} s of work on; all by Amdahl's law from seconds of CPU"
    )


def print_report() -> None:
    """Print what it takes to open, group and plot 100,000 rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = tuple(ManifestCell(words, str(i), {}) for i, words in enumerate(CELLS))
        claim_folder(
            folder, Manifest("bench", "", "rounds_recall", cells, tuple(range(1000)), code_version())
        )
        tasks = [Task(name_task(str(c), s), c, Tiny(s)) for s in range(1000) for c in range(len(CELLS))]
        (folder / SHARDS).mkdir()
        records: Sequence[Record] = [measure_tiny(task) for task in tasks]
        for first in range(0, len(records), 500):
            write_shard(folder / SHARDS, list(records[first : first + 500]))
        with timed() as cpu_s:
            collect(folder, "rounds_recall")
    print(f"100,000 rows of 10,000 scenes, opened, grouped, plotted: {cpu_s[0]:.1f} s")


@contextmanager
def timed() -> Iterator[list[float]]:
    """Yield a list that ends as the seconds of CPU of this process, and of its children that have ended."""
    spent: list[float] = []
    before = _cpu_s()
    yield spent
    spent += [now - then for now, then in zip(_cpu_s(), before, strict=True)]


def _cpu_s() -> tuple[float, float]:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time(), children.ru_utime + children.ru_stime


# Two by two houses, four sensors, one incident: 0.4 s of CPU.
SCENE = RunSettings(
    scene=Grid(blocks_x=2, blocks_y=2),
    schedule=Rates(gunshots=1, fireworks=0, backfires=0),
    layout=RegularGrid(4),
    ambient=Ambient(),
    weather=Air(),
    clock=CLOCKS["gps"],
    sensor=MicrophoneModel(),
    survey=Survey(),
    propagation=PathOptions(),
    duration_s=15.0,
    rate_hz=8_000,
    seed=0,
    workers=1,
    detector=DetectorOptions(),
)


if __name__ == "__main__":
    main()
