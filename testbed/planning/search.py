"""Greedy choice and exchange of sensors: the kernels that planners share.

For every sensor of a layout in turn, all layouts with another mount in its place are weighed at the cost of one: what
the others amount to is summed up once for each cell (the distribution of their count, their information), with and
without the one that the cell hears best.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numba import njit

from testbed.planning.forecast import COVERED
from testbed.planning.location import plan_covariance
from testbed.planning.worth import Choices

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_EVEN = 1e-9


@njit(cache=True, nogil=True)
def _sum_up(chance, mean, information, east, north, chosen, k, spare):
    """Return what the chosen mounts amount to in every cell.

    With `spare` each cell does without the one that it hears best.

    Returns
    -------
    enough, short_by_one : ndarray, shape (cells, draws)
        P(at least k), P(just k - 1).
    matrix : ndarray, shape (cells, 6)
        Information: xx, xy, yy, xt, yt, tt.
    best : ndarray, shape (cells,)
        Chance of the one heard best.
    """
    cells, draws = chance.shape[1], chance.shape[2]
    enough, short = np.zeros((cells, draws)), np.zeros((cells, draws))
    matrix, best = np.zeros((cells, 6)), np.zeros(cells)
    fewer = np.empty(k)
    for c in range(cells):
        skipped = -1
        for i in chosen:
            if skipped < 0 or mean[i, c] > best[c]:
                skipped, best[c] = i, mean[i, c]
        if not spare:
            skipped = -1
        for d in range(draws):
            fewer[:] = 0.0
            fewer[0] = 1.0
            for i in chosen:
                if i != skipped:
                    p = chance[i, c, d]
                    for count in range(k - 1, 0, -1):
                        fewer[count] += p * (fewer[count - 1] - fewer[count])
                    fewer[0] -= p * fewer[0]
            enough[c, d], short[c, d] = 1.0 - fewer.sum(), fewer[k - 1]
        for i in chosen:
            if i != skipped:
                w, x, y = information[i, c], east[i, c], north[i, c]
                matrix[c, 0] += w * x * x
                matrix[c, 1] += w * x * y
                matrix[c, 2] += w * y * y
                matrix[c, 3] += w * x
                matrix[c, 4] += w * y
                matrix[c, 5] += w
    return enough, short, matrix, best


@njit(cache=True, nogil=True)
def _cell_loss(heard, m, w, x, y, terms, both):
    """Return the loss of a cell: heard so likely, with information m and a further sensor's w towards (x, y)."""
    floor, missed, bare = terms
    if not both:
        return missed * (1.0 - heard)
    xx, _, yy = plan_covariance(
        m[0] + w * x * x, m[1] + w * x * y, m[2] + w * y * y, m[3] + w * x, m[4] + w * y, m[5] + w
    )
    error = min(np.sqrt(xx + yy + floor * floor), missed)
    return missed - heard * (missed - error) + (bare if heard < COVERED else 0.0)


@njit(cache=True, nogil=True)
def losses_with(chance, mean, information, east, north, weight, draw_weight, chosen, tried, k, terms, both):
    """Return the loss of the chosen mounts with each of those tried in addition; -1 stands for none; (tried,).

    `terms` are the floor of the error, the price of a missed shot and that of a cell that is not covered, m. `both`
    counts errors and single failures; otherwise the chance of being heard alone.
    """
    cells, draws = chance.shape[1], chance.shape[2]
    enough, short, matrix, best = _sum_up(chance, mean, information, east, north, chosen, k, False)
    enough_1, short_1, matrix_1, _ = _sum_up(chance, mean, information, east, north, chosen, k, True)
    result = np.zeros(len(tried))
    for t in range(len(tried)):
        j = tried[t]
        for c in range(cells):
            p = w = x = y = 0.0
            best_new = False
            if j >= 0:
                w, x, y = information[j, c], east[j, c], north[j, c]
                best_new = mean[j, c] > best[c]
            full = failed = 0.0
            for d in range(draws):
                p = chance[j, c, d] if j >= 0 else 0.0
                full += draw_weight[d] * (enough[c, d] + p * short[c, d])
                failed += draw_weight[d] * (enough_1[c, d] + p * short_1[c, d])
            loss = _cell_loss(full, matrix[c], w, x, y, terms, both)
            if both:
                if best_new:  # the newcomer is the one to fail
                    failed = 0.0
                    for d in range(draws):
                        failed += draw_weight[d] * enough[c, d]
                    loss += _cell_loss(failed, matrix[c], 0.0, 0.0, 0.0, terms, both)
                else:
                    loss += _cell_loss(failed, matrix_1[c], w, x, y, terms, both)
                loss *= 0.5
            result[t] += weight[c] * loss
    return result


