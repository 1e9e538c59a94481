"""Location: the posterior of an incident's place, its modes, and regions that mean what they say."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from detector.ears import Ears, Noise, lay_out, site_centre, street_height
from detector.errors import BadInput
from detector.fix import Alternative, Fix
from detector.incident import Incident
from detector.modes import Mode, find_modes, incident_ears, starting_places
from detector.noise import (
    LOG_SIGMAS,
    NoiseOptions,
    Residuals,
    estimate_noise,
    path_sigma_density,
    prior_noise,
    straight_shares,
)
from detector.posterior import Heard, Terms, log_posterior_on, settle
from detector.pulse import Pulses
from detector.region import Patch, highest_regions, log_mass
from detector.search import SearchOptions
from detector.site import Site

LEAST_STEP_M = 0.5
STEP_SIGMAS = 1.0


@dataclass(frozen=True)
class LocationOptions:
    """How incidents are located.

    Attributes
    ----------
    noise : NoiseOptions
        Used where the incident brings no estimate of its own.
    search : SearchOptions
        How widely other places for the same pulses are looked for.
    stray : float
        Share of pulses that association took by mistake.
    height_sigma_m : float
        Standard deviation of the shooter's height over what the stations say of the street, m.
    site_sigma_m : float
        Error of each coordinate that all paths share, m: datum, and streets that bend all paths alike (Calhoun
        et al. 2021 found 1.7 to 7 m, the same at each visit); it widens the region and moves nothing.
    passes : int
        How often the noise is estimated from the incident's own pulses and the place anew.
    grid : int
        Places along each axis of a mode's grid.
    reach_sigmas : float
        Half width of that grid in standard deviations of the mode.
    log_odds_least : float
        Modes less likely than the best by more than this are not listed, nats.
    """

    noise: NoiseOptions = field(default_factory=NoiseOptions)
    search: SearchOptions = field(default_factory=lambda: SearchOptions(climbs=12, beam=40))
    stray: float = 0.02
    height_sigma_m: float = 8.0
    site_sigma_m: float = 1.5
    passes: int = 2
    grid: int = 41
    reach_sigmas: float = 5.0
    log_odds_least: float = -7.0


def locate(site: Site, pulses: Pulses, incident: Incident, options: LocationOptions) -> Fix:
    """Locate an incident.

    Parameters
    ----------
    site : Site
    pulses : Pulses, n of them
    incident : Incident
    options : LocationOptions

    Returns
    -------
    Fix
        `position_m` is the mode of the posterior density; regions hold 50, 80, 95 % of it; the other modes are listed.

    Raises
    ------
    BadInput
        When fewer than three stations heard the incident: they fix no place.
    """
    heard_at = np.unique(pulses.station[incident.pulse])
    if len(heard_at) < 3:
        msg = f"incident at {incident.round_times_s[0]:.3f} s: {len(heard_at)} stations heard it, a place needs 3"
        raise BadInput(msg)
    noise = incident.noise or prior_noise(site.air, options.noise)
    centre = site_centre(site)
    everything = lay_out(site, pulses, noise.sound_speed_mps, np.ones(len(pulses), bool))
    ears = incident_ears(everything, incident)
    heard = _heard(ears, incident)
    known = np.array([incident.position_m, *(r.position_m for r in incident.rivals)]) - centre[:2]
    starts = starting_places(ears, noise, known, options.search)
    modes: list[Mode] = []
    errors = PathErrors(np.array([noise.path_sigma_s]), np.zeros(1))
    for _ in range(options.passes):
        step_m = STEP_SIGMAS * noise.path_sigma_s * noise.sound_speed_mps + LEAST_STEP_M
        terms_at = partial(_terms, ears=ears, noise=noise, options=options)
        modes = find_modes(starts, heard, terms_at, step_m, options.log_odds_least)
        noise, errors = _learnt(noise, modes[0], heard, ears, options)
        starts = np.array([m.place for m in modes])
    terms_at = partial(_terms, ears=ears, noise=noise, options=options)
    modes = find_modes(starts, heard, terms_at, LEAST_STEP_M, options.log_odds_least)
    patches = [_patch(m, heard, terms_at(m.place), errors, options) for m in modes]
    return _fix(patches, modes, centre, heard, terms_at)


class PathErrors(NamedTuple):
    """Path errors (q,), s, to average a posterior over, and the logs of their weights (q,) by the prior."""

    sigma_s: npt.NDArray[np.float64]
    log_weight: npt.NDArray[np.float64]


def _learnt(
    noise: Noise, mode: Mode, heard: Heard, ears: Ears, options: LocationOptions
) -> tuple[Noise, PathErrors]:
    """Noise as the incident's own pulses have it at a mode, and how far the path error may be from that."""
    _, _, residual = settle(mode.place, heard, _terms(mode.place, ears, noise, options))
    _, path = np.unique(heard.xyz, axis=0, return_inverse=True)
    nothing = np.empty(0)
    seen = Residuals(residual, heard.sigma, path.ravel(), 3.0, 2.0 + heard.rounds, nothing, nothing, nothing)
    noise = estimate_noise(noise, seen, options.noise)
    straight = straight_shares(seen, noise.path_sigma_s, noise.late_share, noise.late_mean_s)
    density = path_sigma_density(seen, straight, options.noise)
    middle = float(density @ LOG_SIGMAS)
    spread = float(np.sqrt(density @ (LOG_SIGMAS - middle) ** 2)) + 1e-3
    # Gauss-Hermite nodes of the posterior; the weights turn it back into the prior, as the grid brings the data.
    nodes = middle + spread * np.sqrt(3.0) * np.array([-1.0, 0.0, 1.0])
    proposal = -0.5 * ((nodes - middle) / spread) ** 2 - np.log(spread)
    prior = -0.5 * ((nodes - np.log(options.noise.path_sigma_s)) / options.noise.path_sigma_log) ** 2
    return noise, PathErrors(np.exp(nodes), np.log([1 / 6, 2 / 3, 1 / 6]) + prior - proposal)


