"""What says whether a round was fired, whether rounds are lacking, and whether one shooter fired them all."""

import numpy as np
import numpy.typing as npt

from detector.cadence_evidence import LONE_CV
from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses

ROUND = ("one", "heard_share", "log_heard", "weaker_10_db", "close_behind", "weaker_close_behind", "lone")
LACKING = (
    "one",
    "log_rounds",
    "log_gaps",
    "log_heard",
    "heard_evenly",
    "log_surplus",
    "fast",
    "clear_10_db",
    "lone",
)
SHOOTERS = (
    "one",
    "log_rounds",
    "interval_cv",
    "apart_most",
    "apart_median",
    "level_spread_10_db",
    "colour_spread",
    "lone",
)
REGULAR_CV = 0.5  # rounds fired by one finger or one mechanism have intervals this alike (shows: 0.6 to 1)
CLOSE_S = 0.3  # echoes of a round come so soon after it
FAST_S = 0.15
REPEAT_SIGMA_S = 0.0024  # between two bangs over one path: sqrt(2) of 1.7 ms (Calhoun et al. 2021)
APART_MOST_S = 0.1
AFTER_S = 0.6
SHARED_LEAST = 3
USUAL_SNR_DB = 15.0
_CENTROID = FEATURES.index("log10_centroid_hz")


