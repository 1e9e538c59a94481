"""Rounds of one shooter come over the same paths: what does not repeat is an echo of them, or somebody else's.

The constants were set on simulated streets of series 77,001 (`tests.bench.streets_bench`), which is not the one scored;
`COMMON_LEAST` with the demo in view as well.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.ears import Ears
from detector.rivals import Found
from detector.search import Hypothesis

AIR_S = 2e-3  # air that moves, and a shooter who walks, change a path's time so much from round to round (A)
CAR_MPS, CAR_SHARE = (
    8.0,
    0.1,
)  # so fast (of each component, standard deviation) a shooter is who drives by; how often (A)
OTHER_S = 0.04  # lags over different paths are Laplace with this mean (A)
OTHER_SHARE = 0.3  # share of stations where a round of the same place came by another path, or was masked (A)
SAME_DB, OTHER_DB = 2.5, 7.0  # levels of the same path, and of different ones, differ by so much (A)
SAME_GUN_DB, OTHER_GUN_DB = 2.0, 6.0  # so do all paths together: an echo is not as loud as a round (A)
LEVELS_LEAST = 3  # fewer stations do not tell how loud a round was
COMMON_LEAST = 7  # fewer stations in common tell too little: single arrivals are late by chance (A)
SURE_NATS = 3.0  # so much speaks for a round that was found, before it is compared with others (A)
ECHO_S = 1.0  # what does not repeat and follows within this is an echo (A)
_FITS, _CAUCHY = 12, 3.0  # steps of a robust fit; residuals beyond so many standard deviations count less


def log_odds_same(
    one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], toward: npt.NDArray[np.float64], ears: Ears
) -> float:
    """Log likelihood ratio of two rounds over the same paths against two over different ones, nats.

    Over the same paths one follows the other by the same lag at all stations, but for onsets and air, and is as loud;
    an echo has a way of its own to each. From a car the lag is shorter for stations ahead. The stations that fit best
    were needed to tell lag and way, and are not counted. Pulses of unknown level are not compared: their times alone
    are no proof where chance makes single arrivals late, as in benchmark windows.

    Parameters
    ----------
    one, other : ndarray of int64, shape (N,)
        Each station's pulse, or -1.
    toward : ndarray, shape (N, 2)
        How much later sound is at each station per metre that the shooter moves east and north, s/m.

    Returns
    -------
    float
        0 where too few stations heard both, at levels that are known.
    """
    loud = np.isfinite(ears.level)
    common = (one >= 0) & (other >= 0) & loud[one] & loud[other]
    if common.sum() < COMMON_LEAST:
        return 0.0
    a, b = one[common], other[common]
    lag = ears.time[b] - ears.time[a]
    sigma = np.sqrt(ears.sigma[a] ** 2 + ears.sigma[b] ** 2 + AIR_S**2)
    louder = np.where(ears.clipped[a] | ears.clipped[b], np.nan, ears.level[b] - ears.level[a])
    known = np.isfinite(louder)
    level, whole = np.zeros(len(lag)), 0.0
    if known.sum() >= LEVELS_LEAST:
        middle = float(np.median(louder[known]))
        apart = louder[known] - middle
        level[known] = _log_normal(apart, SAME_DB) - _log_normal(apart, OTHER_DB)
        whole = float(_log_normal(middle, SAME_GUN_DB) - _log_normal(middle, OTHER_GUN_DB))
    away = np.abs(lag[:, None] - lag[None, :])
    gain = _gains(away, sigma[:, None], level[:, None])
    still = float(np.max(gain.sum(axis=0) - gain.max(axis=0)))
    moved, unlikely = _drive(lag, sigma, toward[common])
    driven = np.sort(_gains(np.abs(moved), sigma, level))[:-3].sum() - unlikely
    odds = np.logaddexp(np.log(1.0 - CAR_SHARE) + still, np.log(CAR_SHARE) + driven)
    return float(odds) + whole


def _gains(away, sigma, level):
    """Return what each station says for one path, nats; one in a few came by another path all the same."""
    odds = away / OTHER_S + np.log(2.0 * OTHER_S) + _log_normal(away, sigma) + level
    return np.logaddexp(np.log(1.0 - OTHER_SHARE) + odds, np.log(OTHER_SHARE))


def _drive(lag, sigma, toward):
    """Fit how far the shooter went between two rounds; return the lags less that, s, and its cost, nats.

    A robust least squares fit (Cauchy weights, from the median lag), held back by how far a car goes in the time.
    """
    design = np.column_stack([np.ones(len(lag)), toward])
    far = CAR_MPS * max(abs(float(np.median(lag))), 1e-3)
    hold = np.diag([0.0, far**-2, far**-2])
    fit = np.array([np.median(lag), 0.0, 0.0])
    for _ in range(_FITS):
        rest = (lag - design @ fit) / sigma
        weight = design.T / (sigma**2 * (1.0 + (rest / _CAUCHY) ** 2))
        fit = np.linalg.solve(weight @ design + hold, weight @ lag)
    return lag - design @ fit, 0.5 * float(fit[1:] @ fit[1:]) / far**2


def _log_normal(x, sigma):
    return -0.5 * (x / sigma) ** 2 - np.log(sigma * np.sqrt(2.0 * np.pi))


def own_rounds(h: Hypothesis, ears: Ears, sound_mps: float) -> npt.NDArray[np.bool_]:
    """Mark the rounds (k,) that repeat each other: of several such lots the strongest.

    Lots grow as long as all pairs across two of them, taken together, do not speak against one place.
    """
    count = len(h.times)
    step = np.asarray(h.place)[:2] - ears.xyz[:, :2]
    toward = step / np.maximum(np.linalg.norm(step, axis=1), 1.0)[:, None] / sound_mps
    odds = np.zeros((count, count))
    for later in range(count):
        for earlier in range(later):
            odds[earlier, later] = log_odds_same(h.direct[earlier], h.direct[later], toward, ears)
    odds += odds.T
    np.fill_diagonal(odds, -np.inf)
    lot = np.arange(count)
    while odds.max(initial=-np.inf) > -SURE_NATS:
        a, b = np.unravel_index(np.argmax(odds), odds.shape)
        odds[a] += odds[b]
        odds[:, a] = odds[a]
        odds[b], odds[:, b] = -np.inf, -np.inf
        lot[lot == b] = a
    return lot == int(np.argmax(np.bincount(lot, weights=h.scores)))


def keep_repeated(
    found: list[Found], ears: Ears, sound_mps: float
) -> tuple[list[Found], npt.NDArray[np.bool_], bool]:
    """Drop what does not repeat from each incident.

    Returns
    -------
    found : list of Found
        With the rounds that are the incident's own; other pulses are free again.
    echo : ndarray of bool, shape (n,)
        Pulses of dropped rounds that soon followed one of their incident's own: echoes, nobody's direct sound.
    freed : bool
        Whether anything was dropped.
    """
    freed = False
    echo = np.zeros(len(ears.time), bool)
    kept = []
    for f in found:
        own = own_rounds(f.best, ears, sound_mps)
        freed |= not own.all()
        behind = f.best.times[:, None] - f.best.times[own]
        follows = ~own & ((behind > 0.0) & (behind < ECHO_S)).any(axis=1)
        rows = f.best.direct[follows]
        echo[rows[rows >= 0]] = True
        # What the dropped rounds were worth, other places for the same pulses lose as well.
        lost = float(f.best.scores[~own].sum())
        others = tuple(replace(h, log_evidence=h.log_evidence - lost) for h in f.others)
        kept.append(Found(_less(f.best, own, lost), others))
    return kept, echo, freed


def only_repeated(h: Hypothesis, ears: Ears, sound_mps: float) -> Hypothesis:
    """Return a hypothesis with the rounds that repeat each other, and the evidence that they leave it."""
    own = own_rounds(h, ears, sound_mps)
    return h if own.all() else _less(h, own, float(h.scores[~own].sum()))


def _less(h: Hypothesis, own: npt.NDArray[np.bool_], lost: float) -> Hypothesis:
    return Hypothesis(
        h.place,
        h.times[own],
        h.scores[own],
        h.direct[own],
        h.matrix,
        h.weights[own],
        h.log_evidence - lost,
        None if h.again is None else h.again[own],
    )
