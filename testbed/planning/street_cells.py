"""Street cells: where shots may be fired, how much each place counts, and which zone it belongs to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from scenes.block import Block
from scenes.errors import BadInput
from scenes.frame import local_to_lonlat
from scenes.geotiff import read_geotiff
from scenes.walls import in_bounds, open_ground
from testbed.planning.frame import origin_of, read_drawn

Floats = npt.NDArray[np.float64]

MUZZLE_M = 1.5
CLEARANCE_M = 0.5
# A street is so wide to both sides of its centre line, m (A).
STREET_HALF_M = 12.0


@dataclass(frozen=True, eq=False)
class StreetCells:
    """n squares of side `step_m`: middles [east, north, up] m (n, 3), weights (n,), sum 1, and zone names (n,)."""

    position_m: Floats
    weight: Floats
    zone: npt.NDArray[np.str_]
    step_m: float

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.weight)


def lay_cells(
    block: Block,
    step_m: float | None,
    cells_most: int,
    streets: Path | None = None,
    weights: Path | None = None,
    zones: Path | None = None,
) -> tuple[StreetCells, list[tuple[str, str]]]:
    """Lay cells over the open ground of a block.

    Parameters
    ----------
    block : Block
    step_m : float or None
        Side of a cell; None takes the finest that gives at most `cells_most`.
    cells_most : int
    streets : path, optional
        Lines: only ground within `STREET_HALF_M` of one counts.
    weights : path, optional
        GeoTIFF: how much shots at a place count.
    zones : path, optional
        Polygons; cells outside all of them belong to the zone "".

    Returns
    -------
    cells : StreetCells
    notes : list of (id, what was mended or left out of the files and why)

    Raises
    ------
    BadInput
        When a file cannot be used or no ground is left.
    """
    notes: list[tuple[str, str]] = []
    area: Any = open_ground(block, CLEARANCE_M)
    if streets is not None:
        drawn = read_drawn(streets, block, "lines", ("LineString", "MultiLineString"))
        notes += drawn.notes
        area = area.intersection(shapely.buffer(shapely.union_all(drawn.shapes), STREET_HALF_M))
    if area.is_empty:
        raise BadInput(f"{streets or block.name}: no open ground to shoot on is left")
    step = step_m or _finest(area, block, cells_most)
    xy = _middles(area, block, step)
    if not len(xy):
        raise BadInput(f"cell_m={step:g}: no cell lies on open ground; take smaller cells")
    if len(xy) > cells_most:
        raise BadInput(f"cell_m={step:g}: gives {len(xy)} cells, more than cells_most={cells_most}")
    weight = np.ones(len(xy))
    if weights is not None:
        weight = _raster_weight(weights, block, xy)
    zone = np.full(len(xy), "", dtype=object)
    if zones is not None:
        drawn = read_drawn(zones, block, "areas", ("Polygon", "MultiPolygon"))
        notes += drawn.notes
        for name, shape in zip(drawn.names, drawn.shapes, strict=True):
            zone[shapely.contains_xy(shape, xy[:, 0], xy[:, 1])] = name
    up = block.ground.height_at(xy) + MUZZLE_M
    cells = StreetCells(np.column_stack([xy, up]), weight / weight.sum(), zone.astype(np.str_), step)
    return cells, notes


def forbid(block: Block, path: Path, places: Floats) -> tuple[npt.NDArray[np.str_], list[tuple[str, str]]]:
    """Return the name of the forbidden area that holds each place (n, 2 or 3), "" for none, and notes."""
    drawn = read_drawn(path, block, "areas", ("Polygon", "MultiPolygon"))
    held = np.full(len(places), "", dtype=object)
    for name, shape in zip(drawn.names, drawn.shapes, strict=True):
        held[shapely.intersects_xy(shape, places[:, 0], places[:, 1])] = name
    return held.astype(np.str_), list(drawn.notes)


def _finest(area: Any, block: Block, cells_most: int) -> float:
    """Return the side, to a decimetre, with which the area gives just at most so many cells."""
    step = np.ceil(10.0 * np.sqrt(max(area.area, 1.0) / cells_most)) / 10.0
    while len(_middles(area, block, step)) > cells_most:
        step = np.round(step + 0.1, 1)
    return float(step)


def _middles(area: shapely.Geometry, block: Block, step: float) -> Floats:
    west, south, east, north = block.bounds_m
    x = np.arange(west + 0.5 * step, east, step)
    y = np.arange(south + 0.5 * step, north, step)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    shapely.prepare(area)
    grid = grid[shapely.contains_xy(area, grid[:, 0], grid[:, 1])]
    return grid[in_bounds(block, grid)]


def _raster_weight(path: Path, block: Block, xy: Floats) -> Floats:
    """Return the raster's value at each place, 0 where it has none."""
    raster = read_geotiff(path)
    lonlat = local_to_lonlat(origin_of(block), xy)
    frame = pyproj.Transformer.from_crs("EPSG:4326", raster.epsg, always_xy=True)
    x, y = frame.transform(lonlat[:, 0], lonlat[:, 1])
    column = np.round((np.asarray(x) - raster.left) / raster.width).astype(np.intp)
    row = np.round((raster.top - np.asarray(y)) / raster.height).astype(np.intp)
    rows, columns = raster.heights_m.shape
    within = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    weight = np.zeros(len(xy))
    weight[within] = np.nan_to_num(raster.heights_m[row[within], column[within]])
    if (weight < 0.0).any() or not weight.any():
        low = float(weight.min())
        raise BadInput(f"{path}: weights on the streets must be 0 or more, some above; the least is {low:g}")
    return weight
