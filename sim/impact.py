"""Where a bullet stops."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scenes.block import Block
from scenes.terrain import Terrain
from sim.propagation.city import neighbours

Floats = npt.NDArray[np.float64]

# A bullet that comes as near to a hill stops; the hill is looked at every stride, m.
_SURFACE_M = 0.05
_STRIDE_M = 0.5


@dataclass(frozen=True, eq=False)
class Facades:
    """All walls of a block: start and end in plan, shape (n, 2), foot and top height, shape (n,), m; and its relief.

    `wall`, `length_m` and `normal` follow: from start to end, m, its length, the unit vector to the wall's left.
    """

    start: Floats
    end: Floats
    base_m: Floats
    top_m: Floats
    terrain: Terrain | None = None
    wall: Floats = field(init=False)
    length_m: Floats = field(init=False)
    normal: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Find what follows from starts and ends, once for all shots of a scene."""
        wall = self.end - self.start
        length = np.linalg.norm(wall, axis=1)
        normal = np.column_stack([-wall[:, 1], wall[:, 0]]) / np.maximum(length, 1e-9)[:, None]
        for name, value in (("wall", wall), ("length_m", length), ("normal", normal)):
            object.__setattr__(self, name, value)


def facades_of(block: Block) -> Facades:
    """Collect the walls of a block, courtyards included."""
    rings = [(ring, house) for house in block.buildings for ring in (house.outline, *house.courtyards)]
    start = np.concatenate([np.empty((0, 2)), *(ring for ring, _ in rings)])
    count = np.array([len(ring) for ring, _ in rings], dtype=np.int64)
    base, top = (np.array([(h.base_m, h.top_m) for _, h in rings]).reshape(-1, 2)).T
    return Facades(
        start,
        start[neighbours(count)[0]],
        np.repeat(base, count),
        np.repeat(top, count),
        terrain=block.ground.terrain,
    )


def free_length(facades: Facades, start_m: Floats, direction: Floats, reach_m: float) -> float:
    """Return how far a straight line goes before it meets a wall or a hill.

    Parameters
    ----------
    facades : Facades
    start_m, direction : ndarray, shape (3,)
        Where it starts, m, and the unit vector along it.
    reach_m : float
        How far it goes at most, m.

    Returns
    -------
    float
        m; `reach_m` when nothing is in the way. Roofs stop nothing: a line that falls on one goes on to the wall
        behind it.
    """
    wall = facades.wall
    offset = facades.start - start_m[:2]
    cross = direction[0] * wall[:, 1] - direction[1] * wall[:, 0]
    parallel = cross == 0.0
    cross = np.where(parallel, 1.0, cross)
    along = (offset[:, 0] * wall[:, 1] - offset[:, 1] * wall[:, 0]) / cross
    across = (offset[:, 0] * direction[1] - offset[:, 1] * direction[0]) / cross
    height = start_m[2] + along * direction[2]
    met = ~parallel & (along > 0.0) & (across >= 0.0) & (across <= 1.0)
    met &= (height >= facades.base_m) & (height <= facades.top_m)
    free_m = float(min(along[met].min(initial=reach_m), reach_m))
    if facades.terrain is None or free_m == 0.0:
        return free_m
    along_m = np.linspace(0.0, free_m, int(np.ceil(free_m / _STRIDE_M)) + 1)
    places = start_m + along_m[:, None] * direction
    above_m = places[:, 2] - facades.terrain.height_at(places)
    buried = np.flatnonzero(above_m < min(_SURFACE_M, 0.5 * above_m[0]))
    return float(along_m[max(buried[0] - 1, 0)]) if len(buried) else free_m
