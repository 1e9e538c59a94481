"""The neighbourhood of found places: other places for the same sound, each with the pulses that it would take.

In streets every station hears a dozen echoes, and tens of metres from a shooter some of them fit almost as well as the
first arrivals do at the true place. The search keeps the best; here its surroundings are searched finely, on what other
incidents leave. What fits better takes over; what fits a little worse stays, with its own pulses, as a rival. Of two
incidents side by side and at the same time one may be the other's echo that keeps half of its pulses from it: both are
taken apart, and stay two only where one place for all does not explain more.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.contest import climb_free, pulses_of, put_back, without
from detector.ears import Ears, Noise
from detector.repeat import only_repeated
from detector.rivals import NEIGHBOUR_M, Found, keep_apart
from detector.search import Hypothesis, SearchOptions, best_around, climb_all

AROUND_M = 60.0  # so far around a found place echoes may have led it (A)
CELL_M = 9.0  # of the search there: a climb finds a summit from half of that
CLIMBS = 20
SAME_S = 0.25  # rounds of one sound, placed elsewhere within that distance, move by no more (A)
BESIDE_M = 120.0  # incidents nearer than twice that distance may be one
NEIGHBOURS_MOST, NEIGHBOUR_NATS = 8, 40.0
# Of so many places tried the best explains so much more than what was found by chance alone.
CHANCE_NATS = float(np.log(CLIMBS))

Accept = Callable[[Hypothesis, int], bool]
"""Whether a hypothesis may be an incident beside so many others."""


def look_around(
    found: list[Found], ears: Ears, noise: Noise, options: SearchOptions, accept: Accept
) -> list[Found]:
    """Join what is one incident, then search the neighbourhood of each on what the others leave.

    Returns
    -------
    list of Found
        `others` are rivals that stand elsewhere, most of them on other pulses.
    """
    settled = _joined([f.best for f in found], ears, noise, options, accept)
    return [_settle(n, settled, ears, noise, options, accept) for n in range(len(settled))]


def _settle(
    n: int, settled: list[Hypothesis], ears: Ears, noise: Noise, options: SearchOptions, accept: Accept
) -> Found:
    """Let the best place around one incident take over, by the rounds that repeat; all others are its rivals."""
    h = settled[n]
    near = [r for r in _near(h, _less(settled, (n,)), [h.place], ears, noise, options) if accept(r, 0)]
    repeated = [(only_repeated(r, ears, noise.sound_speed_mps), r) for r in near]
    repeated = [(own, r) for own, r in repeated if accept(own, 0)]
    lost = 0.0
    if repeated:
        own, whole = max(repeated, key=lambda pair: pair[0].log_evidence)
        if own.log_evidence > h.log_evidence + CHANCE_NATS or np.allclose(whole.place, h.place):
            settled[n], lost = own, whole.log_evidence - own.log_evidence
    best = settled[n]
    rivals = [replace(r, log_evidence=r.log_evidence - lost) for r in near]
    rivals = [r for r in rivals if r.log_evidence > best.log_evidence - NEIGHBOUR_NATS]
    return Found(best, tuple(keep_apart(rivals, [best], NEIGHBOURS_MOST, NEIGHBOUR_M)))


def _joined(
    known: list[Hypothesis], ears: Ears, noise: Noise, options: SearchOptions, accept: Accept
) -> list[Hypothesis]:
    """Give the pulses of two neighbours to one place, and what that leaves to the weaker, where it explains more."""
    known = sorted(known, key=lambda h: -h.log_evidence)
    for n in range(len(known)):
        for m in range(len(known) - 1, n, -1):
            if m < len(known) and _is_beside(known[n], known[m]):
                pair = _one_of_two(n, m, known, ears, noise, options, accept)
                if pair:
                    known[n] = pair[0]
                    known[m : m + 1] = pair[1:]
    return known


def _one_of_two(
    n: int, m: int, known: list[Hypothesis], ears: Ears, noise: Noise, options: SearchOptions, accept: Accept
) -> list[Hypothesis]:
    one, other, rest = known[n], known[m], _less(known, (n, m))
    ranked = _near(one, rest, [one.place, other.place], ears, noise, options)
    ranked = [only_repeated(h, ears, noise.sound_speed_mps) for h in ranked]
    ranked = sorted((h for h in ranked if accept(h, 0)), key=lambda h: -h.log_evidence)
    if not ranked or ranked[0].log_evidence <= one.log_evidence:
        return []
    left = climb_free([other.place], pulses_of([*rest, ranked[0]], ears), ears, noise, options)
    pair = [ranked[0], *(h for h in left[:1] if accept(h, 1))]
    better = sum(h.log_evidence for h in pair) > one.log_evidence + other.log_evidence
    return pair if better else []


def _near(
    h: Hypothesis,
    others: list[Hypothesis],
    starts: list[npt.NDArray[np.float64]],
    ears: Ears,
    noise: Noise,
    options: SearchOptions,
) -> list[Hypothesis]:
    """Climb from starts and from the best places around a hypothesis, on the pulses that others leave."""
    left, back = without(ears, pulses_of(others, ears))
    few = replace(options, climbs=CLIMBS)
    around = list(best_around(h.place[:2], AROUND_M, CELL_M, left, noise, few))
    first = h.times[int(np.argmax(h.scores))]
    ranked = [put_back(r, back) for r in climb_all([*starts, *around], left, noise, options)]
    return [r for r in ranked if len(r.times) and np.abs(r.times - first).min() < SAME_S]


def _less(known: list[Hypothesis], numbers: tuple[int, ...]) -> list[Hypothesis]:
    return [h for i, h in enumerate(known) if i not in numbers]


def _is_beside(one: Hypothesis, other: Hypothesis) -> bool:
    apart = np.abs(one.times[:, None] - other.times[None, :])
    return bool(apart.min() < SAME_S and np.hypot(*(one.place[:2] - other.place[:2])) < BESIDE_M)
