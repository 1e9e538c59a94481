"""The last exchanges of a layout: on the figures that planners read, and on levels followed from every cell.

The search (`testbed.planning.search`) weighs hundreds of mounts by a loss that adds up cell by cell, on coarse levels
and an even choice of the cells. What a plan is judged by does not add up: the share of the street that stays covered
whichever sensor fails, and the 90 % quantile of the error. Here those count, among the few mounts whose levels are
sharp.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from scenes.streams import draw_stream
from testbed.planning.location import plan_covariance
from testbed.planning.search import affordable, weigh
from testbed.planning.single_failure import covered_failed
from testbed.planning.worth import Choices

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# (A) The quantile of the error that counts, and its weight beside the mean loss, where it is small. A tail as long as
# what a shot that is not located costs counts half, and none more than that price: nobody calls it a location.
TAIL, TAIL_SHARE = 0.9, 1.5
# (A) By how much a layout is to be ahead of those known: a share of the street that stays covered after one failure,
# and a share of the tail.
AHEAD = 0.001
# (A) A hundredth of the street that stays covered is worth a tenth of the tail, while both are sought. In the end it
# counts ten times as much, and one of either is so many metres of loss: what nobody hears has no error.
COVERED_FIRST, SHORT_M = 10.0, 30.0
# Exchanges that are tried, in rounds over all sensors, while both are sought, and then; how much worse, in hundredths
# of the street, an exchange may leave a layout in the beginning. With none worse, each start ends elsewhere.
SEEKING, ROUNDS, WORSE = 8, 4, 0.5
# (A) A hundredth of the street, and a tenth of the tail: so far beyond its marks a layout is sought.
BEYOND = 0.01
_EVEN, _ENDLESS_M = 1e-9, 1e9


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


@dataclass(frozen=True)
class Marks:
    """What a layout is to be ahead of: the best that any known one reaches of either figure.

    Attributes
    ----------
    failed : float
        Share of the street that is to stay covered after one failure.
    tail_m : float
        The bound that 90 % of the street is to keep within, m.
    """

    failed: float
    tail_m: float


def set_marks(choices: Choices, rivals: Sequence[Sequence[int]]) -> Marks:
    """Return what is to be reached to be ahead of all rivals in both figures."""
    known = [_figures(choices, layout, [-1]) for layout in rivals]
    failed, tail_m = max(float(f[0]) for f, _ in known), min(float(t[0]) for _, t in known)
    return Marks(min(failed + AHEAD, 1.0), (1.0 - AHEAD) * tail_m)


def rate(choices: Choices, rest: Sequence[int], tried: npt.ArrayLike, marks: Marks) -> Floats:
    """Return what layouts cost, m: the rest with each of those tried (-1: none); shape (tried,).

    The loss of the search and the tail decide among layouts that reach both marks; what stays covered comes before
    the tail where both cannot be had.
    """
    failed, tail = _figures(choices, rest, tried)
    felt = tail / (1.0 + tail / choices.missed_m)
    mean = weigh(choices, np.asarray(rest), np.asarray(tried), both=True)
    return mean + TAIL_SHARE * felt + SHORT_M * _short(failed, tail, marks, COVERED_FIRST)


def _short(failed: Floats, tail: Floats, marks: Marks, covered_first: float = 1.0) -> Floats:
    """Return by how much figures miss their marks: hundredths of the street, tenths (of a logarithm) of the tail."""
    too_long = 10.0 * np.maximum(np.log(tail / marks.tail_m), 0.0)
    return covered_first * 100.0 * np.maximum(marks.failed - failed, 0.0) + too_long


def _figures(choices: Choices, rest: Sequence[int], tried: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return what stays covered after one failure, and the tail, m: the rest with each of those tried."""
    c, base, more = choices, np.asarray(rest, dtype=np.int64), np.asarray(tried, dtype=np.int64)
    failed = covered_failed(c.chance, c.mean, c.weight, c.draw_weight, base, more, c.k)
    tail = error_tail(c.information, c.east, c.north, c.weight, base, more, c.floor_m, TAIL)
    return failed, np.minimum(tail, _ENDLESS_M)


def settle(
    choices: Choices,
    starts: Sequence[Sequence[int]],
    rivals: Sequence[Sequence[int]],
    budget: float | None,
    workers: int = 1,
) -> tuple[int, ...]:
    """Exchange sensors one for one from each start; return the best layout that is found (`rate`).

    Parameters
    ----------
    choices : Choices
        Of the mounts in question, from every cell.
    starts : sequence of layouts
        All of one length.
    rivals : sequence of layouts
        The result is to leave more covered after one failure than any of them, and to have a shorter tail.
    budget : float or None
        Of the whole layout.
    workers : int
        Threads; changes the time, not the layout.
    """
    marks = set_marks(choices, rivals)

    def follow(number: int) -> tuple[float, list[int]]:
        rng = draw_stream(choices.seed, "last exchanges", str(number))
        found = _seek(choices, starts[number], budget, marks, rng)
        return float(rate(choices, found, [-1], marks)[0]), found

    with ThreadPoolExecutor(workers) as pool:
        cost, best = min(pool.map(follow, range(len(starts))))
    return tuple(_swap(choices, best, cost, budget, marks))


def _seek(
    choices: Choices, start: Sequence[int], budget: float | None, marks: Marks, rng: np.random.Generator
) -> list[int]:
    """Return the layout nearest to both marks that threshold accepting meets (Dueck and Scheuer 1990).

    Both figures have steps and edges, and most layouts that no exchange betters are far from the best. So the best
    exchange of a sensor is made even where it leaves the layout worse, by less and less, and what is worse is judged
    by marks beyond those wanted: at the marks themselves nothing pulls a layout that has one of them to the other.
    """
    beyond = Marks(marks.failed + BEYOND, (1.0 - 10.0 * BEYOND) * marks.tail_m)
    layout, best = list(start), list(start)
    figures = _figures(choices, layout, [-1])
    at, nearest = float(_short(*figures, beyond)[0]), float(_short(*figures, marks)[0])
    turns = [int(p) for _ in range(SEEKING) for p in rng.permutation(len(layout))]
    for step, place in enumerate(turns):
        if nearest <= 0.0:
            break
        rest = layout[:place] + layout[place + 1 :]
        tried = affordable(choices, rest, budget)
        tried = tried[tried != layout[place]]
        if choices.fixed[layout[place]] or not len(tried):
            continue
        figures = _figures(choices, rest, tried)
        off, worth = _short(*figures, marks), _short(*figures, beyond)
        if off.min() < nearest:
            nearest, best = float(off.min()), [*rest[:place], int(tried[np.argmin(off)]), *rest[place:]]
        if worth.min() < at + WORSE * (1.0 - step / len(turns)):
            layout[place], at = int(tried[np.argmin(worth)]), float(worth.min())
    return best


def _swap(choices: Choices, layout: list[int], cost: float, budget: float | None, marks: Marks) -> list[int]:
    """Exchange sensors while that lowers the cost (`rate`)."""
    layout, idle = list(layout), 0
    for step in range(ROUNDS * len(layout)):
        place = step % len(layout)
        idle += 1
        if not choices.fixed[layout[place]]:
            rest = layout[:place] + layout[place + 1 :]
            tried = affordable(choices, rest, budget)
            found = rate(choices, rest, tried, marks)
            best = int(np.argmin(found))
            if found[best] < cost - _EVEN:
                layout[place], cost, idle = int(tried[best]), float(found[best]), 0
        if idle >= len(layout):
            break
    return layout
