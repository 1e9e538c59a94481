"""What an incident sounds like across the network: the evidence for its class."""

import numpy as np
import numpy.typing as npt

from detector.features import FEATURES
from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site

NETWORK_FEATURES = (
    "snr_db",
    "clipped_share",
    "source_level_db",
    "level_scatter_db",
    "log10_stations",
    "log10_rounds",
    "log10_interval_s",
    "interval_cv",
)
EVIDENCE = (*FEATURES, *NETWORK_FEATURES)
LEVEL_SLOPE_DB = 24.0  # a decade of distance, as measured on streets (Calhoun et al. 2021)
LONE_INTERVAL_S = 1.0  # stands for the interval of a single bang: neither fast nor slow
LONE_CV = 0.5
WEIGHT_DB = (3.0, 30.0)  # pulses weigh by their SNR in dB within these bounds


def gather_evidence(
    site: Site, pulses: Pulses, incident: Incident, position_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64] | None:
    """Describe an incident by its pulses and by how they lie in space and time.

    Parameters
    ----------
    site : Site
    pulses : Pulses
    incident : Incident
    position_m : ndarray, shape (2,)
        Its place, m.

    Returns
    -------
    ndarray, shape (len(EVIDENCE),), or None
        None where nothing was heard (pulse tables). A pulse's features weigh by its SNR; clipped pulses weigh half,
        for their spectrum is part the converter's. `source_level_db` is the level at 1 m that the upper quartile of
        stations speaks for, `level_scatter_db` how unlike they are.
    """
    index = incident.pulse
    if pulses.features.shape[1] != len(FEATURES) or not len(index):
        return None
    weight = np.clip(pulses.snr_db[index], *WEIGHT_DB) * np.where(pulses.clipped[index], 0.5, 1.0)
    sound = np.average(pulses.features[index], axis=0, weights=weight)
    station = pulses.station[index]
    away_m = np.linalg.norm(site.positions_m[station, :2] - position_m[None, :], axis=1)
    source_db = pulses.level_db[index] + LEVEL_SLOPE_DB * np.log10(np.maximum(away_m, 10.0))
    interval_s, cv = _measure_cadence(incident.round_times_s)
    network = [
        np.average(pulses.snr_db[index], weights=weight),
        pulses.clipped[index].mean(),
        np.quantile(source_db, 0.75),
        source_db.std(),
        np.log10(len(np.unique(station))),
        np.log10(len(incident.round_times_s)),
        np.log10(interval_s),
        cv,
    ]
    return np.concatenate([sound, network])


def _measure_cadence(times_s: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the median interval, s, and the coefficient of variation of the intervals."""
    intervals = np.diff(np.sort(times_s))
    if not len(intervals):
        return LONE_INTERVAL_S, LONE_CV
    cv = float(intervals.std() / intervals.mean()) if len(intervals) > 1 else LONE_CV
    return max(float(np.median(intervals)), 1e-3), cv
