"""Location: the posterior of an incident's place, its modes, and regions that mean what they say."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from detector.bearing_term import fixes_place
from detector.doubt import astray_probability
from detector.ears import Ears, Noise, lay_out, log_heard, site_centre, street_height, street_spread
from detector.errors import BadInput
from detector.fix import Fix
from detector.height import Elevation, HeightOptions, find_elevation
from detector.incident import Incident
from detector.modes import ascend, find_modes, incident_ears, starting_places
from detector.noise import NoiseOptions, prior_noise
from detector.patches import grid_mode
from detector.path_errors import learn_path_errors, prior_path_errors
from detector.posterior import Heard, Terms, settle
from detector.pulse import Pulses
from detector.reading import Reading, mass_of, scaled
from detector.rivals import weigh_rivals
from detector.search import SearchOptions
from detector.site import Site
from detector.summary import sum_up

FIRST_STEP_M = 3.0
LEAST_STEP_M = 0.5


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
        Share of pulses that association took by mistake: it keeps a pulse only at odds of hundreds to
        thousands (chosen with the live-fire set in view).
    height : HeightOptions
        How a burst over the roofs is told from a shot in the street.
    height_sigma_m : float
        Standard deviation of the shooter's height over what the stations say of the street, m; hills add to it.
    site_sigma_m : float
        Error of each coordinate that all paths share, m, as in streets that bend all paths alike; it widens the region
        and moves nothing. Fitted to simulated streets (`python -m tests.bench doubt`), where stations and places are
        in one datum: where they are not, add what that is off by (Calhoun et al. 2021 found 1.7 to 7 m in all, the
        same at each visit).
    passes : int
        How often the noise is estimated from the incident's own pulses and the place anew.
    grid : int
        Places along each axis of a mode's grid.
    reach_sigmas : float
        Half width of that grid in standard deviations of the mode.
    log_odds_least : float
        Modes less likely than the best by more than this are not listed, nats.
    rival_temper : float
        A rival that takes other pulses has the odds exp(temper x its log odds / rounds): rounds come over the same
        paths, and an echo that fits once fits every time (fitted to simulated streets of series 77,001).
    rivals_least : float
        Rivals of less odds than this are left out.
    """

    noise: NoiseOptions = field(default_factory=NoiseOptions)
    search: SearchOptions = field(default_factory=lambda: SearchOptions(climbs=12, beam=40))
    stray: float = 0.0003
    height: HeightOptions = field(default_factory=HeightOptions)
    height_sigma_m: float = 4.0
    site_sigma_m: float = 0.7
    passes: int = 2
    grid: int = 33
    reach_sigmas: float = 5.0
    log_odds_least: float = -7.0
    rival_temper: float = 0.5
    rivals_least: float = 0.005


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
        When fewer than three stations heard the incident, or two and none of them has a bearing: they fix no place.
    """
    own, rivals, centre = read(site, pulses, incident, options)
    return sum_up(own, rivals, astray_probability(incident), centre)


def read(
    site: Site, pulses: Pulses, incident: Incident, options: LocationOptions
) -> tuple[Reading, list[Reading], npt.NDArray[np.float64]]:
    """Read an incident's pulses: its own reading, its rivals' on one scale with it, and the site's centre (3,), m.

    Raises as `locate` does.
    """
    pointed = np.isfinite(pulses.azimuth_rad[incident.pulse])
    if not fixes_place(pulses.station[incident.pulse], pointed, 3):
        heard_at = len(np.unique(pulses.station[incident.pulse]))
        msg = (
            f"incident at {incident.round_times_s[0]:.3f} s: {heard_at} stations heard it, a place needs 3, "
            "or 2 of which one has a bearing"
        )
        raise BadInput(msg)
    noise = incident.noise or prior_noise(site.air, options.noise)
    centre = site_centre(site)
    everything = lay_out(site, pulses, noise.sound_speed_mps, np.ones(len(pulses), bool))
    ears = incident_ears(everything, incident)
    known = np.array([incident.position_m, *(r.position_m for r in incident.rivals)]) - centre[:2]
    starts = starting_places(ears, noise, known, options.search)
    own = _read_one(starts, ears, incident, noise, options)
    rivals: list[Reading] = []
    for rival, log_odds in weigh_rivals(incident, options.rival_temper, options.rivals_least):
        start = np.array([rival.position_m]) - centre[:2]
        other = _read_one(start, incident_ears(everything, rival), rival, noise, options)
        rivals.append(scaled(other, log_odds + mass_of(own) - mass_of(other)))
    return own, rivals, centre


def _read_one(
    starts: npt.NDArray[np.float64], ears: Ears, incident: Incident, noise: Noise, options: LocationOptions
) -> Reading:
    """Find the posterior of an incident's place from places (s, 2) to start at, given that these are its pulses."""
    heard = _heard(ears, incident)
    terms_at = partial(_terms, ears=ears, noise=noise, options=options)
    modes = find_modes(starts, heard, terms_at, FIRST_STEP_M, options.log_odds_least)
    errors = prior_path_errors(options.noise)
    elevation = find_elevation(modes[0].place, heard, terms_at(modes[0].place), errors, options.height)
    for _ in range(options.passes):
        _, _, residual = settle(modes[0].place, heard, terms_at(modes[0].place))
        noise, errors = learn_path_errors(noise, residual, heard, options.noise)
        terms_at = partial(_terms, ears=ears, noise=noise, options=options, elevation=elevation)
        starts = np.array([m.place for m in modes])
        modes = find_modes(starts, heard, terms_at, LEAST_STEP_M, options.log_odds_least)
    grids = (options.site_sigma_m, options.grid, options.reach_sigmas)
    patches = [
        grid_mode(m, heard, terms_at(m.place), errors, *grids, log_heard(m.place, ears, noise)) for m in modes
    ]
    return Reading(heard, terms_at, modes, patches, elevation is not None)


def locate_near(
    site: Site, pulses: Pulses, incident: Incident, fix: Fix, options: LocationOptions
) -> npt.NDArray[np.float64]:
    """Climb from a known place to the nearest maximum: the place (2,), m, without search or region.

    A hundredth of the work of `locate`, for asking what a few pulses more or less would change.
    """
    noise = incident.noise or prior_noise(site.air, options.noise)
    centre = site_centre(site)
    ears = incident_ears(lay_out(site, pulses, noise.sound_speed_mps, np.ones(len(pulses), bool)), incident)
    start = np.array(fix.position_m) - centre[:2]
    terms = _terms(start, ears, noise, options)
    return ascend(start, FIRST_STEP_M, _heard(ears, incident), terms)[0] + centre[:2]


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
        station,
        ears.detours,
        ears.azimuth[index],
        ears.azimuth_sigma[index],
    )


def _terms(
    place: npt.NDArray[np.float64],
    ears: Ears,
    noise: Noise,
    options: LocationOptions,
    elevation: Elevation | None = None,
) -> Terms:
    """Terms of the model at a place (2,): in the street, or as high over it as an elevation says."""
    x, y = float(place[0]), float(place[1])
    over = elevation or Elevation(0.0, float(np.hypot(options.height_sigma_m, street_spread(x, y, ears))))
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
        street_height(x, y, ears, noise) + over.height_m,
        over.sigma_m,
    )
