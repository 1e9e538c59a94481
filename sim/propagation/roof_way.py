"""A way over roofs in space, and by a facade if it goes by one: its vertices, its bounces, what the facade reflects."""

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.propagation.bag import VERTICES_MAX, keep_path
from sim.propagation.ground import ground_gains
from sim.propagation.span import span
from sim.propagation.upright import Soil, weigh_upright

# As numbers of numba's one integer type: literals would have every kernel that they go to compiled once more.
ROOF, ROOF_ECHO = np.int64(3), np.int64(4)


class Fold(NamedTuple):
    """Where a way in plan turns: at (x, y), m, by `wall`, after `at` m. Without a wall, at its end."""

    wall: int | np.integer
    at: float
    x: float
    y: float


@njit(cache=True, nogil=True)
def facade_share(walls, medium, ground, fold, way, size, share):
    """Write what the height of a way's facade leaves of it (bands,), complex.

    That of the straight way in space which runs on where the way meets the facade: edges beside it hide it no further.
    """
    k = 0
    while k + 2 < size and way[k + 1].along <= fold.at:
        k += 1
    before, after, length = way[k], way[k + 1], way[size - 1].along
    slope = (after.height - before.height) / (after.along - before.along)
    z0 = before.height - slope * before.along
    soil = Soil(False, share, share, share)
    weigh_upright(
        medium,
        fold.at,
        length - fold.at,
        z0,
        z0 + slope * length,
        0.0,
        walls.top[fold.wall],
        ground,
        soil,
        share,
    )


@njit(cache=True, nogil=True)
def keep_way(plan, medium, rules, source, there, fold, way, size, length, gains, pair, bag):
    """Keep the way over way[:size], records of POINT, of a length and with gains, if it is loud enough."""
    points, across = np.empty((VERTICES_MAX, 3)), way[size - 1].along
    vertices = _lay_out(way, size, source, there, points)
    bounces = vertices - size
    if bounces and not rules.rigid_ground:
        _weigh_bounces(plan.surfaces, medium, source, there, fold, across, points, vertices, gains)
    kind = ROOF
    if fold.wall >= 0:
        kind = ROOF_ECHO
        vertices = _put_in(fold.at, points, vertices)
    for k in range(vertices):
        points[k, 0], points[k, 1] = _place(source, there, fold, across, points[k, 0])
    order = size - 2 + (fold.wall >= 0)
    keep_path(bag, pair, medium, rules.floor, kind, order, bounces, length, gains, points, vertices)


@njit(cache=True, nogil=True)
def _place(source, there, fold, across, along):
    """Return where in plan a way of so many m across is after so many m along."""
    if along <= fold.at:
        share = along / fold.at
        return source[0] + share * (fold.x - source[0]), source[1] + share * (fold.y - source[1])
    share = (along - fold.at) / (across - fold.at)
    return fold.x + share * (there[0] - fold.x), fold.y + share * (there[1] - fold.y)


@njit(cache=True, nogil=True)
def _weigh_bounces(surfaces, medium, source, there, fold, across, points, size, gains):
    """Multiply the gains by the ground's reflection factor where the way bounces next to one of its ends."""
    for side in range(2):
        end, inward = (0, 1) if side == 0 else (size - 1, -1)
        bounce, edge = end + inward, end + 2 * inward
        if points[bounce, 2] > 0.0:
            continue
        rise = points[edge, 2] + points[end, 2]
        leg = span(points[edge, 0] - points[end, 0], rise)
        x, y = _place(source, there, fold, across, points[bounce, 0])
        ground_gains(surfaces, medium, x, y, leg, rise / leg, gains)


@njit(cache=True, nogil=True)
def _lay_out(way, size, source, receiver, points):
    """Write the vertices of a way, m along it and m high, bounces on the ground included; return how many."""
    length, vertices = way[size - 1].along, 0
    for k in range(size):
        along, height = way[k].along, way[k].height
        if k + 1 == size and height < 0.0:
            before = way[k - 1]
            points[vertices, 0] = before.along + (length - before.along) * before.height / (
                before.height - height
            )
            points[vertices, 2] = 0.0
            vertices += 1
        points[vertices, 0], points[vertices, 2] = along, abs(height)
        vertices += 1
        if k == 0 and height < 0.0:
            points[vertices, 0] = -height * way[1].along / (way[1].height - height)
            points[vertices, 2] = 0.0
            vertices += 1
    points[0, 2], points[vertices - 1, 2] = source[2], receiver[2]
    return vertices


@njit(cache=True, nogil=True)
def _put_in(at, points, vertices):
    """Put a vertex into the vertices laid out, where the way has gone so many m; return how many there are."""
    k = vertices - 1
    while k > 1 and points[k - 1, 0] > at:
        points[k + 1, 0], points[k + 1, 2] = points[k, 0], points[k, 2]
        k -= 1
    points[k + 1, 0], points[k + 1, 2] = points[k, 0], points[k, 2]
    share = (at - points[k - 1, 0]) / max(points[k, 0] - points[k - 1, 0], 1e-9)
    points[k, 2] = points[k - 1, 2] + share * (points[k, 2] - points[k - 1, 2])
    points[k, 0] = at
    return vertices + 1
