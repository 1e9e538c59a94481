"""The relief of the ground: heights on a grid, bilinear between."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Terrain:
    """Heights of the ground above the local datum.

    What follows it: sources and mounts that are placed above ground, the bases of buildings, lines of sight, cuts over
    roofs and hills, and the place and height of ground reflections. Positions that are given as [x, y, z] are above the
    datum, hills or not. What does not: facades stay vertical and roofs level; the ground reflects as a plane, that
    through the ground at both ends of a path; in the late tail bare ground hides nothing.

    Attributes
    ----------
    west_m, south_m : float
        Place of `heights_m[0, 0]`, m.
    step_m : tuple of float
        Between columns (eastward) and rows (northward), m.
    heights_m : ndarray, shape (rows, columns)
        m, 2 or more each way; the lowest is 0.
    datum_m : float
        What the raster calls the height of z = 0, m.
    """

    west_m: float
    south_m: float
    step_m: tuple[float, float]
    heights_m: Floats
    datum_m: float = 0.0

    @property
    def is_flat(self) -> bool:
        """Whether the ground is the plane z = 0."""
        return not self.heights_m.any()

    @property
    def told(self) -> str:
        """The terrain in a line."""
        return f"ground rises by {self.heights_m.max():.1f} m; z = 0 is {self.datum_m:.2f} m there"

    def height_at(self, points: npt.ArrayLike) -> Floats:
        """Return the height of the ground at points (..., 2 or more), m; beyond the grid that of its rim."""
        places = np.asarray(points, dtype=np.float64)
        rows, columns = self.heights_m.shape
        x = np.clip((places[..., 0] - self.west_m) / self.step_m[0], 0.0, columns - 1.0)
        y = np.clip((places[..., 1] - self.south_m) / self.step_m[1], 0.0, rows - 1.0)
        return interpolate(self.heights_m, y, x)

    def profile(self, start: npt.ArrayLike, end: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return the ground along a straight line in plan: share of the way, 0 to 1, ascending, and height, m.

        The line is cut where it crosses the grid, where the slope breaks, and half-way between.
        """
        a, b = np.asarray(start, dtype=np.float64)[:2], np.asarray(end, dtype=np.float64)[:2]
        shares = [np.array([0.0, 1.0])]
        for axis, first in enumerate((self.west_m, self.south_m)):
            u, v = ((p[axis] - first) / self.step_m[axis] for p in (a, b))
            lines = np.arange(np.ceil(min(u, v)), np.floor(max(u, v)) + 1.0)
            if u != v:
                shares.append((lines - u) / (v - u))
        cuts = np.unique(np.clip(np.concatenate(shares), 0.0, 1.0))
        cuts = np.sort(np.concatenate([cuts, 0.5 * (cuts[1:] + cuts[:-1])]))
        return cuts, self.height_at(a + cuts[:, None] * (b - a))

    def lowest_at(self, corners: npt.ArrayLike) -> float:
        """Return the lowest ground along a line through corners (n, 2), m: theirs and where it crosses the grid."""
        return min(float(self.profile(a, b)[1].min()) for a, b in itertools.pairwise(np.asarray(corners)))


def interpolate(raster: Floats, row: Floats, column: Floats) -> Floats:
    """Return values between the samples of a raster, at fractional rows and columns within it; bilinear."""
    i = np.minimum(row.astype(np.intp), raster.shape[0] - 2)
    j = np.minimum(column.astype(np.intp), raster.shape[1] - 2)
    up, right = row - i, column - j
    # Differences, so that a plane without slope is met exactly.
    low = raster[i, j] + right * (raster[i, j + 1] - raster[i, j])
    high = raster[i + 1, j] + right * (raster[i + 1, j + 1] - raster[i + 1, j])
    return low + up * (high - low)
