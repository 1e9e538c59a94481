"""The largest set of arrivals that one place and one moment explain, found for certain by branch and bound.

At a place x a pulse of time t heard at a distance d was emitted at t - d / c. The count is the largest number of
stations whose pulses were emitted within one window of time: a function of place and time that Ledeczi et al. (2005,
"Countersniper system for urban warfare", ACM Transactions on Sensor Networks 1(2)) call the consistency function, and
whose largest set within 40 ms is how Calhoun et al. (2021) associate. In a cell of circumradius r all emission times
move by at most r / c, so that the count at its centre with a window wider by 2 r / c is an upper bound: cells that
cannot beat the best place known are left out, the others are quartered (interval branch and bound, Moore 1966).
"""

from heapq import heappop, heappush
from math import cos, hypot, pi, sin, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit


class Heard(NamedTuple):
    """n pulses of N stations in a plane (a named tuple, as numba wants it).

    Attributes
    ----------
    xy : ndarray, shape (N, 2)
        Stations, m.
    station : ndarray of int64, shape (n,)
    time : ndarray, shape (n,)
        s.
    speed_mps : float
    """

    xy: npt.NDArray[np.float64]
    station: npt.NDArray[np.int64]
    time: npt.NDArray[np.float64]
    speed_mps: float


@njit(cache=True, nogil=True)
def emission_times(x: float, y: float, heard: Heard) -> npt.NDArray[np.float64]:
    """Return when each pulse was emitted if it came straight from (x, y): shape (n,), s."""
    delay = np.empty(len(heard.xy))
    for i in range(len(heard.xy)):
        delay[i] = hypot(heard.xy[i, 0] - x, heard.xy[i, 1] - y) / heard.speed_mps
    emitted = np.empty(len(heard.time))
    for j in range(len(heard.time)):
        emitted[j] = heard.time[j] - delay[heard.station[j]]
    return emitted


@njit(cache=True, nogil=True)
def densest_window(
    emitted: npt.NDArray[np.float64], station: npt.NDArray[np.int64], stations: int, window_s: float
) -> tuple[int, float, float]:
    """Return the most stations that any window holds, where it begins and over how long they are spread, s.

    Of windows that hold equally many that with the least spread counts, then the first.
    """
    order = np.argsort(emitted)
    within = np.zeros(stations, np.int64)
    most, begin, least = 0, 0.0, 1e300
    count, low = 0, 0
    for high in range(len(order)):
        within[station[order[high]]] += 1
        count += within[station[order[high]]] == 1
        # Let go what is too early, or early and twice there.
        while emitted[order[high]] - emitted[order[low]] > window_s or within[station[order[low]]] > 1:
            within[station[order[low]]] -= 1
            count -= within[station[order[low]]] == 0
            low += 1
        spread = emitted[order[high]] - emitted[order[low]]
        if count > most or (count == most and spread < least):
            most, begin, least = count, float(emitted[order[low]]), float(spread)
    return most, begin, least


@njit(cache=True, nogil=True)
def largest_set(
    heard: Heard,
    window_s: float,
    square: npt.NDArray[np.float64],
    least: int,
    finest_m: float,
    cells_most: int,
) -> tuple[int, float, float, float]:
    """Find the place and the window that hold most stations; of equal sets the least spread.

    Parameters
    ----------
    heard : Heard
    window_s : float
    square : ndarray, shape (3,)
        Where to look: centre east, centre north, half width, m.
    least : int
        Smaller sets do not count.
    finest_m : float
        Half width under which cells are not divided, m.
    cells_most : int
        Cells to look at before the best so far must do.

    Returns
    -------
    count : int
        0 where there is no set of `least` stations.
    x, y, begin_s : float
        Place, m, and begin of the window, s.
    """
    stations = len(heard.xy)
    best, best_x, best_y, begin = 0, 0.0, 0.0, 0.0
    # A set's worth: its stations, and less than one for how little it is spread.
    worth = float(least)
    queue = [(-1e300, square[0], square[1], square[2])]
    for _ in range(cells_most):
        if len(queue) == 0:
            break
        bound, x, y, half = heappop(queue)
        if -bound <= worth:
            break
        for quarter in range(4):
            h = 0.5 * half
            cx, cy = x + h * (2 * (quarter % 2) - 1), y + h * (2 * (quarter // 2) - 1)
            emitted = emission_times(cx, cy, heard)
            count, start, spread = densest_window(emitted, heard.station, stations, window_s)
            if count + 1.0 - spread / window_s > worth:
                worth = count + 1.0 - spread / window_s
                best, best_x, best_y, begin = count, cx, cy, start
            if h <= finest_m:
                continue
            blur = 2.0 * sqrt(2.0) * h / heard.speed_mps
            most, _start, spread = densest_window(emitted, heard.station, stations, window_s + blur)
            limit = most + 1.0 - max(spread - blur, 0.0) / window_s
            if limit > worth:
                heappush(queue, (-limit, cx, cy, h))
    return best, best_x, best_y, begin


@njit(cache=True, nogil=True)
def spreads_at(
    x: float,
    y: float,
    heard: Heard,
    members: npt.NDArray[np.int64],
    number: npt.NDArray[np.int64],
    rounds: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return over how long each round's emission times at a place are spread, and the middle of them: shape (k,), s.

    Parameters
    ----------
    members, number : ndarray of int64, shape (m,)
        Pulses, and which round each belongs to.
    rounds : int
    """
    low, high = np.full(rounds, 1e300), np.full(rounds, -1e300)
    for k in range(len(members)):
        i = heard.station[members[k]]
        t = heard.time[members[k]] - hypot(heard.xy[i, 0] - x, heard.xy[i, 1] - y) / heard.speed_mps
        low[number[k]], high[number[k]] = min(low[number[k]], t), max(high[number[k]], t)
    return high - low, 0.5 * (low + high)


@njit(cache=True, nogil=True)
def narrow(
    x: float,
    y: float,
    heard: Heard,
    members: npt.NDArray[np.int64],
    number: npt.NDArray[np.int64],
    rounds: int,
) -> tuple[float, float]:
    """Return the nearest place where the rounds' emission times are least spread (compass search); input as above."""
    best = spreads_at(x, y, heard, members, number, rounds)[0].sum()
    step = 10.0
    for _ in range(400):
        if step < 1e-4:
            break
        found = -1
        for k in range(16):
            there_x, there_y = x + step * cos(k * pi / 8.0), y + step * sin(k * pi / 8.0)
            value = spreads_at(there_x, there_y, heard, members, number, rounds)[0].sum()
            if value < best:
                best, found = value, k
        if found < 0:
            step *= 0.5
        else:
            x, y = x + step * cos(found * pi / 8.0), y + step * sin(found * pi / 8.0)
            step *= 1.3
    return x, y


def members_within(
    heard: Heard, x: float, y: float, begin_s: float, window_s: float
) -> npt.NDArray[np.int64]:
    """Return of every station the first pulse emitted within a window, as indices in ascending order.

    The first, because echoes come after the sound that they repeat.
    """
    emitted = emission_times(x, y, heard)
    inside = np.flatnonzero((emitted >= begin_s - 1e-12) & (emitted <= begin_s + window_s + 1e-12))
    inside = inside[np.lexsort((inside, heard.time[inside]))]
    first = np.unique(heard.station[inside], return_index=True)[1]
    return np.sort(inside[first])
