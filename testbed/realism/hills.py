"""The ground of a firing position, laid through the heights of the shooter and of the sensors that the set tells."""

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RBFInterpolator

from scenes.errors import BadInput
from scenes.terrain import Terrain
from testbed.livefire_network import Survey

# Sensors stand 6 to 12 m above the ground, so far on average, m; the shooter's telephone is held as high as a muzzle.
MOUNTED_M, HELD_M = 9.0, 1.2
# Sensors farther from the shooter than this say nothing of the ground within earshot, m.
NEAR_M = 1600.0
GRID_M = 20.0
# So little that the plate goes through all heights to the centimetre, and two in one place do no harm.
_SMOOTHING = 1e-6

Floats = npt.NDArray[np.float64]


def lay_ground(
    survey: Survey, shooter_m: Floats, place: tuple[float, float], bounds_m: tuple[float, float, float, float]
) -> Terrain:
    """Return the ground under a block in which the shooter of the set stands at `place`.

    A thin plate through all that is known (Duchon 1977; as elevation models are made from scattered heights,
    Hutchinson 1989, J. Hydrol. 106, 211). Sensors are some 250 m apart: what is smaller than that is not in it.

    Parameters
    ----------
    survey : mapping
        Where the sensors stand, in the set's frame.
    shooter_m : ndarray, shape (3,)
        Where the shooter stands, in the same frame, m.
    place : tuple of float
        Where the shooter stands in the block, m.
    bounds_m : tuple of float
        (west, south, east, north) of the block, m.

    Raises
    ------
    BadInput
        When the sensors within earshot are too few, or all in one line.
    """
    sensors = np.array([position for position, _ in survey.values()]) - (0.0, 0.0, MOUNTED_M)
    known = np.vstack([shooter_m - (0.0, 0.0, HELD_M), sensors]) - (*shooter_m[:2], 0.0) + (*place, 0.0)
    known = known[np.hypot(*(known[:, :2] - place).T) <= NEAR_M]
    west, south, east, north = bounds_m
    x = np.linspace(west, east, int(np.ceil((east - west) / GRID_M)) + 1)
    y = np.linspace(south, north, int(np.ceil((north - south) / GRID_M)) + 1)
    try:
        plate = RBFInterpolator(
            known[:, :2], known[:, 2], smoothing=_SMOOTHING, kernel="thin_plate_spline", degree=1
        )
    except (np.linalg.LinAlgError, ValueError):
        msg = (
            "hills=true: the heights of the set's sensors lay no ground: they are too few, or all in one line"
        )
        raise BadInput(msg) from None
    places = np.stack(np.meshgrid(x, y), axis=-1)
    heights = plate(places.reshape(-1, 2)).reshape(places.shape[:2])
    datum = float(heights.min())
    return Terrain(west, south, (float(x[1] - x[0]), float(y[1] - y[0])), heights - datum, datum)
