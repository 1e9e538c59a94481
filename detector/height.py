"""Evidence of height: a shell that bursts over the roofs reaches near stations later than any place in the street."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detector.modes import ascend
from detector.path_errors import PathErrors
from detector.posterior import Heard, Terms

CLIMB_M = 6.0


@dataclass(frozen=True)
class HeightOptions:
    """How a source above the street is told from one in it.

    Attributes
    ----------
    heights_m : tuple of float
        Heights over the street that are tried, m; each stands for those nearer to it than to the next.
    elevated_share : float
        Share of impulsive incidents that are elevated.
    sure : float
        Posterior probability of being elevated from which a height is told. Planar networks say little of height
        (Calhoun et al. 2021: 17.8 m r.m.s.), so it takes near stations to get there.
    """

    heights_m: tuple[float, ...] = (35.0, 65.0, 110.0, 180.0)
    elevated_share: float = 0.1
    sure: float = 0.999


class Elevation(NamedTuple):
    """A height over the street, m, with its standard deviation as a prior; 0 in the street."""

    height_m: float
    sigma_m: float


def find_elevation(
    place: npt.NDArray[np.float64], heard: Heard, terms: Terms, errors: PathErrors, options: HeightOptions
) -> Elevation | None:
    """Return the most likely height over the street, or None where the street explains the pulses as well.

    One round is weighed, the one that most stations heard: the errors of paths repeat, and would count as evidence
    with every repetition. The nearest station alone does not tell a height from a detour round a house, so the
    others have to agree.

    Parameters
    ----------
    place : ndarray, shape (2,)
        Mode of the place in the street, m.
    terms : Terms
        With the street's height at that place.
    errors : PathErrors
        From the prior: what the pulses said of the path error took the street for granted.
    """
    heard = _fullest_round(heard)
    found = _weigh_heights(place, heard, terms, errors, options)
    if found is None:
        return None
    others = _less_nearest(place, heard)
    if others is None or _weigh_heights(place, others, terms, errors, options) is None:
        return None
    return found


def _fullest_round(heard: Heard) -> Heard:
    fullest = int(np.argmax(np.bincount(heard.round, minlength=heard.rounds)))
    keep = heard.round == fullest
    count = int(keep.sum())
    return heard._replace(
        xyz=heard.xyz[keep],
        time=heard.time[keep],
        sigma=heard.sigma[keep],
        round=np.zeros(count, np.int64),
        shared=np.ones(count),
        rounds=1,
        station=heard.station[keep],
        azimuth=heard.azimuth[keep],
        azimuth_sigma=heard.azimuth_sigma[keep],
    )


def _less_nearest(place: npt.NDArray[np.float64], heard: Heard) -> Heard | None:
    """Leave the pulses of the nearest station out; None where that leaves a round to fewer than three stations."""
    away = np.hypot(heard.xyz[:, 0] - place[0], heard.xyz[:, 1] - place[1])
    keep = away > away.min() + 1e-6
    if np.bincount(heard.round[keep], minlength=heard.rounds).min() < 3:
        return None
    return heard._replace(
        xyz=heard.xyz[keep],
        time=heard.time[keep],
        sigma=heard.sigma[keep],
        round=heard.round[keep],
        shared=heard.shared[keep],
        station=heard.station[keep],
        azimuth=heard.azimuth[keep],
        azimuth_sigma=heard.azimuth_sigma[keep],
    )


def _weigh_heights(
    place: npt.NDArray[np.float64], heard: Heard, terms: Terms, errors: PathErrors, options: HeightOptions
) -> Elevation | None:
    if options.elevated_share <= 0.0 or len(options.heights_m) < 2:
        return None
    heights = np.array([0.0, *options.heights_m])
    sigmas = np.array([terms.height_sigma_m, *(0.5 * np.gradient(options.heights_m))])
    shares = np.full(len(heights), options.elevated_share / len(options.heights_m))
    shares[0] = 1.0 - options.elevated_share
    evidence = np.empty(len(heights))
    for i, (height, sigma) in enumerate(zip(heights, sigmas, strict=True)):
        raised = terms._replace(height_m=terms.height_m + float(height), height_sigma_m=float(sigma))
        evidence[i] = _averaged(place, heard, raised, errors) - np.log(sigma) + np.log(shares[i])
    weight = np.exp(evidence - evidence.max())
    if weight[1:].sum() < options.sure * weight.sum():
        return None
    best = 1 + int(np.argmax(weight[1:]))
    return Elevation(float(heights[best]), float(sigmas[best]))


def _averaged(place: npt.NDArray[np.float64], heard: Heard, terms: Terms, errors: PathErrors) -> float:
    """Log posterior at the best place near one, averaged over path errors, the widest first."""
    logs = []
    step_m = CLIMB_M
    for sigma, weight in sorted(zip(errors.sigma_s, errors.log_weight, strict=True), reverse=True):
        place, value = ascend(place, step_m, heard, terms._replace(path_sigma_s=float(sigma)))
        logs.append(value + weight)
        step_m = 0.5 * CLIMB_M
    return float(np.logaddexp.reduce(logs))
