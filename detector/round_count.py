"""How many rounds there were, at least and at most."""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident

REGULAR_CV = 0.5  # rounds fired by one finger or one mechanism have intervals this alike (shows: 0.6 to 1)


def count_range(incident: Incident, station: npt.NDArray[np.int32]) -> tuple[int, int]:
    """Return the fewest and the most rounds that the pulses speak for.

    Parameters
    ----------
    incident : Incident
    station : ndarray, shape (m,)
        Stations of the incident's pulses, in its order.

    Returns
    -------
    low, high : int
        `low` leaves out rounds that fewer than half as many stations heard as heard the best one; `high` adds the
        rounds that a regular cadence lacks.
    """
    rounds = len(incident.round_times_s)
    heard = np.array([len(np.unique(station[incident.round == k])) for k in range(rounds)])
    low = max(1, int(np.count_nonzero(2 * heard >= heard.max())))
    return low, rounds + _count_lacking(incident.round_times_s)


def _count_lacking(times_s: npt.NDArray[np.float64]) -> int:
    """Count rounds that would fill the longer intervals of a regular cadence."""
    intervals = np.diff(np.sort(times_s))
    if len(intervals) < 2:
        return 0
    beat = float(np.median(intervals))
    multiple = np.maximum(np.round(intervals / beat), 1.0)
    scaled = intervals / multiple
    if beat <= 0.0 or scaled.std() > REGULAR_CV * scaled.mean():
        return 0
    return int((multiple - 1.0).sum())
