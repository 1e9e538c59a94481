"""How much else the stations of an incident heard while it lasted: strings and machines are busier than guns.

Association counts the bangs that enough stations agree on. A string of crackers bangs faster than that, so that what
each station heard for itself tells of the rest, echoes included.
"""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses
from detector.reach_evidence import measure_distance
from detector.site import Site

BUSTLE = (
    "log10_pulses_near",
    "log10_loud_near",
    "log10_before_near",
    "log10_pulses_per_s",
    "log10_pulse_gap_s",
    "log10_loud",
    "log10_loud_a_round",
)
NEAR = 3  # stations
EARLY_S, LATE_S = 1.5, 1.2  # before a station's first pulse of the incident, and after its last
AGAIN_S = 0.001
LOUD_DB, FAINT_DB = 6.0, 10.0  # below the mean level of the incident's pulses there
LONE_GAP_S = 1.0  # where there are too few pulses to tell
SHORT_S = 0.01


def measure_bustle(
    site: Site, pulses: Pulses, incident: Incident, place_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the evidence `BUSTLE`.

    Of the nearest three stations that heard it, log10 of 1 and their mean count of pulses from the incident's first to
    1.2 s after its last, of those within 6 dB of its level, of those in 1.5 s before; of pulses a second; of the median
    gap between pulses; of the loud ones at all stations; and those beside the rounds that were counted.
    """
    away_m = measure_distance(site, place_m)
    station = pulses.station[incident.pulse]
    heard = np.unique(station)
    heard = heard[np.argsort(away_m[heard], kind="stable")]
    rows = np.array([_count(pulses, int(s), incident.pulse[station == s]) for s in heard])
    near, loud, before, rate, gap_s = rows[:NEAR].mean(axis=0)
    counts = np.log10(1.0 + np.array([near, loud, before, rate, rows[:, 1].mean()]))
    rounds = np.log10(1.0 + len(incident.round_times_s))
    return np.array([*counts[:4], np.log10(gap_s + SHORT_S), counts[4], counts[1] - rounds])


def _count(
    pulses: Pulses, station: int, own: npt.NDArray[np.int64]
) -> tuple[float, float, float, float, float]:
    """Return how many pulses a station heard during, loud, before; a second; the median gap between them, s."""
    first_s, last_s = pulses.time_s[own].min(), pulses.time_s[own].max()
    low, high = np.searchsorted(pulses.time_s, [first_s - EARLY_S, last_s + EARLY_S])
    near = np.arange(low, high)[pulses.station[low:high] == station]
    time_s = pulses.time_s[near]
    off_db = np.nan_to_num(pulses.level_db[near]) - np.nan_to_num(pulses.level_db[own]).mean()
    during = (time_s >= first_s - AGAIN_S) & (time_s <= last_s + LATE_S)
    before = (time_s < first_s - AGAIN_S) & (off_db > -FAINT_DB)
    gaps = np.diff(time_s[off_db > -FAINT_DB])
    return (
        float(np.count_nonzero(during)),
        float(np.count_nonzero(during & (off_db > -LOUD_DB))),
        float(np.count_nonzero(before)),
        np.count_nonzero(during) / float(last_s - first_s + LATE_S),
        float(np.median(gaps)) if len(gaps) > 1 else LONE_GAP_S,
    )
