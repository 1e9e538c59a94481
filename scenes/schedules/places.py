"""Where acts happen: on streets, away from walls and from each other; and when."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely

from scenes.block import Block
from scenes.errors import BadInput
from scenes.event import Event
from scenes.walls import draw_in, is_inside, open_ground

WALL_M = 1.5
MARGIN = 0.12
"""Share of the block left out along each side: what happens at its rim is its neighbours' business."""
TRIES = 12
QUIET_START_S = 3.0
"""Noise comes first, so that a detector can learn the floor."""
QUIET_END_S = 4.0
"""Sound needs 3 s to cross a kilometre."""
SOUND_S = 0.3
"""A pop with the strokes after it is over so soon after the engine."""
SIREN_M = 60.0
"""At most 20 m/s for 3 s."""


def draw_places(
    block: Block, count: int, rng: np.random.Generator, apart: bool = False
) -> npt.NDArray[np.float64]:
    """Draw places on the street, 1.5 m or more from walls.

    Parameters
    ----------
    block : Block
    count : int
    rng : Generator
    apart : bool
        Draw each as the farthest of twelve tries from those before (Mitchell 1991), so that they cover the block.

    Returns
    -------
    ndarray, shape (count, 2)
        m.

    Raises
    ------
    BadInput
        When the block has no open ground.
    """
    ground = open_ground(block, WALL_M, MARGIN)
    if shapely.is_empty(ground):
        msg = f"schedule: block {block.name!r} has no open ground {WALL_M:g} m from walls"
        raise BadInput(msg)
    if not apart or count == 0:
        return draw_in(ground, count, rng)
    places = draw_in(ground, 1, rng)
    while len(places) < count:
        tries = draw_in(ground, TRIES, rng)
        nearest = np.hypot(*(tries[:, None, :] - places[None, :, :]).transpose(2, 0, 1)).min(axis=1)
        places = np.vstack([places, tries[nearest.argmax()]])
    return places


def latest_start_s(duration_s: float, length_s: float) -> float:
    """Return the latest start of an act of that length, s, so that its sound is over before the scene is.

    Raises
    ------
    BadInput
        When the act does not fit between the quiet first 3 s and last 4 s.
    """
    latest = duration_s - QUIET_END_S - length_s
    if latest < QUIET_START_S:
        least = QUIET_START_S + QUIET_END_S + length_s
        msg = f"schedule: duration_s must be at least {least:.1f} for these events, not {duration_s:g}"
        raise BadInput(msg)
    return latest


def out_of_walls(block: Block, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events in time order.

    What would happen inside a wall or out of bounds happens where its incident began: a shell bursts straight above its
    mortar, who walks or drives stays, a second shooter stands beside the first.
    """
    if not events:
        return ()
    start = {}
    for event in events:
        start.setdefault(event.incident, event.position_m)
    inside = is_inside(block, [event.position_m for event in events])
    west, south, east, north = block.bounds_m
    plan = np.array([event.position_m[:2] for event in events])
    inside = inside | (plan < (west, south)).any(axis=1) | (plan > (east, north)).any(axis=1)
    moved = [
        replace(event, position_m=(*start[event.incident][:2], event.position_m[2])) if wrong else event
        for event, wrong in zip(events, inside, strict=True)
    ]
    free = [_keep_out(block, event) for event in moved]
    return tuple(sorted(free, key=lambda event: (event.time_s, event.id)))


def _keep_out(block: Block, event: Event) -> Event:
    """Return the event such that what moves while it sounds runs into no wall: another way, or none where none is free.

    A car drives where its pipe does not point; a siren takes the first free way of eight.
    """
    if event.kind == "backfire" and (speed := float(event.traits.get("speed_mps", 0.0))) > 0.0:
        reach_m = speed * (float(event.traits.get("engine_s", 0.0)) + SOUND_S)
        ahead = float(event.traits.get("azimuth_deg", 0.0)) + 180.0
        if not _is_free(block, event, ahead, reach_m):
            return replace(event, traits={**event.traits, "speed_mps": 0.0})
    if event.kind == "siren" and "speed_mps" not in event.traits:
        first = float(event.traits.get("azimuth_deg", 0.0))
        ways = [first + turn for turn in range(0, 360, 45)]
        free = next((way for way in ways if _is_free(block, event, way, SIREN_M)), None)
        own = {"speed_mps": 0.0} if free is None else {"azimuth_deg": free % 360.0}
        return replace(event, traits={**event.traits, **own})
    return event


def _is_free(block: Block, event: Event, azimuth_deg: float, reach_m: float) -> bool:
    """Tell whether a straight way (azimuth from east to north) meets no wall and stays within the bounds."""
    turn = np.radians(azimuth_deg)
    along = np.linspace(0.0, reach_m, max(2, int(reach_m) + 1))[:, None]
    way = np.array(event.position_m) + along * np.array([np.cos(turn), np.sin(turn), 0.0])
    west, south, east, north = block.bounds_m
    out = (way[:, :2] < (west, south)).any() or (way[:, :2] > (east, north)).any()
    return not (out or is_inside(block, way.tolist()).any())
