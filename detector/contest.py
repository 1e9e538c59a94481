"""Contested pulses: several incidents at once, and each wants the other's pulses."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.bearing_term import add_bearings
from detector.cadence import log_worth
from detector.climb import FREE, add_priors, normal_matrix
from detector.ears import Ears, Noise, fill_delays
from detector.rounds import score_round
from detector.search import Hypothesis, SearchOptions, climb_all, round_cost, weigh

WEAK = 0.6  # a round this much weaker than its incident's best may be made of another incident's pulses


def without(ears: Ears, taken: npt.NDArray[np.bool_]) -> tuple[Ears, npt.NDArray[np.int64]]:
    """Ears less the taken pulses (n,), and where each of the rest was."""
    back = np.flatnonzero(~taken)
    station = ears.station[back]
    first = np.searchsorted(station, np.arange(len(ears.xyz) + 1)).astype(np.int64)
    left = ears._replace(
        first=first,
        time=ears.time[back],
        sigma=ears.sigma[back],
        clutter=ears.clutter[back],
        level=ears.level[back],
        clipped=ears.clipped[back],
        snr=ears.snr[back],
        pulse=ears.pulse[back],
        station=station,
        azimuth=ears.azimuth[back],
        azimuth_sigma=ears.azimuth_sigma[back],
    )
    return left, back


def pulses_of(found: list[Hypothesis], ears: Ears, weakest: float = 0.0) -> npt.NDArray[np.bool_]:
    """Mark the pulses (n,) of all rounds that have at least a share of their incident's best score."""
    taken = np.zeros(len(ears.time), bool)
    for h in found:
        rows = h.direct[h.scores >= weakest * h.scores.max()]
        taken[rows[rows >= 0]] = True
    return taken


def list_pulses(
    direct: npt.NDArray[np.int64], ears: Ears
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """List the pulses of rounds (k, N) as indices in `Pulses` (m,), with the round of each."""
    number, station = np.nonzero(direct >= 0)
    pulse = ears.pulse[direct[number, station]]
    order = np.lexsort((pulse, number))
    return pulse[order], number[order].astype(np.int64)


def climb_free(
    places: list[npt.NDArray[np.float64]],
    taken: npt.NDArray[np.bool_],
    ears: Ears,
    noise: Noise,
    options: SearchOptions,
) -> list[Hypothesis]:
    """Climb from places on the pulses that are not taken (n,)."""
    left, back = without(ears, taken)
    if len(left.time) == 0:
        return []
    return [put_back(h, back) for h in climb_all(places, left, noise, options)]


def put_back(h: Hypothesis, back: npt.NDArray[np.int64]) -> Hypothesis:
    """Give a hypothesis the pulse numbers from before `without`."""
    return replace(h, direct=np.where(h.direct >= 0, back[h.direct], -1))


def share_out(found: list[Hypothesis], ears: Ears, noise: Noise, options: SearchOptions) -> list[Hypothesis]:
    """Let the rounds of all incidents choose their pulses, the strongest round first; then settle each incident.

    Returns
    -------
    list of Hypothesis
        In the order given; one that is left with nothing has no rounds and an evidence of -inf.
    """
    cost = round_cost(ears, noise)
    count = len(ears.xyz)
    free = np.ones(len(ears.time), bool)
    delays = [(np.empty(count), np.empty(count), np.empty((count, FREE))) for _ in found]
    for h, d in zip(found, delays, strict=True):
        fill_delays(h.place, ears, noise, *d)
    pool = sorted(
        (-v, n, float(t)) for n, h in enumerate(found) for t, v in zip(h.times, h.scores, strict=True)
    )
    kept: list[list[tuple[float, float, npt.NDArray[np.int64]]]] = [[] for _ in found]
    for _, n, time in pool:
        likely = np.empty(count, np.int64)
        score = score_round(time, delays[n][0], delays[n][1], delays[n][2], free, ears, noise, 0.0, likely)
        others = np.array([k[0] for k in kept[n]])
        if score + min(log_worth(time, others, options.cadence), cost - 1.0) > cost:
            kept[n].append((time, score, likely))
            free[likely[likely >= 0]] = False
    shared = [_rebuild(h, k, d, ears, noise, options) for h, k, d in zip(found, kept, delays, strict=True)]
    return _settle(shared, ears, noise, options)


def _rebuild(h: Hypothesis, kept, delay, ears: Ears, noise: Noise, options: SearchOptions) -> Hypothesis:
    times = np.array([k[0] for k in kept])
    scores = np.array([k[1] for k in kept])
    direct = np.array([k[2] for k in kept], np.int64).reshape(len(kept), len(ears.xyz))
    matrix, right, weights = normal_matrix(times, direct, delay[0], delay[2], ears, noise, 0.0)
    add_priors(matrix, right, h.place, noise)
    add_bearings(matrix, right, h.place, direct, ears)
    return weigh(h.place, times, scores, direct, matrix, weights, options)


def _settle(shared: list[Hypothesis], ears: Ears, noise: Noise, options: SearchOptions) -> list[Hypothesis]:
    """Climb from each place once more on what the others leave; keep what is better for it."""
    settled = list(shared)
    for n, h in enumerate(shared):
        others = [s for m, s in enumerate(settled) if m != n and len(s.times)]
        again = climb_free([h.place], pulses_of(others, ears), ears, noise, options)
        if again and again[0].log_evidence > h.log_evidence:
            settled[n] = again[0]
    return settled
