"""Fits to the detector's own incidents how many rounds are lacking or were none, and how many shooters there were."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, gammaln

from detector.round_count import RoundModel, count_rounds, spread_count
from detector.round_evidence import LACKING, ROUND, SHOOTERS, measure_lacking, measure_round, measure_shooters
from scenes.errors import BadInput
from testbed.training_scenes import HeardScene

Weights = npt.NDArray[np.float64]
SHOOTERS_SHARE = 0.1  # of gunfire has more than one shooter (A): the scenes have more, to learn from
AT_LEAST = range(2, 11)  # as many as the longest strings of the scenes; one there always was
RIDGE = 1.0  # examples that speak for weights of zero, save for the constant's


@dataclass(frozen=True, eq=False)
class CountedIncident:
    """What the count of a gunfire alert is judged by: the counted and the true rounds, and what was said.

    `at_least` holds the probability of so many rounds or more, for `AT_LEAST` of them.
    """

    rounds: int
    low: int
    high: int
    fired: int
    automatic: bool
    was_automatic: bool
    several: float
    were_several: bool
    scene: int
    at_least: npt.NDArray[np.float64]


def fit_rounds(scenes: Sequence[HeardScene]) -> RoundModel:
    """Fit the weights to the gunfire that the detector found in scenes.

    Raises
    ------
    BadInput
        When it found none.
    """
    heard = [(s.pulses, h) for s in scenes for h in s.incidents if h.found and h.act.label == "gunshot"]
    if not heard:
        raise BadInput("training needs gunfire that the detector finds; there is none in these scenes")
    per_round = np.concatenate([measure_round(pulses, h.incident) for pulses, h in heard])
    real = np.concatenate([h.real for _, h in heard])
    lacking = np.array([measure_lacking(pulses, h.incident) for pulses, h in heard])
    missing = np.array([max(h.act.rounds - int(h.real.sum()), 0) for _, h in heard], dtype=np.float64)
    shooters = np.array([measure_shooters(pulses, h.incident) for pulses, h in heard])
    several = np.array([h.act.shooters > 1 for _, h in heard])
    weigh_several = _fit_odds(shooters, several)
    weigh_several[0] += np.log(SHOOTERS_SHARE / (1.0 - SHOOTERS_SHARE)) - _log_odds(several)
    weigh_lacking, shape = _fit_counts(lacking, missing)
    return RoundModel(
        real=_named(ROUND, _fit_odds(per_round, real)),
        lacking=_named(LACKING, weigh_lacking),
        shape=float(f"{shape:.5g}"),
        shooters=_named(SHOOTERS, weigh_several),
    )


def judge_rounds(scenes: Sequence[HeardScene], model: RoundModel) -> list[CountedIncident]:
    """Let a model count the rounds of the gunfire that the detector found."""
    counted = []
    for k, scene in enumerate(scenes):
        for heard in scene.incidents:
            if not heard.found or heard.act.label != "gunshot":
                continue
            said = count_rounds(scene.pulses, heard.incident, model)
            spread = spread_count(scene.pulses, heard.incident, model)
            counted.append(
                CountedIncident(
                    len(heard.incident.round_times_s),
                    said.low,
                    said.high,
                    heard.act.rounds,
                    said.automatic,
                    heard.act.automatic,
                    said.several_shooters,
                    heard.act.shooters > 1,
                    k,
                    np.array([spread[n:].sum() for n in AT_LEAST]),
                )
            )
    return counted


def _log_odds(happened: npt.NDArray[np.bool_]) -> float:
    return float(np.log((happened.sum() + 0.5) / ((~happened).sum() + 0.5)))


def _fit_odds(evidence: Weights, happened: npt.NDArray[np.bool_]) -> Weights:
    """Return the weights of a logistic regression with a ridge."""

    def loss(weight: Weights) -> tuple[float, Weights]:
        score = evidence @ weight
        value = (
            np.logaddexp(0.0, np.where(happened, -score, score)).sum() + 0.5 * RIDGE * (weight[1:] ** 2).sum()
        )
        slope = evidence.T @ (expit(score) - happened)
        slope[1:] += RIDGE * weight[1:]
        return float(value), slope

    return _minimise(loss, np.zeros(evidence.shape[1]))


def _fit_counts(evidence: Weights, count: Weights) -> tuple[Weights, float]:
    """Return the weights of a negative binomial regression (Hilbe 2011, eq. 8.5) with a ridge, and its shape."""

    def loss(x: Weights) -> tuple[float, Weights]:
        weight, shape = x[:-1], np.exp(x[-1])
        mean = np.exp(np.clip(evidence @ weight, -20.0, 6.0))
        total = shape + mean
        log_p = (
            gammaln(count + shape) - gammaln(shape) - gammaln(count + 1.0)
            + shape * np.log(shape / total) + count * np.log(mean / total)
        )  # fmt: skip
        value = -log_p.sum() + 0.5 * RIDGE * ((weight[1:] ** 2).sum() + x[-1] ** 2)
        slope = -evidence.T @ (shape * (count - mean) / total)
        slope[1:] += RIDGE * weight[1:]
        return float(value), slope

    def whole(x: Weights) -> tuple[float, Weights]:
        value, slope = loss(x)
        step = np.zeros(len(x))
        step[-1] = 1e-5
        last = (loss(x + step)[0] - loss(x - step)[0]) / 2e-5
        return value, np.append(slope, last)

    start = np.zeros(evidence.shape[1] + 1)
    start[0] = np.log(count.mean() + 0.1)
    best = _minimise(whole, start)
    return best[:-1], float(np.exp(best[-1]))


def _minimise(loss: Callable[[Weights], tuple[float, Weights]], start: Weights) -> Weights:
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x


def _named(names: tuple[str, ...], weights: Weights) -> dict[str, float]:
    # Few digits: the last bits of a machine's arithmetic say nothing.
    return {name: float(f"{w:.5g}") for name, w in zip(names, weights, strict=True)}
