"""The path error as one incident's own pulses have it: how much, and how surely."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detector.ears import Noise
from detector.noise import (
    LOG_SIGMAS,
    NoiseOptions,
    Residuals,
    estimate_noise,
    path_sigma_density,
    straight_shares,
)
from detector.posterior import Heard

HERMITE = np.sqrt(3.0) * np.array([-1.0, 0.0, 1.0])  # nodes of a normal density (Gauss-Hermite)
HERMITE_WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6.0


class PathErrors(NamedTuple):
    """Path errors (q,), s, to average a posterior over, and the logs of their weights (q,) by the prior."""

    sigma_s: npt.NDArray[np.float64]
    log_weight: npt.NDArray[np.float64]


def prior_path_errors(options: NoiseOptions) -> PathErrors:
    """Return the path errors that stand for the prior."""
    nodes = np.log(options.path_sigma_s) + options.path_sigma_log * HERMITE
    return PathErrors(np.exp(nodes), np.log(HERMITE_WEIGHTS))


def learn_path_errors(
    noise: Noise, residual_s: npt.NDArray[np.float64], heard: Heard, options: NoiseOptions
) -> tuple[Noise, PathErrors]:
    """Update the noise by an incident's residuals (m,), and tell how far the path error may be from that."""
    _, path = np.unique(heard.xyz, axis=0, return_inverse=True)
    nothing = np.empty(0)
    seen = Residuals(
        residual_s, heard.sigma, path.ravel(), 3.0, 2.0 + heard.rounds, nothing, nothing, nothing
    )
    noise = estimate_noise(noise, seen, options)
    straight = straight_shares(seen, noise.path_sigma_s, noise.late_share, noise.late_mean_s)
    density = path_sigma_density(seen, straight, options)
    middle = float(density @ LOG_SIGMAS)
    spread = float(np.sqrt(density @ (LOG_SIGMAS - middle) ** 2)) + 1e-3
    # Gauss-Hermite nodes of the posterior; the weights turn it back into the prior, as the grid brings the data.
    nodes = middle + spread * HERMITE
    proposal = -0.5 * ((nodes - middle) / spread) ** 2 - np.log(spread)
    prior = -0.5 * ((nodes - np.log(options.path_sigma_s)) / options.path_sigma_log) ** 2
    return noise, PathErrors(np.exp(nodes), np.log(HERMITE_WEIGHTS) + prior - proposal)
