"""Reading GeoJSON (RFC 7946) that others made: features, coordinates and the frame they are in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scenes.errors import BadInput

LARGEST_FILE_BYTES = 1_000_000_000
LONLAT_CRS = ("CRS84", "EPSG::4326", "EPSG:4326", "4979")


def read_features(path: str | Path) -> list[Mapping[str, Any]]:
    """Return the features of a GeoJSON FeatureCollection in WGS84 longitude and latitude.

    Raises
    ------
    BadInput
        When the file is missing, too large, not JSON, not a FeatureCollection, or declares another frame.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE_BYTES:
            msg = f"{file}: {size / 1e6:.0f} MB is too large; at most {LARGEST_FILE_BYTES / 1e6:.0f} MB are read"
            raise BadInput(msg)
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror})"
        raise BadInput(msg) from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, BadInput):
            raise
        msg = f"{file}: is not JSON ({error}); a GeoJSON FeatureCollection is accepted"
        raise BadInput(msg) from error
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        kind = content.get("type") if isinstance(content, dict) else type(content).__name__
        msg = f"{file}: is {kind!r}, not a GeoJSON FeatureCollection with a list 'features'"
        raise BadInput(msg)
    _check_crs(file, content.get("crs"))
    return [feature if isinstance(feature, dict) else {} for feature in content["features"]]


def _check_crs(file: Path, crs: object) -> None:
    """Refuse a declared frame (a GeoJSON 2008 habit that files from map tools still have) other than WGS84."""
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name")) if isinstance(properties, dict) else str(crs)
    if not name.endswith(LONLAT_CRS):
        msg = f"{file}: coordinates are in {name}; WGS84 longitude and latitude (EPSG:4326) are accepted"
        raise BadInput(msg)


def properties_of(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a feature's properties, empty where there are none."""
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def ring_lonlat(coordinates: object) -> npt.NDArray[np.float64] | None:
    """Return one ring or one point list as (n, 2) degrees; None when it is not a list of number pairs."""
    try:
        points = np.array(coordinates, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if points.ndim != 2 or points.shape[1] < 2 or not np.isfinite(points[:, :2]).all():
        return None
    return points[:, :2]


def is_lonlat(points: npt.NDArray[np.float64]) -> bool:
    """Tell whether all points (n, 2) can be longitudes and latitudes."""
    return bool((np.abs(points) <= (180.0, 90.0)).all())


def require_lonlat(file: str | Path, wrong: int, total: int) -> None:
    """Refuse a file most of whose coordinates cannot be degrees: it is in a projected frame.

    Raises
    ------
    BadInput
        When more than half of `total` coordinates lists are `wrong`.
    """
    if 2 * wrong > total:
        msg = (
            f"{file}: {wrong} of {total} features have coordinates beyond 180 and 90 degrees; "
            "WGS84 longitude and latitude are accepted, not projected metres"
        )
        raise BadInput(msg)
