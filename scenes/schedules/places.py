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
    return tuple(sorted(moved, key=lambda event: (event.time_s, event.id)))
