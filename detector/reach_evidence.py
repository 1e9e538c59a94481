"""How loud an incident was, how far it was heard, and whether one side heard it louder."""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site

LEVEL = (
    "snr_db",
    "clipped_share",
    "source_level_db",
    "level_scatter_db",
    "level_slope_db",
    "log10_stations",
    "heard_share",
    "log10_reach_m",
    "log10_nearest_m",
)
DIRECTION = ("front_back_db", "front_back_share")
LEVEL_SLOPE_DB = 24.0  # a decade of distance, as measured on streets (Calhoun et al. 2021)
PATH_SCATTER_DB = 9.5  # from path to path (same source)
SLOPE_PRIOR_DB = 12.0  # how far a source's slope may be from that, a decade (A)
DIRECTION_PRIOR_DB = (
    6.0  # half of the difference between front and back of a rifle (Fansler), and a little less
)
NEAREST_M = 10.0


def measure_level(
    site: Site,
    pulses: Pulses,
    incident: Incident,
    place_m: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the evidence `LEVEL`.

    `source_level_db` is the level at 1 m that the upper quartile of stations speaks for, `level_scatter_db` how unlike
    they are, `level_slope_db` what is lost in a decade beyond 24 dB, `heard_share` the share of stations within reach
    that heard it.
    """
    index = incident.pulse
    away_m = measure_distance(site, place_m)
    station = pulses.station[index]
    heard = np.unique(station)
    log_m = np.log10(away_m[station])
    level_db = np.nan_to_num(pulses.level_db[index])
    source_db = level_db + LEVEL_SLOPE_DB * log_m
    off = log_m - log_m.mean()
    slope = (off * (source_db - source_db.mean())).sum() / (
        (off**2).sum() + (PATH_SCATTER_DB / SLOPE_PRIOR_DB) ** 2
    )
    reach_m = away_m[heard].max()
    return np.array(
        [
            np.average(np.nan_to_num(pulses.snr_db[index]), weights=weight),
            pulses.clipped[index].mean(),
            np.quantile(source_db, 0.75),
            source_db.std(),
            slope,
            np.log10(len(heard)),
            len(heard) / np.count_nonzero(away_m <= reach_m),
            np.log10(reach_m),
            np.log10(away_m[heard].min()),
        ]
    )


def measure_direction(
    site: Site, pulses: Pulses, incident: Incident, place_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the evidence `DIRECTION`: half the difference between the loudest and the opposite side, and its part.

    Levels at 1 m are fitted with a first harmonic of the bearing, drawn to none as the scatter of paths demands.
    """
    index = incident.pulse
    station = pulses.station[index]
    away_m = measure_distance(site, place_m)
    source_db = np.nan_to_num(pulses.level_db[index]) + LEVEL_SLOPE_DB * np.log10(away_m[station])
    heard = np.unique(station)
    mean_db = np.array([source_db[station == s].mean() for s in heard])
    step = site.positions_m[heard, :2] - place_m
    unit = step / away_m[heard][:, None]
    unit = unit - unit.mean(axis=0)
    off_db = mean_db - mean_db.mean()
    ridge = (PATH_SCATTER_DB / DIRECTION_PRIOR_DB) ** 2 * np.eye(2)
    harmonic = np.linalg.solve(unit.T @ unit + ridge, unit.T @ off_db)
    explained = float((unit @ harmonic) @ off_db) / (float(off_db @ off_db) + 1.0)
    return np.array([np.hypot(*harmonic), explained])


def measure_distance(site: Site, place_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how far each station is from a place in plan, m, 10 or more: shape (stations,)."""
    return np.maximum(np.linalg.norm(site.positions_m[:, :2] - place_m, axis=1), NEAREST_M)
