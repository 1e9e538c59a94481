"""How the bangs of an incident follow each other: fingers, fuses, engines, and a lift before its burst."""

import numpy as np
import numpy.typing as npt

from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.reach_evidence import LEVEL_SLOPE_DB, measure_distance
from detector.site import Site

CADENCE = (
    "log10_rounds",
    "log10_interval_s",
    "log10_shortest_s",
    "interval_cv",
    "engine_misfit",
    "last_over_first_db",
    "last_over_first_centroid",
    "last_over_first_stations",
)
EVENNESS = (
    "log10_span_s",
    "log10_longest_s",
    "log10_interval_ratio",
    "log10_pulses_a_round",
    "heard_evenly",
    "round_level_spread_db",
)
SHORT_S = 0.01  # intervals below that are as good as none
LONE_INTERVAL_S = 1.0  # stands for the interval of a single bang: neither fast nor slow
LONE_CV = 0.5
LONE_MISFIT = 1.0  # of an engine, where there are too few intervals to tell
# 120 / rpm s: a four-stroke engine at 3,600 to 1,150 turns a minute.
CYCLES_S = np.geomspace(0.0333, 0.104, 160)
ENGINE_INTERVALS = (2, 12)  # fewer fit any engine, more are no backfire
_CENTROID = FEATURES.index("log10_centroid_hz")


def measure_cadence(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return the evidence `CADENCE`.

    `engine_misfit` is how far the intervals are from whole cycles of the engine that suits them best, beside what
    random intervals would be. The last three compare the last bang with the first at the stations that heard both: a
    shell's lift is weak, dull and heard by few.
    """
    times_s = np.sort(incident.round_times_s)
    intervals = np.diff(times_s)
    if len(intervals):
        median, shortest = (max(float(v), 1e-3) for v in (np.median(intervals), intervals.min()))
    else:
        median = shortest = LONE_INTERVAL_S
    cv = float(intervals.std() / max(intervals.mean(), 1e-3)) if len(intervals) > 1 else LONE_CV
    head = [np.log10(len(times_s)), np.log10(median), np.log10(shortest), cv, fit_engine(intervals)]
    return np.array([*head, *_compare_ends(pulses, incident)])


def fit_engine(intervals_s: npt.NDArray[np.float64]) -> float:
    """Return the least r.m.s. distance of intervals to multiples of a cycle, 1 being that of random intervals."""
    if not ENGINE_INTERVALS[0] <= len(intervals_s) <= ENGINE_INTERVALS[1]:
        return LONE_MISFIT
    turns = intervals_s[None, :] / CYCLES_S[:, None]
    off = turns - np.maximum(np.round(turns), 1.0)
    return float(np.sqrt(12.0 * (off**2).mean(axis=1)).min())


def measure_evenness(
    site: Site, pulses: Pulses, incident: Incident, place_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the evidence `EVENNESS`: from first to last bang, longest interval, it beside the shortest; then hearing.

    Pulses a bang, those of the least heard beside the best heard, and the standard deviation of the bangs' levels:
    rounds of one gun are alike, crackers of a string and shells of a show are not.
    """
    intervals = np.diff(np.sort(incident.round_times_s))
    longest_s = float(intervals.max(initial=0.0)) + SHORT_S if len(intervals) else LONE_INTERVAL_S
    ratio = longest_s / (float(intervals.min()) + SHORT_S) if len(intervals) else 1.0
    count = np.bincount(incident.round, minlength=len(incident.round_times_s))
    index = incident.pulse
    away_m = measure_distance(site, place_m)[pulses.station[index]]
    source_db = np.nan_to_num(pulses.level_db[index]) + LEVEL_SLOPE_DB * np.log10(away_m)
    round_db = [source_db[incident.round == k].mean() for k in np.flatnonzero(count)]
    return np.array(
        [
            np.log10(intervals.sum() + 5.0 * SHORT_S),
            np.log10(longest_s),
            np.log10(ratio),
            np.log10(count.mean()),
            count.min() / count.max(),
            np.std(round_db),
        ],
        dtype=np.float64,
    )


def _compare_ends(pulses: Pulses, incident: Incident) -> tuple[float, float, float]:
    order = np.argsort(incident.round_times_s, kind="stable")
    if len(order) < 2:
        return 0.0, 0.0, 0.0
    first, last = (incident.pulse[incident.round == k] for k in (order[0], order[-1]))
    here, there = pulses.station[first], pulses.station[last]
    count = float(np.log10((len(np.unique(there)) + 1.0) / (len(np.unique(here)) + 1.0)))
    _, i, j = np.intersect1d(here, there, return_indices=True)
    if not len(i):
        return 0.0, 0.0, count
    level_db = np.nan_to_num(pulses.level_db[last[j]] - pulses.level_db[first[i]])
    centroid = pulses.features[last[j], _CENTROID] - pulses.features[first[i], _CENTROID]
    return float(level_db.mean()), float(centroid.mean()), count
