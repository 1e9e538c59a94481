"""More rounds of an incident: sound that comes over its paths again, at all stations after the same time.

A place and straight lines explain a round to tens of milliseconds; another round of the same shooter comes over the
same paths to a few. So rounds are found here that the reverberation of those before hides from most stations, as those
of automatic fire.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.cadence import Cadence, log_cadence
from detector.contest import pulses_of
from detector.ears import Ears
from detector.rivals import Found
from detector.same_paths import STATIONS_LEAST, find_best_round, measure_paths
from detector.search import Hypothesis, SearchOptions

LEAST_NATS = 3.0  # strong evidence for one more round (Kass and Raftery 1995, J. Am. Stat. Assoc. 90, 773, section 3.2)


def add_rounds(
    h: Hypothesis, barred: npt.NDArray[np.bool_], ears: Ears, options: SearchOptions
) -> Hypothesis:
    """Return a hypothesis with the further rounds that pulses over the same paths speak for.

    Of automatic fire straight lines make rounds that mix the pulses of several. All but the best round are therefore
    given up where its repetitions explain more.

    Parameters
    ----------
    h : Hypothesis
    barred : ndarray of bool, shape (n,)
        Pulses that are not to be had. Nor are those of unknown level: their times alone are no proof where chance makes
        single arrivals late, as in benchmark windows.
    ears : Ears
    options : SearchOptions
        For the prior of the gaps between rounds, and the most rounds of an incident.
    """
    if len(h.times) == 0:
        return h
    cadence, most = options.cadence, options.rounds_most
    ends = [_add_rounds(start, barred, ears, cadence, most) for start in _starts(h, cadence)]
    return max(ends, key=lambda end: end.log_evidence)


def repeat_all(found: list[Found], ears: Ears, options: SearchOptions) -> list[Found]:
    """Let each incident have the free pulses that come over its paths again, the strongest first."""
    for f in sorted(found, key=lambda f: -f.best.log_evidence):
        others = pulses_of([k.best for k in found if k is not f], ears)
        more = f._replace(best=add_rounds(f.best, others, ears, options))
        found = [more if k is f else k for k in found]
    return found


def _starts(h: Hypothesis, cadence: Cadence) -> list[Hypothesis]:
    if len(h.times) < 2:
        return [h]
    best = np.array([np.argmax(h.scores)])
    rest = np.delete(np.arange(len(h.times)), best)
    worth = h.scores[rest].sum() + 0.5 * np.log(2.0 * np.pi / np.maximum(h.weights[rest], 1e-3)).sum()
    worth += log_cadence(h.times, cadence) - log_cadence(h.times[best], cadence)
    alone = replace(
        h,
        times=h.times[best],
        scores=h.scores[best],
        direct=h.direct[best],
        weights=h.weights[best],
        log_evidence=h.log_evidence - float(worth),
        again=None,
    )
    return [h, alone]


def _add_rounds(
    h: Hypothesis, barred: npt.NDArray[np.bool_], ears: Ears, cadence: Cadence, most: int
) -> Hypothesis:
    paths = measure_paths(h, ears)
    known = np.isfinite(paths.level)
    free = ~barred & np.isfinite(ears.level) & known[ears.station]
    free[h.direct[h.direct >= 0]] = False
    at = np.flatnonzero(free)
    emitted = ears.time[at] - paths.delay[ears.station[at]]
    after = np.searchsorted(h.times, emitted)
    padded = np.concatenate([[-np.inf], h.times, [np.inf]])
    near = np.minimum(emitted - padded[after], padded[after + 1] - emitted) < cadence.longest_s
    at = at[near][np.argsort(emitted[near], kind="stable")]
    while len(h.times) < most and known.sum() >= STATIONS_LEAST and len(at) >= STATIONS_LEAST:
        time_s, worth, score, row, weight = find_best_round(at, paths, ears, h.times, cadence)
        if worth < LEAST_NATS or (row >= 0).sum() < STATIONS_LEAST:
            break
        h = _join(h, time_s, worth, score, row, weight)
        at = at[~np.isin(at, row)]
    return h


def _join(h: Hypothesis, time_s: float, worth: float, score: float, row, weight: float) -> Hypothesis:
    k = int(np.searchsorted(h.times, time_s))
    return replace(
        h,
        times=np.insert(h.times, k, time_s),
        scores=np.insert(h.scores, k, score),
        direct=np.insert(h.direct, k, row, axis=0),
        weights=np.insert(h.weights, k, weight),
        log_evidence=h.log_evidence + worth,
        again=np.insert(np.zeros(len(h.times), bool) if h.again is None else h.again, k, values=True),
    )
