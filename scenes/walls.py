"""Buildings as plan polygons: what is inside, what is near a wall, what is open street."""

import numpy as np
import numpy.typing as npt
import shapely

from scenes.block import Block, Building

Points = npt.NDArray[np.float64]


def plan_polygon(building: Building) -> shapely.Polygon:
    """Return the footprint of a building, courtyards cut out."""
    return shapely.Polygon(building.outline, building.courtyards)


def plan_polygons(block: Block) -> npt.NDArray[np.object_]:
    """Return the footprints of a block, shape (buildings,), in its order."""
    return np.array([plan_polygon(building) for building in block.buildings], dtype=object)


def building_at(block: Block, points: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the index of the building that holds each point, -1 outside.

    Parameters
    ----------
    block : Block
    points : array_like, shape (n, 2) or (n, 3)
        [east, north] or [east, north, up], m. A point on a wall counts as inside; a courtyard is outside. With
        heights, a point counts only from the building's base up to below its roof: on the roof is outside.

    Returns
    -------
    ndarray of int, shape (n,)
        On a party wall, the later of the two buildings.
    """
    places = np.atleast_2d(np.asarray(points, dtype=np.float64))
    holder = np.full(len(places), -1, dtype=np.intp)
    if not block.buildings or not len(places):
        return holder
    tree = shapely.STRtree(plan_polygons(block))
    point, building = tree.query(shapely.points(places[:, :2]), predicate="intersects")
    if places.shape[1] == 3:
        base = np.array([b.base_m for b in block.buildings])
        top = np.array([b.top_m for b in block.buildings])
        height = places[point, 2]
        held = (height >= base[building]) & (height < top[building])
        point, building = point[held], building[held]
    np.maximum.at(holder, point, building)
    return holder


def is_inside(block: Block, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which points (n, 2) or (n, 3), m, lie inside a building, as `building_at` means it; shape (n,)."""
    return building_at(block, points) >= 0


def in_bounds(block: Block, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which points (n, 2 or 3), m, lie in the area that the block describes; shape (n,)."""
    places = np.atleast_2d(np.asarray(points, dtype=np.float64))
    west, south, east, north = block.bounds_m
    x, y = places[:, 0], places[:, 1]
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def wall_distance(block: Block, points: npt.ArrayLike) -> Points:
    """Return the plan distance of points (n, 2) to the nearest wall, m, shape (n,); inf without buildings."""
    places = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if not block.buildings:
        return np.full(len(places), np.inf)
    rings = shapely.boundary(plan_polygons(block))
    tree = shapely.STRtree(rings)
    (point, _), distance = tree.query_nearest(shapely.points(places), return_distance=True, all_matches=False)
    result = np.empty(len(places))
    result[point] = distance
    return result


def open_ground(block: Block, clearance_m: float, margin: float = 0.0) -> shapely.Geometry:
    """Return the ground that is open to the street, at least `clearance_m` from walls.

    Closed courtyards are left out: the largest connected piece stands for the streets. Where no piece holds half
    of the open ground (a wall round every yard), all of it is returned.

    Parameters
    ----------
    block : Block
    clearance_m : float
        Distance from walls, m.
    margin : float
        Share of the width and of the height of the bounds to leave out along each side, 0 to 0.45.
    """
    west, south, east, north = block.bounds_m
    dx, dy = margin * (east - west), margin * (north - south)
    free = shapely.box(west + dx, south + dy, east - dx, north - dy)
    if block.buildings:
        built = shapely.union_all(shapely.buffer(plan_polygons(block), clearance_m, quad_segs=4))
        free = free.difference(built)
    pieces = shapely.get_parts(free)
    areas = shapely.area(pieces)
    if len(pieces) > 1 and areas.max() >= 0.5 * areas.sum():
        return pieces[int(areas.argmax())]
    return free


def draw_in(area: shapely.Geometry, count: int, rng: np.random.Generator) -> Points:
    """Draw points uniformly in an area.

    Returns
    -------
    ndarray, shape (count, 2)
        m; empty when the area is.
    """
    if count == 0 or shapely.is_empty(area) or shapely.area(area) == 0.0:
        return np.empty((0, 2))
    west, south, east, north = shapely.bounds(area)
    shapely.prepare(area)
    kept: list[Points] = []
    missing = count
    while missing > 0:
        tries = rng.uniform((west, south), (east, north), size=(4 * missing + 16, 2))
        good = tries[shapely.contains_xy(area, tries[:, 0], tries[:, 1])][:missing]
        kept.append(good)
        missing -= len(good)
    return np.concatenate(kept)
