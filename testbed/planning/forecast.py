"""What a layout is worth in every street cell, and in all of them together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from testbed.planning.coverage import count_at_least, count_without_each
from testbed.planning.gunfire import SHARES, SharedDraws, share_draws, shares_of
from testbed.planning.hearing import Hearing, chances, signal_to_noise_db, total_to_noise_db
from testbed.planning.levels import Levels
from testbed.planning.location import LocationErrors, arrival_sigma_m, expected_bound
from testbed.planning.shots import chance_of_faint, sample_shots, shot_errors

Floats = npt.NDArray[np.float64]

# A cell counts as covered from this probability on.
COVERED = 0.9
CONTRACT_M = 25.0


@dataclass(frozen=True)
class Question:
    """What is asked of a layout.

    Attributes
    ----------
    sensors_needed : int
        k: so many must report a shot for an unambiguous fix.
    noise_db : float
        Street and microphone in the detector's band, dB re 20 uPa rms.
    sound_mps : float
    hearing : Hearing
    errors : LocationErrors
    shares : mapping of kind to share
        Weapons.
    quantiles, aims : int
        Of the level, and lines of fire, in the draws that sensors share.
    samples : int
        Shots of each kind, all and detectable, that are located in every cell.
    seed : int
        Of those shots.
    """

    sensors_needed: int = 4
    noise_db: float = 46.0
    sound_mps: float = 340.0
    hearing: Hearing = field(default_factory=Hearing)
    errors: LocationErrors = field(default_factory=LocationErrors)
    shares: Mapping[str, float] = field(default_factory=lambda: dict(SHARES))
    quantiles: int = 5
    aims: int = 4
    samples: int = 100
    seed: int = 0

    def draws(self, *, detectable: bool) -> SharedDraws:
        """Return the shared draws of all gunfire or of what contracts call detectable."""
        return share_draws(shares_of(self.shares, detectable=detectable), self.quantiles, self.aims)


@dataclass(frozen=True, eq=False)
class Forecast:
    """n street cells under one layout of m sensors.

    Attributes
    ----------
    p_heard, p_heard_detectable : ndarray, shape (n,)
        Probability that at least k sensors report a shot: of all gunfire, of detectable gunfire.
    p_worst_failure : ndarray, shape (n,)
        The same for all gunfire when the sensor that the cell needs most is dead.
    worst_sensor : ndarray of int, shape (n,)
        Which that is.
    sensors_expected : ndarray, shape (n,)
        Mean number that report.
    error_p50_m, error_p90_m : ndarray, shape (n,)
        Quantiles of the horizontal error of located shots of all gunfire, floor included, m; inf where none is.
    bound_m : ndarray, shape (n,)
        sqrt(CRLB^2 + floor^2) with information weighed by the chance of hearing, m.
    dilution : ndarray, shape (n,)
        Horizontal dilution of precision of the sensors likely to hear.
    p_accurate : ndarray, shape (n,)
        Probability that a detectable shot is located within 25 m.
    p_without : ndarray, shape (n, m)
        P(at least k) when each sensor in turn is dead.
    """

    p_heard: Floats
    p_heard_detectable: Floats
    p_worst_failure: Floats
    worst_sensor: npt.NDArray[np.intp]
    sensors_expected: Floats
    error_p50_m: Floats
    error_p90_m: Floats
    bound_m: Floats
    dilution: Floats
    p_accurate: Floats
    p_without: Floats


def forecast(levels: Levels, question: Question) -> Forecast:
    """Forecast what the sensors of a layout make of shots in every cell.

    Parameters
    ----------
    levels : Levels
        Of the layout's sensors alone.
    question : Question
    """
    k = question.sensors_needed
    draws = question.draws(detectable=False)
    chance = _chance(levels, question, draws)
    heard = count_at_least(chance, k) @ draws.weight
    without = count_without_each(chance, k, draws.weight)
    mean = chance @ draws.weight
    sigma = arrival_sigma_m(levels.distance_m, levels.late_m, question.errors, question.sound_mps)
    bearing = levels.bearing_rad.astype(np.float64)
    bound = expected_bound(mean, sigma, bearing)
    error = locate_samples(levels, chance, draws, question)
    error.sort(axis=1)
    p50, p90 = _quantiles(error)
    contract = question.draws(detectable=True)
    their_chance = _chance(levels, question, contract)
    their_error = locate_samples(levels, their_chance, contract, question)
    worst = without.argmin(axis=1) if without.shape[1] else np.zeros(len(heard), dtype=np.intp)
    return Forecast(
        heard,
        count_at_least(their_chance, k) @ contract.weight,
        without.min(axis=1, initial=1.0) if without.shape[1] else np.zeros(len(heard)),
        worst,
        mean.sum(axis=1),
        p50,
        p90,
        np.hypot(bound, question.errors.floor_m),
        expected_bound(mean, np.ones(mean.shape), bearing),
        (their_error <= CONTRACT_M).mean(axis=1),
        without,
    )


def _chance(levels: Levels, question: Question, draws: SharedDraws) -> Floats:
    snr = total_to_noise_db(
        levels.gain_db.astype(np.float64),
        levels.way_db.astype(np.float64),
        levels.bearing_rad.astype(np.float64),
        question.noise_db,
        draws,
    )
    return chances(snr, question.hearing)


def locate_samples(levels: Levels, chance: Floats, draws: SharedDraws, question: Question) -> Floats:
    """Return errors of the same sampled shots in every cell, (cells, samples), m, inf where not located.

    Whether the first arrival is picked depends on the ways; what facades scatter comes later and hides it.
    """
    shots = sample_shots(draws.weight, chance.shape[1], question.samples, question.seed)
    ways = signal_to_noise_db(
        levels.way_db.astype(np.float64), levels.bearing_rad.astype(np.float64), question.noise_db, draws
    )
    faint = chance_of_faint(ways, question.errors)
    return shot_errors(
        levels.distance_m.astype(np.float64),
        levels.bearing_rad.astype(np.float64),
        levels.late_m.astype(np.float64),
        chance,
        faint,
        shots,
        question.errors,
        question.sensors_needed,
        question.sound_mps,
    )


def _quantiles(error: Floats) -> tuple[Floats, Floats]:
    """Return median and 90 % quantile of the finite errors of each row of a sorted array; inf where there is none."""
    located = np.isfinite(error).sum(axis=1)
    rows = np.arange(len(error))
    last = np.maximum(located - 1, 0)
    picked = [error[rows, np.minimum((share * located).astype(np.intp), last)] for share in (0.5, 0.9)]
    return picked[0], picked[1]


def summarise(found: Forecast, weight: Floats) -> dict[str, float]:
    """Return a layout's figures: shares of the weighted street, and quantiles of the error over it.

    `covered` is the share with P(at least k) of `COVERED` or more; `covered_one_failed` the least such share when any
    one sensor is dead, and `covered_mean_failed` its mean over the sensors. Errors are those of the expected shot:
    quantiles over cells of the cell's median.
    """
    covered = float(weight @ (found.p_heard >= COVERED))
    failed = weight @ (found.p_without >= COVERED) if found.p_without.shape[1] else np.zeros(1)
    p50, p90 = _weighted(found.error_p50_m, weight, 0.5), _weighted(found.error_p50_m, weight, 0.9)
    return {
        "p_heard_mean": float(weight @ found.p_heard),
        "p_heard_detectable_mean": float(weight @ found.p_heard_detectable),
        "covered": covered,
        "covered_detectable": float(weight @ (found.p_heard_detectable >= COVERED)),
        "covered_one_failed": float(failed.min()),
        "covered_mean_failed": float(failed.mean()),
        "p_accurate_mean": float(weight @ found.p_accurate),
        "error_p50_m": p50,
        "error_p90_m": p90,
        "bound_p50_m": _weighted(found.bound_m, weight, 0.5),
        "bound_p90_m": _weighted(found.bound_m, weight, 0.9),
    }


def _weighted(values: Floats, weight: Floats, share: float) -> float:
    """Return a weighted quantile; inf sorts last."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    return float(values[order][min(int(np.searchsorted(total, share * total[-1])), len(values) - 1)])
