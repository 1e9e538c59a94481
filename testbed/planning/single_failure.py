"""The share of the street that stays covered whichever sensor fails, for many layouts that differ in one sensor."""

import numpy as np
from numba import njit

from testbed.planning.forecast import COVERED


@njit(cache=True, nogil=True)
def covered_failed(chance, mean, weight, draw_weight, rest, tried, k):
    """Return the share of the street covered by the rest and each of those tried, the sensor it needs most dead.

    Parameters
    ----------
    chance : ndarray, shape (mounts, cells, draws)
    mean : ndarray, shape (mounts, cells)
        Over the draws.
    weight, draw_weight : ndarray, shape (cells,), (draws,)
    rest, tried : ndarray of int
        Mounts; -1 among those tried stands for none.
    k : int

    Returns
    -------
    ndarray, shape (tried,)
    """
    cells, draws, n = chance.shape[1], chance.shape[2], len(rest)
    enough = np.zeros((n + 1, cells, draws), dtype=np.float32)
    short = np.zeros((n + 1, cells, draws), dtype=np.float32)
    _count_without_each(chance, mean, rest, k, enough, short)
    alone = 0.0  # what is covered when the newcomer is the one that fails
    for c in range(cells):
        if np.sum(draw_weight * enough[n, c]) >= COVERED:
            alone += weight[c]
    result = np.full(len(tried), alone)
    open_cells = np.empty(cells, dtype=np.int64)
    for dead in range(n):
        count, sure = _find_open(enough[dead], short[dead], weight, draw_weight, open_cells)
        for t in range(len(tried)):
            share = sure
            if tried[t] >= 0:
                for c in open_cells[:count]:
                    heard = 0.0
                    for d in range(draws):
                        gain = chance[tried[t], c, d] * short[dead, c, d]
                        heard += draw_weight[d] * (enough[dead, c, d] + gain)
                    if heard >= COVERED:
                        share += weight[c]
            result[t] = min(result[t], share)
    return result


@njit(cache=True, nogil=True)
def _find_open(enough, short, weight, draw_weight, found):
    """List the cells that one more sensor might cover; return how many, and the share that is covered anyhow."""
    count, sure = 0, 0.0
    for c in range(len(weight)):
        least = most = 0.0
        for d in range(len(draw_weight)):
            least += draw_weight[d] * enough[c, d]
            most += draw_weight[d] * (enough[c, d] + short[c, d])
        if least >= COVERED:
            sure += weight[c]
        elif most >= COVERED:
            found[count] = c
            count += 1
    return count, sure


@njit(cache=True, nogil=True)
def _count_without_each(chance, mean, rest, k, enough, short):
    """Write P(at least k), P(just k - 1) of the rest without each of them, last of all without none.

    The count of all but one is the sum of those before it and those after it. Cells that no further sensor can cover
    (P(at least k) is at most the mean count over k) are left at 0.
    """
    n, cells, draws = enough.shape[0] - 1, enough.shape[1], enough.shape[2]
    before, after = np.zeros((n + 1, k)), np.zeros((n + 1, k))
    for c in range(cells):
        most = 1.0
        for i in rest:
            most += mean[i, c]
        if most < COVERED * k:
            continue
        for d in range(draws):
            before[0, :] = after[n, :] = 0.0
            before[0, 0] = after[n, 0] = 1.0
            for i in range(n):
                _add_one(before[i], chance[rest[i], c, d], before[i + 1])
                j = n - 1 - i
                _add_one(after[j + 1], chance[rest[j], c, d], after[j])
            for dead in range(n + 1):
                late = after[min(dead + 1, n)]
                total = last = up_to = 0.0
                for b in range(k):
                    up_to += late[b]
                    total += before[dead, k - 1 - b] * up_to
                    last += before[dead, k - 1 - b] * late[b]
                enough[dead, c, d], short[dead, c, d] = 1.0 - total, last


@njit(cache=True, nogil=True)
def _add_one(count, p, with_one):
    """Write the distribution of a count, up to its length, with one more sensor of chance p."""
    with_one[0] = (1.0 - p) * count[0]
    for i in range(1, len(count)):
        with_one[i] = count[i] + p * (count[i - 1] - count[i])
