"""What points see: the walls that may reflect for them, their images in these, the corners in their sight."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.grid import CLEAR, LEVEL, clearance
from sim.propagation.places import building_over
from sim.propagation.span import span
from sim.propagation.sweep import BINS, look_around

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# A slope that bounds nothing, m/m.
ANY_SLOPE = 1e9


class View(NamedTuple):
    """Point p sees wall[k] with its image (x, y) in it in image[k], k from wall_start[p] to wall_start[p + 1] - 1.

    Likewise it sees corner[k], k from corner_start[p] to corner_start[p + 1] - 1; clear[k] is CLEAR, LEVEL or FREE.
    Walls are a few too many (none is missing), corners are exact for sound that keeps to the steepest slope and the
    ceiling. `horizon` (points, BINS) is as of `look_around`; roofed[p] tells whether a building lies under it.
    """

    wall_start: Ints
    wall: Ints
    image: Floats
    corner_start: Ints
    corner: Ints
    clear: Ints
    horizon: Floats
    roofed: npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def view_from(plan, points, slopes, ceiling):
    """Return the `View` of points (n, 3), m.

    `slopes` (n,), m/m, bound how steeply the sound of interest rises from each point, `ceiling`, m, how high: lower
    walls hide nothing.
    """
    walls, corners, cells = plan.walls, plan.corners, plan.grid.nx * plan.grid.ny
    horizons, seen = np.zeros((len(points), BINS)), np.zeros(len(walls) + cells, np.int64)
    queue, roofed = np.empty(cells, np.int64), np.empty(len(points), np.bool_)
    wall_out, corner_out = np.empty(len(walls), np.int64), np.empty(len(corners), np.int64)
    wall_start, corner_start = np.zeros(len(points) + 1, np.int64), np.zeros(len(points) + 1, np.int64)
    wall, corner = np.empty(256 * len(points), np.int64), np.empty(256 * len(points), np.int64)
    for p in range(len(points)):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        roofed[p] = building_over(walls, plan.grid, x, y, 0.0) >= 0
        found, cornered = look_around(
            walls,
            corners,
            plan.corner_start,
            plan.grid,
            x,
            y,
            z,
            slopes[p],
            ceiling,
            horizons[p],
            seen,
            p + 1,
            queue,
            wall_out,
            corner_out,
        )
        w, c = wall_start[p], corner_start[p]
        wall, corner = _with_room(wall, w + found), _with_room(corner, 2 * (c + cornered))
        for k in range(found):
            wall[w + k] = wall_out[k]
        for k in range(cornered):
            cx, cy = corners.x[corner_out[k]], corners.y[corner_out[k]]
            top = z + slopes[p] * span(cx - x, cy - y)
            clear = clearance(walls, plan.grid, x, y, z, cx, cy, top, ceiling)
            if clear == CLEAR and clearance(walls, plan.grid, x, y, z, cx, cy, z, math.inf):
                clear = LEVEL
            if clear:
                corner[2 * c], corner[2 * c + 1] = corner_out[k], clear
                c += 1
        wall_start[p + 1], corner_start[p + 1] = w + found, c
    c = corner_start[-1]
    seen_corner, clear_corner = np.empty(c, np.int64), np.empty(c, np.int64)
    for k in range(c):
        seen_corner[k], clear_corner[k] = corner[2 * k], corner[2 * k + 1]
    return View(
        wall_start,
        wall[: wall_start[-1]],
        _images(walls, points, wall_start, wall),
        corner_start,
        seen_corner,
        clear_corner,
        horizons,
        roofed,
    )


@njit(cache=True, nogil=True)
def _images(walls, points, wall_start, wall):
    """Return the image (x, y) of each point in each wall that it sees."""
    image = np.empty((wall_start[-1], 2))
    for p in range(len(points)):
        for k in range(wall_start[p], wall_start[p + 1]):
            w = wall[k]
            dx, dy = walls.bx[w] - walls.ax[w], walls.by[w] - walls.ay[w]
            off = dx * (points[p, 1] - walls.ay[w]) - dy * (points[p, 0] - walls.ax[w])
            off *= 2.0 / (dx * dx + dy * dy)
            image[k, 0], image[k, 1] = points[p, 0] + off * dy, points[p, 1] - off * dx
    return image


@njit(cache=True, nogil=True)
def _with_room(numbers, size):
    """Return the array, or a copy of twice the size needed."""
    if size <= len(numbers):
        return numbers
    grown = np.empty(2 * size, np.int64)
    for k in range(len(numbers)):
        grown[k] = numbers[k]
    return grown


def steepest(points: Floats, others: Floats) -> Floats:
    """Return the steepest rise from each point (n, 3) to any of the others (m, 3), m/m, at least 0; shape (n,)."""
    if not len(others) or not len(points):
        return np.zeros(len(points))
    across = np.hypot(*(points[:, None, :2] - others[None, :, :2]).transpose(2, 0, 1))
    rise = others[None, :, 2] - points[:, None, 2]
    return np.maximum(rise / np.maximum(across, 1e-3), 0.0).max(axis=1)
