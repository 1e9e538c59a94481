"""A round over known paths: pulses that come to every station as long after it as to all others, and as loud."""

from math import erfc, log, pi, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.cadence import Cadence, log_worth
from detector.ears import Ears
from detector.repeat import AIR_S, OTHER_DB, OTHER_GUN_DB, OTHER_S, SAME_DB, SAME_GUN_DB
from detector.search import Hypothesis

HEARD = 0.6  # probability that a station that heard one round reports another: it may drown in what rings (A)
SIGMAS = 4.0  # pulses further off than this came over another path
STATIONS_LEAST = 4  # that fewer stations fit to a few milliseconds may be chance
FAINTEST = 1e-12


class Paths(NamedTuple):
    """How an incident's rounds came to N stations (a named tuple, as numba wants it).

    Attributes
    ----------
    delay, sigma : ndarray, shape (N,)
        From emission to onset, s, and standard deviation of the onset, s; NaN where no round was heard.
    level : ndarray, shape (N,)
        Peak level, dB; NaN where unknown.
    clipped : ndarray of bool, shape (N,)
        Whether the true level is above it.
    """

    delay: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    level: npt.NDArray[np.float64]
    clipped: npt.NDArray[np.bool_]


class Offers(NamedTuple):
    """Pulses as rounds: emission time (m,), s, log odds before their timing, its standard deviation, s, station.

    `odds` are against clutter; `alike` against echoes, which come by ways of their own to each station.
    """

    emitted: npt.NDArray[np.float64]
    odds: npt.NDArray[np.float64]
    alike: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    station: npt.NDArray[np.int64]


def measure_paths(h: Hypothesis, ears: Ears) -> Paths:
    """Return how a hypothesis' rounds came to each station: the medians over its rounds."""
    stations = h.direct.shape[1]
    delay, sigma, level = (np.full(stations, np.nan) for _ in range(3))
    clipped = np.zeros(stations, bool)
    for i in range(stations):
        rounds = np.flatnonzero(h.direct[:, i] >= 0)
        if len(rounds):
            j = h.direct[rounds, i]
            delay[i] = np.median(ears.time[j] - h.times[rounds])
            sigma[i] = np.median(ears.sigma[j])
            level[i] = np.median(ears.level[j])
            clipped[i] = bool(ears.clipped[j].any())
    return Paths(delay, sigma, level, clipped)


@njit(cache=True, nogil=True)
def _log_normal(x: float, sigma: float) -> float:
    return -0.5 * (x / sigma) ** 2 - log(sigma * sqrt(2.0 * pi))


@njit(cache=True, nogil=True)
def _weigh_pulse(j: int, paths: Paths, ears: Ears) -> tuple[float, float, float]:
    """Log odds of a pulse before its timing against clutter and against an echo, 1/s, and its time's s.d., s."""
    i = ears.station[j]
    away_db = ears.level[j] - paths.level[i]
    was, now = bool(paths.clipped[i]), bool(ears.clipped[j])
    loud = _log_loud(away_db, OTHER_DB if was else SAME_DB, was, now)
    clutter = log(HEARD / (1.0 - HEARD)) + loud - log(ears.clutter[j])
    echo = loud - _log_loud(away_db, OTHER_DB, was, now) + log(2.0 * OTHER_S)
    return clutter, echo, sqrt(ears.sigma[j] ** 2 + paths.sigma[i] ** 2 + AIR_S**2)


@njit(cache=True, nogil=True)
def _log_loud(away_db: float, sigma_db: float, was_clipped: bool, is_clipped: bool) -> float:
    """Log density of a level, 1/dB, so far from that of the path; log probability where it is clipped."""
    if not is_clipped:
        return _log_normal(away_db, sigma_db)
    return 0.0 if was_clipped else log(max(0.5 * erfc(away_db / (sigma_db * sqrt(2.0))), FAINTEST))


