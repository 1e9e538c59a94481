"""Runs every bench in this folder: `python -m tests.bench [name ...]`."""

import importlib
import sys
from pathlib import Path


def main() -> None:
    """Call `main()` of each `*_bench.py`, or of those that are named."""
    wanted = sys.argv[1:]
    for path in sorted(Path(__file__).parent.glob("*_bench.py")):
        if not wanted or path.stem in wanted or path.stem.removesuffix("_bench") in wanted:
            print(f"== {path.stem}", flush=True)
            importlib.import_module(f"tests.bench.{path.stem}").main()


if __name__ == "__main__":
    main()
