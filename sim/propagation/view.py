"""What one point sees: the walls that may reflect for it, its images in them, the corners in its sight."""

import math

import numpy as np
from numba import njit

from sim.propagation.grid import is_clear
from sim.propagation.reflection import images_of
from sim.propagation.sweep import BINS, look_around


@njit(cache=True, nogil=True)
def view_from(plan, bag, point, slope):
    """Return (walls, images in them (walls, 2), corners) of a point, what cannot matter left out.

    `slope` bounds how steeply the sound of interest rises from the point, m/m: lower walls hide nothing.
    """
    walls, corners = plan.walls, plan.corners
    horizon = np.zeros(BINS)
    cells = plan.grid.nx * plan.grid.ny
    seen, queue = np.zeros(len(walls) + cells, np.int64), np.empty(cells, np.int64)
    wall_out, corner_out = np.empty(len(walls), np.int64), np.empty(len(corners), np.int64)
    found, cornered = look_around(
        walls,
        corners,
        plan.corner_start,
        plan.grid,
        point[0],
        point[1],
        point[2],
        slope,
        horizon,
        seen,
        1,
        queue,
        wall_out,
        corner_out,
    )
    images = np.empty((found, 2))
    images_of(walls, wall_out, found, point[0], point[1], images)
    kept = 0
    for k in range(cornered):
        x, y = corners.x[corner_out[k]], corners.y[corner_out[k]]
        rise = slope * math.hypot(x - point[0], y - point[1])
        if is_clear(walls, plan.grid, point[0], point[1], point[2], x, y, point[2] + rise, bag.cells):
            corner_out[kept] = corner_out[k]
            kept += 1
    return wall_out[:found].copy(), images, corner_out[:kept].copy()
