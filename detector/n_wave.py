"""Ballistic shocks among pulses: an N-wave swings twice within a fraction of a millisecond, a blast once and long.

A shock comes from a point of the trajectory, not from the muzzle, and sooner than the muzzle's sound: taken for that it
puts the shooter in the wrong place. Clipped sound keeps the times at which it changes sign, so that is what is looked
at, together with how deep the second swing is beside the first (1 for an N-wave, 0.14 for Friedlander's blast).
"""

import numpy as np
import numpy.typing as npt

RATE_LEAST_HZ = 20_000.0  # slower samples cannot tell swings of 0.1 to 0.3 ms from each other
BEFORE_S = (0.0035, 0.0005)  # ahead of the onset: the noise, and where the sound is looked at from
PEAK_S = 0.0015
LOOK_S = 0.004
EARLY_S = 0.0012  # an N-wave and what the ground returns of it are over by then
SHARE = 0.1  # of the peak: weaker swings are none
CLEAR = 12.0  # peaks less than so many standard deviations of the noise have no shape
LATE_DB = (-20.0, 5.0)
NATS_MOST = 5.0  # shapes are never surer: real ones were not at hand
GAP_S = (0.005, 0.6)  # from a shock to its blast: 0.36 s at 200 m
ALONE, FOLLOWED = 0.02, 0.3  # share of shocks among pulses without, and with, a blast behind them (A)
# Of the logs of first, longest and second swing (ms) and of the second over the first peak, of the late energy in
# tens of dB, and a constant: logistic regression on rendered shots and fireworks (`python -m tests.bench shock`).
WEIGHTS = np.array([-1.589, -0.427, -1.705, 3.779, -2.15, -3.61])


def measure_shape(
    samples: npt.NDArray[np.float32], onset: int, rate_hz: float
) -> npt.NDArray[np.float64] | None:
    """Describe the swings of a pulse.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        Audio as recorded, not band-passed.
    onset : int
        Index of the first arrival.
    rate_hz : float

    Returns
    -------
    ndarray, shape (len(WEIGHTS),), or None
        What `WEIGHTS` weighs; None where the rate is too low or the sound too weak to have a shape.
    """
    start, first = (onset - round(s * rate_hz) for s in BEFORE_S)
    if rate_hz < RATE_LEAST_HZ or start < 0:
        return None
    before = samples[start:first].astype(np.float64)
    sound = samples[first : first + round(LOOK_S * rate_hz)].astype(np.float64) - before.mean()
    noise = float(before.std()) + 1e-12
    peak = float(np.abs(sound[: round(PEAK_S * rate_hz)]).max(initial=0.0))
    if peak < CLEAR * noise:
        return None
    least = max(SHARE * peak, 4.0 * noise)
    swings = np.flatnonzero(np.abs(sound) > least)
    turns = np.flatnonzero(np.diff(np.sign(sound[swings])))
    starts, ends = swings[np.append(0, turns + 1)], swings[np.append(turns, -1)]
    long_ms = 1e3 * (ends - starts + 1) / rate_hz
    second_ms, second = 1e3 * LOOK_S, least
    if len(starts) > 1:
        second_ms, second = long_ms[1], float(np.abs(sound[starts[1] : ends[1] + 1]).max())
    early = starts - starts[0] < EARLY_S * rate_hz
    energy = np.cumsum(sound**2)
    until = energy[min(len(energy) - 1, starts[0] + round(EARLY_S * rate_hz))]
    late_db = 10.0 * np.log10((energy[-1] - until) / until + 1e-9)
    depth = second / float(np.abs(sound[starts[0] : ends[0] + 1]).max())
    return np.array(
        [
            *np.log([long_ms[0], long_ms[early].max(), second_ms, depth]),
            np.clip(late_db, *LATE_DB) / 10.0,
            1.0,
        ]
    )


def shock_nats(shape: npt.NDArray[np.float64] | None) -> float:
    """Return how much likelier a shape is as an N-wave than as anything else, nats; 0 where there is none."""
    return 0.0 if shape is None else float(np.clip(shape @ WEIGHTS, -NATS_MOST, NATS_MOST))


def name_shocks(time_s: npt.NDArray[np.float64], nats: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probability (n,) that each pulse of one station is a shock.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Ascending, s.
    nats : ndarray, shape (n,)
        By the shapes; 0 where unknown, and such pulses are no shocks.

    A shock is followed by its blast; crackers follow each other too, but no blast is among them.
    """
    blasts = time_s[nats < 0.0]
    next_s = np.append(blasts, np.inf)[np.searchsorted(blasts, time_s + GAP_S[0])]
    prior = np.where(next_s <= time_s + GAP_S[1], FOLLOWED, ALONE)
    odds = prior / (1.0 - prior) * np.exp(nats)
    return np.where(nats == 0.0, 0.0, odds / (1.0 + odds))
