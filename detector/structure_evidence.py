"""What stations heard around an incident's pulses: a shock ahead, a lift before, echoes and crackle behind."""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses

STRUCTURE = ("shock_share", "shock_belief", "lift_share", "echoes", "echo_level_db", "crackle")
SHOCK_S = (0.015, 0.45)  # ahead of the blast: 0.36 s at 200 m
LIFT_S = (2.3, 5.7)  # of a shell ahead of its burst
ECHO_S = (0.03, 1.5)
CRACKLE_S = (1.5, 3.5)
MOST = 10.0  # echoes a pulse: more say no more


def measure_structure(pulses: Pulses, incident: Incident) -> npt.NDArray[np.float64]:
    """Return the evidence `STRUCTURE`.

    `shock_share` and `lift_share` are the shares of the stations that heard something else so long before the first
    bang, `shock_belief` how likely it was the shock of a bullet by its shape (`detector.n_wave`), on average; `echoes`
    and `crackle` are pulses a station after the last one; `echo_level_db` is the loudest echo's level beside that of
    the bang, -20 where there is none.
    """
    order = np.argsort(incident.round_times_s, kind="stable")
    first, last = (incident.pulse[incident.round == k] for k in (order[0], order[-1]))
    others = np.ones(len(pulses), dtype=bool)
    others[incident.pulse] = False
    ahead = [_around(pulses, others, p, -SHOCK_S[1], -SHOCK_S[0]) for p in first]
    lift = [len(_around(pulses, others, p, -LIFT_S[1], -LIFT_S[0])) > 0 for p in first]
    echoes = [_around(pulses, others, p, *ECHO_S) for p in last]
    crackle = [min(len(_around(pulses, others, p, *CRACKLE_S)), MOST) for p in last]
    level_db = [
        float(np.nan_to_num(pulses.level_db[e].max() - pulses.level_db[p])) if len(e) else -20.0
        for p, e in zip(last, echoes, strict=True)
    ]
    return np.array(
        [
            np.mean([len(a) > 0 for a in ahead]),
            np.mean([pulses.p_shock[a].max(initial=0.0) for a in ahead]),
            np.mean(lift),
            np.mean([min(len(e), MOST) for e in echoes]),
            np.mean(level_db),
            np.mean(crackle),
        ],
        dtype=np.float64,
    )


def _around(
    pulses: Pulses, others: npt.NDArray[np.bool_], pulse: int, from_s: float, to_s: float
) -> npt.NDArray[np.int64]:
    """Return the other pulses of the same station within a time after a pulse (pulses are in time order)."""
    time_s = pulses.time_s[pulse]
    low, high = np.searchsorted(pulses.time_s, [time_s + from_s, time_s + to_s])
    span = np.arange(low, high)
    return span[(pulses.station[span] == pulses.station[pulse]) & others[span]]
