"""Echoes at corners: the ways from points by one facade to a corner, found once a point and shared by all its pairs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.grid import clearance
from sim.propagation.reflection import is_behind, pierce
from sim.propagation.span import span
from sim.propagation.sweep import is_hidden

Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

# A facade that ends at the corner does not reflect towards it.
_SHORT = 1.0 - 1e-9

# A way to a corner by a facade that it meets at (x, y), m; its length in plan, m; its `clearance`.
ECHO = np.dtype(
    [("corner", np.int64), ("wall", np.int64), ("clear", np.int64)]
    + [(name, np.float64) for name in ("x", "y", "length")]
)


class Echoes(NamedTuple):
    """Point p has the echoes way[start[p]:start[p + 1]], records of ECHO."""

    start: Ints
    way: Records


@njit(cache=True, nogil=True)
def find_echoes(plan, points, slopes, ceiling, view, sought):
    """Return the `Echoes` of points (n, 3), m, at the `sought` corners.

    `view` is theirs; `slopes` and `ceiling` are those it was made with. What cannot be clear for sound below them is
    left out.
    """
    walls, corners = plan.walls, plan.corners
    places, behind = np.empty((len(sought), 2)), np.empty(len(sought), np.bool_)
    for m in range(len(sought)):
        places[m, 0], places[m, 1] = corners.x[sought[m]], corners.y[sought[m]]
    start, way = np.zeros(len(points) + 1, np.int64), np.empty(64 * len(points) + 64, ECHO)
    count = 0
    for p in range(len(points)):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        for k in range(view.wall_start[p], view.wall_start[p + 1]):
            wall, ix, iy = view.wall[k], view.image[k, 0], view.image[k, 1]
            if not is_behind(walls, wall, ix, iy, places, behind):
                continue
            for m in range(len(sought)):
                if not behind[m]:
                    continue
                cx, cy = places[m, 0], places[m, 1]
                share = pierce(walls, wall, ix, iy, cx, cy)
                if not 0.0 < share < _SHORT:
                    continue
                hx, hy, length = ix + share * (cx - ix), iy + share * (cy - iy), span(cx - ix, cy - iy)
                if is_hidden(view.horizon[p], hx - x, hy - y):
                    continue
                there, top = z + slopes[p] * share * length, z + slopes[p] * length
                clear = clearance(walls, plan.grid, hx, hy, there, cx, cy, top, ceiling)
                if clear:
                    clear = min(clear, clearance(walls, plan.grid, x, y, z, hx, hy, there, ceiling))
                if not clear:
                    continue
                if count == len(way):
                    way = _grown(way)
                echo = way[count]
                echo.corner, echo.wall, echo.clear = sought[m], wall, clear
                echo.x, echo.y, echo.length = hx, hy, length
                count += 1
        start[p + 1] = count
    return Echoes(start, way[:count])


@njit(cache=True, nogil=True)
def _grown(way):
    """Return a copy with twice the room."""
    grown = np.empty(2 * len(way), ECHO)
    for k in range(len(way)):
        grown[k] = way[k]
    return grown
