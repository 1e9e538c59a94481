"""Rasters of heights in GeoTIFF (OGC 19-008r4)."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scenes.errors import BadInput

ACCEPTED = "a GeoTIFF with one band of heights in m, north up, in the frame of an EPSG code, is accepted"
LARGEST_SAMPLES = 100_000_000

_SCALE, _TIEPOINT, _MATRIX, _KEYS, _NODATA = 33550, 33922, 34264, 34735, 42113
_RASTER_TYPE, _GEOGRAPHIC, _PROJECTED, _VERTICAL_UNITS = 1025, 2048, 3072, 4099
_PIXEL_IS_POINT, _METRE, _OWN_FRAME = 2, 9001, 32767


@dataclass(frozen=True, eq=False)
class Raster:
    """Heights (rows from the north, columns from the west), m, NaN where unknown, and where they lie.

    The middle of sample [row, column] is at (x, y) = (left + column width, top - row height) in the frame of the EPSG
    code: degrees or m.
    """

    heights_m: npt.NDArray[np.float64]
    left: float
    top: float
    width: float
    height: float
    epsg: int


def read_geotiff(path: str | Path) -> Raster:
    """Read a GeoTIFF.

    Raises
    ------
    BadInput
        When the file is missing, no such TIFF, too large, turned, or in a frame without an EPSG code.
    """
    # Pillow is there with matplotlib; importing it costs what only scenes with terrain should pay.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    file = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size and tags are judged here
            with Image.open(file, formats=["TIFF"]) as image:
                _check(file, image)
                tags = dict(image.tag_v2)  # pyright: ignore[reportAttributeAccessIssue] - a TIFF has tags
                heights = np.array(image, dtype=np.float64)
    except FileNotFoundError as error:
        msg = f"{file}: cannot be read ({error.strerror})"
        raise BadInput(msg) from error
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        if isinstance(error, BadInput):
            raise
        msg = f"{file}: cannot be read as a TIFF ({str(error).splitlines()[0]}); {ACCEPTED}"
        raise BadInput(msg) from error
    keys = _keys_of(tags)
    left, top, width, height = _place(file, tags)
    if keys.get(_RASTER_TYPE) != _PIXEL_IS_POINT:  # then the place is that of the first sample's corner
        left, top = left + 0.5 * width, top - 0.5 * height
    unknown = _nodata(tags)  # as a text, it has lost digits
    heights[~np.isfinite(heights) | (np.abs(heights - unknown) <= 1e-6 * abs(unknown))] = np.nan
    return Raster(heights, left, top, width, height, _epsg(file, keys))


def _check(file: Path, image: Any) -> None:
    columns, rows = image.size
    if len(image.getbands()) != 1 or image.mode == "P":
        msg = f"{file}: has {len(image.getbands())} bands of mode {image.mode}; {ACCEPTED}"
        raise BadInput(msg)
    if columns * rows > LARGEST_SAMPLES:
        msg = f"{file}: {columns} x {rows} samples are too many; cut out the block, {LARGEST_SAMPLES:.0e} are read"
        raise BadInput(msg)
    if min(columns, rows) < 2:
        msg = f"{file}: {columns} x {rows} samples are too few; 2 x 2 are the least"
        raise BadInput(msg)


def _keys_of(tags: dict[int, Any]) -> dict[int, int]:
    """Return the geographic keys whose values are short integers (GeoKeyDirectoryTag)."""
    directory = np.array(tags.get(_KEYS, ()), dtype=np.int64)[4:]
    entries = directory[: len(directory) // 4 * 4].reshape(-1, 4)
    return {int(key): int(value) for key, place, _, value in entries if place == 0}


def _place(file: Path, tags: dict[int, Any]) -> tuple[float, float, float, float]:
    """Return x and y of the raster's first place, and the width and the height of a sample."""
    scale, tie, matrix = (tuple(map(float, tags.get(tag, ()))) for tag in (_SCALE, _TIEPOINT, _MATRIX))
    if len(matrix) == 16:
        (width, turned, _, left), (tilted, down, _, top) = matrix[:4], matrix[4:8]
    elif len(scale) >= 2 and len(tie) == 6:
        width, down, turned, tilted = scale[0], -scale[1], 0.0, 0.0
        left, top = tie[3] - tie[0] * width, tie[4] - tie[1] * down
    else:
        wanted = "ModelPixelScale with one ModelTiepoint, or ModelTransformation"
        msg = f"{file}: says not where it lies ({wanted}); {ACCEPTED}"
        raise BadInput(msg)
    if turned or tilted or not (width > 0.0 > down) or not np.isfinite([width, down, left, top]).all():
        msg = f"{file}: is turned or not north up; {ACCEPTED}"
        raise BadInput(msg)
    return left, top, width, -down


def _nodata(tags: dict[int, Any]) -> float:
    try:
        return float(str(tags.get(_NODATA, "nan")).strip("\0 "))
    except ValueError:
        return float("nan")


def _epsg(file: Path, keys: dict[int, int]) -> int:
    code = keys.get(_PROJECTED) or keys.get(_GEOGRAPHIC)
    if code is None or code == _OWN_FRAME:
        frame = "is in a frame of its own" if code else "names no frame (GeoKeyDirectory)"
        msg = f"{file}: {frame}; {ACCEPTED}, such as 4326 (longitude, latitude) or a UTM zone"
        raise BadInput(msg)
    if keys.get(_VERTICAL_UNITS, _METRE) not in (0, _METRE, _OWN_FRAME):
        msg = (
            f"{file}: heights are in units of EPSG code {keys[_VERTICAL_UNITS]}, not in m (9001); {ACCEPTED}"
        )
        raise BadInput(msg)
    return code
