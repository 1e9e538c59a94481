"""A whole scene as the benches time it: `python -m tests.bench.whole_scene NAME` simulates it once and ends."""

import resource
import subprocess
import sys

import numpy as np

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block
from scenes.blocks import BLOCKS
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Microphone, Sensor
from scenes.walls import draw_in, open_ground
from sim.simulate import simulate
from tests.bench.propagation_bench import NEIGHBOURHOODS, block_of

SENSORS, EVENTS, SECONDS = 25, 10, 60.0
KINDS = ("pistol-9mm", "pistol-45", "shotgun-12", "m80", "firecracker")


def whole_scene(block: Block) -> Scene:
    """Return bangs in the streets of a block, 5 s apart, and sensors above them, for 60 s."""
    ground = open_ground(block, 0.5)
    mounts, shots = (draw_in(ground, n, np.random.default_rng(s)) for n, s in ((SENSORS, 2), (EVENTS, 1)))
    events = tuple(
        Event(f"e{i}", "act", KINDS[i % len(KINDS)], 5.0 * i + 2.0, (x, y, 1.5))
        for i, (x, y) in enumerate(shots.tolist())
    )
    sensors = tuple(
        Sensor(f"s{i}", (x, y, 6.0), Clock(), Microphone()) for i, (x, y) in enumerate(mounts.tolist())
    )
    return Scene(block, sensors, events, SECONDS, 0, Air(), Ambient())


def scene_of(name: str) -> Scene:
    """Return the scene in a block of `BLOCKS` or in a real neighbourhood."""
    return whole_scene(BLOCKS[name]().build() if name in BLOCKS else block_of(name))


def names() -> list[str]:
    """Return crossroads-v1, and Boston where it is there."""
    return ["crossroads-v1", *(["boston_back_bay"] if NEIGHBOURHOODS.exists() else [])]


def new_process_s(name: str, repeats: int = 3) -> float:
    """Return the least CPU seconds, from start to end, of a process that makes a scene and simulates it.

    Reading the block is part of it; the first run, which may have to compile, is not counted.
    """
    spent = []
    for _ in range(repeats + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "tests.bench.whole_scene", name], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent[1:])


if __name__ == "__main__":
    simulate(scene_of(sys.argv[1]))
