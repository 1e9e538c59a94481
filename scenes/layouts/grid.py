"""Sensors on a regular grid, each moved to the nearest place that can carry one."""

from dataclasses import dataclass

import numpy as np
import shapely

from scenes.block import Block
from scenes.errors import BadInput
from scenes.layouts.candidates import POLE_CLEARANCE_M, Points, candidates
from scenes.layouts.mount import POLE, Mount, name_mounts
from scenes.walls import open_ground


@dataclass(frozen=True)
class RegularGrid:
    """A regular grid of exactly `count` nodes: rows of nearly equal length at nearly equal spacing.

    Attributes
    ----------
    count : int
    height_m : float
        Of poles, m above ground.
    on : str
        "pole": a node inside a building moves to the nearest open ground; "roof": to the nearest parapet.
    """

    count: int = 10
    height_m: float = 6.0
    on: str = POLE

    def place(self, block: Block, rng: np.random.Generator) -> tuple[Mount, ...]:  # noqa: ARG002 - every layout's signature
        """Return the mounts, west to east, south to north; nothing is drawn at random.

        Raises
        ------
        BadInput
            When there is no open ground, or fewer parapets than `count`.
        """
        nodes = _nodes(block, self.count)
        if self.on == POLE:
            ground = open_ground(block, POLE_CLEARANCE_M + 0.1)
            if shapely.is_empty(ground):
                msg = f"layout: block {block.name!r} has no open ground for poles"
                raise BadInput(msg)
            moved = shapely.get_coordinates(shapely.shortest_line(ground, shapely.points(nodes)))[::2]
            places = np.column_stack([moved, block.ground.height_at(moved) + self.height_m])
        else:
            places = _nearest_free(nodes, candidates(block, self.on, self.height_m))
        return name_mounts(places, self.on)


def _nodes(block: Block, count: int) -> Points:
    """Return the nodes (count, 2), m: rows chosen so that the spacing is about equal both ways."""
    if count < 1:
        msg = f"layout: count must be 1 or more, not {count}"
        raise BadInput(msg)
    west, south, east, north = block.bounds_m
    rows = min(max(round(np.sqrt(count * (north - south) / (east - west))), 1), count)
    nodes = []
    for row, share in enumerate(np.array_split(np.arange(count), rows)):
        y = south + (row + 0.5) * (north - south) / rows
        nodes += [(west + (i + 0.5) * (east - west) / len(share), y) for i in range(len(share))]
    return np.array(nodes)


def _nearest_free(nodes: Points, places: Points) -> Points:
    """Give each node in turn the nearest place that no other has."""
    if len(places) < len(nodes):
        msg = f"layout: {len(nodes)} sensors wanted, but only {len(places)} fit here"
        raise BadInput(msg)
    free = np.ones(len(places), dtype=bool)
    taken = []
    for node in nodes:
        distance = np.where(free, np.hypot(*(places[:, :2] - node).T), np.inf)
        taken.append(int(distance.argmin()))
        free[taken[-1]] = False
    return places[taken]
