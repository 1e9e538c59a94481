"""What the incident's clearest and nearest pulses sound like, how that changes with distance, and how pulses vote.

Streets smear and air dulls: a mean over all stations is that of the far ones, since they are most.
"""

import numpy as np
import numpy.typing as npt

from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.reach_evidence import measure_distance
from detector.site import Site

_CLEAR = (
    "log10_rise_ms",
    "log10_centroid_hz",
    "log10_spread_hz",
    "early_db",
    "late_20_db",
    "late_60_db",
    "log10_duration_ms",
    "log10_kurtosis",
    "log10_zero_crossings_hz",
)
_NEAR = (
    "log10_rise_ms",
    "log10_centroid_hz",
    "early_db",
    "late_20_db",
    "log10_duration_ms",
    "log10_zero_crossings_hz",
)
CLEAR = (
    *(f"clear_{name}" for name in _CLEAR),
    *(f"near_{name}" for name in _NEAR),
    "centroid_slope",
    "centroid_spread",
    "rise_spread",
)
VOTES = (
    "gun_clear_nats",
    "gun_stations_nats",
    "gun_most_nats",
    "gun_least_nats",
    "gun_median_nats",
    "best_gunshot",
    "best_firework",
    "best_backfire",
    "best_other",
)
_CLEAR_AT, _NEAR_AT = ([FEATURES.index(name) for name in names] for names in (_CLEAR, _NEAR))
_RISE, _CENTROID = FEATURES.index("log10_rise_ms"), FEATURES.index("log10_centroid_hz")
CLEAR_SHARE, CLEAR_LEAST = 0.2, 3  # of the pulses
NEAR_STATIONS = 2
SLOPE_RIDGE = 0.1  # squared decades of distance: less of a spread tells no slope
MOST_NATS = 40.0


def measure_clear(
    site: Site,
    pulses: Pulses,
    incident: Incident,
    place_m: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the evidence `CLEAR`.

    `weight`, shape (m,), says how clear the incident's pulses are. `centroid_slope` is the change of the log centroid a
    decade of distance.
    """
    index = incident.pulse
    away_m = measure_distance(site, place_m)
    station = pulses.station[index]
    heard = np.unique(station)
    nearest = heard[np.argsort(away_m[heard], kind="stable")[:NEAR_STATIONS]]
    features = pulses.features[index]
    near = features[np.isin(station, nearest)]
    log_m = np.log10(away_m[station])
    off, centroid = log_m - log_m.mean(), features[:, _CENTROID]
    slope = (off * (centroid - centroid.mean())).sum() / ((off**2).sum() + SLOPE_RIDGE)
    return np.array(
        [
            *features[_clearest(weight)][:, _CLEAR_AT].mean(axis=0),
            *near[:, _NEAR_AT].mean(axis=0),
            slope,
            centroid.std(),
            features[:, _RISE].std(),
        ]
    )


def measure_votes(
    pulses: Pulses, incident: Incident, weight: npt.NDArray[np.float64], scores: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the evidence `VOTES`: what the pulses say alone, for gunfire against the rest, nats.

    Of the clearest, of all stations together as if they were independent, most, least, median; then the share of pulses
    that each label suits best. `weight` (m,) as in `measure_clear`; `scores` (m, 4) are log-probabilities.
    """
    station = pulses.station[incident.pulse]
    gun = scores[:, 0] - np.logaddexp.reduce(scores[:, 1:], axis=1)
    together = sum(float(gun[station == s].mean()) for s in np.unique(station))
    best = np.bincount(scores.argmax(axis=1), minlength=scores.shape[1]) / len(scores)
    return np.array(
        [
            gun[_clearest(weight)].mean(),
            np.clip(together, -MOST_NATS, MOST_NATS),
            gun.max(),
            gun.min(),
            np.median(gun),
            *best,
        ]
    )


def _clearest(weight: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    count = max(CLEAR_LEAST, int(CLEAR_SHARE * len(weight)))
    return np.argsort(-weight, kind="stable")[:count]
