"""Stations and their pulses, laid out for compiled loops."""

from math import erfc, exp, log, log10, pi, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from detector.detour import Detours, detour, no_detours
from detector.pulse import Pulses
from detector.site import Site

GROUND_SCALE_M = 100.0  # stations nearer than this to each other tell the same about the ground
PLAIN_PD = 0.98  # nothing is heard more surely than this: masking, dead time


class Ears(NamedTuple):
    """N stations and n pulses, pulses grouped by station and sorted by time (a named tuple, as numba wants it).

    Attributes
    ----------
    xyz : ndarray, shape (N, 3)
        Stations, m, relative to `centre`.
    first : ndarray of int64, shape (N + 1,)
        Where each station's pulses begin.
    time, sigma, clutter : ndarray, shape (n,)
        Onset, s; its standard deviation with clock and survey, s; rate of pulses that are nobody's direct sound, 1/s
        (per dB at the pulse's level, where that is known).
    level : ndarray, shape (n,)
        Peak level, dB; NaN where unknown: then loudness says nothing.
    clipped : ndarray of bool, shape (n,)
        Whether the true level is above `level`.
    snr : ndarray, shape (n,)
        Over the noise floor, dB; NaN where unknown.
    pulse, station : ndarray of int64, shape (n,)
        Index in `Pulses`; index of the station.
    works : ndarray, shape (N,)
        Probability that the station works.
    detours : Detours
        What a map says, relative to `centre`; zero without one.
    azimuth, azimuth_sigma : ndarray, shape (n,)
        Bearing and its standard deviation, rad; NaN where unknown (`detector.bearing_term`).
    """

    xyz: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]
    time: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    clutter: npt.NDArray[np.float64]
    level: npt.NDArray[np.float64]
    clipped: npt.NDArray[np.bool_]
    snr: npt.NDArray[np.float64]
    pulse: npt.NDArray[np.int64]
    station: npt.NDArray[np.int64]
    works: npt.NDArray[np.float64]
    detours: Detours
    azimuth: npt.NDArray[np.float64]
    azimuth_sigma: npt.NDArray[np.float64]


class Noise(NamedTuple):
    """What the straight-line model leaves open, as numbers that `detector.noise` estimates.

    Attributes
    ----------
    path_sigma_s : float
        Standard deviation between paths, s.
    late_share, late_mean_s : float
        Share of first arrivals that are late, and by how much on average, s.
    near_logit, fade_per_m : float
        Probability of a pulse from a shot at distance d: 1 / (1 + exp(fade d - near)).
    sound_speed_mps, wind_east_mps, wind_north_mps : float
        As read.
    sound_speed_sigma, wind_sigma_mps : float
        Relative error of the former, error of each component of the latter.
    mount_m : float
        Height of stations over the street.
    level_100m_db, level_fade_db, level_sigma_db : float
        Level of the direct sound at 100 m, its fall per decade of distance, its scatter over weapons and paths, dB.
    """

    path_sigma_s: float
    late_share: float
    late_mean_s: float
    near_logit: float
    fade_per_m: float
    sound_speed_mps: float
    wind_east_mps: float
    wind_north_mps: float
    sound_speed_sigma: float
    wind_sigma_mps: float
    mount_m: float
    level_100m_db: float
    level_fade_db: float
    level_sigma_db: float


def site_centre(site: Site) -> npt.NDArray[np.float64]:
    """Return the mean station position (3,), m: coordinates relative to it keep their digits."""
    return site.positions_m.mean(axis=0)


def lay_out(site: Site, pulses: Pulses, sound_speed_mps: float, keep: npt.NDArray[np.bool_]) -> Ears:
    """Lay out the kept pulses of a site; clutter is 1/s and every station works until estimated.

    Parameters
    ----------
    keep : ndarray of bool, shape (n,)
    """
    count = len(site.stations)
    index = np.flatnonzero(keep)
    order = index[np.lexsort((pulses.time_s[index], pulses.station[index]))]
    station = pulses.station[order].astype(np.int64)
    fixed = np.array(
        [s.clock_sigma_s**2 + (s.position_sigma_m / sound_speed_mps) ** 2 for s in site.stations]
    )
    sigma = np.sqrt(pulses.sigma_s[order] ** 2 + fixed[station])
    first = np.searchsorted(station, np.arange(count + 1))
    return Ears(
        np.ascontiguousarray(site.positions_m - site_centre(site)),
        first.astype(np.int64),
        pulses.time_s[order].astype(np.float64),
        sigma,
        np.ones(len(order)),
        pulses.level_db[order].astype(np.float64),
        pulses.clipped[order],
        pulses.snr_db[order].astype(np.float64),
        order.astype(np.int64),
        station,
        np.ones(count),
        _centred(site),
        pulses.azimuth_rad[order].astype(np.float64),
        pulses.azimuth_sigma_rad[order].astype(np.float64),
    )


