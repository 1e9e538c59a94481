"""From rounds to acts: one row an incident, a false alert and a surplus one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from testbed.alert_file import JudgedAlert
from testbed.labels import LABELS, is_detectable, label_of
from testbed.matching import in_region
from testbed.truth import TruthEvent, Watch

INCIDENT_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "incident": pl.String,
    "label": pl.String,
    "alert": pl.String,
    "outcome": pl.String,
    "call": pl.String,
    "detectable": pl.Boolean,
    "error_m": pl.Float64,
    "mahalanobis2": pl.Float64,
    "in_region50": pl.Boolean,
    "in_region80": pl.Boolean,
    "in_region95": pl.Boolean,
    "region95_area_m2": pl.Float64,
    **dict.fromkeys((f"p_{label}" for label in LABELS), pl.Float64),
    "rounds": pl.Int64,
    "rounds_matched": pl.Int64,
    "rounds_alerted": pl.Int64,
    "latency_s": pl.Float64,
}


def incident_rows(
    rows: pl.DataFrame,
    events: Sequence[TruthEvent],
    alerts: Sequence[JudgedAlert],
    watch: Watch | None = None,
) -> pl.DataFrame:
    """Gather round rows into one row an incident, and one an alert that is no incident's.

    An incident's alert is the one with most of its rounds located (then most matched, nearest, first id). An
    alert that holds rounds of an incident without being its alert is a "duplicate"; one that holds no event's
    round is "false" ("unlabelled" where the rows say so). An incident is located when one of its rounds is.

    Parameters
    ----------
    rows : polars.DataFrame
        From `testbed.matching.match_alerts`.
    events, alerts : sequences
        What was matched.
    watch : Watch, optional
        Events outside its bounds are not `detectable`: they lie outside the coverage area.

    Returns
    -------
    polars.DataFrame
        `INCIDENT_SCHEMA`. Place, region and Mahalanobis distance are those of the first located round, or of the first
        matched one where none is located.
    """
    alert_of = {alert.id: alert for alert in alerts}
    event_of = {event.id: event for event in events}
    of_incident: dict[str, list[dict[str, object]]] = defaultdict(list)
    loose: dict[str, str] = {}
    for row in rows.iter_rows(named=True):
        if row["event"] is None:
            loose.setdefault(row["alert"], row["outcome"])
        else:
            of_incident[row["incident"]].append(row)
    bounds = None if watch is None else watch.bounds_m
    out = []
    main: set[object] = set()
    owner: dict[str, str] = {}
    for incident, its_rows in of_incident.items():
        row = _one_incident(incident, its_rows, event_of, alert_of, bounds)
        out.append(row)
        main.add(row.get("alert"))
        owner |= {str(r["alert"]): incident for r in its_rows if r["alert"] is not None}
    for alert in alerts:
        if alert.id in main:
            continue
        incident = owner.get(alert.id)
        outcome = loose.get(alert.id, "false") if incident is None else "duplicate"
        out.append({"incident": incident, "outcome": outcome, **_alert_fields(alert)})
    return pl.DataFrame(out, schema=dict(INCIDENT_SCHEMA))


def _one_incident(
    incident: str,
    rows: list[dict[str, object]],
    event_of: Mapping[str, TruthEvent],
    alert_of: Mapping[str, JudgedAlert],
    bounds: tuple[float, float, float, float] | None,
) -> dict[str, object]:
    its_events = [event_of[str(row["event"])] for row in rows]
    detectable = any(is_detectable(e.kind, e.traits) and _is_inside(e, bounds) for e in its_events)
    head: dict[str, object] = {
        "incident": incident,
        "label": label_of(its_events[0].kind, its_events[0].traits),
        "detectable": detectable,
        "rounds": len(rows),
        "rounds_matched": sum(row["alert"] is not None for row in rows),
        "outcome": "missed",
    }
    name = _main_alert(rows)
    if name is None:
        return head
    its_rows = [row for row in rows if row["alert"] == name]
    shown = next((row for row in its_rows if row["outcome"] == "located"), its_rows[0])
    alert, event = alert_of[name], event_of[str(shown["event"])]
    return head | {
        **_alert_fields(alert),
        **{key: shown[key] for key in ("outcome", "error_m", "mahalanobis2")},
        **{f"in_region{p}": in_region(alert, p, event) for p in ("50", "80", "95")},
    }


def _main_alert(rows: list[dict[str, object]]) -> str | None:
    claims: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for row in rows:
        if row["alert"] is not None:
            claims[str(row["alert"])].append((row["outcome"] == "located", float(str(row["error_m"]))))

    def rank(alert: str) -> tuple[int, int, float, str]:
        located = sum(is_located for is_located, _ in claims[alert])
        return -located, -len(claims[alert]), min(error for _, error in claims[alert]), alert

    return min(claims, key=rank, default=None)


def _alert_fields(alert: JudgedAlert) -> dict[str, object]:
    return {
        "alert": alert.id,
        "call": alert.call,
        "region95_area_m2": alert.region95_area_m2,
        "rounds_alerted": len(alert.round_times_s),
        "latency_s": alert.latency_s,
        **{f"p_{label}": None if alert.belief is None else alert.belief[label] for label in LABELS},
    }


def _is_inside(event: TruthEvent, bounds: tuple[float, float, float, float] | None) -> bool:
    if bounds is None:
        return True
    west, south, east, north = bounds
    return west <= event.position_m[0] <= east and south <= event.position_m[1] <= north
