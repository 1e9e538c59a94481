"""How likely each class is, on a stated base rate, and when to say so."""

from dataclasses import astuple, dataclass, field

import numpy as np
import numpy.typing as npt

from detector.errors import BadInput

LABELS = ("gunshot", "firework", "backfire", "other")


@dataclass(frozen=True)
class BaseRate:
    """Share of each class among the loud impulses of a city; shares sum to 1.

    Guns: a city pilot dismissed 88 % of 16,102 detections. How the rest divides is an assumption without a source.
    """

    gunshot: float = 0.12
    firework: float = 0.48
    backfire: float = 0.20
    other: float = 0.20


@dataclass(frozen=True)
class PastPlace:
    """A place of past incidents [east, north], m, how far it reaches, m, and its factor on the odds of gunfire."""

    east_m: float
    north_m: float
    radius_m: float
    gunshot_odds: float


@dataclass(frozen=True)
class BeliefOptions:
    """How evidence becomes a call.

    Attributes
    ----------
    base_rate : BaseRate
    model : str
        A model in `detector/models/`, by its file's name without `.json`.
    doubt_cost : float
        Cost of "uncertain" where a wrong call costs 1: a class is called when its expected cost is at most that, which
        for gunfire is a probability of 1 - doubt_cost or more (Chow 1970, "On optimum recognition error and reject
        tradeoff", eq. 6).
    miss_cost : float
        Cost of calling gunfire anything else (Elkan 2001, "The foundations of cost-sensitive learning", eq. 1): one
        bang that is as likely a gun's as a cracker's is no firework, however rare guns are. "Uncertain" keeps the alert
        before human eyes.
    history : tuple of PastPlace
        A location-history prior; none unless switched on. The alert's belief leaves it out; the packet shows the
        answer with it beside (`detector.history`).
    """

    base_rate: BaseRate = field(default_factory=BaseRate)
    model: str = "v6"
    doubt_cost: float = 0.3
    miss_cost: float = 7.0
    history: tuple[PastPlace, ...] = ()


@dataclass(frozen=True)
class Belief:
    """Four probabilities that sum to 1, the evidence apart from the base rate, and the call.

    Attributes
    ----------
    gunshot, firework, backfire, other : float
    log10_lr_gunshot : float
        log10 of P(evidence | gunshot) / P(evidence | any other class): who holds another base rate multiplies by it.
    call : str
        One of the four, or "uncertain".
    """

    gunshot: float
    firework: float
    backfire: float
    other: float
    log10_lr_gunshot: float
    call: str


def check_belief_options(options: BeliefOptions) -> None:
    """Say what is wrong with belief options.

    Raises
    ------
    BadInput
        A base rate that is not strictly between 0 and 1 or does not sum to 1, a cost of doubt outside 0 to 0.75, one of
        misses below 1, a past place without reach or with a factor that is not above 0.
    """
    rates = dict(zip(LABELS, astuple(options.base_rate), strict=True))
    mistakes = [
        f"base_rate.{label} is {rate:g}; accepted is more than 0 and less than 1, for evidence must be able to speak"
        for label, rate in rates.items()
        if not 0.0 < rate < 1.0
    ]
    if abs(sum(rates.values()) - 1.0) > 1e-6:
        mistakes.append(f"base_rate sums to {sum(rates.values()):g}; accepted is 1")
    if not 0.0 <= options.doubt_cost <= 0.75:
        mistakes.append(
            f"doubt_cost is {options.doubt_cost:g}; accepted is 0 to 0.75, the risk of a guess among four"
        )
    if not 1.0 <= options.miss_cost < np.inf:
        mistakes.append(
            f"miss_cost is {options.miss_cost:g}; accepted is 1 or more, the cost of another wrong call"
        )
    mistakes += [
        f"history.{k}: radius_m {place.radius_m:g} and gunshot_odds {place.gunshot_odds:g}; accepted are above 0"
        for k, place in enumerate(options.history)
        if not (0.0 < place.radius_m < np.inf and 0.0 < place.gunshot_odds < np.inf)
    ]
    if mistakes:
        raise BadInput("\n".join(mistakes))


def believe(log_likelihood: npt.NDArray[np.float64] | None, options: BeliefOptions) -> Belief:
    """Weigh evidence against the base rate.

    Parameters
    ----------
    log_likelihood : ndarray, shape (4,), or None
        Of each label, nats, up to a constant; None where nothing was heard (pulse tables).
    options : BeliefOptions

    Returns
    -------
    Belief
        Without evidence the belief is the base rate and the call "uncertain".
    """
    rate = np.array(astuple(options.base_rate))
    if log_likelihood is None:
        return _as_belief(rate, 0.0, "uncertain")
    joint = np.log(rate) + log_likelihood
    joint = joint - joint.max()
    posterior = np.exp(joint) / np.exp(joint).sum()
    against = np.logaddexp.reduce(joint[1:]) - np.log(rate[1:].sum())
    ratio = (joint[0] - np.log(rate[0]) - against) / np.log(10.0)
    return _as_belief(posterior, float(ratio), _call(posterior, options))


def _call(posterior: npt.NDArray[np.float64], options: BeliefOptions) -> str:
    """Return the call that costs least on average, or "uncertain" where that costs less."""
    cost = 1.0 - posterior
    cost[1:] += (options.miss_cost - 1.0) * posterior[0]
    best = int(np.argmin(cost))
    return LABELS[best] if cost[best] <= options.doubt_cost else "uncertain"


def _as_belief(probability: npt.NDArray[np.float64], log10_ratio: float, call: str) -> Belief:
    gunshot, firework, backfire, other = (float(p) for p in probability)
    return Belief(gunshot, firework, backfire, other, log10_ratio, call)
