"""What facades scatter from street cells to mounts, found at some cells and carried over to those between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from scenes.air import Air
from scenes.block import Block
from sim.propagation.city import City
from sim.propagation.trace import medium_of
from sim.tail.energy import sum_scattered
from sim.tail.field import open_field
from testbed.planning.blast_band import band_weights
from testbed.planning.full_simulation import LATE_S

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

# So many pairs of cell and mount take about 40 s of one core; with more, an even choice of the cells is taken.
PAIRS_MOST = 80_000
# The tail changes slowly along a street: between the chosen cells it is the mean of the nearest, in dB, weighed by the
# inverse square of the distance, m.
_NEIGHBOURS, _NEAREST_M = 3, 1.0
# Energy of no way at all, to take logarithms of.
_NOTHING = 1e-15
# Mounts at a time: what each looks at takes half a megabyte.
_BATCH = 64


def find_tail(
    block: Block,
    city: City,
    air: Air,
    cells_m: Floats,
    mounts_m: Floats,
    late_m: npt.NDArray[np.floating],
    workers: int,
    tell: Callable[[float], None],
) -> Floats:
    """Return the energy that facades scatter from cells to mounts in time for a pulse of the shot, shape (n, m).

    Parameters
    ----------
    block, city, air
        The city is the block's index.
    cells_m, mounts_m : ndarray, shape (n, 3), (m, 3)
        m.
    late_m : ndarray, shape (n, m)
        Shortest way less straight line, m: sound counts that comes within `LATE_S` of it.
    workers : int
        Threads; changes the time, not the result.
    tell : callable
        Called with the share of the work that is done.

    Returns
    -------
    ndarray, shape (n, m)
        Energy in the detector's band re that of the source in the free field at 1 m.
    """
    anchors = pick_anchors(cells_m, max(PAIRS_MOST // max(len(mounts_m), 1), 1))
    found = np.zeros((len(anchors), len(mounts_m)))
    weights, loss = band_weights(), np.array(medium_of(air)["log_power_per_m"])
    reach = np.linalg.norm(mounts_m[None, :, :] - cells_m[anchors, None, :], axis=2) + late_m[anchors]
    reach += LATE_S * air.sound_speed_mps
    batches = [slice(i, i + _BATCH) for i in range(0, len(mounts_m), _BATCH)]
    for number, batch in enumerate(batches):
        field = open_field(city, block, air, mounts_m[batch])
        if field is None:
            return np.zeros((len(cells_m), len(mounts_m)))
        follow = partial(sum_scattered, field, weights, loss)
        with ThreadPoolExecutor(workers) as pool:
            for row, energy in enumerate(pool.map(follow, cells_m[anchors], reach[:, batch])):
                found[row, batch] = energy
                tell((number + (row + 1) / len(anchors)) / len(batches))
    return _carry_over(found, cells_m[anchors], cells_m)


def pick_anchors(cells_m: Floats, most: int) -> Indices:
    """Return which cells stand for all: at most so many, one in each square of a lattice, next to its middle."""
    if len(cells_m) <= most:
        return np.arange(len(cells_m))
    span = np.ptp(cells_m[:, :2], axis=0)
    side = max(float(np.sqrt(span[0] * span[1] / most)), float(span.max()) / most, 1.0)
    while True:
        square = np.floor((cells_m[:, :2] - cells_m[:, :2].min(axis=0)) / side).astype(np.int64)
        _, member = np.unique(square, axis=0, return_inverse=True)
        member = member.reshape(-1)
        if member.max() < most:
            break
        side *= 1.1
    count = np.bincount(member)
    middle = np.column_stack([np.bincount(member, cells_m[:, axis]) / count for axis in (0, 1)])
    off = np.linalg.norm(cells_m[:, :2] - middle[member], axis=1)
    order = np.lexsort((np.arange(len(cells_m)), off, member))
    return np.sort(order[np.searchsorted(member[order], np.arange(len(count)))])


def _carry_over(energy: Floats, anchors_m: Floats, cells_m: Floats) -> Floats:
    near = min(_NEIGHBOURS, len(anchors_m))
    distance, index = (np.asarray(a).reshape(-1, near) for a in KDTree(anchors_m).query(cells_m, k=near))
    weight = 1.0 / np.maximum(distance, _NEAREST_M) ** 2
    weight[distance[:, 0] == 0.0, 1:] = 0.0
    weight /= weight.sum(axis=1, keepdims=True)
    level = np.log(np.maximum(energy, _NOTHING))
    total = np.zeros((len(cells_m), energy.shape[1]))
    for k in range(near):
        total += weight[:, k, None] * level[index[:, k]]
    return np.exp(total)
