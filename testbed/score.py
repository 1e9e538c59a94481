"""The judge: numbers from rows, nothing else. Every rate stands beside its counts and its 95 % interval.

Rates are null where nothing could be measured (no events: no recall; no alerts: no precision). A quiet night on which
the detector stays quiet is perfect: every F1 is 1. Intervals are exact (`testbed.intervals`) and take the
counted things as independent; rounds of one incident are not, so the intervals of incidents are the safe ones.
"""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl

from testbed.intervals import SECONDS_PER_DAY, Estimate, binomial_interval, f1_interval, poisson_interval
from testbed.labels import CALLS, LABELS, UNCERTAIN
from testbed.truth import Watch

Score = dict[str, object]


def score_rows(rows: pl.DataFrame, incidents: pl.DataFrame, watch: Watch | None = None) -> Score:
    """Compute every metric.

    Parameters
    ----------
    rows : polars.DataFrame
        One row a round (`testbed.matching.ROW_SCHEMA`).
    incidents : polars.DataFrame
        One row an incident or alert (`testbed.incidents.INCIDENT_SCHEMA`).
    watch : Watch, optional
        Duration and area, for rates per km2 and day.

    Returns
    -------
    dict
        Ready for `score.json`: only None, bool, int, finite float, str and dicts of them.
    """
    return {
        **count_places(rows, "rounds"),
        **count_places(incidents, "incidents"),
        "alerts": incidents["alert"].n_unique() - int(incidents["alert"].has_nulls()),
        "alerts_false": _count(incidents, "false"),
        "alerts_duplicate": _count(incidents, "duplicate"),
        **measure_errors(rows),
        **measure_regions(incidents),
        **_measure_calls(incidents),
        **_measure_contract(incidents),
        **_measure_rates(incidents, watch or Watch()),
        **_percentiles("latency", incidents["latency_s"], (50, 90), "s"),
        "confusion": _confusion(incidents),
        "causes": dict(sorted(rows["cause"].drop_nulls().value_counts().iter_rows())),
    }


