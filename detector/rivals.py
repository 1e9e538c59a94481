"""Other places for the same pulses: kept beside the chosen one, as what is learned later may speak for them."""

from typing import NamedTuple

import numpy as np

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
