"""Scores on live fire: who stood where is known to a few metres, when he fired from the vendor's own pulses."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from testbed.alert_file import JudgedAlert, parse_alerts
from testbed.cause import diagnose
from testbed.field_night import Night
from testbed.incidents import incident_rows
from testbed.intervals import binomial_interval
from testbed.livefire import LiveTest
from testbed.livefire_truth import live_events
from testbed.matching import Gates, match_alerts
from testbed.score import Score, estimate, measure_errors, measure_regions

FIELD_GATES = Gates(located_m=25.0, located_s=0.15)
NEAR_M = 15.0
ONSET_S = 0.005

Rows = tuple[pl.DataFrame, pl.DataFrame]


def judge_night(test: LiveTest, night: Night) -> Rows:
    """Return round rows and incident rows of one night, each with the columns test, position, draw, stations.

    `stations` is the number of sensors that the detector was given.
    """
    events = live_events(test, night.sensors)
    alerts = parse_night(night, test)
    rows = match_alerts(events, alerts, FIELD_GATES, unlabelled=len(events) < test.rounds_fired)
    rows = diagnose(rows, events, alerts, night.workings, gates=FIELD_GATES)
    incidents = incident_rows(rows, events, alerts)
    marks = [
        pl.lit(test.name).alias("test"),
        pl.lit(test.position).alias("position"),
        pl.lit(night.draw).alias("draw"),
        pl.lit(len(night.sensors)).alias("stations"),
    ]
    return rows.with_columns(marks), incidents.with_columns(marks)


def parse_night(night: Night, test: LiveTest) -> tuple[JudgedAlert, ...]:
    """Return the night's alerts as the judge reads them."""
    return parse_alerts(((f"{test.key}: alert {i}", line) for i, line in enumerate(night.alerts)), test.key)


def count_onsets(test: LiveTest, night: Night) -> tuple[int, int]:
    """Count the vendor's selected pulses of the night's sensors: those with a pulse of ours within 5 ms, and all.

    Those in masked audio, which nobody can hear, count too.
    """
    if night.workings is None:
        return 0, 0
    station = np.array(night.workings.pulse_station, dtype=object)
    selected = [p for selection in test.selections for p in selection if p.sensor in night.sensors]
    near = sum(
        bool(np.any(np.abs(night.workings.pulse_time_s[station == p.sensor] - p.time_s) <= ONSET_S))
        for p in selected
    )
    return near, len(selected)


def score_field(rows: pl.DataFrame, incidents: pl.DataFrame) -> Score:
    """Compute the field's metrics over all rows, by position and by number of sensors.

    Parameters
    ----------
    rows, incidents : polars.DataFrame
        From `judge_night`, one below the other.
    """
    parts = {
        "by_position": ("position", sorted(rows["position"].unique())),
        "by_sensors": ("stations", sorted(rows["stations"].unique())),
    }
    return score_part(rows, incidents) | {
        name: {
            str(value): score_part(
                rows.filter(pl.col(column) == value), incidents.filter(pl.col(column) == value)
            )
            for value in values
        }
        for name, (column, values) in parts.items()
    }


def score_part(rows: pl.DataFrame, incidents: pl.DataFrame) -> Score:
    """Compute the field's metrics over the given rows; an incident is found when one of its rounds is located."""
    happened = incidents.filter(pl.col("label").is_not_null())
    found = int((happened["outcome"] == "located").sum())
    outcome = rows["outcome"]
    located = int((outcome == "located").sum())
    near = int(((outcome == "located") & (rows["error_m"] <= NEAR_M)).fill_null(value=False).sum())
    rounds = int(rows["event"].is_not_null().sum())
    return {
        "tests": rows["test"].n_unique(),
        "incidents": len(happened),
        "incidents_found": found,
        **estimate("incidents_found_rate", binomial_interval(found, len(happened))),
        "rounds": rounds,
        "rounds_located_25m": located,
        **estimate("rounds_located_25m_rate", binomial_interval(located, rounds)),
        "rounds_located_15m": near,
        **estimate("rounds_located_15m_rate", binomial_interval(near, rounds)),
        "rounds_mislocated": int((outcome == "mislocated").sum()),
        "rounds_missed": int((outcome == "missed").sum()),
        "rounds_false": int((outcome == "false").sum()),
        "rounds_false_per_144": 144.0 * int((outcome == "false").sum()) / rounds if rounds else None,
        "rounds_unlabelled": int((outcome == "unlabelled").sum()),
        **measure_errors(rows),
        **measure_regions(incidents),
        "causes": dict(sorted(rows["cause"].drop_nulls().value_counts().iter_rows())),
    }


def format_field(score: Mapping[str, object]) -> str:
    """Return the table that ends `field`: one line for all, for each position and each number of sensors."""
    heads = (
        "",
        "incidents",
        "25 m",
        "15 m",
        "of rounds",
        "false",
        "per 144",
        "p50",
        "p90",
        "p95 m",
        "in 95 %",
        "area m2",
    )
    lines = [heads, _cells("all", score)]
    for part, unit in (("by_position", ""), ("by_sensors", " sensors")):
        groups = score[part]
        if isinstance(groups, dict):
            lines += [
                _cells(f"{name}{unit}", group) for name, group in sorted(groups.items(), key=_by_number)
            ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def format_tuned(score: Mapping[str, Any]) -> str:
    """Return the table of what was learned: one line a setting, one column a left-out position."""
    tuned: Mapping[str, Mapping[str, Any]] = score["tuned"]
    names = [
        name for name in next(iter(tuned.values())) if not name.startswith(("learned_on", "location.noise"))
    ]
    rows = [("learned without", *tuned), *((n, *(f"{t[n]:.3g}" for t in tuned.values())) for n in names)]
    width = max(len(row[0]) for row in rows)
    return "\n".join("  ".join([row[0].ljust(width), *(cell.rjust(8) for cell in row[1:])]) for row in rows)


def _by_number(item: tuple[str, object]) -> tuple[int, str]:
    return int(item[0]) if item[0].isdigit() else 0, item[0]


def _cells(name: str, score: Mapping[str, object]) -> Sequence[str]:
    errors = [_show(score[f"error_p{q}_m"], 1) for q in (50, 90, 95)]
    return (
        name,
        f"{score['incidents_found']}/{score['incidents']}",
        str(score["rounds"]),
        str(score["rounds_located_25m"]),
        str(score["rounds_located_15m"]),
        str(score["rounds_false"]),
        _show(score["rounds_false_per_144"], 1),
        *errors,
        _show(score["coverage95"], 2),
        _show(score["region95_area_p50_m2"], 0),
    )


def _show(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "-"
