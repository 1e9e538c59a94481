"""Plants a bias of 1 m in a copy of the code and gates it: `python -m tests.bench planted [suite]`, smoke unless told.

The copy places every alert 1 m too far east. It is gated against the commit that it was copied from, on the same
recordings; the gate must say "regressed" and name the bias.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).parents[2]
ROOMS = ("scenes", "sim", "detector", "testbed", "conf", "results/baselines")
WHERE, SOUND, PLANTED = (
    "detector/detect.py",
    "x, y = fix.position_m\n",
    "x, y = fix.position_m[0] + 1.0, fix.position_m[1]\n",
)


def main() -> None:
    """Print the verdict and the metrics that are worse."""
    suite = sys.argv[2] if len(sys.argv) > 2 else "smoke"
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "copy"
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", HOME, copy], check=True)
        for room in ROOMS:  # with their compiled kernels
            shutil.copytree(HOME / room, copy / room)
        text = (copy / WHERE).read_text()
        if text.count(SOUND) != 1:
            sys.exit(f"{WHERE}: nowhere to plant the bias")
        (copy / WHERE).write_text(text.replace(SOUND, PLANTED))
        report = gate(copy, suite)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    worse = [
        f"{name} by {entry['harm']:.3g}"
        for name, entry in report["metrics"].items()
        if entry["finding"] == "worse"
    ]
    print(
        f"{suite}, {report['scenes']} scenes, everything 1 m east: {report['verdict']}, code {report['exit_code']}"
    )
    print(f"worse: {', '.join(worse)}; {used.ru_utime + used.ru_stime:.0f} s of CPU")
    if report["verdict"] != "regressed":
        sys.exit("the planted bias went unseen")


def gate(copy: Path, suite: str) -> dict:
    """Gate the copy against its commit; return `gate.json`."""
    out = copy / "out"
    command = [sys.executable, "-m", "testbed", "gate", f"suite={suite}", "against=HEAD", f"out={out}"]
    subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, check=False)
    return json.loads((out / "gate.json").read_text())


if __name__ == "__main__":
    main()
