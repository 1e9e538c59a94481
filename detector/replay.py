"""Computes an alert again from its packet, and says what differs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detector.alert import Alert, alert_to_record, describe_fire
from detector.detect import DetectionResult, detect
from detector.influence import Shift, leave_each_out
from detector.packet import Packet
from detector.packet_record import Record

MATCH_M, MATCH_S = 250.0, 1.0  # an alert further off than this is another one


@dataclass(frozen=True, eq=False)
class Replay:
    """What computing anew gave.

    Attributes
    ----------
    differences : tuple of str
        One line each; none when the alert is the same in every digit.
    alert : Alert or None
        As computed now; None where the pulses do not speak for one at that place and time any more.
    result : DetectionResult
        All that was computed.
    index : int or None
        Of the alert in the result.
    """

    differences: tuple[str, ...]
    alert: Alert | None
    result: DetectionResult
    index: int | None

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def replay(packet: Packet) -> Replay:
    """Detect again what the packet's pulses speak of, and compare with its alert.

    Parameters
    ----------
    packet : Packet

    Returns
    -------
    Replay
        A file that was changed since the packet was closed is a difference too.

    Raises
    ------
    BadInput
        For options or pulses that cannot be.
    """
    result = detect(packet.site, packet.pulses, packet.options)
    changed = [f"{name}: not the file that the packet was closed with" for name in packet.changed]
    index = _find(packet.record["alert"], result)
    if index is None:
        return Replay((*changed, "alert: the pulses do not speak for it any more"), None, result, None)
    alert = result.alerts[index]
    now = alert_to_record(replace(alert, evidence=packet.record["alert"].get("evidence")))
    differences = list(_differ(packet.record["alert"], now))
    fire = describe_fire(alert)
    differences += _differ(packet.record.get("fire") or fire, fire, "fire")
    return Replay((*changed, *differences), alert, result, index)


def locate_without(packet: Packet, again: Replay) -> dict[str, Shift]:
    """Locate the replayed incident from scratch, once without each of its sensors.

    Returns
    -------
    dict
        Sensor -> shift [east, north], m; None where the others fix no place.
    """
    if again.index is None:
        return {}
    site, pulses, locate = packet.site, packet.pulses, packet.options.locate
    return leave_each_out(
        site,
        pulses,
        again.result.incidents[again.index],
        lambda part: np.array(locate(site, pulses, part).position_m),
    )


def _find(alert: Record, result: DetectionResult) -> int | None:
    """Return the alert with the same id, or else the nearest one in space within reach."""
    for i, other in enumerate(result.alerts):
        if other.id == alert.get("id"):
            return i
    place, time_s = alert.get("position_m"), alert.get("time_s")
    if not isinstance(place, list) or len(place) < 2 or not isinstance(time_s, int | float):
        return None
    away = [
        (float(np.hypot(a.position_m[0] - place[0], a.position_m[1] - place[1])), i)
        for i, a in enumerate(result.alerts)
        if abs(a.time_s - time_s) <= MATCH_S
    ]
    nearest = min(away, default=(np.inf, -1))
    return nearest[1] if nearest[0] <= MATCH_M else None


def _differ(then: Any, now: Any, name: str = "alert") -> Iterator[str]:
    """Yield one line for each value that is not the same, innermost first named."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in [*then, *(k for k in now if k not in then)]:
            if key not in now or key not in then:
                yield f"{name}.{key}: {'not computed any more' if key in then else 'not in the packet'}"
            else:
                yield from _differ(then[key], now[key], f"{name}.{key}")
    elif _is_point(then) and _is_point(now) and then != now:
        yield f"{name}: {then} then, {now} now"
    elif isinstance(then, list | tuple) and isinstance(now, list | tuple):
        if len(then) != len(now):
            yield f"{name}: {len(then)} entries then, {len(now)} now"
        elif list(then) != list(now):
            changed = sum(a != b for a, b in zip(then, now, strict=True))
            yield f"{name}: {changed} of {len(then)} entries differ"
    elif then != now:
        yield f"{name}: {then!r} then, {now!r} now"


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and 2 <= len(value) <= 3 and all(not isinstance(v, list) for v in value)
