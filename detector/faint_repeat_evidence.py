"""A further bang of the same place that too few stations heard for a round: how likely there was one.

Where three or four stations hear a shooting, half of what is counted as one shot was several. The rounds that lack were
heard at one or two of those stations, with the delays between them and the levels that the counted round had there: too
little to count by, yet more than noise and echoes do by chance.
"""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses

FAINT = ("faint_repeat_nats", "log10_faint_repeat_s", "log10_faint_repeats", "faint_before_nats")
SPAN_S = (0.08, 3.0)  # before and after the best heard round: less is its echo's, more is another act's
OWN_S = 0.012  # from a counted round: what is closer is that round
# Between two bangs over one path: sqrt(2) of 1.7 ms and of 1.3 dB (Calhoun et al. 2021), and something for the onset.
REPEAT_S, REPEAT_DB = 0.003, 3.0
ECHO_DB = (-6.0, 8.0)  # mean and s.d. of the level of any other pulse beside the round's (A)
HEARD = 0.7  # share of such bangs that a station which heard the round hears (A)
MISSED_NATS = np.log(0.4)  # more lenient than 1 - HEARD: a pulse may hide in the echoes of the round before
WORST_NATS = -1.0  # of one station
CLEAR_NATS = 2.0  # from here on a repeat counts
APART_S = 0.03
NONE_NATS, MOST_NATS = -3.0, 40.0

Floats = npt.NDArray[np.float64]


def measure_faint_repeats(pulses: Pulses, incident: Incident) -> Floats:
    """Return the evidence `FAINT`.

    The log-likelihood ratio of a further bang against pulses at random, for the time that suits best; log10 of how long
    before or after the round that is, s; log10 of 1 and the times that reach 2 nats; the ratio of the best time before
    the round.
    """
    lag_s, off_db = _list_others(pulses, incident)
    best = int(np.argmax(np.bincount(incident.round)))
    own_s = incident.round_times_s - incident.round_times_s[best]
    tried_s = np.concatenate(lag_s)
    tried_s = tried_s[np.abs(tried_s[:, None] - own_s[None, :]).min(axis=1) > OWN_S]
    if not len(tried_s):
        return np.array([NONE_NATS, np.log10(SPAN_S[1]), 0.0, NONE_NATS])
    nats = np.sum([_weigh(tried_s, s, db) for s, db in zip(lag_s, off_db, strict=True)], axis=0)
    first = int(np.argmax(nats))
    before = nats[tried_s < 0.0].max(initial=NONE_NATS)
    clear_s = np.sort(tried_s[nats > CLEAR_NATS])
    count = np.count_nonzero(np.diff(clear_s) > APART_S) + (len(clear_s) > 0)
    return np.array(
        [
            min(nats[first], MOST_NATS),
            np.log10(abs(tried_s[first])),
            np.log10(1.0 + count),
            min(before, MOST_NATS),
        ]
    )


def _list_others(pulses: Pulses, incident: Incident) -> tuple[list[Floats], list[Floats]]:
    """Return for each station that heard the best heard round: when else it heard something, s after, how loud, dB."""
    best = int(np.argmax(np.bincount(incident.round)))
    index = incident.pulse[incident.round == best]
    stations, first = np.unique(pulses.station[index], return_index=True)
    lag_s, off_db = [], []
    level_db = np.nan_to_num(pulses.level_db)
    for station, p in zip(stations, index[first], strict=True):
        low, high = np.searchsorted(pulses.time_s, pulses.time_s[p] + SPAN_S[1] * np.array([-1.0, 1.0]))
        near = np.arange(low, high)[pulses.station[low:high] == station]
        after_s = pulses.time_s[near] - pulses.time_s[p]
        kept = np.abs(after_s) > SPAN_S[0]
        lag_s.append(after_s[kept])
        off_db.append(level_db[near[kept]] - level_db[p])
    return lag_s, off_db


def _weigh(tried_s: Floats, lag_s: Floats, off_db: Floats) -> Floats:
    """Return what one station's pulses say of further bangs at the times tried, nats, shape as `tried_s`."""
    if not len(lag_s):
        return np.full(len(tried_s), MISSED_NATS)
    after = np.clip(np.searchsorted(lag_s, tried_s), 0, len(lag_s) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(lag_s[before] - tried_s) < np.abs(lag_s[after] - tried_s)
    chosen = np.where(closer, before, after)
    rate_hz = (len(lag_s) + 1.0) / (2.0 * SPAN_S[1])
    late, off = (lag_s[chosen] - tried_s) / REPEAT_S, off_db[chosen]
    time_nats = np.log(HEARD) - 0.5 * late**2 - np.log(REPEAT_S * np.sqrt(2.0 * np.pi) * rate_hz)
    other = (off - ECHO_DB[0]) / ECHO_DB[1]
    level_nats = -0.5 * (off / REPEAT_DB) ** 2 + 0.5 * other**2 + np.log(ECHO_DB[1] / REPEAT_DB)
    return np.maximum(np.maximum(time_nats + level_nats, MISSED_NATS), WORST_NATS)
