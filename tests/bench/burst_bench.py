"""Rounds of automatic fire, 50 ms apart, that single stations tell apart: `python -m tests.bench burst`.

Bursts of ten rounds at 1,200 a minute are fired in an open field and heard by posts around it, whose ground echoes and
shot-to-shot differences are simulated; then once more with a wall 5 m behind the shooter, whose echo comes up to 30 ms
after each round.
"""

import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from detector.onset import find_pulses
from detector.recording import open_recording
from scenes.block import Block, Building
from scenes.event import Event
from scenes.scene import Scene
from sim.propagation.trace import PathOptions
from sim.simulate import simulate
from testbed.survey import Survey
from testbed.wire import write_recording
from tests.bench.bearing_bench import FIELD, open_field

SEED, BURSTS, ROUNDS, GAP_S = 611, 6, 10, 0.05
BINS_M = (0.0, 50.0, 100.0, 200.0, 400.0, 800.0)
NEAR_S = 5e-3
WALL = Building("wall", np.array([[-60.0, 35.0], [60.0, 35.0], [60.0, 40.0], [-60.0, 40.0]]), 8.0)
PLACES = {
    "open field": FIELD,
    "beside a wall": Block("wall-v1", (WALL,), FIELD.bounds_m, FIELD.ground),
}


def fire(block: Block) -> Scene:
    """Bursts from near the middle, 45 calibre: subsonic, so that no shock comes between."""
    scene = open_field(SEED, microphone="street")
    events = tuple(
        Event(
            f"b{b}-{k}",
            f"b{b}",
            "pistol-45",
            1.0 + 3.0 * b + GAP_S * k,
            (0.0, 30.0, 1.5),
            {"azimuth_deg": 60.0 * b},
        )
        for b in range(BURSTS)
        for k in range(ROUNDS)
    )
    return replace(scene, block=block, events=events, duration_s=3.0 * BURSTS + 4.0)


def main() -> None:
    """Print the share of rounds with an onset of their own, and the pulses beyond, by distance."""
    for name, block in PLACES.items():
        scene = fire(block)
        simulation = simulate(scene, PathOptions(tail=False))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "recording"
            write_recording(path, scene, simulation.captures, Survey(), 1e-4)
            pulses = find_pulses(open_recording(path))
        places = {e.id: e.position_m for e in scene.events}
        rows = []
        for i, sensor in enumerate(scene.sensors):
            heard = pulses.time_s[pulses.station == i]
            due = np.array([h.time_s for h in simulation.heard if h.sensor == sensor.id])
            away_m = float(np.linalg.norm(np.subtract(sensor.position_m, places[scene.events[0].id])))
            near = np.abs(heard[:, None] - due) < NEAR_S
            rows.append((away_m, near.any(axis=0).sum(), len(due), (~near.any(axis=1)).sum()))
        away, found, fired, other = np.array(rows).T
        print(f"{name}: rounds with an onset within {1e3 * NEAR_S:.0f} ms, other pulses")
        for low, high in pairwise(BINS_M):
            inside = (away >= low) & (away < high)
            if inside.any():
                print(
                    f"  {low:3.0f} to {high:3.0f} m: {found[inside].sum():.0f} of {fired[inside].sum():.0f}, "
                    f"{other[inside].sum():.0f} others"
                )


if __name__ == "__main__":
    main()
