"""Ways to build on one city block: each takes its plan polygon and returns plots, never overlapping.

All are pure plan geometry. A plot is a polygon and its height; neighbours of different height share a party wall.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

SMALLEST_PLOT_M2 = 40.0
DECIMALS = 1
"""Corners are rounded to 0.1 m, so that no version of a geometry library changes a world."""


@dataclass(frozen=True, eq=False)
class Plot:
    """A building in the making: plan polygon, m, and height, m."""

    plan: shapely.Polygon
    height_m: float


@dataclass(frozen=True)
class Storeys:
    """Heights to draw from: lowest and highest, m, in whole storeys of 3 m."""

    low_m: float
    high_m: float

    def draw(self, rng: np.random.Generator) -> float:
        """Draw a height, m; the lower half of the range is twice as frequent as the upper."""
        share = rng.uniform() ** 1.6
        return round((self.low_m + share * (self.high_m - self.low_m)) / 3.0) * 3.0


def perimeter(
    city_block: shapely.Polygon, storeys: Storeys, rng: np.random.Generator, depth_m: float = 13.0
) -> list[Plot]:
    """Build along all edges round a courtyard; houses touch, one gateway of 4.5 m leads in."""
    yard = city_block.buffer(-depth_m, join_style="mitre")
    if yard.is_empty or yard.area < 0.15 * city_block.area or yard.geom_type != "Polygon":
        return lots(city_block, storeys, rng)
    ring = city_block.difference(yard)
    frame = _Frame(city_block)
    along = rng.uniform(-0.25, 0.25) * frame.length
    gate = frame.strip(along - 2.25, along + 2.25, frame.width)
    ring = ring.difference(affinity.translate(gate, *(-0.5 * frame.width * frame.across)))
    cuts = [frame.line_across(t * frame.length) for t in (-0.3, -0.05, 0.2)] + [frame.line_along(0.0)]
    return _plots(_cut(ring, cuts), storeys, rng)


def cloister(city_block: shapely.Polygon, storeys: Storeys, rng: np.random.Generator) -> list[Plot]:
    """Build one house of one height round a closed courtyard."""
    yard = city_block.buffer(-rng.uniform(14.0, 20.0), join_style="mitre")
    return _plots([city_block.difference(yard)], storeys, rng)


def rows(city_block: shapely.Polygon, storeys: Storeys, rng: np.random.Generator) -> list[Plot]:
    """Build terraced houses along both long sides, gardens behind, and low mews along an alley between them."""
    frame = _Frame(city_block)
    deep = frame.width > 60.0
    house_m, mews_m, alley_m = (13.0, 8.0, 6.0) if deep else (12.0, 0.0, 5.0)
    core = frame.strip(-2.0 * frame.length, 2.0 * frame.length, max(frame.width - 2.0 * house_m, alley_m))
    plots = _terrace(city_block.difference(core), frame, storeys, rng)
    if deep:
        alley = frame.strip(-2.0 * frame.length, 2.0 * frame.length, alley_m)
        mews = frame.strip(-0.45 * frame.length, 0.45 * frame.length, alley_m + 2.0 * mews_m) - alley
        mews = mews.intersection(city_block.buffer(-house_m - 4.0, join_style="mitre"))
        plots += _terrace(mews, frame, Storeys(storeys.low_m, storeys.low_m), rng)
    return plots


def lots(
    city_block: shapely.Polygon, storeys: Storeys, rng: np.random.Generator, alley_m: float = 4.5
) -> list[Plot]:
    """Build free-standing blocks parted by alleys, some of them L-shaped."""
    frame = _Frame(city_block)
    columns = max(round(frame.length / 38.0), 1)
    edges = (np.arange(1, columns) / columns - 0.5) * frame.length + rng.uniform(-4.0, 4.0, columns - 1)
    alleys = [frame.strip(at - 0.5 * alley_m, at + 0.5 * alley_m, 2.0 * frame.width) for at in edges]
    if frame.width > 45.0:
        alleys.append(frame.strip(-frame.length, frame.length, alley_m))
    plots = []
    for piece in shapely.get_parts(city_block.difference(shapely.union_all(alleys))):
        plan = piece
        if rng.uniform() < 0.35 and piece.area > 500.0:
            plan = _l_shape(piece, city_block, rng)
        plots += _plots([plan], storeys, rng)
    return plots


def detached(city_block: shapely.Polygon, storeys: Storeys, rng: np.random.Generator) -> list[Plot]:
    """Build free-standing houses, 8 to 10 by 10 to 13 m, on both long sides, 3 to 5 m between and before them (A)."""
    frame = _Frame(city_block)
    if frame.width < 40.0:
        return lots(city_block, storeys, rng)
    pieces: list[shapely.Geometry] = []
    for side in (-0.5, 0.5):
        at = -0.5 * frame.length + rng.uniform(1.5, 2.5)
        while True:
            wide, deep, setback = rng.uniform(8.0, 10.0), rng.uniform(10.0, 13.0), rng.uniform(3.0, 5.0)
            if at + wide > 0.5 * frame.length - 1.5:
                break
            across = side * (frame.width - 2.0 * setback - deep)
            pieces.append(frame.rectangle(at + 0.5 * wide, across, wide, deep))
            at += wide + rng.uniform(3.0, 5.0)
    return _plots(pieces, storeys, rng)


def towers(city_block: shapely.Polygon, storeys: Storeys, rng: np.random.Generator) -> list[Plot]:
    """Build two or three free-standing slabs on a plaza."""
    frame = _Frame(city_block)
    inner = city_block.buffer(-6.0, join_style="mitre")
    plots = []
    for at in (-0.3, 0.0, 0.3) if frame.length > 90.0 else (-0.24, 0.24):
        size = (rng.uniform(18.0, 24.0), rng.uniform(28.0, 44.0))
        shift = rng.uniform(-0.1, 0.1) * frame.width
        plan = frame.rectangle(at * frame.length, shift, *size).intersection(inner)
        plots += _plots([plan], Storeys(0.7 * storeys.high_m, storeys.high_m), rng)
    return plots


def horseshoe(city_block: shapely.Polygon, storeys: Storeys, rng: np.random.Generator) -> list[Plot]:
    """Build one U-shaped house with its yard open to the street, and an annex in the yard."""
    frame = _Frame(city_block)
    yard = frame.rectangle(0.0, 0.25 * frame.width, 0.5 * frame.length, frame.width)
    annex = frame.rectangle(0.0, 0.18 * frame.width, 0.18 * frame.length, 0.22 * frame.width)
    return _plots([city_block.difference(yard), annex.intersection(city_block)], storeys, rng)


def _terrace(area: BaseGeometry, frame: "_Frame", storeys: Storeys, rng: np.random.Generator) -> list[Plot]:
    """Part an area across its frame into houses 14 to 26 m wide, every fifth one behind a passage of 3 m."""
    cuts, gaps, at = [], [], -0.5 * frame.length + rng.uniform(14.0, 22.0)
    while at < 0.5 * frame.length - 12.0:
        if rng.uniform() < 0.2:
            gaps.append(frame.strip(at - 1.5, at + 1.5, 2.0 * frame.width))
        else:
            cuts.append(frame.line_across(at))
        at += rng.uniform(14.0, 26.0)
    return _plots(_cut(area.difference(shapely.union_all(gaps)), cuts), storeys, rng)


class _Frame:
    """Axes of a city block: centre, unit vectors along its longer side and across, and its extent in both."""

    def __init__(self, city_block: shapely.Polygon) -> None:
        corners = shapely.get_coordinates(shapely.oriented_envelope(city_block))[:4]
        sides = np.diff(corners, axis=0)[:2]
        spans = np.hypot(*sides.T)
        longer = int(spans[1] > spans[0] + 1e-6)
        along = sides[longer] / spans[longer]
        # One of the two opposite directions, so that the frame does not depend on where the ring starts.
        self.along = along if (along[0], along[1]) > (0.0, 0.0) else -along
        self.across = np.array([-self.along[1], self.along[0]])
        self.centre = corners.mean(axis=0)
        self.length, self.width = float(spans[longer]), float(spans[1 - longer])

    def point(self, along_m: float, across_m: float) -> npt.NDArray[np.float64]:
        return self.centre + along_m * self.along + across_m * self.across

    def rectangle(self, along_m: float, across_m: float, length_m: float, width_m: float) -> shapely.Polygon:
        """Return the rectangle of that size about a point of the frame."""
        signs = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
        return shapely.Polygon([self.point(along_m + i * length_m, across_m + j * width_m) for i, j in signs])

    def strip(self, start_m: float, end_m: float, width_m: float) -> shapely.Polygon:
        """Return the rectangle from start to end along the frame, centred across it."""
        return self.rectangle(0.5 * (start_m + end_m), 0.0, end_m - start_m, width_m)

    def line_across(self, along_m: float) -> shapely.LineString:
        return shapely.LineString([self.point(along_m, -self.width), self.point(along_m, self.width)])

    def line_along(self, across_m: float) -> shapely.LineString:
        return shapely.LineString([self.point(-self.length, across_m), self.point(self.length, across_m)])


def _l_shape(
    piece: shapely.Polygon, city_block: shapely.Polygon, rng: np.random.Generator
) -> shapely.Geometry:
    """Take a corner off a plot, the one that lies deepest inside the city block."""
    frame = _Frame(piece)
    signs = np.array([(i, j) for i in (-1.0, 1.0) for j in (-1.0, 1.0)])
    corners = [frame.point(0.5 * i * frame.length, 0.5 * j * frame.width) for i, j in signs]
    depth = shapely.distance(shapely.points(corners), city_block.boundary)
    i, j = signs[int(depth.argmax())]
    size = rng.uniform(0.4, 0.6, 2) * (frame.length, frame.width)
    notch = frame.rectangle(0.5 * i * frame.length, 0.5 * j * frame.width, 2.0 * size[0], 2.0 * size[1])
    return piece.difference(notch)


def _cut(area: shapely.Geometry, lines: list[shapely.LineString]) -> list[shapely.Geometry]:
    """Cut an area along lines; neighbours share their cut exactly."""
    linework = shapely.union_all([shapely.boundary(area), *lines], grid_size=10.0**-DECIMALS)
    faces = shapely.get_parts(shapely.polygonize([linework]))
    shapely.prepare(area)
    return [face for face in faces if shapely.contains_xy(area, *shapely.point_on_surface(face).coords[0])]


def _plots(pieces: list[shapely.Geometry], storeys: Storeys, rng: np.random.Generator) -> list[Plot]:
    """Give heights to pieces of a plan, in an order that follows from where they lie."""
    rounded = shapely.set_precision(np.array(pieces, dtype=object), 10.0**-DECIMALS)
    solid = [p for p in shapely.get_parts(rounded) if p.geom_type == "Polygon" and p.area >= SMALLEST_PLOT_M2]
    solid.sort(key=lambda p: shapely.bounds(p).tolist())
    return [Plot(plan, storeys.draw(rng)) for plan in solid]
