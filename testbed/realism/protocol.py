"""The live-fire protocol in a simulated street: who stands where, which rounds are fired when.

The network is the set's own: each firing position keeps the distances and bearings of its sensors, so that a distance
means the same in both columns; with hills also the heights. The shooters' bearings are not known (A: drawn).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block
from scenes.errors import BadInput
from scenes.event import Event
from scenes.hillside import stand_on
from scenes.layouts.candidates import MAST_M, lampposts
from scenes.scene import Scene
from scenes.scene_check import check_scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from scenes.walls import building_at
from sim.clock import ClockModel
from sim.microphone import MicrophoneModel
from sim.propagation.engines import EngineOptions
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.realism.hills import lay_ground
from testbed.realism.observe import REACH_M

FIREARMS = {"9mm": "pistol-9mm", "40": "pistol-40", "45": "pistol-45"}
# Each test has a stretch of its own; the sound of its last round is over when the next one begins.
TEST_S = 12.0
FIRST_S = 2.5
# Three rounds of the set are 0.56 s apart (median), and this much more or less (A).
ROUND_S, ROUND_SPREAD_S = 0.56, 0.05
# Police fired "at a bullet trap from close range" (KDKA-TV, 17 December 2018). A trap stands on the ground, so one
# shoots down into it (A: how steeply): shoulder at 1.45 m, arm and pistol .85 m long, muzzle at .7 m.
MUZZLE_M, ELEVATION_DEG = 0.7, -60.0
# Shots into a trap of sand: the bullet stops before it has flown a metre and no shock is heard, as of a slow one (A).
TRAPPED_MPS = 300.0
LOWEST_M, HIGHEST_M = 6.0, 12.0
# Shooters stand in streets this near to the middle of the block.
MIDDLE_M = 80.0
POST_SPACING_M = 30.0


@dataclass(frozen=True)
class World:
    """What is simulated: everything but the protocol.

    Attributes
    ----------
    scene : options of a scene
        With `build()` or, of a file, `read()`.
    microphone : MicrophoneModel
    clock : ClockModel
    ambient : Ambient
    weather : Air
        Its temperature is that of the set.
    propagation : options of an engine
    rate_hz : int
    seed : int
    hills : bool
        Whether the ground is laid through the heights that the set tells (`testbed.realism.hills`), or flat.
    """

    scene: Any
    microphone: MicrophoneModel
    clock: ClockModel
    ambient: Ambient
    weather: Air
    propagation: EngineOptions
    rate_hz: int = 12_000
    seed: int = 0
    hills: bool = False


@cache
def build_block(scene: Any) -> Block:
    """Build the block, or read it from its file."""
    return scene.read()[0] if hasattr(scene, "read") else scene.build()


def lay_out(world: World, tests: Sequence[LiveTest], survey: Survey) -> Scene:
    """Return the scene of one firing position: all its tests, `TEST_S` after each other.

    Parameters
    ----------
    world : World
    tests : sequence of LiveTest
        Of one position of the set.
    survey : mapping
        Where its sensors stand.

    Raises
    ------
    BadInput
        When the block has no street in its middle, or holds fewer than three of the sensors.
    """
    block, position = build_block(world.scene), tests[0].position
    posts = lampposts(block, POST_SPACING_M, LOWEST_M)
    rng = draw_stream(world.seed, "realism", position)
    place = _draw_place(block, posts, rng)
    azimuth = float(rng.uniform(0.0, 360.0))
    if world.hills:
        block = stand_on(block, lay_ground(survey, np.array(tests[0].survey_m), place, block.bounds_m))
    sensors = _stand(world, block, posts, survey, np.array(tests[0].survey_m), place, rng)
    if len(sensors) < 3:
        msg = (
            f"scene {block.name}: holds {len(sensors)} of the sensors of {position}; it must reach {REACH_M:g} m"
            " around its middle for all of them"
        )
        raise BadInput(msg)
    muzzle_m = float(block.ground.height_at(place)) + MUZZLE_M
    events = []
    for number, test in enumerate(tests):
        gaps = ROUND_S + ROUND_SPREAD_S * rng.standard_normal(test.rounds_fired)
        times = number * TEST_S + FIRST_S + np.cumsum(gaps) - gaps[0] + rng.uniform(0.0, 0.5)
        events += [
            Event(
                f"{test.name}/{i}",
                test.name,
                kind_of(test.firearm),
                float(when),
                (*place, muzzle_m),
                {"azimuth_deg": azimuth, "elevation_deg": ELEVATION_DEG, "speed_mps": TRAPPED_MPS},
            )
            for i, when in enumerate(times)
        ]
    air = replace(world.weather, temperature_c=tests[0].temperature_c)
    scene = Scene(block, sensors, tuple(events), len(tests) * TEST_S, world.seed, air, world.ambient)
    check_scene(scene)
    return scene


def kind_of(firearm: str) -> str:
    """Return the simulated weapon for one of the set's.

    Raises
    ------
    BadInput
        When there is none.
    """
    for word, kind in FIREARMS.items():
        if firearm.lower().startswith(word):
            return kind
    msg = f"firearm {firearm!r}: realism knows {', '.join(FIREARMS)}"
    raise BadInput(msg)


def _draw_place(
    block: Block, posts: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, float]:
    west, south, east, north = block.bounds_m
    middle = np.array([0.5 * (west + east), 0.5 * (south + north)])
    near = posts[np.hypot(*(posts[:, :2] - middle).T) <= MIDDLE_M] if len(posts) else posts
    if not len(near):
        msg = f"scene {block.name}: has no street within {MIDDLE_M:g} m of its middle, where shooters stand"
        raise BadInput(msg)
    x, y, _ = near[int(rng.integers(len(near)))]
    return float(x), float(y)


def _stand(
    world: World,
    block: Block,
    posts: npt.NDArray[np.float64],
    survey: Survey,
    surveyed: npt.NDArray[np.float64],
    place: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Sensor, ...]:
    """Put the sensors where the set has them: on the roof of the house there, or on the nearest pole in a street."""
    tree = shapely.STRtree([shapely.Point(x, y) for x, y in posts[:, :2]])
    west, south, east, north = block.bounds_m
    sensors = []
    for name in sorted(survey):
        offset = np.array(survey[name][0]) - surveyed
        height = float(rng.uniform(LOWEST_M, HIGHEST_M))
        x, y = place[0] + offset[0], place[1] + offset[1]
        if np.linalg.norm(offset) > REACH_M or not (west < x < east and south < y < north):
            continue
        (house,) = building_at(block, np.array([[x, y]]))
        over_m = block.buildings[house].height_m + MAST_M if house >= 0 else np.inf
        if over_m <= HIGHEST_M:
            height = block.buildings[house].top_m + MAST_M
        else:
            x, y, _ = posts[int(tree.nearest(shapely.Point(x, y)))]
            height += float(block.ground.height_at((x, y)))
        sensors.append(
            Sensor(
                name,
                (float(x), float(y), height),
                world.clock.draw(draw_stream(world.seed, "clock", name)),
                world.microphone.draw(world.rate_hz, draw_stream(world.seed, "microphone", name)),
            )
        )
    return tuple(sensors)
