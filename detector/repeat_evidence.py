"""Bangs from the same place around an incident, whoever they were counted for: strings, pile drivers, nail guns, shows.

A bang of the same place reaches all stations with the same delays between them. Association counts what is one act and
drops what follows too closely or too late; for the class, all that came from there matters.
"""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses

REPEATS = (
    "log10_repeats_close",
    "log10_repeats_wide",
    "repeat_cv",
    "log10_repeat_s",
)
WIDE_S, CLOSE_S = 12.0, 1.5  # before the first round and after the last
ALIKE_S = 0.004  # between two bangs over one path: two and a half times 1.7 ms (Calhoun et al. 2021)
STATIONS_LEAST, SHARE_LEAST = 3, 0.6  # that must agree, of those that heard the round
APART_S = 0.012  # bangs closer than this are one
LONE_CV, LONE_S = 0.5, WIDE_S  # stand for those of less than three bangs, of less than two


def measure_repeats(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return the evidence `REPEATS`.

    Bangs of the place that are not the incident's own, within 1.5 s and 12 s of it (1 added); then the coefficient of
    variation and the median of the intervals of all, its own rounds included.
    """
    own_s = np.sort(incident.round_times_s)
    other_s = _find_repeats(pulses, incident)
    close = (other_s > own_s[0] - CLOSE_S) & (other_s < own_s[-1] + CLOSE_S)
    intervals = np.diff(np.sort(np.concatenate([own_s, other_s])))
    cv = float(intervals.std() / max(intervals.mean(), 1e-3)) if len(intervals) > 1 else LONE_CV
    median_s = max(float(np.median(intervals)), 1e-3) if len(intervals) else LONE_S
    return np.array(
        [
            np.log10(1.0 + np.count_nonzero(close)),
            np.log10(1.0 + len(other_s)),
            cv,
            np.log10(median_s),
        ]
    )


def _find_repeats(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return when else something banged at the place of the incident's best heard round, s."""
    best = int(np.argmax(np.bincount(incident.round)))
    index = incident.pulse[incident.round == best]
    stations, first = np.unique(pulses.station[index], return_index=True)
    arrival_s = pulses.time_s[index][first]
    if len(stations) < STATIONS_LEAST:
        return np.zeros(0)
    round_s = incident.round_times_s
    early_s, late_s = round_s.min() - WIDE_S - round_s[best], round_s.max() + WIDE_S - round_s[best]
    low, high = np.searchsorted(pulses.time_s, [arrival_s.min() + early_s, arrival_s.max() + late_s])
    heard, time_s = pulses.station[low:high], pulses.time_s[low:high]
    # Seen from every station in turn, since each misses some.
    lag_s = [time_s[heard == s] - t for s, t in zip(stations, arrival_s, strict=True)]
    every_s = np.sort(np.concatenate(lag_s))
    every_s = every_s[(every_s >= early_s) & (every_s <= late_s)]
    agree = np.zeros(len(every_s), dtype=np.int64)
    for its_s in lag_s:
        agree += np.searchsorted(its_s, every_s + ALIKE_S) > np.searchsorted(its_s, every_s - ALIKE_S)
    known_s = round_s - round_s[best]
    new = np.abs(every_s[:, None] - known_s[None, :]).min(axis=1) > APART_S
    enough = max(STATIONS_LEAST, int(np.ceil(SHARE_LEAST * len(stations))))
    found_s = every_s[new & (agree >= enough)]
    if len(found_s):
        found_s = found_s[np.append(True, np.diff(found_s) > APART_S)]
    return found_s + round_s[best]
