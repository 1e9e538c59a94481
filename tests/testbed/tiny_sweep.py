"""A sweep of tiny scenes: `python -m tests.testbed.tiny_sweep FOLDER SEEDS WORKERS PATIENCE_S`."""

import sys
from pathlib import Path

from testbed.sweep import shards
from testbed.sweep.missing import compute_missing
from tests.testbed.tiny_scene import measure_tiny, tiny_tasks


def main() -> None:
    folder, seeds, workers, patience_s = sys.argv[1:]
    shards._LEAST_S = float(patience_s)
    tasks = tiny_tasks(int(seeds))
    compute_missing(tasks, len(tasks), Path(folder), measure_tiny, workers=int(workers))


if __name__ == "__main__":
    main()
