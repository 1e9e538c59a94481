"""What makes a scene impossible, found before anything is computed."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from scenes.block import Block
from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.walls import building_at

# So near to the air a point is on a facade: the search for paths sets such points a millimetre off it.
ON_WALL_M = 5e-4


def check_scene(scene: Scene) -> None:
    """Raise when a scene cannot be.

    Raises
    ------
    BadInput
        One line for each mistake, all at once: no sensors, two sensors or events with one id, a sensor or an event
        inside a building, under the ground or outside the bounds, an event before the start or after the end.
    """
    mistakes = []
    if not scene.duration_s > 0.0:
        mistakes.append(f"duration_s must be above 0, not {scene.duration_s:g}")
    if not scene.sensors:
        mistakes.append("the scene has no sensors; it needs at least one")
    mistakes += _repeated("sensor", [sensor.id for sensor in scene.sensors])
    mistakes += _repeated("event", [event.id for event in scene.events])
    mistakes += _misplaced("sensor", scene.sensors, scene.block)
    mistakes += _misplaced("event", scene.events, scene.block)
    mistakes += [
        f"event {event.id!r} at {event.time_s:g} s lies outside the scene's 0 to {scene.duration_s:g} s"
        for event in scene.events
        if not 0.0 <= event.time_s < scene.duration_s
    ]
    if mistakes:
        raise BadInput("\n".join(mistakes))


def _repeated(noun: str, ids: list[str]) -> list[str]:
    return [
        f"{noun} id {name!r} occurs {n} times; ids must differ" for name, n in Counter(ids).items() if n > 1
    ]


def _misplaced(noun: str, things: tuple[Sensor, ...] | tuple[Event, ...], block: Block) -> list[str]:
    """Return a line for each thing that stands where nothing can."""
    if not things:
        return []
    places = np.array([thing.position_m for thing in things], dtype=np.float64)
    finite = np.all(np.isfinite(places), axis=1).reshape(-1)
    places = np.nan_to_num(places, nan=0.0, posinf=0.0, neginf=0.0)
    west, south, east, north = block.bounds_m
    grounds = np.round(block.ground.height_at(places), 2).tolist()
    rounded_m = 0.01 if block.ground.terrain is not None else 0.0  # places are told to the centimetre
    mistakes = []
    for thing, place, known, holder, ground in zip(
        things, places, finite, building_at(block, places), grounds, strict=True
    ):
        x, y, z = place
        where = f"{noun} {thing.id!r} at [{x:.1f}, {y:.1f}, {z:.1f}] m"
        if not known:
            mistakes.append(
                f"{noun} {thing.id!r} has a position that is not a number: {list(thing.position_m)}"
            )
        elif not (west <= x <= east and south <= y <= north):
            mistakes.append(
                f"{where} lies outside the block ({west:.0f} to {east:.0f} east, {south:.0f} to {north:.0f} north)"
            )
        elif z < ground - rounded_m:
            mistakes.append(f"{where} lies under the ground; z must be {ground:g} or more there")
        elif holder >= 0 and not _is_on_wall(block, place):
            building = block.buildings[holder]
            mistakes.append(f"{where} lies inside building {building.id!r} ({building.top_m:.1f} m high)")
    return mistakes


def _is_on_wall(block: Block, place: npt.NDArray[np.float64]) -> bool:
    """Tell whether a point (3,) inside a building is so near the air that it stands for a point on the facade."""
    turn = np.arange(8) * np.pi / 4.0
    around = np.column_stack([ON_WALL_M * np.cos(turn), ON_WALL_M * np.sin(turn), np.zeros(8)])
    return bool(np.any(building_at(block, place + around) < 0))
