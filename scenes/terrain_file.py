"""From a raster of heights to the terrain of a block."""

from pathlib import Path

import numpy as np
import pyproj
from pyproj.exceptions import ProjError

from scenes.block import Origin
from scenes.errors import BadInput
from scenes.frame import local_to_lonlat, lonlat_to_local
from scenes.geotiff import ACCEPTED, Raster, read_geotiff
from scenes.terrain import Terrain, interpolate

FINEST_M = 0.5
MOST_NODES = 4_000_000


def read_terrain(path: str | Path, origin: Origin, bounds_m: tuple[float, float, float, float]) -> Terrain:
    """Return the ground within the bounds of a block.

    Parameters
    ----------
    path : path
        GeoTIFF, see `scenes.geotiff`; any geographic or projected frame with an EPSG code. Its heights are taken as
        they are, whatever their datum: z = 0 is the lowest ground within the bounds.
    origin : Origin
        Of the local frame.
    bounds_m : tuple of float
        (west, south, east, north), m.

    Returns
    -------
    Terrain
        On a grid about as fine as the raster, bilinear between its samples.

    Raises
    ------
    BadInput
        When the file cannot be used, or has no height somewhere within the bounds.
    """
    raster = read_geotiff(path)
    frame = _frame(path, raster.epsg)
    west, south, east, north = bounds_m
    steps = [_step(raster, frame, origin, axis) for axis in (0, 1)]
    coarser = max(np.sqrt((east - west) * (north - south) / (steps[0] * steps[1]) / MOST_NODES), 1.0)
    spans = (east - west, north - south)
    columns, rows = (
        max(int(np.ceil(span / (step * coarser))) + 1, 2) for span, step in zip(spans, steps, strict=True)
    )
    x, y = np.linspace(west, east, columns), np.linspace(south, north, rows)
    places = np.stack(np.meshgrid(x, y), axis=-1)
    heights = _heights(raster, frame, local_to_lonlat(origin, places)).reshape(places.shape[:2])
    missing = float(np.isnan(heights).mean())
    if missing:
        (lon0, lat0), (lon1, lat1) = local_to_lonlat(origin, [(west, south), (east, north)])
        raise BadInput(
            f"{path}: has no heights for {100.0 * missing:.1f} % of the block, which reaches from {lon0:.5f} {lat0:.5f}"
            f" to {lon1:.5f} {lat1:.5f} (longitude, latitude); it must cover all of it"
        )
    datum = float(heights.min())
    step = (float(x[1] - x[0]), float(y[1] - y[0]))
    return Terrain(west, south, step, heights - datum, datum)


def _frame(path: str | Path, epsg: int) -> pyproj.Transformer:
    """Return the way from longitude and latitude to the raster's frame."""
    try:
        return pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
    except ProjError as error:
        msg = f"{path}: EPSG:{epsg} is no known frame; {ACCEPTED}"
        raise BadInput(msg) from error


def _step(raster: Raster, frame: pyproj.Transformer, origin: Origin, axis: int) -> float:
    """Return the width or the height of a sample at the origin, m."""
    x, y = frame.transform(origin.lon, origin.lat)
    beside = (x + raster.width, y) if axis == 0 else (x, y + raster.height)
    lonlat = np.array([frame.transform(*place, direction="INVERSE") for place in ((x, y), beside)])
    if not np.isfinite(lonlat).all():
        return FINEST_M
    return max(float(np.hypot(*np.diff(lonlat_to_local(origin, lonlat), axis=0)[0])), FINEST_M)


def _heights(raster: Raster, frame: pyproj.Transformer, lonlat: np.ndarray) -> np.ndarray:
    """Return heights at places (n, 2), degrees; NaN where the raster has none."""
    x, y = frame.transform(lonlat[:, 0], lonlat[:, 1])
    column, row = (x - raster.left) / raster.width, (raster.top - y) / raster.height
    rows, columns = raster.heights_m.shape
    # A sample stands for half its size around.
    inside = (column >= -0.5) & (column <= columns - 0.5) & (row >= -0.5) & (row <= rows - 0.5)
    row = np.clip(np.where(inside, row, 0.0), 0.0, rows - 1.0)
    column = np.clip(np.where(inside, column, 0.0), 0.0, columns - 1.0)
    return np.where(inside, interpolate(raster.heights_m, row, column), np.nan)
