"""Alerts: one an incident, the same bytes for the same pulses."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from detector.belief import LABELS, BaseRate, Belief
from detector.fix import Alternative, MultiPolygon, Ring
from detector.history import SecondAnswer
from detector.lonlat import to_lonlat
from detector.site import Site

Record = dict[str, object]


@dataclass(frozen=True)
class Alert:
    """What the detector says about one incident; fields as in `alerts.jsonl`.

    Attributes
    ----------
    id : str
        Follows from everything else but `evidence`.
    time_s : float
        Emission time of the first round, s after the epoch.
    time_utc : str or None
    position_m : tuple
        Most probable [east, north, up or None], m.
    covariance_m2 : 2x2 tuples
        Of the main mode.
    regions : dict of "50", "80", "95" to MultiPolygon, m
    region95_area_m2 : float
    alternatives : tuple of Alternative
    lonlat : tuple of float or None
    belief : Belief
    base_rate : BaseRate
    rounds, rounds_low, rounds_high : int
        Counted; the fewest and the most (90 %), if it was gunfire.
    round_times_s : tuple of float
    sensors : tuple of str
    latency_s : float
        Recording time from the last arrival used to the decision.
    software, config_sha256 : str
    evidence : str or None
        Folder of the evidence, relative to the alerts' file.
    automatic : bool
        Whether rounds came faster and more alike than by a finger; in the packet and the CAP message, not in
        `alerts.jsonl`, as all below.
    several_shooters : float
        Probability of more than one shooter, if it was gunfire.
    with_history : SecondAnswer or None
        The answer with a location-history prior, where one is switched on.
    """

    id: str
    time_s: float
    time_utc: str | None
    position_m: tuple[float, float, float | None]
    covariance_m2: tuple[tuple[float, float], tuple[float, float]]
    regions: dict[str, MultiPolygon]
    region95_area_m2: float
    alternatives: tuple[Alternative, ...]
    lonlat: tuple[float, float] | None
    belief: Belief
    base_rate: BaseRate
    rounds: int
    rounds_low: int
    rounds_high: int
    round_times_s: tuple[float, ...]
    sensors: tuple[str, ...]
    latency_s: float
    software: str
    config_sha256: str
    evidence: str | None = None
    automatic: bool = False
    several_shooters: float = 0.0
    with_history: SecondAnswer | None = None

    @property
    def call(self) -> str:
        """One of the four labels, or "uncertain"."""
        return self.belief.call


def name_alert(alert: Alert) -> Alert:
    """Return the alert with the id that follows from its content."""
    record = alert_to_record(replace(alert, id="", evidence=None))
    return replace(alert, id=hashlib.sha256(_dump(record).encode()).hexdigest()[:16])


def alert_to_record(alert: Alert) -> Record:
    """Return the alert as `alerts.jsonl` holds it.

    Numbers are rounded to what they can mean (micrometres, microseconds, millionths), so that the last bits of a
    machine's arithmetic do not show.
    """
    belief = {label: _number(getattr(alert.belief, label), 6) for label in LABELS}
    return {
        "id": alert.id,
        "time_s": _number(alert.time_s, 6),
        "time_utc": alert.time_utc,
        "position_m": [None if v is None else _number(v, 3) for v in alert.position_m],
        "covariance_m2": [[_number(v, 4) for v in row] for row in alert.covariance_m2],
        "regions": {name: _round_rings(region) for name, region in sorted(alert.regions.items())},
        "region95_area_m2": _number(alert.region95_area_m2, 1),
        "alternatives": [
            {"position_m": [_number(v, 3) for v in a.position_m], "probability": _number(a.probability, 6)}
            for a in alert.alternatives
        ],
        "lonlat": None if alert.lonlat is None else [_number(v, 8) for v in alert.lonlat],
        "belief": belief,
        "base_rate": asdict(alert.base_rate),
        "log10_lr_gunshot": _number(alert.belief.log10_lr_gunshot, 4),
        "call": alert.call,
        "rounds": alert.rounds,
        "rounds_low": alert.rounds_low,
        "rounds_high": alert.rounds_high,
        "round_times_s": [_number(t, 6) for t in alert.round_times_s],
        "sensors": list(alert.sensors),
        "latency_s": _number(alert.latency_s, 3),
        "software": alert.software,
        "config_sha256": alert.config_sha256,
        "evidence": alert.evidence,
    }


def describe_fire(alert: Alert) -> Record:
    """Return what the packet says of an alert beside `alerts.jsonl`: kind of fire, shooters, the second answer."""
    record: Record = {
        "automatic": alert.automatic,
        "several_shooters": _number(alert.several_shooters, 4),
    }
    if alert.with_history is not None:
        belief = alert.with_history.belief
        record["with_history"] = {
            "gunshot_odds": _number(alert.with_history.factor, 6),
            "belief": {label: _number(getattr(belief, label), 6) for label in LABELS},
            "call": belief.call,
        }
    return record


def write_alerts(alerts: Iterable[Alert], path: Path) -> None:
    """Write `alerts.jsonl`: one line an alert, in time order."""
    lines = [_dump(alert_to_record(alert)) + "\n" for alert in sort_alerts(alerts)]
    path.write_text("".join(lines), encoding="utf-8")


def write_geojson(alerts: Iterable[Alert], site: Site, path: Path) -> None:
    """Write `alerts.geojson`: a point an alert with its regions beside it, WGS84 (RFC 7946).

    Raises
    ------
    ValueError
        When the site has no origin.
    """
    if site.origin is None:
        raise ValueError("a site without origin lies nowhere on earth")
    features = [feature for alert in sort_alerts(alerts) for feature in _as_features(alert, site.origin)]
    path.write_text(_dump({"type": "FeatureCollection", "features": features}) + "\n", encoding="utf-8")


def sort_alerts(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts by time, then id."""
    return sorted(alerts, key=lambda a: (a.time_s, a.id))


