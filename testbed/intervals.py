"""Confidence intervals of counted things, all two-sided 95 %."""

from scipy.special import betaincinv, gammaincinv

TAIL = 0.025
SECONDS_PER_DAY = 86_400.0

Estimate = tuple[float | None, float | None, float | None]
UNMEASURED: Estimate = (None, None, None)


def binomial_interval(hits: int, trials: int) -> Estimate:
    """Return a proportion with its exact interval (Clopper and Pearson, Biometrika 26, 1934, p. 404).

    The exact interval is never too narrow, which is what an auditor needs; Wilson's is shorter and sometimes is.

    Parameters
    ----------
    hits, trials : int
        0 <= hits <= trials.

    Returns
    -------
    tuple
        (proportion, low, high); three None when there was no trial, for then nothing was measured.
    """
    if trials == 0:
        return UNMEASURED
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, TAIL))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1.0 - TAIL))
    return hits / trials, low, high


def poisson_interval(count: int, exposure: float | None) -> Estimate:
    """Return a rate with its exact interval (Garwood, Biometrika 28, 1936, p. 437).

    Parameters
    ----------
    count : int
        Events seen.
    exposure : float or None
        Over what they were counted (say km2 day); None or 0 when unknown.

    Returns
    -------
    tuple
        (rate, low, high) per unit of exposure; three None without exposure.
    """
    if not exposure:
        return UNMEASURED
    low = 0.0 if count == 0 else float(gammaincinv(count, TAIL))
    high = float(gammaincinv(count + 1, 1.0 - TAIL))
    return count / exposure, low / exposure, high / exposure


def f1_interval(hits: int, misses: int, false: int) -> Estimate:
    """Return F1 = 2 hits / (2 hits + misses + false) with an interval.

    F1 is 2 J / (1 + J) of the proportion J = hits / (hits + misses + false), so J's exact interval carries over.
    Nothing to find and nothing claimed is perfect agreement: F1 is 1, with no interval, since nothing was counted.
    """
    total = hits + misses + false
    if total == 0:
        return 1.0, None, None
    rate, low, high = (2.0 * j / (1.0 + j) for j in binomial_interval(hits, total) if j is not None)
    return rate, low, high