def _heard(ears: Ears, incident: Incident) -> Heard:
    """Lay out an incident's pulses in the incident's order."""
    where = {int(p): i for i, p in enumerate(ears.pulse)}
    index = np.array([where[int(p)] for p in incident.pulse], np.int64)
    station = ears.station[index]
    counts = np.bincount(station, minlength=len(ears.xyz)).astype(float)
    return Heard(
        np.ascontiguousarray(ears.xyz[station]),
        ears.time[index],
        ears.sigma[index],
        incident.round.astype(np.int64),
        counts[station],
        len(incident.round_times_s),
    )


def _terms(place: npt.NDArray[np.float64], ears: Ears, noise: Noise, options: LocationOptions) -> Terms:
    return Terms(
        noise.path_sigma_s,
        noise.late_share,
        noise.late_mean_s,
        options.stray,
        noise.sound_speed_mps,
        noise.wind_east_mps,
        noise.wind_north_mps,
        noise.sound_speed_sigma,
        noise.wind_sigma_mps,
        street_height(float(place[0]), float(place[1]), ears, noise),
        options.height_sigma_m,
    )


def _patch(mode: Mode, heard: Heard, terms: Terms, errors: PathErrors, options: LocationOptions) -> Patch:
    """Grid a mode, averaged over path errors and blurred by what all paths share."""
    values, axes = np.linalg.eigh(mode.covariance_m2)
    blur = options.site_sigma_m
    half = options.reach_sigmas * np.sqrt(values + blur**2)
    u, v = np.linspace(-half[0], half[0], options.grid), np.linspace(-half[1], half[1], options.grid)
    patch = Patch(mode.place, axes, u, v, np.zeros((options.grid, options.grid)))
    logs = []
    for sigma, weight in zip(errors.sigma_s, errors.log_weight, strict=True):
        logs.append(log_posterior_on(patch.places, heard, terms._replace(path_sigma_s=float(sigma))) + weight)
    density = np.logaddexp.reduce(logs, axis=0).reshape(options.grid, options.grid)
    return replace(patch, log_density=_blurred(density, blur, u, v))


def _blurred(log_density, sigma_m: float, u, v):
    """Blur a log density by a Gaussian of sigma_m; what lies under 1e-26 of the peak stays there."""
    top = log_density.max()
    if sigma_m <= 0.0:
        return log_density
    steps = (sigma_m / (v[1] - v[0]), sigma_m / (u[1] - u[0]))
    blurred = gaussian_filter(
        np.exp(np.maximum(log_density - top, -60.0)), steps, mode="constant", truncate=5.0
    )
    return top + np.log(np.maximum(blurred, 1e-26))


def _fix(
    patches: list[Patch], modes: list[Mode], centre: npt.NDArray[np.float64], heard: Heard, terms_at
) -> Fix:
    mass = np.array([log_mass(p) for p in patches])
    share = np.exp(mass - np.logaddexp.reduce(mass))
    order = np.argsort(-share, kind="stable")
    main = int(order[0])
    place = modes[main].place
    times, _, residual = settle(place, heard, terms_at(place))
    moved = [replace(p, centre=p.centre + centre[:2]) for p in patches]
    return Fix(
        (float(place[0] + centre[0]), float(place[1] + centre[1])),
        None,
        times,
        _covariance(patches[main]),
        highest_regions(moved),
        tuple(
            Alternative(
                (float(modes[i].place[0] + centre[0]), float(modes[i].place[1] + centre[1])), float(share[i])
            )
            for i in order[1:]
        ),
        residual,
    )


def _covariance(patch: Patch) -> npt.NDArray[np.float64]:
    weight = np.exp(patch.log_density - patch.log_density.max()).ravel()
    offset = patch.places
    mean = np.average(offset, axis=0, weights=weight)
    return (offset - mean).T @ ((offset - mean) * weight[:, None]) / weight.sum()
