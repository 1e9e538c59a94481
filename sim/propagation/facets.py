"""The faces of a block as flat polygons in space, for engines that know no prisms.

Under the ground lies the block's mirror image: what leaves the source's image there has bounced off the ground once,
and more it cannot, since facades are vertical and roofs send sound up for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Facet:
    """A flat polygon between a building and the air.

    Attributes
    ----------
    corners : ndarray, shape (k, 3)
        m, counter-clockwise seen from inside the building. A courtyard's ring hangs on a cut that is run both ways, so
        that winding numbers are right.
    normal : ndarray, shape (3,)
        Unit vector into the air.
    axes : ndarray, shape (2, 3)
        Unit vectors in the plane.
    flat : shapely.Polygon
        In coordinates along the axes, from `corners[0]`.
    factor : ndarray, shape (bands,)
        Specular reflection factor of pressure.
    """

    corners: Floats
    normal: Floats
    axes: Floats
    flat: shapely.Polygon
    factor: Floats

    def missed_by(self, point: Floats) -> float:
        """Return how far a point (3,) in the plane lies outside the polygon, m; 0 within."""
        return float(shapely.distance(self.flat, shapely.Point(self.axes @ (point - self.corners[0]))))


def facets_of(walls: Records, roofs: bool = True) -> list[Facet]:
    """Return what the air touches of prisms and of their mirror images under the ground.

    Parameters
    ----------
    walls : ndarray of WALL
        Of `sim.propagation.city`; walls of a ring follow each other.
    roofs : bool
        Whether roofs are among the facets.

    Returns
    -------
    list of Facet
        A facade reaches from its foot's mirror image to itself in one piece; of a party wall only what stands above
        the neighbour's roof is left, and its image.
    """
    facets = []
    tops = {(w["ax"], w["ay"], w["bx"], w["by"]): float(w["top"]) for w in walls}
    for wall in walls:
        top = float(wall["top"])
        neighbour = tops.get((wall["bx"], wall["by"], wall["ax"], wall["ay"]), 0.0)
        for low, high in ((-top, top),) if neighbour == 0.0 else ((neighbour, top), (-top, -neighbour)):
            if high > low:
                facets.append(_facade(wall, low, high))
    for number in np.unique(walls["building"]) if roofs else ():
        facets.extend(_roofs(walls[walls["building"] == number]))
    return facets


def _facade(wall: np.void, low: float, high: float) -> Facet:
    (ax, ay), (bx, by) = (wall["ax"], wall["ay"]), (wall["bx"], wall["by"])
    length = float(np.hypot(bx - ax, by - ay))
    along = np.array([bx - ax, by - ay, 0.0]) / length
    corners = np.array([(ax, ay, low), (ax, ay, high), (bx, by, high), (bx, by, low)])
    flat = shapely.box(0.0, 0.0, length, high - low)
    return Facet(corners, np.array([along[1], -along[0], 0.0]), np.array([along, _UP]), flat, wall["factor"])


def _roofs(walls: Records) -> Iterator[Facet]:
    """Yield a building's roof and its mirror image."""
    rings = list(_rings(walls))
    first = rings[0][0]
    flat = shapely.Polygon(rings[0] - first, [ring - first for ring in rings[1:]])
    outline = np.concatenate([rings[0], *([first, *ring, ring[0]] for ring in rings[1:])])
    for height, normal in ((float(walls["top"][0]), _UP), (-float(walls["top"][0]), -_UP)):
        turned = np.roll(outline[::-1], 1, axis=0) if height > 0.0 else outline
        corners = np.column_stack([turned, np.full(len(turned), height)])
        yield Facet(corners, normal, np.eye(3)[:2], flat, walls["factor"][0])


def _rings(walls: Records) -> Iterator[Floats]:
    """Yield the rings (k, 2) of a building's walls: outer one first."""
    start = 0
    while start < len(walls):
        size = (
            int(walls["before"][start] - walls["after"][start]) + 2
        )  # the last wall less the second, and both
        ring = walls[start : start + size]
        yield np.column_stack([ring["ax"], ring["ay"]])
        start += size