def estimate(name: str, values: Estimate) -> Score:
    """Return the three keys of one estimate."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def _count(rows: pl.DataFrame, outcome: str) -> int:
    return int((rows["outcome"] == outcome).sum())


def count_places(rows: pl.DataFrame, level: str) -> Score:
    """Count located, mislocated, missed, false and unlabelled at one level ("rounds" or "incidents").

    Recall is located over all that happened, precision located over all that was claimed (the unlabelled aside); a
    mislocated one counts against both.
    """
    located, mislocated, missed, false, unlabelled = (
        _count(rows, outcome) for outcome in ("located", "mislocated", "missed", "false", "unlabelled")
    )
    return {
        level: located + mislocated + missed,
        f"{level}_located": located,
        f"{level}_mislocated": mislocated,
        f"{level}_missed": missed,
        f"{level}_false": false,
        f"{level}_unlabelled": unlabelled,
        **estimate(f"{level}_recall", binomial_interval(located, located + mislocated + missed)),
        **estimate(f"{level}_precision", binomial_interval(located, located + mislocated + false)),
        **estimate(f"{level}_f1", f1_interval(located, mislocated + missed, mislocated + false)),
    }


def measure_errors(rows: pl.DataFrame) -> Score:
    """Percentiles of the horizontal error over matched rounds; `_all_` takes missed rounds as infinitely far off."""
    errors = rows["error_m"].drop_nulls()
    everything = np.concatenate([errors.to_numpy(), np.full(_count(rows, "missed"), math.inf)])
    return {
        **_percentiles("error", errors, (50, 90, 95), "m"),
        **{f"error_p{q}_all_m": percentile(everything, q) for q in (50, 90, 95)},
    }


def percentile(values: Sequence[float] | np.ndarray, q: float) -> float | None:
    """Return the percentile (linear between order statistics, Hyndman and Fan 1996, type 7).

    None for no values, and where it is infinite.
    """
    if len(values) == 0:
        return None
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    place = (len(ordered) - 1) * q / 100.0
    below, share = int(place), place - int(place)
    value = float(ordered[below])
    if share > 0.0:
        value += share * (float(ordered[below + 1]) - value) if math.isfinite(value) else 0.0
    return value if math.isfinite(value) else None


def _percentiles(name: str, values: pl.Series, which: tuple[int, ...], unit: str) -> Score:
    array = values.drop_nulls().to_numpy()
    return {f"{name}_p{q}_{unit}": percentile(array, q) for q in which}


def measure_regions(incidents: pl.DataFrame) -> Score:
    """Share of found incidents whose region holds the true place, and how large the regions are."""
    found = incidents.filter(pl.col("outcome").is_in(["located", "mislocated"]))
    score: Score = {}
    for probability in ("50", "80", "95"):
        inside = found[f"in_region{probability}"].drop_nulls()
        score |= estimate(f"coverage{probability}", binomial_interval(int(inside.sum()), len(inside)))
        score[f"coverage{probability}_count"] = len(inside)
    score |= _percentiles("region95_area", found["region95_area_m2"], (50,), "m2")
    score |= {"mahalanobis2_p50": percentile(found["mahalanobis2"].drop_nulls().to_numpy(), 50)}
    return score


def _measure_calls(incidents: pl.DataFrame) -> Score:
    """Precision and recall of the call "gunshot", wherever the alert was placed; duplicates count for neither.

    An alert is right when one of its incidents is gunfire. Unlabelled alerts are left out. Null where no alert has
    a call.
    """
    guns = incidents.filter(pl.col("label") == "gunshot")
    called = incidents.filter(
        (pl.col("call") == "gunshot") & ~pl.col("outcome").is_in(["duplicate", "unlabelled"])
    )
    speaks = incidents["call"].null_count() < len(incidents) or incidents["alert"].null_count() == len(
        incidents
    )
    claimed = called["alert"].n_unique()
    right = called.filter(pl.col("label") == "gunshot")["alert"].n_unique()
    recalled = int((guns["call"] == "gunshot").sum())
    score: Score = {
        "gunshot_incidents": len(guns),
        "gunshot_incidents_called": recalled,
        "gunshot_alerts": claimed,
        "gunshot_alerts_right": right,
        "mean_p_true_label": _mean_belief(incidents),
    }
    nothing: Estimate = (None, None, None)
    return score | {
        **estimate("gunshot_recall", binomial_interval(recalled, len(guns)) if speaks else nothing),
        **estimate("gunshot_precision", binomial_interval(right, claimed) if speaks else nothing),
        **estimate(
            "gunshot_f1", f1_interval(recalled, len(guns) - recalled, claimed - right) if speaks else nothing
        ),
    }


def _mean_belief(incidents: pl.DataFrame) -> float | None:
    given = [row[f"p_{row['label']}"] for row in incidents.iter_rows(named=True) if row["label"] is not None]
    beliefs = [p for p in given if p is not None]
    return math.fsum(beliefs) / len(beliefs) if beliefs else None


def _measure_contract(incidents: pl.DataFrame) -> Score:
    """Contract wording: accurate / (accurate + missed + mislocated) of detectable gunfire incidents.

    An alert that is dismissed (called anything but gunshot or uncertain) reaches nobody, so its incident is missed.
    """
    guns = incidents.filter(pl.col("detectable"))
    dismissed = (guns["call"].is_not_null() & ~guns["call"].is_in(["gunshot", UNCERTAIN])).fill_null(
        value=False
    )
    kept = guns.filter(~dismissed)
    accurate, mislocated = _count(kept, "located"), _count(kept, "mislocated")
    return {
        "contract_accurate": accurate,
        "contract_mislocated": mislocated,
        "contract_missed": len(guns) - accurate - mislocated,
        **estimate("contract_rate", binomial_interval(accurate, len(guns))),
    }


def _measure_rates(incidents: pl.DataFrame, watch: Watch) -> Score:
    """Count false alerts per km2 and day: those that belong to nothing, and gunshot calls that were no gunfire."""
    area, duration = watch.area_km2, watch.duration_s
    exposure = None if area is None or duration is None else area * duration / SECONDS_PER_DAY
    wrong = incidents.filter(
        (pl.col("call") == "gunshot")
        & (pl.col("label") != "gunshot").fill_null(value=True)
        & ~pl.col("outcome").is_in(["duplicate", "unlabelled"])
    )["alert"].n_unique()
    return {
        "area_km2": area,
        "duration_s": duration,
        **estimate("false_alerts_per_km2_day", poisson_interval(_count(incidents, "false"), exposure)),
        "gunshot_alerts_wrong": wrong,
        **estimate("false_gunshot_alerts_per_km2_day", poisson_interval(wrong, exposure)),
    }


def _confusion(incidents: pl.DataFrame) -> Score:
    """Count incidents by true label and call; "nothing" is the row of false alerts, "missed" the column of silence."""
    table: dict[str, dict[str, int]] = {
        truth: dict.fromkeys((*CALLS, "uncalled", "missed"), 0) for truth in (*LABELS, "nothing")
    }
    for row in incidents.iter_rows(named=True):
        if row["outcome"] in {"duplicate", "unlabelled"}:
            continue
        truth = "nothing" if row["outcome"] == "false" else row["label"]
        column = "missed" if row["outcome"] == "missed" else row["call"] or "uncalled"
        table[truth][column] += 1
    return dict(table)
