"""What left the source: its level 1 m away, as stations near and far tell it, and what that makes likely.

A street takes more than open space does, so the loudest paths tell most: they are close to free. Who was shaded says
that the source was at least so loud, and a converter that clipped says as much.
"""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses
from detector.reach_evidence import LEVEL_SLOPE_DB, measure_distance
from detector.site import Site

SOURCE = (
    "source_most_db",
    "source_median_db",
    "source_nearest_db",
    "source_near_db",
    "free_level_db",
    "fitted_level_db",
    "fitted_sigma_db",
    "gun_over_cracker_nats",
    "gun_over_quiet_nats",
)
NEAR = 3  # stations
AIR_DB_M = 0.005  # of the air, about 1 kHz (ISO 9613-1 at 20 degrees and 50 %)
LEVELS_DB = np.arange(80.0, 176.0)
# How far a station's level lies above and below that of a free path (A): reflections add little, houses take much.
ABOVE_DB, BELOW_DB = 4.0, 10.0
# Peak levels 1 m away: weapons but the smallest (Dater 2014), firecrackers (Flamme et al. 2009), and, of backfires,
# doors, lids and dogs, which nobody seems to have measured, an assumption (A).
GUN_DB, CRACKER_DB, QUIET_DB = (154.0, 166.0), (135.0, 150.0), (95.0, 128.0)
LEAST = 1e-4  # a window is never less likely than that: the fit is a rough one


def measure_source(
    site: Site, pulses: Pulses, incident: Incident, place_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the evidence `SOURCE`, dB re 20 uPa at 1 m.

    Four readings with 24 dB a decade: of the station where it is highest, the median, the nearest, and the mean of the
    nearest three; the highest with open space and air alone; a fit with skewed, heavy-tailed errors, its standard
    deviation, and how much likelier it finds the levels of guns than those of crackers, and of quiet things.
    """
    index = incident.pulse
    station = pulses.station[index]
    away_m = measure_distance(site, place_m)
    level_db = np.nan_to_num(pulses.level_db[index])
    heard = np.unique(station)
    heard = heard[np.argsort(away_m[heard], kind="stable")]
    source_db = level_db + LEVEL_SLOPE_DB * np.log10(away_m[station])
    mean_db = np.array([source_db[station == s].mean() for s in heard])
    loudest_db = np.array([level_db[station == s].max() for s in heard])
    free_db = loudest_db + 20.0 * np.log10(away_m[heard]) + AIR_DB_M * away_m[heard]
    clipped = np.array([pulses.clipped[index][station == s].any() for s in heard])
    share = _fit(free_db, clipped)
    fitted_db = float(share @ LEVELS_DB)
    return np.array(
        [
            mean_db.max(),
            np.median(mean_db),
            mean_db[0],
            mean_db[:NEAR].mean(),
            free_db.max(),
            fitted_db,
            np.sqrt(share @ (LEVELS_DB - fitted_db) ** 2),
            _within(share, GUN_DB) - _within(share, CRACKER_DB),
            _within(share, GUN_DB) - _within(share, QUIET_DB),
        ]
    )


def _fit(free_db: npt.NDArray[np.float64], clipped: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the probability of each of `LEVELS_DB`, none preferred beforehand."""
    off_db = free_db[None, :] - LEVELS_DB[:, None]
    nats = np.where(off_db > 0.0, -0.5 * (off_db / ABOVE_DB) ** 2, -np.log1p((off_db / BELOW_DB) ** 2))
    nats = np.where(clipped[None, :] & (off_db < 0.0), 0.0, nats).sum(axis=1)
    share = np.exp(nats - nats.max())
    return share / share.sum()


def _within(share: npt.NDArray[np.float64], window_db: tuple[float, float]) -> float:
    first, last = np.searchsorted(LEVELS_DB, window_db)
    inside = slice(first, last + 1)
    return float(np.log(share[inside].mean() + LEAST))
