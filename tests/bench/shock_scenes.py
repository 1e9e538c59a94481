"""Scenes for `shock_bench`: shots around and among sensors, and which pulses are shocks or blasts."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.n_wave import measure_shape
from detector.onset import find_pulses
from detector.pulse import Pulses
from detector.recording import Recording, open_recording, read_clip
from detector.site import Site
from scenes.block import Block, Ground
from scenes.blocks.grid import Grid
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Sensor
from scenes.streams import draw_stream
from scenes.walls import draw_in, open_ground
from scenes.weapons import WEAPONS
from sim.microphone import MICROPHONES
from sim.propagation.trace import PathOptions
from sim.simulate import simulate
from sim.sources.ballistic_shock import ballistic_shock
from testbed.survey import Survey
from testbed.wire import write_recording

RIFLES = ("rifle-223", "rifle-762", "rifle-308")
SUPERSONIC = (*RIFLES, "revolver-357", "rifle-22")
SUBSONIC = ("pistol-45", "pistol-40", "shotgun-12", "pistol-380")
OTHERS = ("firecracker", "m80", "backfire", "nailgun", "balloon", "pistol-22")
MODELS = ("street", "mems", "street", "measurement", "wall")
SHOTS, SIDE, GAP_S, RATE_HZ, HALF_M, LOOSE_M, OFF_M = 24, 4, 6.0, 48_000, 350.0, 40.0, 250.0
NEAR_S = 4e-3
NEITHER, SHOCK, BLAST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Volley:
    """A scene as heard: site, pulses, what each (n,) truly is, of which shot (-1: none), and shapes (n, f) or NaN."""

    scene: Scene
    site: Site
    pulses: Pulses
    truth: npt.NDArray[np.int64]
    shot: npt.NDArray[np.int64]
    shape: npt.NDArray[np.float64]


def draw_field(seed: int, kinds: tuple[str, ...], ground: str) -> Scene:
    """Shots in the middle of a field of "grass" or "asphalt", sensors on a loose grid of poles among them."""
    rng = draw_stream(seed, "shock bench", "field")
    grid = (np.indices((SIDE, SIDE)).reshape(2, -1).T + 0.5) / SIDE * 2.0 - 1.0
    posts = HALF_M * grid + rng.uniform(-LOOSE_M, LOOSE_M, (SIDE**2, 2))
    shots = rng.uniform(-OFF_M, OFF_M, (SHOTS, 2))
    block = Block("field-v1", (), (-900.0, -900.0, 900.0, 900.0), Ground(ground))
    return _scene(seed, block, posts, shots, kinds, rng)


def draw_streets(seed: int, kinds: tuple[str, ...]) -> Scene:
    """Shots and posts at random places in the streets of `grid-v1`."""
    rng = draw_stream(seed, "shock bench", "streets")
    block = Grid().build()
    places = draw_in(open_ground(block, 1.0), SIDE**2 + SHOTS, rng)
    return _scene(seed, block, places[: SIDE**2], places[SIDE**2 :], kinds, rng)


def _scene(seed: int, block: Block, posts, shots, kinds: tuple[str, ...], rng: np.random.Generator) -> Scene:
    sensors = tuple(
        Sensor(
            f"A{i:02d}",
            (float(x), float(y), 6.0),
            Clock(),
            MICROPHONES[MODELS[i % len(MODELS)]].draw(RATE_HZ, draw_stream(seed, "specimen", f"{i}")),
        )
        for i, (x, y) in enumerate(posts)
    )
    events = tuple(
        Event(
            f"e{k}",
            f"e{k}",
            kinds[k % len(kinds)],
            1.0 + GAP_S * k,
            (float(x), float(y), 1.5),
            {"azimuth_deg": float(rng.uniform(0.0, 360.0))} if kinds[k % len(kinds)] in WEAPONS else {},
        )
        for k, (x, y) in enumerate(shots)
    )
    return Scene(block, sensors, events, 3.0 + GAP_S * SHOTS, seed)


def hear(scene: Scene) -> Volley:
    """Render a scene, find its pulses, and tell which are direct shocks and direct blasts."""
    simulation = simulate(scene, PathOptions(tail=False))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        write_recording(path, scene, simulation.captures, Survey(), 1e-4)
        recording = open_recording(path)
        pulses = find_pulses(recording)
        shape = np.array([_shape(recording, pulses, p) for p in range(len(pulses))])
    truth, shot = np.full(len(pulses), NEITHER), np.full(len(pulses), -1)
    for number, event in enumerate(scene.events):
        for what, due_s in ((BLAST, blast_times(scene, event)), (SHOCK, shock_times(scene, event))):
            for i, due in enumerate(due_s):
                near = np.flatnonzero((pulses.station == i) & (np.abs(pulses.time_s - due) < NEAR_S))
                if len(near):
                    best = near[np.argmin(np.abs(pulses.time_s[near] - due))]
                    truth[best], shot[best] = what, number
    return Volley(scene, recording.site, pulses, truth, shot, shape)


def _shape(recording: Recording, pulses: Pulses, p: int) -> npt.NDArray[np.float64]:
    station, time_s = int(pulses.station[p]), float(pulses.time_s[p])
    start_s, samples = read_clip(recording, station, time_s - 0.01, time_s + 0.01)
    rate = recording.site.stations[station].rate_hz
    shape = measure_shape(samples[0], round((time_s - start_s) * rate), rate)
    return np.full(6, np.nan) if shape is None else shape


def blast_times(scene: Scene, event: Event) -> npt.NDArray[np.float64]:
    """Straight arrivals (N,) of the muzzle's blast, s."""
    where = np.array([s.position_m for s in scene.sensors])
    return event.time_s + np.linalg.norm(where - event.position_m, axis=1) / scene.air.sound_speed_mps


def shock_times(scene: Scene, event: Event) -> npt.NDArray[np.float64]:
    """Straight arrivals (N,) of the bullet's shock, s; NaN where it does not pass."""
    where = np.array([s.position_m for s in scene.sensors])
    projectile = WEAPONS[event.kind].projectile if event.kind in WEAPONS else None
    times = np.full(len(where), np.nan)
    if projectile is None:
        return times
    angle = np.radians(float(event.traits["azimuth_deg"]))
    axis = np.array([np.cos(angle), np.sin(angle), 0.0])
    shock = ballistic_shock(projectile, np.array(event.position_m), axis)
    emissions = shock.trace(where, scene.air.sound_speed_mps, np.inf) if shock else ()
    for i, e in enumerate(emissions):
        if e is not None:
            away = float(np.linalg.norm(where[i] - e.position_m))
            times[i] = event.time_s + e.delay_s + away / scene.air.sound_speed_mps
    return times


def without_names(pulses: Pulses) -> Pulses:
    """Return the pulses as a detector that knows of no shocks has them."""
    return replace(pulses, p_shock=np.zeros(len(pulses)))
