"""Other places for the same pulses: kept beside the chosen one, as what is learned later may speak for them."""

from typing import NamedTuple

import numpy as np

from detector.incident import Incident
from detector.search import Hypothesis

SAME_M = 25.0  # hypotheses nearer to each other than this are one place
NEIGHBOUR_M = 5.0  # those nearer than this are one summit
RIVALS_MOST, RIVAL_NATS = 5, 12.0


class Found(NamedTuple):
    """A hypothesis that was accepted, and others for the same pulses."""

    best: Hypothesis
    others: tuple[Hypothesis, ...]


def is_same_sound(h: Hypothesis, best: Hypothesis) -> bool:
    """Whether a hypothesis explains at least half of another's pulses; else it is another incident."""
    pulses = best.direct[best.direct >= 0]
    return 2 * int(np.isin(pulses, h.direct).sum()) >= len(pulses)


def keep_apart(
    ranked: list[Hypothesis], known: list[Hypothesis], most: int, apart_m: float
) -> list[Hypothesis]:
    """Return the best hypotheses that are not the same place as a better one or a known one."""
    kept: list[Hypothesis] = []
    for h in ranked:
        if len(kept) < most and all(
            np.hypot(*(h.place[:2] - k.place[:2])) > apart_m for k in (*known, *kept)
        ):
            kept.append(h)
    return kept


def choose(best: Hypothesis, ranked: list[Hypothesis]) -> Found:
    """Return a hypothesis with those that are not much less likely: what is learned later may speak for one."""
    near = [h for h in ranked if h.log_evidence > best.log_evidence - RIVAL_NATS and is_same_sound(h, best)]
    return Found(best, tuple(keep_apart(near, [best], RIVALS_MOST, NEIGHBOUR_M)))


def weigh_rivals(incident: Incident, temper: float, least: float) -> list[tuple[Incident, float]]:
    """Return an incident's rivals as incidents of their own, each with its tempered log odds, nats.

    Evidence counts every round as if its errors were its own; rounds come over the same paths, so that an echo which
    fits once fits every time. Odds are therefore those of a round. Rivals on the same pulses as the incident, or as a
    better rival, are left out: the posterior given those pulses has their places.
    """
    weighed = []
    taken = {tuple(np.sort(incident.pulse))}
    for r in incident.rivals:
        if tuple(np.sort(r.pulse)) in taken:
            continue
        taken.add(tuple(np.sort(r.pulse)))
        rounds = max(len(r.round_times_s), len(incident.round_times_s))
        log_odds = temper * min(r.log_odds, 0.0) / rounds
        if log_odds >= np.log(least):
            place = np.array(r.position_m)
            weighed.append(
                (Incident(place, r.round_times_s, r.pulse, r.round, 0.0, incident.noise), log_odds)
            )
    return weighed