def measure_round(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return the evidence `ROUND` of each round, shape (k, len(ROUND)), in the order of `round_times_s`.

    Echoes taken for rounds are heard by few, weaker than the round heard best, and close behind another.
    """
    times_s = incident.round_times_s
    rounds = len(times_s)
    heard = _count_heard(pulses, incident)
    best = int(np.argmax(heard))
    weaker = np.array([_compare(pulses.level_db, pulses, incident, k, best) for k in range(rounds)]) / 10.0
    order = np.argsort(times_s, kind="stable")
    behind = np.zeros(rounds)
    behind[order[1:]] = np.exp(-np.diff(times_s[order]) / CLOSE_S)
    lone = np.full(rounds, float(rounds == 1))
    share = np.log(heard / heard.max())
    return np.column_stack([np.ones(rounds), share, np.log(heard), weaker, behind, behind * weaker, lone])


def measure_lacking(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return the evidence `LACKING`, shape (len(LACKING),).

    Gaps in a regular cadence, rounds that few heard, pulses beyond the rounds at the station that heard best, sound
    that is hardly over the noise.
    """
    times_s = np.sort(incident.round_times_s)
    heard = _count_heard(pulses, incident)
    fast = np.exp(-np.diff(times_s).min() / FAST_S) if len(times_s) > 1 else 0.0
    return np.array(
        [
            1.0,
            np.log(len(times_s)),
            np.log1p(count_gaps(times_s)),
            np.log(heard.mean()),
            heard.mean() / heard.max(),
            np.log1p(_count_surplus(pulses, incident)),
            float(fast),
            _measure_clearness(pulses, incident) / 10.0,
            float(len(times_s) == 1),
        ]
    )


def measure_shooters(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return the evidence `SHOOTERS`, shape (len(SHOOTERS),).

    Two who stand apart shift the arrivals of their rounds from station to station; two weapons differ in level and
    colour at the stations that heard both; two interleaved cadences are irregular.
    """
    order = np.argsort(incident.round_times_s, kind="stable")
    intervals = np.diff(incident.round_times_s[order])
    pairs = list(zip(order[:-1].tolist(), order[1:].tolist(), strict=True))
    apart = np.array([_stand_apart(pulses, incident, k, j) for k, j in pairs] or [0.0])
    cv = float(intervals.std() / max(intervals.mean(), 1e-3)) if len(intervals) > 1 else LONE_CV
    best = int(np.argmax(_count_heard(pulses, incident)))
    level = [_compare(pulses.level_db, pulses, incident, k, best) / 10.0 for k in order.tolist()]
    heard = pulses.features.shape[1] == len(FEATURES)
    tone = pulses.features[:, _CENTROID] if heard else np.zeros(len(pulses))
    colour = [_compare(tone, pulses, incident, k, best) for k in order.tolist()]
    return np.array(
        [
            1.0, np.log(len(order)), cv, apart.max(), np.median(apart), np.std(level), np.std(colour),
            float(len(order) == 1),
        ]
    )  # fmt: skip


def count_gaps(times_s: npt.NDArray[np.float64]) -> int:
    """Count rounds that would fill the longer intervals of a regular cadence."""
    intervals = np.diff(np.sort(times_s))
    if len(intervals) < 2:
        return 0
    beat = float(np.median(intervals))
    multiple = np.maximum(np.round(intervals / max(beat, 1e-3)), 1.0)
    scaled = intervals / multiple
    if beat <= 0.0 or scaled.std() > REGULAR_CV * scaled.mean():
        return 0
    return int((multiple - 1.0).sum())


def _count_heard(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return how many stations heard each round, shape (k,), 1 at least."""
    pairs = np.unique(np.column_stack([incident.round, pulses.station[incident.pulse]]), axis=0)
    return np.maximum(np.bincount(pairs[:, 0], minlength=len(incident.round_times_s)), 1).astype(np.float64)


def _pair(pulses: Pulses, incident: Incident, k: int, j: int) -> tuple[npt.NDArray[np.int64], ...]:
    """Return the pulses of two rounds at the stations that heard both."""
    one, other = (incident.pulse[incident.round == r] for r in (k, j))
    _, at, there = np.intersect1d(pulses.station[one], pulses.station[other], return_indices=True)
    return one[at], other[there]


def _compare(value: npt.NDArray[np.float64], pulses: Pulses, incident: Incident, k: int, best: int) -> float:
    """Return the median over shared stations of what round k has beyond another; 0 where nothing can be compared."""
    mine, its = _pair(pulses, incident, k, best)
    beyond = value[mine] - value[its]
    beyond = beyond[np.isfinite(beyond)]
    return float(np.median(beyond)) if len(beyond) else 0.0


def _stand_apart(pulses: Pulses, incident: Incident, k: int, j: int) -> float:
    """Return how unlike the stations' intervals between two rounds are: log10 of 1 + r.m.s. in path jitters."""
    mine, its = _pair(pulses, incident, k, j)
    if len(mine) < SHARED_LEAST:
        return 0.0
    between_s = pulses.time_s[its] - pulses.time_s[mine]
    off_s = np.clip(between_s - np.median(between_s), -APART_MOST_S, APART_MOST_S)
    rms_s = np.sqrt((off_s**2).sum() / (len(off_s) - 2.0 + 1.0))
    return float(np.log10(1.0 + rms_s / REPEAT_SIGMA_S))


def _measure_clearness(pulses: Pulses, incident: Incident) -> float:
    """Return the median SNR of an incident's pulses, dB; what a pulse table leaves open counts as the usual."""
    snr_db = pulses.snr_db[incident.pulse]
    snr_db = snr_db[np.isfinite(snr_db)]
    return float(np.median(snr_db)) if len(snr_db) else USUAL_SNR_DB


def _count_surplus(pulses: Pulses, incident: Incident) -> int:
    """Count the pulses beyond its rounds that the station with the clearest pulse had around them."""
    snr_db = np.nan_to_num(pulses.snr_db[incident.pulse])
    station = pulses.station[incident.pulse[int(np.argmax(snr_db))]]
    own = incident.pulse[pulses.station[incident.pulse] == station]
    first_s, last_s = pulses.time_s[own].min(), pulses.time_s[own].max()
    span = (pulses.time_s >= first_s) & (pulses.time_s <= last_s + AFTER_S) & (pulses.station == station)
    return max(0, int(np.count_nonzero(span)) - len(own))