def _centred(site: Site) -> Detours:
    if site.detours is None:
        return no_detours(len(site.stations))
    x, y, _ = site_centre(site)
    return site.detours._replace(west_m=site.detours.west_m - x, south_m=site.detours.south_m - y)


@njit(cache=True, nogil=True)
def street_height(x: float, y: float, ears: Ears, noise: Noise) -> float:
    """Height of the street at a place, m: what the stations around stand on (inverse squares of distance)."""
    total, weight = 0.0, 0.0
    for i in range(len(ears.xyz)):
        d2 = (ears.xyz[i, 0] - x) ** 2 + (ears.xyz[i, 1] - y) ** 2 + GROUND_SCALE_M**2
        w = 1.0 / (d2 * d2)
        total += w * ears.xyz[i, 2]
        weight += w
    return total / weight - noise.mount_m


def street_spread(x: float, y: float, ears: Ears) -> float:
    """Return how much the stations around a place differ in height, m (weighted standard deviation)."""
    away = np.hypot(ears.xyz[:, 0] - x, ears.xyz[:, 1] - y)
    weight = 1.0 / (away**2 + GROUND_SCALE_M**2) ** 2
    mean = np.average(ears.xyz[:, 2], weights=weight)
    return float(np.sqrt(np.average((ears.xyz[:, 2] - mean) ** 2, weights=weight)))


@njit(cache=True, nogil=True)
def detection_probability(distance_m: float, works: float, noise: Noise) -> float:
    """Probability that a station reports the direct sound of a shot at a distance."""
    return works * PLAIN_PD / (1.0 + exp(noise.fade_per_m * distance_m - noise.near_logit))


@njit(cache=True, nogil=True)
def expected_level(distance_m: float, noise: Noise) -> float:
    """Level of the direct sound at a distance, dB."""
    return noise.level_100m_db - noise.level_fade_db * log10(max(distance_m, 1.0) / 100.0)


@njit(cache=True, nogil=True)
def loudness(j: int, expected_db: float, ears: Ears, noise: Noise) -> float:
    """Log density of pulse j's level, 1/dB, if it is a direct sound expected at a level; 0 where it is unknown.

    A clipped pulse tells only that it was louder: then the log of the probability of that.
    """
    if ears.level[j] != ears.level[j]:
        return 0.0
    z = (ears.level[j] - expected_db) / noise.level_sigma_db
    if ears.clipped[j]:
        return log(max(0.5 * erfc(z / sqrt(2.0)), 1e-12))
    return -0.5 * z * z - log(noise.level_sigma_db * sqrt(2.0 * pi))


@njit(cache=True, nogil=True)
def fill_delays(
    place: npt.NDArray[np.float64],
    ears: Ears,
    noise: Noise,
    delay: npt.NDArray[np.float64],
    chance: npt.NDArray[np.float64],
    slope: npt.NDArray[np.float64],
) -> None:
    """Fill delays (N,), chances of detection (N,) and slopes (N, 5) for a place.

    Parameters
    ----------
    place : ndarray, shape (6,)
        East, north, up, m; relative change of sound speed; change of wind [east, north], m/s.
    slope : ndarray, shape (N, 5)
        Derivative of the delay by east, north, relative sound speed, wind east, wind north.
    """
    for i in range(len(ears.xyz)):
        dx, dy = ears.xyz[i, 0] - place[0], ears.xyz[i, 1] - place[1]
        dz = ears.xyz[i, 2] - place[2]
        d = max(sqrt(dx * dx + dy * dy + dz * dz), 0.1)
        ux, uy = dx / d, dy / d
        still = noise.sound_speed_mps * (1.0 + place[3])
        speed = still + (noise.wind_east_mps + place[4]) * ux + (noise.wind_north_mps + place[5]) * uy
        t = d / speed
        delay[i] = t + detour(place[0], place[1], i, ears.detours)
        chance[i] = detection_probability(d, ears.works[i], noise)
        slope[i, 0], slope[i, 1] = -ux / speed, -uy / speed
        slope[i, 2] = -t * noise.sound_speed_mps / speed
        slope[i, 3], slope[i, 4] = -t * ux / speed, -t * uy / speed


def log_heard(place: npt.NDArray[np.float64], ears: Ears, noise: Noise) -> float:
    """Log probability, nats, that those stations heard a bang at a place (2,) that have pulses, and no others.

    Each station counts once: over the rounds of an incident it hears or misses alike.
    """
    total = 0.0
    for i in range(len(ears.xyz)):
        d = float(np.hypot(ears.xyz[i, 0] - place[0], ears.xyz[i, 1] - place[1]))
        chance = detection_probability(d, ears.works[i], noise)
        hears = ears.first[i + 1] > ears.first[i]
        total += np.log(max(chance if hears else 1.0 - chance, 1e-3))
    return total
