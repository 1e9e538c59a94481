"""What a gate looks at: each metric as a harm, that is how much worse the new version is, for any weights of scenes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from testbed.gate.pairing import COUNTS, Floats, Pairing

NOMINAL_COVERAGE = 0.95
_LEAST_M = 0.5
_MOST_GROWTH = np.log(4.0)
_UPPER = (0.85, 0.875, 0.9, 0.925, 0.95)


@dataclass(frozen=True)
class Values:
    """A metric of both versions and the harm, each of shape (b,) for b weightings; NaN where nothing was counted."""

    old: Floats
    new: Floats
    harm: Floats


Measure = Callable[[Pairing, Floats], Values]


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    name : str
        As in reports.
    unit : str
        Of the harm.
    margin : float
        A harm up to this is nobody's business.
    limit : float
        A harm above this must not go unseen: a suite that cannot exclude it does not pass.
    digits : int
        Shown.
    measure : callable
        Takes a pairing and weights of its scenes, shape (b, n).
    """

    name: str
    unit: str
    margin: float
    limit: float
    digits: int
    measure: Measure


def _sums(pairing: Pairing, weights: Floats, names: str) -> tuple[list[Floats], list[Floats]]:
    columns = [COUNTS.index(name) for name in names.split()]
    return (
        [weights @ pairing.old[:, c] for c in columns],
        [weights @ pairing.new[:, c] for c in columns],
    )


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0.0)


def _falls(old: Floats, new: Floats) -> Values:
    return Values(old, new, old - new)


def rounds_f1(pairing: Pairing, weights: Floats) -> Values:
    """F1 of rounds: twice the located over all that happened and all that was claimed."""
    old, new = (
        _share(2.0 * located, rounds + claimed)
        for rounds, located, claimed in _sums(pairing, weights, "rounds located claimed")
    )
    return _falls(old, new)


def incidents_found(pairing: Pairing, weights: Floats) -> Values:
    """Share of incidents of which a round was located."""
    return _falls(*(_share(found, all_) for found, all_ in _sums(pairing, weights, "found incidents")))


def belief(pairing: Pairing, weights: Floats) -> Values:
    """Mean probability given to the true label of incidents that have an alert."""
    if not all(pairing.has_beliefs):
        return _unmeasured(pairing.has_beliefs, weights)
    return _falls(*(_share(belief, named) for belief, named in _sums(pairing, weights, "belief named")))


def coverage_low(pairing: Pairing, weights: Floats) -> Values:
    """How far the share of 95 % regions that hold the place lies below 0.95: regions too small."""
    if not all(pairing.has_regions):
        return _unmeasured(pairing.has_regions, weights)
    old, new = (_share(held, regions) for held, regions in _sums(pairing, weights, "held regions"))
    return Values(old, new, np.minimum(old, NOMINAL_COVERAGE) - np.minimum(new, NOMINAL_COVERAGE))


def coverage_high(pairing: Pairing, weights: Floats) -> Values:
    """How far the same share lies above 0.95: regions too large."""
    below = coverage_low(pairing, weights)
    harm = np.maximum(below.new, NOMINAL_COVERAGE) - np.maximum(below.old, NOMINAL_COVERAGE)
    return Values(below.old, below.new, harm)


def _unmeasured(has: tuple[bool, bool], weights: Floats) -> Values:
    nan = np.full(len(weights), np.nan)
    # What the old version said and the new one does not say any more is lost altogether.
    return Values(nan, nan, np.full(len(weights), np.inf)) if has == (True, False) else Values(nan, nan, nan)


def false_alerts(pairing: Pairing, weights: Floats) -> Values:
    """Alerts that belong to nothing; the harm is a share of the old version's number."""
    (old,), (new,) = _sums(pairing, weights, "false_alerts")
    return Values(old, new, (new - old) / np.maximum(old, 1.0))


def typical_error(pairing: Pairing, weights: Floats) -> Values:
    """Geometric mean of the error over rounds that both matched; the harm is its growth, round by round, as a share.

    A round is compared with itself, which takes out most of what makes rounds differ. Errors count from half a
    metre on, and no round for more than fourfold, so that a single one decides nothing.
    """
    if not len(pairing.scene):
        return _unmeasured((False, False), weights)
    old, new = (np.log(np.maximum(error, _LEAST_M)) for error in (pairing.old_error_m, pairing.new_error_m))
    growth = np.clip(new - old, -_MOST_GROWTH, _MOST_GROWTH)
    count = np.bincount(pairing.scene, minlength=len(pairing.scenes))
    old_m, new_m, harm = (
        np.exp(_share(weights @ np.bincount(pairing.scene, part, len(pairing.scenes)), weights @ count))
        for part in (old, new, growth)
    )
    return Values(old_m, new_m, harm - 1.0)


def upper_errors(pairing: Pairing, weights: Floats) -> Values:
    """Geometric mean of the quantiles around the 90th of the error over rounds that both matched; the harm is a share.

    One quantile alone falls into the gap between rounds that were located and rounds that were not.
    """
    if not len(pairing.scene):
        return _unmeasured((False, False), weights)
    old, new = (
        np.exp(np.mean(np.log(np.maximum(found, _LEAST_M)), axis=0))
        for found in (
            _quantiles(error, pairing.scene, weights, _UPPER)
            for error in (pairing.old_error_m, pairing.new_error_m)
        )
    )
    return Values(old, new, new / old - 1.0)


def bias(pairing: Pairing, weights: Floats) -> Values:
    """Length of the median error vector over rounds that both matched, m: what lies off the same way everywhere."""
    if not len(pairing.scene):
        return _unmeasured((False, False), weights)
    old, new = (
        np.hypot(*(_quantiles(offset[:, axis], pairing.scene, weights, (0.5,))[0] for axis in (0, 1)))
        for offset in (pairing.old_offset_m, pairing.new_offset_m)
    )
    return Values(old, new, new - old)


def _quantiles(values: Floats, scene: np.ndarray, weights: Floats, shares: Sequence[float]) -> Floats:
    """Return for each share the least value below which lies that share of the weight, shape (shares, b)."""
    order = np.argsort(values, kind="stable")
    # Whole numbers, which single precision holds exactly, in half the time.
    grown = np.cumsum(weights.T.astype(np.float32)[scene[order]], axis=0)
    places = [(grown >= q * grown[-1]).argmax(axis=0) for q in shares]
    return np.where(grown[-1] > 0.0, values[order][np.array(places)], np.nan)


# The limits are what 200 scenes can exclude although chance is drawn anew (`python -m tests.bench gate`).
METRICS: tuple[Metric, ...] = (
    Metric("F1 of rounds", "", 0.005, 0.06, 4, rounds_f1),
    Metric("incidents found", "", 0.005, 0.06, 4, incidents_found),
    Metric("typical error", "share", 0.03, 0.15, 3, typical_error),
    Metric("upper errors", "share", 0.05, 0.40, 3, upper_errors),
    Metric("bias", "m", 0.25, 1.0, 3, bias),
    Metric("coverage below 95 %", "", 0.02, 0.08, 4, coverage_low),
    Metric("coverage above 95 %", "", 0.02, 0.08, 4, coverage_high),
    Metric("false alerts", "share", 0.10, 1.5, 3, false_alerts),
    Metric("belief in the truth", "", 0.01, 0.05, 4, belief),
)
# The metric whose evidence is counted exactly, incident by incident.
COUNTED: Mapping[str, str] = {"incidents found": "McNemar"}
