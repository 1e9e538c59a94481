"""What public maps say about delays: how much later than along the straight line a first sound arrives, place by place.

The detector knows no map. Whoever has one computes the table (`delays=FILE`, `detector.delay_table`) and the operator
hands it over like the survey. Without it every detour is zero and the straight-line model stands alone.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit


class Detours(NamedTuple):
    """Detours of the first arrival over a grid (a named tuple, as numba wants it).

    Attributes
    ----------
    west_m, south_m, step_m : float
        First grid point and distance between points, m.
    late_s : ndarray, shape (N, rows, columns)
        How much later than along the straight line, s, for each station, rows northwards, columns eastwards; 0 rows
        where nothing is known.
    """

    west_m: float
    south_m: float
    step_m: float
    late_s: npt.NDArray[np.float64]


def no_detours(stations: int) -> Detours:
    """Return the detours of an operator without a map."""
    return Detours(0.0, 0.0, 1.0, np.zeros((stations, 0, 0)))


@njit(cache=True, nogil=True)
def detour(x: float, y: float, station: int, detours: Detours) -> float:
    """Return the detour from a place to a station, s, bilinear between grid points; beyond the grid as at its edge."""
    rows, columns = detours.late_s.shape[1], detours.late_s.shape[2]
    if rows < 2 or columns < 2:
        return 0.0
    u = min(max((x - detours.west_m) / detours.step_m, 0.0), columns - 1.0)
    v = min(max((y - detours.south_m) / detours.step_m, 0.0), rows - 1.0)
    i, j = min(int(u), columns - 2), min(int(v), rows - 2)
    u -= i
    v -= j
    late = detours.late_s[station]
    below = late[j, i] * (1.0 - u) + late[j, i + 1] * u
    above = late[j + 1, i] * (1.0 - u) + late[j + 1, i + 1] * u
    return below * (1.0 - v) + above * v
