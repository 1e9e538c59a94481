"""Points in regions: MultiPolygons as alerts carry them, coordinates in site metres."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ring = Sequence[Sequence[float]]
MultiPolygon = Sequence[Sequence[Ring]]


def _ring_holds(ring: npt.NDArray[np.float64], x: float, y: float) -> bool:
    """Even-odd rule for one ring (n, 2), closed or not (Shimrat, Commun. ACM 5(8), 1962, algorithm 112)."""
    x0, y0 = ring[:, 0], ring[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    spans = (y0 > y) != (y1 > y)
    rise = np.where(spans, y1 - y0, 1.0)
    crossing = x0 + (y - y0) * (x1 - x0) / rise
    return bool(np.count_nonzero(spans & (x < crossing)) % 2)


def holds(region: MultiPolygon, point_m: Sequence[float]) -> bool:
    """Tell whether the region holds the point.

    Parameters
    ----------
    region : MultiPolygon coordinates
        Polygons of rings of [x, y]; the first ring of a polygon is its border, the others are holes.
    point_m : sequence
        [x, y] (a third coordinate is ignored), m.
    """
    x, y = float(point_m[0]), float(point_m[1])
    for polygon in region:
        border, *holes = (np.asarray(ring, dtype=np.float64)[:, :2] for ring in polygon)
        if _ring_holds(border, x, y) and not any(_ring_holds(hole, x, y) for hole in holes):
            return True
    return False


def mahalanobis2(offset_m: Sequence[float], covariance_m2: Sequence[Sequence[float]]) -> float | None:
    """Return offset^T C^-1 offset for an offset [x, y] m; None where C (2x2, m2) is not positive definite."""
    (a, b), (c, d) = covariance_m2
    determinant = a * d - b * c
    if not (a > 0.0 and d > 0.0 and determinant > 0.0):
        return None
    x, y = float(offset_m[0]), float(offset_m[1])
    return (d * x * x - (b + c) * x * y + a * y * y) / determinant
