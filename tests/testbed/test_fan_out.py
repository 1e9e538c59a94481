"""Workers: those that die take nothing with them but what killed them."""

import os
import signal

from testbed.sweep.compute import Local
from testbed.sweep.fan_out import compute_tasks
from tests.testbed.tiny_scene import measure_tiny, tiny_tasks


def deadly_at_seven(task):
    if (task.cell, task.settings.seed) == (1, 7):
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_tiny(task)


def test_a_scene_that_kills_its_worker_fails_alone():
    tasks = tiny_tasks(40)
    records = list(compute_tasks(tasks, deadly_at_seven, Local(), 2))
    assert sorted(record["task"] for record in records) == sorted(task.id for task in tasks)
    (failed,) = [record for record in records if record["status"] == "failed"]
    assert (failed["cell"], failed["seed"]) == (1, 7)
    assert "worker process died" in failed["error"]


def test_one_worker_gives_the_same_records_as_two():
    tasks = tiny_tasks(20)

    def rows(workers):
        records = compute_tasks(tasks, measure_tiny, Local(), workers)
        return sorted(({**r, "host": ""} for r in records), key=lambda r: r["task"])

    assert rows(1) == rows(2)
