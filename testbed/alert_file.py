"""Alerts of any detector in any language, as the judge reads them: `alerts.jsonl`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenes.errors import BadInput
from testbed.json_checks import (
    Mistakes,
    is_number,
    is_numbers,
    note_repeats,
    parse_json,
    raise_noted,
    take_number,
    take_text,
)
from testbed.labels import CALLS, LABELS
from testbed.regions import MultiPolygon


@dataclass(frozen=True)
class JudgedAlert:
    """One line of `alerts.jsonl`; everything after `round_times_s` is None where the detector does not say.

    Attributes
    ----------
    id : str
    time_s : float
        Emission time of the first round, s after the epoch.
    position_m : tuple of float
        [x, y], m.
    round_times_s : tuple of float
        One entry a round; the alert's own time where the detector lists none.
    covariance_m2 : 2x2 or None
    regions : mapping of "50", "80", "95" to MultiPolygon coordinates
    belief : mapping of label to probability, or None
    call : str or None
        A label or "uncertain".
    sensors : tuple of str or None
    latency_s : float or None
    """

    id: str
    time_s: float
    position_m: tuple[float, float]
    round_times_s: tuple[float, ...]
    covariance_m2: tuple[tuple[float, float], tuple[float, float]] | None = None
    regions: Mapping[str, MultiPolygon] | None = None
    region95_area_m2: float | None = None
    belief: Mapping[str, float] | None = None
    call: str | None = None
    sensors: tuple[str, ...] | None = None
    latency_s: float | None = None


def read_alerts(path: Path) -> tuple[JudgedAlert, ...]:
    """Read and check `alerts.jsonl`; an empty file is a night without alerts.

    Raises
    ------
    BadInput
        One line for each mistake, all mistakes of the file at once.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise BadInput(msg) from None
    except UnicodeDecodeError:
        msg = f"{path}: is not UTF-8 text"
        raise BadInput(msg) from None
    mistakes: Mistakes = []
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            records.append((f"{path}: line {number}", parse_json(line, f"{path}: line {number}")))
        except BadInput as error:
            mistakes.append(str(error))
    return parse_alerts(records, str(path), mistakes)


def parse_alerts(
    records: Iterable[tuple[str, Any]], source: str, mistakes: Mistakes | None = None
) -> tuple[JudgedAlert, ...]:
    """Check parsed lines, each with the words that say where it stands; return alerts in time order.

    Raises
    ------
    BadInput
        One line for each mistake, those already noted first.
    """
    noted: Mistakes = [] if mistakes is None else mistakes
    alerts = [_parse_alert(record, where, noted) for where, record in records]
    note_repeats([alert.id for alert in alerts if alert.id], "alerts", source, noted)
    raise_noted(noted)
    return tuple(sorted(alerts, key=lambda a: (a.time_s, a.id)))


def _parse_alert(record: Any, where: str, mistakes: Mistakes) -> JudgedAlert:
    if not isinstance(record, dict):
        mistakes.append(f"{where}: must be an object")
        record = {}
    time = take_number(record, "time_s", where, mistakes)
    position = record.get("position_m")
    if not (isinstance(position, list) and len(position) in (2, 3) and is_numbers(position[:2], (2,))):
        mistakes.append(f"{where}: position_m must be [x, y] or [x, y, z], not {position!r}")
        position = [0.0, 0.0]
    rounds = record.get("round_times_s")
    if rounds is None or rounds == []:
        rounds = [time]
    elif not is_numbers(rounds):
        mistakes.append(f"{where}: round_times_s must be a list of finite numbers, not {rounds!r}")
        rounds = [time]
    sensors, latency, area = (record.get(key) for key in ("sensors", "latency_s", "region95_area_m2"))
    covariance = record.get("covariance_m2")
    if covariance is not None and not _is_matrix(covariance):
        mistakes.append(f"{where}: covariance_m2 must be 2x2 finite numbers, not {covariance!r}")
        covariance = None
    return JudgedAlert(
        id=take_text(record, "id", where, mistakes),
        time_s=time,
        position_m=(float(position[0]), float(position[1])),
        round_times_s=tuple(sorted(float(t) for t in rounds)),
        covariance_m2=covariance,
        regions=_parse_regions(record.get("regions"), where, mistakes),
        region95_area_m2=float(area) if is_number(area) else None,
        belief=_parse_belief(record.get("belief"), where, mistakes),
        call=_parse_call(record.get("call"), where, mistakes),
        sensors=tuple(map(str, sensors)) if isinstance(sensors, list) else None,
        latency_s=float(latency) if is_number(latency) else None,
    )


def _is_matrix(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(is_numbers(row, (2,)) for row in value)


def _parse_regions(value: Any, where: str, mistakes: Mistakes) -> Mapping[str, MultiPolygon] | None:
    if value is None:
        return None
    if isinstance(value, dict) and all(_is_multipolygon(region) for region in value.values()):
        return value
    mistakes.append(f"{where}: regions must map probabilities to MultiPolygon coordinates")
    return None


def _is_multipolygon(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(polygon, list)
        and polygon
        and all(
            isinstance(ring, list) and len(ring) >= 3 and all(is_numbers(p, (2, 3)) for p in ring)
            for ring in polygon
        )
        for polygon in value
    )


def _parse_belief(value: Any, where: str, mistakes: Mistakes) -> Mapping[str, float] | None:
    if value is None:
        return None
    fits = (
        isinstance(value, dict)
        and set(value) == set(LABELS)
        and all(is_number(p) and 0.0 <= p <= 1.0 for p in value.values())
    )
    if fits and abs(sum(value.values()) - 1.0) < 1e-3:
        return value
    mistakes.append(
        f"{where}: belief must be probabilities of {', '.join(LABELS)} that sum to 1, not {value!r}"
    )
    return None


def _parse_call(value: Any, where: str, mistakes: Mistakes) -> str | None:
    if value is None or value in CALLS:
        return value
    mistakes.append(f"{where}: call must be one of {', '.join(CALLS)}, not {value!r}")
    return None
