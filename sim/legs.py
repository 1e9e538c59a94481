"""The straight legs of many paths, as a structure of arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.terrain import Terrain
from sim.propagation.paths import Paths

Floats = npt.NDArray[np.float64]

_ON_GROUND_M = 1e-3


@dataclass(frozen=True, eq=False)
class Legs:
    """n legs of several lists of paths, the paths numbered through.

    Attributes
    ----------
    start_m, end_m : ndarray, shape (n, 3)
    path : ndarray of int64, shape (n,)
        Number of the path that the leg belongs to.
    paths : int
        How many paths there are.
    """

    start_m: Floats
    end_m: Floats
    path: npt.NDArray[np.int64]
    paths: int

    @property
    def length_m(self) -> Floats:
        """Length of each leg, m, shape (n,)."""
        return np.linalg.norm(self.end_m - self.start_m, axis=1)

    def sum(self, values: Floats) -> Floats:
        """Return the sum of the legs' values, shape (n,), over each path, shape (paths,)."""
        return np.bincount(self.path, values, minlength=self.paths).astype(np.float64, copy=False)


def legs_of(traced: Sequence[Paths], *, bounces: bool = True, terrain: Terrain | None = None) -> Legs:
    """Return the legs of all paths of all receivers, in their order.

    Parameters
    ----------
    traced : sequence of Paths
    bounces : bool
        Whether a leg ends where it meets the ground. Otherwise the legs before and after are one, as they are for a
        ray that bends: where straight rays bounce, it need not come down.
    terrain : Terrain, optional
        Heights are counted from this ground.
    """
    number = sum(len(paths) for paths in traced)
    points = np.concatenate([np.empty((0, 3)), *(paths.vertices_m for paths in traced)])
    if terrain is not None:
        points = points - np.array([0.0, 0.0, 1.0]) * terrain.height_at(points)[:, None]
    owner = np.repeat(
        np.arange(number), np.concatenate([np.empty(0, int), *(np.diff(p.vertex_start) for p in traced)])
    )
    if not bounces and number:
        inner = np.append(owner[1:] == owner[:-1], False) & np.insert(owner[1:] == owner[:-1], 0, False)
        kept = ~(inner & (points[:, 2] < _ON_GROUND_M))
        points, owner = points[kept], owner[kept]
    joined = owner[1:] == owner[:-1]
    return Legs(points[:-1][joined], points[1:][joined], owner[1:][joined], number)
