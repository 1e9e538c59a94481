"""The decision: regressed, improved, identical, pass, or inconclusive.

Every metric is a paired harm (`testbed.gate.metrics`). Its standard error is that of a bootstrap over scenes, because
what happens in one scene is not independent (Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 6 and 8);
for incidents found the test is McNemar's, exact (McNemar 1947, Psychometrika 12, p. 153). The p-values of all metrics
are adjusted together (Holm 1979, Scand. J. Statist. 6, p. 65), so that looking at many metrics costs no false alarms.

A metric is worse when its harm exceeds the margin and a change without harm would have shown it once in 200 gates. It
is in doubt when that would be 3 times in 100, or when a harm above the limit cannot be excluded at 95 %. So a change
that does no harm is called regressed at most once in 200 gates, and one that does little more than its margin may pass.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from scenes.streams import draw_stream
from testbed.gate.metrics import COUNTED, METRICS, Metric, Values
from testbed.gate.pairing import Floats, Pairing

ALPHA_WORSE = 0.005
ALPHA_DOUBT = 0.03
# One-sided 95 %.
BOUND_SIGMAS = 1.645
RESAMPLES = 1000
_AT_ONCE = 250

Finding = Literal["worse", "in doubt", "same", "better", "not measured"]
Verdict = Literal["identical", "pass", "improved", "regressed", "inconclusive"]


@dataclass(frozen=True)
class MetricResult:
    """One metric of a gate.

    Attributes
    ----------
    metric : Metric
    old, new : float
        NaN where not measured.
    harm : float
        In the metric's unit; negative is better.
    low, high : float
        One-sided 95 % bounds of the harm.
    p_worse, p_better : float
        Of the harm being no more than chance, adjusted for all metrics.
    finding : str
    """

    metric: Metric
    old: float
    new: float
    harm: float
    low: float
    high: float
    p_worse: float
    p_better: float
    finding: Finding


@dataclass(frozen=True)
class Decision:
    """The verdict and what it rests on."""

    verdict: Verdict
    results: tuple[MetricResult, ...]


def decide(pairing: Pairing) -> Decision:
    """Decide about a pairing; the same rows give the same decision, whatever the machine and the workers."""
    weights = _weights(len(pairing.scenes))
    measured = [_measure(metric, pairing, weights) for metric in METRICS]
    kept = [i for i, (values, _) in enumerate(measured) if not math.isnan(values.harm[0])]
    tests = [_test(METRICS[i], *measured[i], pairing) for i in kept]
    worse = dict(zip(kept, holm([p for p, _ in tests]), strict=True))
    better = dict(zip(kept, holm([p for _, p in tests]), strict=True))
    results = tuple(
        _result(metric, *measured[i], worse.get(i, math.nan), better.get(i, math.nan))
        for i, metric in enumerate(METRICS)
    )
    return Decision(_verdict(pairing, results), results)


def holm(p_values: list[float]) -> list[float]:
    """Return Holm's adjusted p-values, in the same order."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def _weights(scenes: int) -> Floats:
    """Return how often each scene is in each resample, shape (1 + RESAMPLES, scenes); the first row is the suite."""
    rng = draw_stream(0, "gate bootstrap", str(scenes))
    drawn = rng.multinomial(scenes, np.full(scenes, 1.0 / scenes), size=RESAMPLES)
    return np.vstack([np.ones((1, scenes)), drawn.astype(np.float64)])


def _measure(metric: Metric, pairing: Pairing, weights: Floats) -> tuple[Values, float]:
    """Return the metric of the suite and the standard error of its harm."""
    parts = [metric.measure(pairing, weights[i : i + _AT_ONCE]) for i in range(0, len(weights), _AT_ONCE)]
    harm = np.concatenate([part.harm for part in parts])
    drawn = harm[1:][np.isfinite(harm[1:])]
    return parts[0], float(np.std(drawn)) if len(drawn) > 1 else math.nan


def _test(metric: Metric, values: Values, error: float, pairing: Pairing) -> tuple[float, float]:
    """Return the p-values of no harm and of no good."""
    if metric.name in COUNTED:
        trials = pairing.lost + pairing.gained
        return tuple(float(binom.sf(n - 1, trials, 0.5)) for n in (pairing.lost, pairing.gained))  # pyright: ignore[reportReturnType] - two of them
    harm = float(values.harm[0])
    if math.isinf(harm):
        return 0.0, 1.0
    if harm == 0.0:
        return 1.0, 1.0
    z = harm / error if error > 0.0 else math.copysign(math.inf, harm)
    return float(ndtr(-z)), float(ndtr(z))


def _result(metric: Metric, values: Values, error: float, p_worse: float, p_better: float) -> MetricResult:
    old, new, harm = (float(column[0]) for column in (values.old, values.new, values.harm))
    low, high = harm - BOUND_SIGMAS * error, harm + BOUND_SIGMAS * error
    finding: Finding = "same"
    if math.isnan(harm):
        finding = "not measured"
    elif harm > metric.margin and p_worse <= ALPHA_WORSE:
        finding = "worse"
    elif (harm > metric.margin and p_worse <= ALPHA_DOUBT) or high > metric.limit:
        finding = "in doubt"
    elif harm < -metric.margin and p_better <= ALPHA_WORSE:
        finding = "better"
    return MetricResult(metric, old, new, harm, low, high, p_worse, p_better, finding)


def _verdict(pairing: Pairing, results: tuple[MetricResult, ...]) -> Verdict:
    if pairing.is_identical:
        return "identical"
    findings = {result.finding for result in results}
    if "worse" in findings:
        return "regressed"
    if "in doubt" in findings:
        return "inconclusive"
    return "improved" if "better" in findings else "pass"
