"""Which corners see each other past every building, whatever its height, when a string can be bent round one of them.

Taut strings follow edges that can be bent round both. At the other edges one corner hides what another sends on, which
is lit from where it cannot be bent round: the wave there would end in a step. The graph depends on the block alone.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.grid import Grid, clearance
from sim.propagation.sweep import BINS, bin_position, look_around

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

_TAUT_RAD = 1e-7


class CornerGraph(NamedTuple):
    """Corner c is joined to corners to[start[c]:start[c + 1]], `length` m away in plan.

    Edges before middle[c] can be bent round both corners, the others round one of them.
    """

    start: Ints
    middle: Ints
    to: Ints
    length: Floats


def link_corners(
    walls: Records, corners: Records, corner_start: Ints, grid: Grid, *, lit_too: bool = False
) -> CornerGraph:
    """Join all corners that reach the ground by edges that can be bent round both, or `lit_too` round one of them."""
    first, second, lit = _links(walls, corners, corner_start, grid, lit_too, 16 * len(corners) + 64)
    both = np.concatenate([first, second])
    to, lit = np.concatenate([second, first]), np.concatenate([lit, lit])
    order = np.lexsort((to, lit, both))
    both, to, lit = both[order], to[order], lit[order]
    start = np.searchsorted(both, np.arange(len(corners) + 1)).astype(np.int64)
    middle = start[:-1] + np.bincount(both[~lit], minlength=len(corners))
    length = np.hypot(corners["x"][to] - corners["x"][both], corners["y"][to] - corners["y"][both])
    return CornerGraph(start, middle.astype(np.int64), to, length)


@njit(cache=True, nogil=True)
def air_angle(corners, c, dx, dy):
    """Return the angle of the direction (dx, dy) at a corner, from face 0 through the air, 0 to 2 pi.

    What lies in a face up to rounding is put on it; an angle above `opening` points into the wall.
    """
    ux, uy = corners.ux[c], corners.uy[c]
    angle = -math.atan2(ux * dy - uy * dx, ux * dx + uy * dy)
    if angle < -_TAUT_RAD:
        angle += 2.0 * math.pi
    if abs(angle - corners.opening[c]) <= _TAUT_RAD:
        return corners.opening[c]
    return max(angle, 0.0)


@njit(cache=True, nogil=True)
def bend_side(corners, c, dx, dy):
    """Return on which side a string along (dx, dy) can be bent round a corner: 1 at face 0, -1 at face n, 0 neither."""
    slack = _TAUT_RAD * math.sqrt(dx * dx + dy * dy)
    u = corners.ux[c] * dy - corners.uy[c] * dx
    v = corners.vx[c] * dy - corners.vy[c] * dx
    if u <= slack and v <= slack:
        return 1
    return -1 if u >= -slack and v >= -slack else 0


@njit(cache=True, nogil=True)
def is_taut(corners, c, px, py, qx, qy):
    """Tell whether a string that comes from (px, py) and goes on to (qx, qy), both from the corner, lies on it."""
    side = bend_side(corners, c, px, py)
    if side * bend_side(corners, c, qx, qy) != -1:
        return False
    slack = _TAUT_RAD * math.sqrt((px * px + py * py) * (qx * qx + qy * qy))
    return side * (px * qy - py * qx) >= -slack


@njit(cache=True, nogil=True)
def open_sector(horizon, fx, fy, tx, ty):
    """Clear the bins from direction f counter-clockwise to direction t."""
    begin, end = math.floor(bin_position(fx, fy)) - 1, math.floor(bin_position(tx, ty)) + 1
    if end < begin:
        end += BINS
    for k in range(begin, end + 1):
        horizon[k % BINS] = 0.0


@njit(cache=True, nogil=True)
def _links(walls, corners, corner_start, grid, lit_too, room):
    """Return all pairs of corners that an edge joins, and of each whether it can be bent round the first alone."""
    first, second, lit = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.bool_)
    horizon, seen = np.empty(BINS), np.zeros(len(walls) + grid.nx * grid.ny, np.int64)
    queue = np.empty(grid.nx * grid.ny, np.int64)
    wall_out, corner_out = np.empty(len(walls), np.int64), np.empty(len(corners), np.int64)
    count = 0
    for c in range(len(corners)):
        if corners.low[c] > 0.0:
            continue
        horizon[:] = math.inf
        open_sector(horizon, -corners.vx[c], -corners.vy[c], corners.ux[c], corners.uy[c])
        open_sector(horizon, corners.vx[c], corners.vy[c], -corners.ux[c], -corners.uy[c])
        x, y = corners.x[c], corners.y[c]
        found = look_around(
            walls,
            corners,
            corner_start,
            grid,
            x,
            y,
            0.0,
            0.0,
            0.0,
            horizon,
            seen,
            c + 1,
            queue,
            wall_out,
            corner_out,
        )[1]
        for k in range(found):
            d = corner_out[k]
            if d == c or corners.low[d] > 0.0:
                continue
            dx, dy = corners.x[d] - x, corners.y[d] - y
            alone = bend_side(corners, d, -dx, -dy) == 0
            if (not lit_too if alone else d < c) or bend_side(corners, c, dx, dy) == 0:
                continue
            if clearance(walls, grid, x, y, 0.0, corners.x[d], corners.y[d], 0.0, 0.0):
                if count == len(first):
                    first, second, lit = (
                        np.append(first, first),
                        np.append(second, second),
                        np.append(lit, lit),
                    )
                first[count], second[count], lit[count] = c, d, alone
                count += 1
    return first[:count].copy(), second[:count].copy(), lit[:count].copy()
