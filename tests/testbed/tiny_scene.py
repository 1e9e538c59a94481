"""A scene that costs next to nothing; imports little, for workers start with it."""

import os
from dataclasses import dataclass

import numpy as np

from testbed.sweep.record import Record, Task, head_of, name_task


@dataclass(frozen=True)
class Tiny:
    """The seed is all there is."""

    seed: int


def tiny_tasks(seeds: int, cells: int = 2) -> list[Task[Tiny]]:
    return [Task(name_task(f"cell {n}", seed), n, Tiny(seed)) for seed in range(seeds) for n in range(cells)]


def measure_tiny(task: Task) -> Record:
    """Draw a night of ten rounds; the cell's luck grows with its number, the seed's is shared by all cells."""
    rng = np.random.default_rng(task.settings.seed)
    shares = rng.uniform(size=10)
    error = rng.gamma(4.0, 2.0, 10)
    located = shares < 0.5 + 0.1 * task.cell
    outcome = ["located" if hit else "missed" for hit in located]
    rounds = [
        {"event": f"e{i}", "incident": "i", "kind": "pistol-9mm", "outcome": outcome[i]}
        | ({"error_m": float(error[i]) * (1.0 + task.cell)} if located[i] else {"cause": "no pulse"})
        for i in range(10)
    ]
    hits = int(located.sum())
    score = {
        "rounds": 10,
        "rounds_located": hits,
        "rounds_missed": 10 - hits,
        "incidents": 1,
        "incidents_located": 1,
    }
    host = str(os.getpid())
    return head_of(task) | {
        "status": "ok",
        "score": score,
        "rounds": rounds,
        "host": host,
        "wall_s": 0.0,
        "cpu_s": 0.0,
    }
