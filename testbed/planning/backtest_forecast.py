"""Errors said beforehand for subsets of the sensors of a live-fire set, and what other firing positions teach."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.streams import draw_stream
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.planning.location import LocationErrors
from testbed.planning.shots import AROUND, sample_shots, shot_errors

Floats = npt.NDArray[np.float64]

SAMPLES = 20
# What is chosen among at the other positions: the floor of the error, m, and the share of late pulses.
FLOORS_M = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
LATE_SHARES = (0.0, 0.05, 0.1, 0.2)
QUANTILES = {"p50": 0.5, "p90": 0.9}
_NEVER = -50.0


@dataclass(frozen=True)
class Learned:
    """What other positions taught: the floor of the error, m, and the share of late pulses."""

    floor_m: float
    late_share: float


def forecast_subset(
    test: LiveTest,
    survey: Survey,
    subset: Sequence[str],
    errors: LocationErrors,
    late_share: float,
    seed: int,
) -> Floats:
    """Return sampled errors of a round at the surveyed place, without floor, m; shape (SAMPLES,).

    All sensors of the subset report the right pulse, a share of them that of a later arrival: no map is at hand that
    could say which.
    """
    places = np.array([survey[sensor][0] for sensor in subset])
    step = places[:, :2] - np.array(test.survey_m[:2])
    distance = np.linalg.norm(places - np.array(test.survey_m), axis=1)
    place_m = float(np.mean([survey[sensor][1] for sensor in subset]))
    right = replace(errors, survey_m=place_m, floor_m=0.0, astray_few=_NEVER, lost_few=_NEVER)
    surely = np.ones((1, len(subset), 1))
    shots = sample_shots(np.ones(1), len(subset), SAMPLES, _seed_of(seed, test, subset))
    return shot_errors(
        distance[None],
        np.arctan2(step[:, 1], step[:, 0])[None],
        np.zeros((1, len(subset))),
        surely,
        late_share * surely,
        shots,
        right,
        3,
        Air(temperature_c=test.temperature_c).sound_speed_mps,
        AROUND,
    )[0]


def _seed_of(seed: int, test: LiveTest, subset: Sequence[str]) -> int:
    return int(draw_stream(seed, "backtest", f"{test.key}\0{' '.join(subset)}").integers(2**31))


def add_floor(error_m: Floats, floor_m: float) -> Floats:
    """Return errors with a floor in a direction of its own, drawn alike for every floor, m."""
    normal = draw_stream(0, "backtest floor").standard_normal((2, len(error_m))) * floor_m / np.sqrt(2.0)
    return np.hypot(error_m + normal[0], normal[1])


def quantile(error_m: Floats, share: float) -> float:
    """Return a quantile of the finite errors, m; NaN where there is none."""
    finite = error_m[np.isfinite(error_m)]
    return float(np.quantile(finite, share)) if len(finite) else np.nan


def learn_without(
    position: str,
    said: Mapping[tuple[int, str, float], Floats],
    seen: Mapping[tuple[int, str], Floats],
) -> Learned:
    """Return the floor and the late share that fit the measured quantiles at all positions but one best.

    Parameters
    ----------
    position : str
        The one left out.
    said : mapping of (number of sensors, position, late share) to errors without floor, m
    seen : mapping of (number of sensors, position) to measured errors, m
    """
    numbers = sorted({number for number, _ in seen})
    others = sorted({name for _, name in seen} - {position})
    losses = {}
    for floor_m, late_share in itertools.product(FLOORS_M, LATE_SHARES):
        loss = 0.0
        for number in numbers:
            there = [name for name in others if (number, name) in seen]
            if not there:
                continue
            forecast = add_floor(np.concatenate([said[number, name, late_share] for name in there]), floor_m)
            measured = np.concatenate([seen[number, name] for name in there])
            ratios = [quantile(forecast, q) / quantile(measured, q) for q in QUANTILES.values()]
            loss += float(np.nansum(np.log(ratios) ** 2))
        losses[floor_m, late_share] = loss
    return Learned(*min(losses, key=lambda key: losses[key]))
