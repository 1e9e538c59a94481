"""What past incidents near a place would add to a belief: off unless switched on, never in place of the plain answer.

A prior of places sends police where police were sent before. Where an operator wants it all the same, the alert keeps
the belief from the sound alone, and the packet and the page show the other answer beside it.
"""

from dataclasses import astuple, dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.belief import Belief, BeliefOptions, PastPlace, believe


@dataclass(frozen=True)
class SecondAnswer:
    """The factor on the odds of gunfire where an alert lies, and the belief with it."""

    factor: float
    belief: Belief


def weigh_history(
    log_likelihood: npt.NDArray[np.float64] | None, position_m: tuple[float, float], options: BeliefOptions
) -> SecondAnswer | None:
    """Return the belief with the location history; None where none is switched on.

    Parameters
    ----------
    log_likelihood : ndarray, shape (4,), or None
        As `believe` takes it.
    position_m : tuple
        Of the alert, [east, north], m.
    options : BeliefOptions
    """
    if not options.history:
        return None
    factor = _factor_at(options.history, position_m)
    rate = np.array(astuple(options.base_rate))
    rate[0] *= factor
    rate /= rate.sum()
    shifted = replace(options.base_rate, **dict(zip(vars(options.base_rate), rate.tolist(), strict=True)))
    return SecondAnswer(factor, believe(log_likelihood, replace(options, base_rate=shifted)))


def _factor_at(history: tuple[PastPlace, ...], position_m: tuple[float, float]) -> float:
    """Return the factor of the nearest place whose radius reaches the alert, 1 where none does."""
    x, y = position_m
    near = [(float(np.hypot(p.east_m - x, p.north_m - y)), p) for p in history]
    within = [(away_m, p.gunshot_odds) for away_m, p in near if away_m <= p.radius_m]
    return min(within)[1] if within else 1.0
