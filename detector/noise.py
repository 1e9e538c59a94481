"""The noise of a network, estimated from what it heard: how late, how scattered, how deaf."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.ears import PLAIN_PD, Noise
from detector.lateness import gaussian, late
from detector.site import AirReading

EM_STEPS = 6
GRID = 24
LOG_SIGMAS = np.linspace(np.log(0.2e-3), np.log(40e-3), GRID)  # of the path error, log s


@dataclass(frozen=True)
class NoiseOptions:
    """Priors, each with the weight it has beside the data.

    "Simulated" means fitted to gunshots in simulated blocks with sensors on the roofs: `python -m tests.bench priors`
    prints the fit beside these numbers. No default is fitted to live fire; `field tune=leave-one-out` fits them to it.

    Attributes
    ----------
    path_sigma_s, path_sigma_log : float
        Error of the straight-line model between paths, s (Calhoun et al. 2021 found 7.5 ms), and the standard
        deviation of its logarithm: 1.2 lets an open square have 2 ms and a canyon 25 ms.
    late_share, late_mean_s, late_pulses : float
        Share of first arrivals that come round a corner (of benchmark windows; simulated: 0.11), their mean lateness, s
        (simulated); weight, pulses.
    near_logit, near_logit_sigma : float
        Log odds that a shot close by is reported, and their standard deviation: between 3.5 (simulated) and the 0.8
        of windows that miss 30 % at any distance.
    fade_per_km, fade_per_km_sigma : float
        How much the log odds fall in a kilometre, and the standard deviation: between 9 (simulated) and the 0 of
        those windows.
    sound_speed_sigma : float
        Relative error of the sound speed as read: 0.2 % is a kelvin.
    wind_sigma_mps : float
        Error of each component of the wind as read, m/s.
    mount_m : float
        Height of the stations over the shooter, m.
    level_100m_db, level_fade_db, level_sigma_db : float
        A direct sound's level at 100 m, dB; its fall per decade, dB (20 by spreading, the rest by streets and air);
        its scatter over weapons and obstacles, dB (all simulated).
    """

    path_sigma_s: float = 7.5e-3
    path_sigma_log: float = 1.2
    late_share: float = 0.2
    late_mean_s: float = 0.053
    late_pulses: float = 20.0
    near_logit: float = 3.0
    near_logit_sigma: float = 1.2
    fade_per_km: float = 3.5
    fade_per_km_sigma: float = 2.0
    sound_speed_sigma: float = 0.003
    wind_sigma_mps: float = 1.0
    mount_m: float = 5.0
    level_100m_db: float = 97.0
    level_fade_db: float = 27.5
    level_sigma_db: float = 11.0


def prior_noise(air: AirReading, options: NoiseOptions) -> Noise:
    """Return the noise expected before any pulse is seen."""
    return Noise(
        options.path_sigma_s,
        options.late_share,
        options.late_mean_s,
        options.near_logit,
        options.fade_per_km / 1000.0,
        air.sound_speed_mps,
        float(air.wind_mps[0]),
        float(air.wind_mps[1]),
        options.sound_speed_sigma,
        options.wind_sigma_mps,
        options.mount_m,
        options.level_100m_db,
        options.level_fade_db,
        options.level_sigma_db,
    )


@dataclass(frozen=True, eq=False)
class Residuals:
    """What accepted incidents left over: one entry a direct pulse, one a station and round.

    Attributes
    ----------
    residual_s, sigma_s : ndarray, shape (m,)
        Residual and onset standard deviation.
    path : ndarray of int64, shape (m,)
        Number of the path (station and incident) a pulse came by.
    freedom : float
        Degrees of freedom of the paths' errors that places and first times took.
    round_freedom : float
        The same of single pulses: places and all times.
    distance_m, hit, works : ndarray, shape (h,)
        Distance of each station from each round, whether it reported it, probability that it works.
    """

    residual_s: npt.NDArray[np.float64]
    sigma_s: npt.NDArray[np.float64]
    path: npt.NDArray[np.int64]
    freedom: float
    round_freedom: float
    distance_m: npt.NDArray[np.float64]
    hit: npt.NDArray[np.float64]
    works: npt.NDArray[np.float64]


def estimate_noise(noise: Noise, seen: Residuals, options: NoiseOptions) -> Noise:
    """Return the noise updated by residuals, each number shrunk to its prior.

    Expectation-maximisation from the wide side: it starts with all pulses straight, so that scatter is called
    lateness only where it is one-sided.
    """
    sigma = max(float(np.sqrt(np.mean(seen.residual_s**2))), options.path_sigma_s)
    share, mean = options.late_share, options.late_mean_s
    for _ in range(EM_STEPS):
        straight = straight_shares(seen, sigma, share, mean)
        tardy = 1.0 - straight
        share = (tardy.sum() + options.late_share * options.late_pulses) / (len(tardy) + options.late_pulses)
        weight = options.late_share * options.late_pulses
        mean = (tardy @ np.maximum(seen.residual_s, 0.0) + options.late_mean_s * weight) / (
            tardy.sum() + weight
        )
        sigma = float(np.exp(path_sigma_density(seen, straight, options) @ LOG_SIGMAS))
    near, fade = _fit_chance(seen, options) if len(seen.hit) else (noise.near_logit, noise.fade_per_m)
    return noise._replace(
        path_sigma_s=sigma,
        late_share=float(share),
        late_mean_s=float(mean),
        near_logit=near,
        fade_per_m=fade,
    )


def straight_shares(
    seen: Residuals, path_sigma_s: float, late_share: float, late_mean_s: float
) -> npt.NDArray[np.float64]:
    """Return the probability (m,) that each pulse came straight rather than late."""
    total = np.hypot(seen.sigma_s, path_sigma_s)
    straight = np.array([gaussian(r, s) for r, s in zip(seen.residual_s, total, strict=True)])
    behind = np.array([late(r, s, late_mean_s) for r, s in zip(seen.residual_s, total, strict=True)])
    return (
        (1.0 - late_share)
        * straight
        / np.maximum((1.0 - late_share) * straight + late_share * behind, 1e-300)
    )


def path_sigma_density(
    seen: Residuals, straight: npt.NDArray[np.float64], options: NoiseOptions
) -> npt.NDArray[np.float64]:
    """Posterior (GRID,) of the path error on `LOG_SIGMAS`, normalised.

    Rounds share their path's error, so paths are counted by their mean residuals; where single pulses scatter more
    than their onsets allow, that scatter counts instead.
    """
    count = np.maximum(np.bincount(seen.path, weights=straight), 1e-9)
    mean = np.bincount(seen.path, weights=straight * seen.residual_s) / count
    onset = np.bincount(seen.path, weights=straight * seen.sigma_s**2) / count**2
    share = np.minimum(count, 1.0)
    of_paths = _on_grid(share, mean**2, onset, seen.freedom, options)
    of_pulses = _on_grid(straight, seen.residual_s**2, seen.sigma_s**2, seen.round_freedom, options)
    return max((of_paths, of_pulses), key=lambda d: float(d @ LOG_SIGMAS))


def _on_grid(
    weight: npt.NDArray[np.float64],
    square: npt.NDArray[np.float64],
    own: npt.NDArray[np.float64],
    freedom: float,
    options: NoiseOptions,
) -> npt.NDArray[np.float64]:
    """Posterior of a Gaussian's extra standard deviation: `square` (m,) with known variances `own` (m,)."""
    total = max(float(weight.sum()), 1e-9)
    left = max(total - freedom, 0.0) / total
    variance = own[:, None] + np.exp(2.0 * LOG_SIGMAS)
    log_density = -0.5 * weight @ (left * np.log(variance) + square[:, None] / variance)
    log_density -= 0.5 * ((LOG_SIGMAS - np.log(options.path_sigma_s)) / options.path_sigma_log) ** 2
    density = np.exp(log_density - log_density.max())
    return density / density.sum()


def _fit_chance(seen: Residuals, options: NoiseOptions) -> tuple[float, float]:
    """Log odds of a hit against distance: Newton steps on the posterior of a logistic regression."""
    value = np.array([options.near_logit, options.fade_per_km])
    prior = value.copy()
    precision = np.diag([options.near_logit_sigma**-2.0, options.fade_per_km_sigma**-2.0])
    design = np.column_stack([np.ones(len(seen.hit)), -seen.distance_m / 1000.0])
    use = seen.works > 0.5
    for _ in range(5):
        p = 1.0 / (1.0 + np.exp(-design[use] @ value))
        hit = np.minimum(seen.hit[use] / PLAIN_PD, 1.0)
        curve = design[use] * (p * (1.0 - p) + 1e-3)[:, None]
        gradient = design[use].T @ (hit - p) - precision @ (value - prior)
        value = value + np.linalg.solve(design[use].T @ curve + precision, gradient)
    return float(np.clip(value[0], -2.0, 5.0)), float(max(value[1], 0.0) / 1000.0)
