"""The detector's priors of noise, fitted to recordings whose rounds are known, by maximum a posteriori.

The likelihood is the one that the detector weighs places with (`detector.rounds.score_round`), here at the places and
times that are known: of every round at every station at most one pulse is the direct sound, the others are clutter.
What survey, air and clocks of the truth leave open is settled beside it: a shift of every place, its air, and the time
of every round. The path error is not fitted: some ten paths to a place, less what its shift takes, tell little of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr, ndtr

from detector.associate import AssociationOptions
from detector.climb import FREE
from detector.ears import PLAIN_PD
from detector.noise import NoiseOptions
from testbed.prior_data import Floats, Lesson, Material, lay_out_lessons

SETTLINGS = 4  # alternations of places and priors; more change no digit that is kept
WIDEST = 3.0  # s.d.: the search goes no farther from its start
SURVEY_M = 2.5  # of a place as surveyed by a telephone


@dataclass(frozen=True)
class Fitted:
    """An option that is fitted, on which scale, and how far from its start it is believed to be (s.d.)."""

    name: str
    scale: str
    sigma: float

    def forward(self, value: float) -> float:
        """Return the option on the scale of the search."""
        if self.scale == "log":
            return log(value)
        return log(value / (1.0 - value)) if self.scale == "logit" else value

    def back(self, value: float) -> float:
        """Return the option from the scale of the search."""
        if self.scale == "log":
            return float(np.exp(value))
        return float(expit(value)) if self.scale == "logit" else float(value)


# The s.d. let a street differ by a factor of e, by 10 dB, from what is expected before.
FITTED = (
    Fitted("late_share", "logit", 1.0),
    Fitted("late_mean_s", "log", 1.0),
    Fitted("near_logit", "plain", 1.5),
    Fitted("fade_per_km", "log", 1.0),
    Fitted("level_100m_db", "plain", 10.0),
    Fitted("level_fade_db", "plain", 10.0),
    Fitted("level_sigma_db", "log", 1.0),
)


def fit_priors(material: Material, start: NoiseOptions) -> NoiseOptions:
    """Fit the priors of noise.

    Parameters
    ----------
    material : Material
    start : NoiseOptions
        Where the search starts and what the fit is drawn to.

    Returns
    -------
    NoiseOptions
        With the fitted numbers, to three digits.
    """
    centre = np.array([f.forward(getattr(start, f.name)) for f in FITTED])
    spread = np.array([f.sigma for f in FITTED])
    limits = list(zip(centre - WIDEST * spread, centre + WIDEST * spread, strict=True))
    value, late_s = centre, material.late_s
    for _ in range(SETTLINGS):
        late_s = settle(material, late_s, _options(value, start))
        loss = _loss(material, late_s, centre, spread, start)
        value = minimize(loss, value, method="L-BFGS-B", bounds=limits, options={"maxiter": 60}).x
    digits = [f"{f.back(float(x)):.3g}" for f, x in zip(FITTED, value, strict=True)]
    return replace(start, **{f.name: float(d) for f, d in zip(FITTED, digits, strict=True)})


def learn_priors(lessons: Sequence[Lesson], start: AssociationOptions) -> dict[str, float]:
    """Fit priors to lessons; return them as options of association and, where it brings none, of location."""
    fitted = fit_priors(lay_out_lessons(lessons, start), start.noise)
    return {
        f"{part}.noise.{f.name}": getattr(fitted, f.name)
        for part in ("association", "location")
        for f in FITTED
    }


def _loss(
    material: Material, late_s: Floats, centre: Floats, spread: Floats, start: NoiseOptions
) -> Callable[[Floats], float]:
    def loss(value: Floats) -> float:
        away = (value - centre) / spread
        return 0.5 * float(away @ away) - log_likelihood(material, late_s, _options(value, start))

    return loss


def log_likelihood(material: Material, late_s: Floats, noise: NoiseOptions) -> float:
    """Log-likelihood ratio of all rounds against clutter, nats, with residuals (m,)."""
    odds, chance = _odds(material, late_s, noise)
    heard = np.bincount(material.ear, weights=odds, minlength=len(chance))
    return float(material.share @ np.log(1.0 - chance + heard))


def settle(material: Material, late_s: Floats, noise: NoiseOptions) -> Floats:
    """Return the residuals (m,) after one weighted least-squares step of places, their air, and round times."""
    odds, chance = _odds(material, late_s, noise)
    heard = np.bincount(material.ear, weights=odds, minlength=len(chance))
    sigma = np.hypot(material.sigma_s, noise.path_sigma_s)
    straight = (1.0 - noise.late_share) * _normal(late_s, sigma)
    straight /= straight + noise.late_share * _late(late_s, sigma, noise.late_mean_s) + 1e-300
    weight = odds / (1.0 - chance + heard)[material.ear] * straight / sigma**2
    places, rounds = int(material.place.max()) + 1, int(material.round.max()) + 1
    design = np.zeros((len(late_s), places * FREE + rounds))
    row, first = np.arange(len(late_s)), material.place[material.ear] * FREE
    for a in range(FREE):
        design[row, first + a] = material.slope[material.ear, a]
    design[row, places * FREE + material.round[material.ear]] = 1.0
    sigmas = [SURVEY_M, SURVEY_M, noise.sound_speed_sigma, noise.wind_sigma_mps, noise.wind_sigma_mps]
    precision = np.concatenate([np.tile(np.array(sigmas) ** -2.0, places), np.full(rounds, 1e-6)])
    normal = design.T @ (design * weight[:, None]) + np.diag(precision)
    shift = np.linalg.solve(normal, design.T @ (weight * material.late_s))
    return material.late_s - design @ shift


def _odds(material: Material, late_s: Floats, noise: NoiseOptions) -> tuple[Floats, Floats]:
    """Likelihood ratios (m,) of being direct against clutter, and chances (h,) of a station to report a round."""
    chance = PLAIN_PD * expit(noise.near_logit - noise.fade_per_km * material.distance_m / 1000.0)
    sigma = np.hypot(material.sigma_s, noise.path_sigma_s)
    density = (1.0 - noise.late_share) * _normal(late_s, sigma)
    density += noise.late_share * _late(late_s, sigma, noise.late_mean_s)
    away = np.maximum(material.distance_m[material.ear], 1.0)
    expected = noise.level_100m_db - noise.level_fade_db * np.log10(away / 100.0)
    z = (material.level_db - expected) / noise.level_sigma_db
    density *= _marks(z, material.clipped, noise.level_sigma_db)
    return chance[material.ear] * density / material.clutter, chance


def _marks(z: Floats, clipped: npt.NDArray[np.bool_], sigma_db: float) -> Floats:
    """Density of a level, 1/dB; the probability to be louder where clipped; 1 where a level is unknown."""
    known = np.isfinite(z)
    z = np.where(known, z, 0.0)
    exact = np.exp(-0.5 * z * z) / (sigma_db * np.sqrt(2.0 * np.pi))
    return np.where(known, np.where(clipped, np.maximum(ndtr(-z), 1e-12), exact), 1.0)


def _normal(residual_s: Floats, sigma_s: Floats) -> Floats:
    return np.exp(-0.5 * (residual_s / sigma_s) ** 2) / (sigma_s * np.sqrt(2.0 * np.pi))


def _late(residual_s: Floats, sigma_s: Floats, mean_s: float) -> Floats:
    """Exponentially modified Gaussian, as `detector.lateness.late`."""
    ratio = sigma_s / mean_s
    log_density = 0.5 * ratio**2 - residual_s / mean_s + log_ndtr(residual_s / sigma_s - ratio)
    return np.exp(log_density) / mean_s


def _options(value: Floats, start: NoiseOptions) -> NoiseOptions:
    return replace(start, **{f.name: f.back(float(x)) for f, x in zip(FITTED, value, strict=True)})
