"""Settings estimated on some positions and used on another: what is tuned on a place is not scored on it."""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from scenes.errors import BadInput
from testbed.alert_file import JudgedAlert
from testbed.matching import Gates, match_alerts
from testbed.truth import TruthEvent

T = TypeVar("T")
Grid = Mapping[str, Sequence[float]]
Point = Mapping[str, float]

# What differs from street to street and that no single test can tell: how far sound departs from straight lines
# between paths, and the error that all paths to a place share.
FIELD_GRID: Grid = {
    "association.noise.path_sigma_s": (3e-3, 5e-3, 8e-3),
    "location.site_sigma_m": (1.5, 2.5, 4.0),
}

# A missed or false round is worth what a uniform guess over this area is: a network listens to about a km2.
GUESS_AREA_M2 = 1e6


def expand_grid(grid: Grid) -> list[Point]:
    """Return every combination of the grid's values, after the empty one: the settings as they are."""
    return [{}, *(dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values()))]


def override_all(options: T, point: Point) -> T:
    """Return the options with every dotted name of the point set.

    Raises
    ------
    BadInput
        When a name is none of the options'.
    """
    for name, value in point.items():
        options = override(options, name, value)
    return options


def override(options: T, name: str, value: object) -> T:
    """Return the options with one dotted name set."""
    head, _, rest = name.partition(".")
    known = [field.name for field in dataclasses.fields(options)]  # pyright: ignore[reportArgumentType]
    if head not in known:
        msg = f"{name}: no such option; there are {', '.join(known)}"
        raise BadInput(msg)
    inner: Any = override(getattr(options, head), rest, value) if rest else value
    return dataclasses.replace(options, **{head: inner})  # pyright: ignore[reportArgumentType, reportCallIssue]


def log_score(events: Sequence[TruthEvent], alerts: Sequence[JudgedAlert], gates: Gates) -> float:
    """Sum the log probability density that the alerts gave to what happened, nats.

    A proper score (Good, J. R. Stat. Soc. B 14, 1952): it is best when places and their covariances are right, not
    when regions are large or small. A located round counts log N(place; alert, covariance) + log area; any other round,
    false ones too, minus log area: what a uniform guess over the area would lose and a false claim should.
    """
    rows = match_alerts(events, alerts, gates)
    spread = {alert.id: _log_spread(alert) for alert in alerts}
    worst = -math.log(GUESS_AREA_M2)
    total = 0.0
    for outcome, alert, distance2 in rows.select("outcome", "alert", "mahalanobis2").iter_rows():
        if outcome == "located" and distance2 is not None:
            total += max(worst, -0.5 * distance2 - spread[alert])
        else:
            total += worst
    return total


def _log_spread(alert: JudgedAlert) -> float:
    """Return log(2 pi sqrt(det C)) of the alert's covariance."""
    if alert.covariance_m2 is None:
        return math.inf
    return math.log(2.0 * math.pi) + 0.5 * float(np.linalg.slogdet(np.array(alert.covariance_m2))[1])


def choose_left_out(scores: Mapping[str, Sequence[float]]) -> dict[str, int]:
    """Choose for each position the candidate that is best on all others.

    Parameters
    ----------
    scores : mapping
        Position -> score of each candidate there, higher is better.

    Returns
    -------
    dict
        Position -> index of the candidate; the first of equals.

    Raises
    ------
    BadInput
        With fewer than two positions there is nothing to learn from.
    """
    if len(scores) < 2:
        msg = f"tune=leave-one-out needs two positions or more, not {', '.join(scores) or 'none'}"
        raise BadInput(msg)
    table = {position: np.asarray(values, dtype=np.float64) for position, values in scores.items()}
    everything = np.sum(list(table.values()), axis=0)
    return {position: int(np.argmax(everything - values)) for position, values in table.items()}
