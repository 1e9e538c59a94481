"""The last exchanges of a layout: on the figures that planners read, and on levels followed from every cell.

The search (`testbed.planning.search`) weighs hundreds of mounts by a loss that adds up cell by cell, on coarse levels
and an even choice of the cells. What a plan is judged by does not add up: the share of the street that stays covered
whichever sensor fails, and the 90 % quantile of the error. Here those count, among the few mounts whose levels are
sharp.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from numba import njit

from testbed.planning.forecast import COVERED
from testbed.planning.location import plan_covariance
from testbed.planning.search import affordable, weigh
from testbed.planning.worth import Choices

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Most rounds of exchanges from each start.
ROUNDS = 4
# (A) The quantile of the error that counts beside the mean loss, its weight where it is small, and from how many metres
# on its logarithm counts: where a tenth of the street is hardly heard by three sensors, it is kilometres.
TAIL, TAIL_SHARE, TAIL_WIDE_M = 0.9, 1.5, 250.0
# A layout is to leave more of the street covered after one failure than any that is known, by this share (A); each
# hundredth short of it costs so many metres, from turn to turn: a stiff price at once ends in the next best layout that
# meets it.
AHEAD, SHORT_M = 0.002, (8.0, 60.0)
_EVEN = 1e-9


@njit(cache=True, nogil=True)
def covered_failed(chance, weight, draw_weight, rest, tried, k):
    """Return the share of the street covered by the rest and each of those tried, the sensor it needs most dead.

    Parameters
    ----------
    chance : ndarray, shape (mounts, cells, draws)
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
    _count_without_each(chance, rest, k, enough, short)
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
def _count_without_each(chance, rest, k, enough, short):
    """Write P(at least k), P(just k - 1) of the rest without each of them, last of all without none.

    The count of all but one is the sum of those before it and those after it.
    """
    n, cells, draws = enough.shape[0] - 1, enough.shape[1], enough.shape[2]
    before, after = np.zeros((n + 1, k)), np.zeros((n + 1, k))
    for c in range(cells):
        for d in range(draws):
            before[0, :] = after[n, :] = 0.0
            before[0, 0] = after[n, 0] = 1.0
            for i in range(n):
                _add_one(before[i], chance[rest[i], c, d], before[i + 1])
                j = n - 1 - i
                _add_one(after[j + 1], chance[rest[j], c, d], after[j])
            for dead in range(n + 1):
                late = after[min(dead + 1, n)]
                total = last = 0.0
                for a in range(k):
                    for b in range(k - a):
                        both = before[dead, a] * late[b]
                        total += both
                        if a + b == k - 1:
                            last += both
                enough[dead, c, d], short[dead, c, d] = 1.0 - total, last


@njit(cache=True, nogil=True)
def _add_one(count, p, with_one):
    """Write the distribution of a count, up to its length, with one more sensor of chance p."""
    with_one[0] = (1.0 - p) * count[0]
    for i in range(1, len(count)):
        with_one[i] = count[i] + p * (count[i - 1] - count[i])


@njit(cache=True, nogil=True)
def error_tail(information, east, north, weight, rest, tried, floor, share):
    """Return a quantile over the street of the bound of the error of the rest and each of those tried, m; (tried,)."""
    cells = len(weight)
    matrix = np.zeros((cells, 6))
    for i in rest:
        for c in range(cells):
            _add(matrix[c], information[i, c], east[i, c], north[i, c])
    result, error, m = np.empty(len(tried)), np.empty(cells), np.empty(6)
    for t in range(len(tried)):
        j = tried[t]
        for c in range(cells):
            m[:] = matrix[c]
            if j >= 0:
                _add(m, information[j, c], east[j, c], north[j, c])
            xx, _, yy = plan_covariance(m[0], m[1], m[2], m[3], m[4], m[5])
            error[c] = np.sqrt(xx + yy + floor * floor)
        total, last = 0.0, 0.0
        for c in np.argsort(error):
            total += weight[c]
            last = error[c]
            if total >= share:
                break
        result[t] = last
    return result


@njit(cache=True, nogil=True)
def _add(m, w, x, y):
    m[0] += w * x * x
    m[1] += w * x * y
    m[2] += w * y * y
    m[3] += w * x
    m[4] += w * y
    m[5] += w


def rate(
    choices: Choices, rest: Sequence[int], tried: npt.ArrayLike, wanted: float, short_m: float
) -> Floats:
    """Return what layouts cost, m: the rest with each of those tried (-1: none); shape (tried,).

    `wanted` is the share of the street that is to stay covered after one failure, `short_m` what each hundredth short
    of it costs, m.
    """
    base, more = np.asarray(rest, dtype=np.int64), np.asarray(tried, dtype=np.int64)
    failed = _failed(choices, base, more)
    tail = error_tail(
        choices.information, choices.east, choices.north, choices.weight, base, more, choices.floor_m, TAIL
    )
    mean = weigh(choices, base, more, both=True)
    short = 100.0 * np.maximum(wanted - failed, 0.0)
    wide = TAIL_WIDE_M * np.log1p(np.minimum(tail, 1e9) / TAIL_WIDE_M)
    return mean + TAIL_SHARE * wide + short_m * short


def _failed(choices: Choices, rest: Ints, tried: Ints) -> Floats:
    return covered_failed(choices.chance, choices.weight, choices.draw_weight, rest, tried, choices.k)


def settle(
    choices: Choices,
    starts: Sequence[Sequence[int]],
    rivals: Sequence[Sequence[int]],
    budget: float | None,
    workers: int = 1,
    rounds: int = ROUNDS,
) -> tuple[int, ...]:
    """Swap sensors one for one from each start while that lowers the cost (`rate`); return the best layout.

    Parameters
    ----------
    choices : Choices
        Of the mounts in question, from every cell.
    starts : sequence of layouts
        All of one length.
    rivals : sequence of layouts
        After one failure the result is to leave more covered than any of them.
    budget : float or None
        Of the whole layout.
    workers : int
        Threads; changes the time, not the layout.
    rounds : int
        Most rounds of exchanges from each start.
    """
    none = np.array([-1])
    known = [_failed(choices, np.asarray(layout, dtype=np.int64), none)[0] for layout in (*starts, *rivals)]
    wanted = min(float(max(known)) + AHEAD, 1.0)
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(lambda start: _exchange(choices, list(start), budget, rounds, wanted), starts))
    best = int(np.argmin([cost for _, cost in found]))
    return tuple(found[best][0])


def _exchange(
    choices: Choices, layout: list[int], budget: float | None, rounds: int, wanted: float
) -> tuple[list[int], float]:
    cost = np.inf
    for short_m in SHORT_M:
        cost = float(rate(choices, layout, [-1], wanted, short_m)[0])
        for _ in range(rounds):
            changed = False
            for place, mount in enumerate(list(layout)):
                if choices.fixed[mount]:
                    continue
                rest = layout[:place] + layout[place + 1 :]
                tried = affordable(choices, rest, budget)
                found = rate(choices, rest, tried, wanted, short_m)
                best = int(np.argmin(found))
                if found[best] < cost - _EVEN:
                    layout[place], cost, changed = int(tried[best]), float(found[best]), True
            if not changed:
                break
    return layout, cost