@njit(cache=True, nogil=True)
def find_best_round(
    at: npt.NDArray[np.int64],
    paths: Paths,
    ears: Ears,
    times: npt.NDArray[np.float64],
    cadence: Cadence,
) -> tuple[float, float, float, npt.NDArray[np.int64], float]:
    """Try the emission time of each of one or more pulses `at` (m,), in order of these; return the best round.

    Returns
    -------
    time_s : float
    worth, score : float
        Log evidence with what its time and its gaps cost, and log likelihood ratio, nats.
    row : ndarray of int64, shape (N,)
        Each station's pulse, or -1.
    weight : float
        Information on the time, 1/s2.
    """
    offers = _offer(at, paths, ears)
    silence = log(1.0 - HEARD) * np.isfinite(paths.level).sum()
    reach = SIGMAS * offers.sigma.max()
    stations = len(paths.delay)
    best_row, row, gain = np.full(stations, -1), np.full(stations, -1), np.zeros(stations)
    best_s, best_worth, best_score, best_weight = 0.0, -np.inf, -np.inf, 1.0
    low = high = 0
    for a in range(len(at)):
        while offers.emitted[low] < offers.emitted[a] - reach:
            low += 1
        while high < len(at) and offers.emitted[high] <= offers.emitted[a] + reach:
            high += 1
        if high - low < STATIONS_LEAST or log_worth(offers.emitted[a], times, cadence) == -np.inf:
            continue
        _take(low, high, offers.emitted[a], offers, gain, row)
        time_s, _ = _mean_time(row, offers)
        _take(low, high, time_s, offers, gain, row)
        _, weight = _mean_time(row, offers)
        score = _weigh_round(time_s, silence + gain.sum(), row, offers) + _same_gun(at, row, paths, ears)
        worth = score + log_worth(time_s, times, cadence) + 0.5 * log(2.0 * pi / weight)
        if worth > best_worth:
            best_s, best_worth, best_score, best_weight = time_s, worth, score, weight
            best_row[:] = row
    for i in range(stations):
        best_row[i] = at[best_row[i]] if best_row[i] >= 0 else -1
    return best_s, best_worth, best_score, best_row, best_weight


@njit(cache=True, nogil=True)
def _offer(at: npt.NDArray[np.int64], paths: Paths, ears: Ears) -> Offers:
    emitted, sigma = np.empty(len(at)), np.empty(len(at))
    odds, alike = np.empty(len(at)), np.empty(len(at))
    for a in range(len(at)):
        emitted[a] = ears.time[at[a]] - paths.delay[ears.station[at[a]]]
        odds[a], alike[a], sigma[a] = _weigh_pulse(at[a], paths, ears)
    return Offers(emitted, odds, alike, sigma, ears.station[at])


@njit(cache=True, nogil=True)
def _weigh_round(time_s: float, against_clutter: float, row: npt.NDArray[np.int64], offers: Offers) -> float:
    """Log odds of a round against clutter or, as likely as not, an echo that the same stations would have heard."""
    against_echo = 0.0
    for i in range(len(row)):
        b = row[i]
        if b >= 0:
            away = float(offers.emitted[b]) - time_s
            against_echo += float(offers.alike[b]) + _log_normal(away, float(offers.sigma[b]))
    return float(-np.logaddexp(-against_clutter, -against_echo)) + log(2.0)


@njit(cache=True, nogil=True)
def _take(
    low: int,
    high: int,
    time_s: float,
    offers: Offers,
    gain: npt.NDArray[np.float64],
    row: npt.NDArray[np.int64],
) -> None:
    """Fill row (N,) with each station's best of the offers from `low` to `high`, or -1, and its gain (N,), nats."""
    gain[:] = 0.0
    row[:] = -1
    for b in range(low, high):
        away = offers.emitted[b] - time_s
        if abs(away) <= SIGMAS * offers.sigma[b]:
            v = np.log1p(np.exp(offers.odds[b] + _log_normal(away, offers.sigma[b])))
            i = offers.station[b]
            if v > gain[i]:
                gain[i], row[i] = v, b


@njit(cache=True, nogil=True)
def _mean_time(row: npt.NDArray[np.int64], offers: Offers) -> tuple[float, float]:
    """Weighted mean of a round's emission times, s, and its information, 1/s2."""
    top, weight = 0.0, FAINTEST
    for i in range(len(row)):
        b = row[i]
        if b >= 0:
            information = float(offers.sigma[b] ** -2.0)
            weight += information
            top += float(offers.emitted[b]) * information
    return top / weight, weight


@njit(cache=True, nogil=True)
def _same_gun(at: npt.NDArray[np.int64], row: npt.NDArray[np.int64], paths: Paths, ears: Ears) -> float:
    """Log odds that all levels together are those of the same gun rather than of an echo, nats."""
    louder = np.empty(len(row))
    count = 0
    for i in range(len(row)):
        if row[i] >= 0 and not ears.clipped[at[row[i]]] and not paths.clipped[i]:
            louder[count] = ears.level[at[row[i]]] - paths.level[i]
            count += 1
    if count == 0:
        return 0.0
    middle = float(np.median(louder[:count]))
    return _log_normal(middle, SAME_GUN_DB) - _log_normal(middle, OTHER_GUN_DB)
