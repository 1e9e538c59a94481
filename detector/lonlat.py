"""Local metres to longitude and latitude."""

import numpy as np
import numpy.typing as npt
from pyproj import Transformer


def to_lonlat(origin: tuple[float, float], points_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return longitude and latitude, degrees, of local points.

    Parameters
    ----------
    origin : tuple of float
        (lon, lat) of the local frame's (0, 0), WGS84, degrees.
    points_m : ndarray, shape (n, 2)
        [east, north], m, in the azimuthal equidistant projection at the origin.
    """
    lon, lat = origin
    frame = f"+proj=aeqd +lon_0={lon!r} +lat_0={lat!r} +datum=WGS84 +units=m +no_defs"
    east, north = np.asarray(points_m, dtype=np.float64).reshape(-1, 2).T
    return np.column_stack(Transformer.from_crs(frame, "EPSG:4326", always_xy=True).transform(east, north))
