"""The posterior around a mode, on a grid along its axes."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from detector.modes import Mode
from detector.path_errors import PathErrors
from detector.posterior import Heard, Terms, log_posterior_on
from detector.region import Patch

COUNT_MOST = 400  # places along one axis


def grid_mode(
    mode: Mode,
    heard: Heard,
    terms: Terms,
    errors: PathErrors,
    blur: float,
    count: int,
    reach_sigmas: float,
    weight_nats: float = 0.0,
) -> Patch:
    """Grid a mode, averaged over path errors and blurred by what all paths share.

    `count` places along each axis; more along one that is much longer than the other, so that no step is longer than
    the mode is narrow: a ridge that bends would fall between the places, or be counted where it crosses one. All
    densities are raised by `weight_nats`.
    """
    values, axes = np.linalg.eigh(mode.covariance_m2)
    sigma = np.sqrt(values + blur**2)
    half = reach_sigmas * sigma
    counts = np.clip(np.ceil(2.0 * half / sigma.min()).astype(int), count, COUNT_MOST)
    u, v = (np.linspace(-h, h, int(n)) for h, n in zip(half, counts, strict=True))
    patch = Patch(mode.place, axes, u, v, np.zeros((len(v), len(u))))
    logs = []
    for sigma, weight in zip(errors.sigma_s, errors.log_weight, strict=True):
        logs.append(log_posterior_on(patch.places, heard, terms._replace(path_sigma_s=float(sigma))) + weight)
    density = weight_nats + np.logaddexp.reduce(logs, axis=0).reshape(len(v), len(u))
    return replace(patch, log_density=_blurred(density, blur, u, v))


def _blurred(
    log_density: npt.NDArray[np.float64],
    sigma_m: float,
    u: npt.NDArray[np.float64],
    v: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Blur a log density by a Gaussian of sigma_m; what lies under 1e-26 of the peak stays there."""
    top = log_density.max()
    if sigma_m <= 0.0:
        return log_density
    steps = (sigma_m / (v[1] - v[0]), sigma_m / (u[1] - u[0]))
    blurred = gaussian_filter(
        np.exp(np.maximum(log_density - top, -60.0)), steps, mode="constant", truncate=5.0
    )
    return top + np.log(np.maximum(blurred, 1e-26))


def patch_covariance(patch: Patch) -> npt.NDArray[np.float64]:
    """Return the covariance (2, 2) of the posterior on a patch, m2."""
    weight = np.exp(patch.log_density - patch.log_density.max()).ravel()
    offset = patch.places
    mean = np.average(offset, axis=0, weights=weight)
    return (offset - mean).T @ ((offset - mean) * weight[:, None]) / weight.sum()
