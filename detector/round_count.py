"""How many rounds there were, if it was gunfire: a range that means what it says; automatic fire; how many shooters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import expit
from scipy.stats import nbinom

from detector.incident import Incident
from detector.pulse import Pulses
from detector.round_evidence import LACKING, ROUND, SHOOTERS, measure_lacking, measure_round, measure_shooters

RANGE = 0.9  # probability of the range
CYCLIC_S = (0.04, 0.13)  # between rounds of 1,500 to 460 a minute: no finger holds that twice on end
ALIKE = 1.3  # a mechanism's intervals differ by less than this factor (its variation is about 3 %, onsets add to it)
MOST_LACKING = 200
MEAN_MOST = 60.0


class RoundModel(BaseModel):
    """Weights of the evidence of `detector.round_evidence`, by name.

    Attributes
    ----------
    real : dict
        Log odds that a round was fired and is no echo taken for one.
    lacking : dict
        Log of the mean number of rounds that are lacking; their number is negative binomial ...
    shape : float
        ... with this shape.
    shooters : dict
        Log odds of more than one shooter.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="forbid")

    real: dict[str, float]
    lacking: dict[str, float]
    shape: float = Field(gt=0.0)
    shooters: dict[str, float]

    def fits(self) -> bool:
        """Tell whether the weights are those of the evidence that this version gathers."""
        held = (tuple(self.real), tuple(self.lacking), tuple(self.shooters))
        return held == (ROUND, LACKING, SHOOTERS)


@dataclass(frozen=True)
class RoundCount:
    """The fewest and the most rounds (90 %), whether fire was automatic, P(more than one shooter)."""

    low: int
    high: int
    automatic: bool
    several_shooters: float


def count_rounds(pulses: Pulses, incident: Incident, model: RoundModel) -> RoundCount:
    """Say how many rounds an incident had, if it was gunfire.

    Parameters
    ----------
    pulses : Pulses
    incident : Incident
    model : RoundModel

    Returns
    -------
    RoundCount
        The range holds 90 % of the probability, with as little as can be on either side, and the counted rounds.
    """
    rounds = len(incident.round_times_s)
    low, high = cut_range(spread_count(pulses, incident, model))
    several = expit(measure_shooters(pulses, incident) @ list(model.shooters.values()))
    return RoundCount(
        min(low, rounds), max(high, rounds), is_automatic(incident.round_times_s), float(several)
    )


def spread_count(pulses: Pulses, incident: Incident, model: RoundModel) -> npt.NDArray[np.float64]:
    """Return the probability of 0, 1, 2 ... rounds: those counted that were fired, and those lacking."""
    real = expit(measure_round(pulses, incident) @ list(model.real.values()))
    mean = np.exp(measure_lacking(pulses, incident) @ list(model.lacking.values()))
    mean = min(float(mean), MEAN_MOST)
    fired = np.ones(1)
    for p in real:
        fired = np.convolve(fired, [1.0 - p, p])
    number = np.arange(MOST_LACKING + 1)
    lacking = nbinom.pmf(number, model.shape, model.shape / (model.shape + mean))
    count = np.convolve(fired, lacking)
    count[0] = 0.0  # something was heard
    return count / count.sum()


def cut_range(count: npt.NDArray[np.float64], mass: float = RANGE) -> tuple[int, int]:
    """Return the shortest run of counts with at least this probability; of equally short ones the likeliest."""
    total = np.concatenate([[0.0], np.cumsum(count)])
    for length in range(1, len(count) + 1):
        held = total[length:] - total[:-length]
        best = int(np.argmax(held))
        if held[best] >= mass - 1e-12:
            return best, best + length - 1
    return 0, len(count) - 1


def is_automatic(times_s: npt.NDArray[np.float64]) -> bool:
    """Tell automatic fire: three rounds on end with two intervals that are alike and faster than any finger."""
    intervals = np.diff(np.sort(times_s))
    if len(intervals) < 2:
        return False
    one, next_one = intervals[:-1], intervals[1:]
    fast = (np.minimum(one, next_one) >= CYCLIC_S[0]) & (np.maximum(one, next_one) <= CYCLIC_S[1])
    alike = np.maximum(one, next_one) <= ALIKE * np.minimum(one, next_one)
    return bool((fast & alike).any())