def weigh(choices: Choices, chosen: Ints, tried: Ints, *, both: bool) -> Floats:
    """Return the loss, m, of the chosen mounts with each of those tried in addition (-1: none); shape (tried,)."""
    return losses_with(
        choices.chance,
        choices.mean,
        choices.information,
        choices.east,
        choices.north,
        choices.weight,
        choices.draw_weight,
        np.asarray(chosen, dtype=np.int64),
        np.asarray(tried, dtype=np.int64),
        choices.k,
        (choices.floor_m, choices.missed_m, choices.bare_m),
        both,
    )


def loss_of(choices: Choices, chosen: npt.ArrayLike, *, both: bool = True) -> float:
    """Return the loss of a layout, m."""
    return float(weigh(choices, np.asarray(chosen, dtype=np.int64), np.array([-1]), both=both)[0])


def affordable(choices: Choices, chosen: list[int], budget: float | None) -> Ints:
    """Return the open mounts that may be added to those chosen within a budget (None: any)."""
    free = choices.open.copy()
    free[chosen] = False
    if budget is not None:
        free &= choices.cost <= budget - choices.cost[chosen].sum() + _EVEN
    return np.flatnonzero(free).astype(np.int64)


def seed_greedily(choices: Choices, count: int | None, budget: float | None) -> list[int]:
    """Choose one mount after another by the mean of min(number that hear, k), per cost where there is a budget."""
    chosen = [int(i) for i in np.flatnonzero(choices.fixed)]
    heard = choices.mean[chosen].sum(axis=0) if chosen else np.zeros(len(choices.weight), dtype=np.float32)
    while count is None or len(chosen) < count:
        free = affordable(choices, chosen, budget)
        if not len(free):
            break
        before = np.minimum(heard, choices.k)
        # Small shares of a fifth sensor part mounts that add alike.
        gain = (np.minimum(heard + choices.mean[free], choices.k) - before) @ choices.weight
        gain += 1e-3 * (choices.mean[free] @ choices.weight)
        if budget is not None:
            gain = gain / np.maximum(choices.cost[free], 1e-6)
        best = int(free[int(np.argmax(gain))])
        chosen.append(best)
        heard = heard + choices.mean[best]
    return chosen


def exchange(
    choices: Choices,
    chosen: list[int],
    count: int | None,
    budget: float | None,
    *,
    both: bool,
    rounds: int = 12,
    told: Callable[[int], None] | None = None,
) -> tuple[list[int], float]:
    """Swap sensors one for one while that lowers the loss, and add what the budget still allows.

    Returns
    -------
    chosen : list of int
        The fixed ones first.
    loss : float
        m.
    """
    chosen = list(chosen)
    loss = loss_of(choices, chosen, both=both)
    for number in range(rounds):
        changed = False
        for place, mount in enumerate(list(chosen)):
            if choices.fixed[mount]:
                continue
            rest = chosen[:place] + chosen[place + 1 :]
            tried = affordable(choices, rest, budget)
            found = weigh(choices, np.array(rest, dtype=np.int64), tried, both=both)
            best = int(np.argmin(found))
            if found[best] < loss - _EVEN:
                chosen[place], loss, changed = int(tried[best]), float(found[best]), True
        more = affordable(choices, chosen, budget) if count is None or len(chosen) < count else []
        if len(more):
            found = weigh(choices, np.array(chosen, dtype=np.int64), np.asarray(more), both=both)
            best = int(np.argmin(found))
            if found[best] < loss - _EVEN:
                chosen.append(int(more[best]))
                loss, changed = float(found[best]), True
        if told is not None:
            told(number + 1)
        if not changed:
            break
    return chosen, loss