def measure_area(region: MultiPolygon) -> float:
    """Return the area of a MultiPolygon, m2: outer rings less their holes (shoelace formula)."""
    return sum(
        _ring_area(rings[0]) - sum(_ring_area(hole) for hole in rings[1:]) for rings in region if rings
    )


def format_utc(epoch_utc: str | None, time_s: float) -> str | None:
    """Return epoch + time as ISO 8601 UTC with microseconds, None without epoch."""
    if epoch_utc is None:
        return None
    moment = datetime.fromisoformat(epoch_utc) + timedelta(microseconds=round(time_s * 1e6))
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _as_features(alert: Alert, origin: tuple[float, float]) -> list[Record]:
    record = alert_to_record(alert)
    properties = {k: v for k, v in record.items() if k not in {"regions", "lonlat"}}
    point = {"type": "Point", "coordinates": record["lonlat"]}
    features: list[Record] = [
        {"type": "Feature", "id": alert.id, "geometry": point, "properties": properties}
    ]
    for name, region in sorted(alert.regions.items(), reverse=True):
        rings = [[_project(ring, origin) for ring in polygon] for polygon in region]
        geometry = {"type": "MultiPolygon", "coordinates": rings}
        about = {"alert": alert.id, "probability": int(name) / 100.0}
        features.append({"type": "Feature", "geometry": geometry, "properties": about})
    return features


def _project(ring: Ring, origin: tuple[float, float]) -> list[list[float | None]]:
    return [[_number(v, 8) for v in point] for point in to_lonlat(origin, np.array(ring)).tolist()]


def _round_rings(region: MultiPolygon) -> list[list[list[list[float | None]]]]:
    return [[[[_number(v, 3) for v in point] for point in ring] for ring in polygon] for polygon in region]


def _ring_area(ring: Ring) -> float:
    x, y = np.array(ring, dtype=np.float64).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2.0


def _number(value: float, digits: int) -> float | None:
    """Round; JSON has no NaN, and minus zero is zero."""
    return round(float(value), digits) + 0.0 if np.isfinite(value) else None


def _dump(record: Record) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
