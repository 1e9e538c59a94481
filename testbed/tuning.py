"""Settings chosen on some positions and used on another: what is tuned on a place is not scored on it."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from scenes.errors import BadInput
from testbed.alert_file import JudgedAlert
from testbed.matching import Gates, match_alerts
from testbed.truth import TruthEvent

T = TypeVar("T")
Point = Mapping[str, float]
Choices = Mapping[str, Sequence[float]]

# A missed or false round is worth what a uniform guess over this area is: a network listens to about a km2.
GUESS_AREA_M2 = 1e6


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


def read_option(options: object, name: str) -> float:
    """Return the value of one dotted name."""
    for part in name.split("."):
        options = getattr(options, part)
    return float(options)  # pyright: ignore[reportArgumentType]


Worth = Callable[[Mapping[str, Sequence[Point]]], Mapping[str, Sequence[float]]]
"""Gives, for points to try of each left-out position, what each is worth on all other positions; higher is better."""


def choose_by_turns(starts: Mapping[str, Point], choices: Choices, worth: Worth) -> dict[str, Point]:
    """Choose settings for each left-out position, one setting after the other.

    Parameters
    ----------
    starts : mapping
        Position -> settings to start from.
    choices : mapping
        Dotted name -> values; the first is the setting as it is, which wins ties.
    worth : callable

    Returns
    -------
    dict
        Position -> the starts with a value for every choice.
    """
    chosen = {position: dict(start) for position, start in starts.items()}
    for name, values in choices.items():
        tried = {p: [point | {name: value} for value in values] for p, point in chosen.items()}
        gained = worth(tried)
        chosen = {p: dict(tried[p][int(np.argmax(gained[p]))]) for p in chosen}
    return {position: dict(point) for position, point in chosen.items()}


def count_worth(events: Sequence[TruthEvent], alerts: Sequence[JudgedAlert], gates: Gates) -> int:
    """Return located rounds less false ones: a claim that is wrong undoes one that is right."""
    outcome = match_alerts(events, alerts, gates)["outcome"]
    return int((outcome == "located").sum()) - int((outcome == "false").sum())


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


def widen(alert: JudgedAlert, name: str, used: float, width: float) -> JudgedAlert:
    """Return an alert with the covariance that another width would have given it."""
    if alert.covariance_m2 is None:
        return alert
    matrix = np.array(alert.covariance_m2)
    if name == "location.site_sigma_m":  # blurs what is there
        matrix = matrix + (width**2 - used**2) * np.eye(2)
    else:  # arrivals' errors carry over to the place
        matrix = matrix * (width / used) ** 2
    (xx, xy), (yx, yy) = matrix.tolist()
    return dataclasses.replace(alert, covariance_m2=((xx, xy), (yx, yy)))
