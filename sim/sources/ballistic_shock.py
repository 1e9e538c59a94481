"""The shock of a supersonic projectile (Whitham 1952, Comm. Pure Appl. Math. 5, 301).

It leaves the trajectory along rays at arccos(1 / M) to it, and each point of the trajectory sends sound nowhere else. A
projectile that slows down turns its rays forward, so that they part and the shock weakens faster than beside a
projectile of constant speed (Pierce 1981, Acoustics, 11-8: weak shocks along ray tubes).
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from scenes.weapons import Projectile
from sim.sources.emission import EMISSION_RATE_HZ, Directivity, Emission, Shock

_AMBIENT_PA = 101_325.0
_GRAVITY = 9.81
# An assumption; the rise of a weak shock after some metres of air is tens of microseconds.
_RISE_S = 15e-6
_SLOWEST_SOUND_MPS = 300.0
# Closer than this the far-field formula does not hold.
_NEAREST_MISS_M = 0.2
_STEPS_MOST, _NEAR_ENOUGH_M = 60, 1e-9
# -60 dB: what a point sends this far off the cone is nothing.
_OFF_CONE_GAIN = 1e-3


def ballistic_shock(
    projectile: Projectile, muzzle_m: npt.NDArray[np.float64], direction: npt.NDArray[np.float64]
) -> Shock | None:
    """Return the shock of one shot, or None when the projectile is slower than any sound.

    Parameters
    ----------
    projectile : Projectile
    muzzle_m, direction : ndarray, shape (3,)
        Start and unit vector of the trajectory, which is straight (its drop is nothing to the geometry of the
        shock) and ends where the projectile meets the plane z = 0.
    """
    if projectile.speed_mps <= _SLOWEST_SOUND_MPS:
        return None

    def place(
        receivers_m: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        offset = receivers_m - muzzle_m
        along = offset @ direction
        miss = np.linalg.norm(offset - along[:, None] * direction, axis=1)
        return along, np.maximum(miss, _NEAREST_MISS_M)

    def left(
        receivers_m: npt.NDArray[np.float64], sound_mps: float, free_m: float
    ) -> npt.NDArray[np.float64]:
        reach = min(free_m, range_m, _supersonic_m(projectile, sound_mps))
        return emission_points(projectile, *place(receivers_m), sound_mps, reach)

    def trace(
        receivers_m: npt.NDArray[np.float64], sound_mps: float, free_m: float
    ) -> tuple[Emission | None, ...]:
        along, miss = place(receivers_m)
        emitted = left(receivers_m, sound_mps, free_m)
        return tuple(
            None
            if np.isnan(x)
            else _emission(
                projectile, muzzle_m + x * direction, direction, x, b, float(np.hypot(s - x, b)), sound_mps
            )
            for x, s, b in zip(emitted, along, miss, strict=True)
        )

    range_m = min(_ground_m(projectile, muzzle_m, direction), _supersonic_m(projectile, _SLOWEST_SOUND_MPS))
    return Shock(muzzle_m, direction, range_m, trace, left)


def flight_time(projectile: Projectile, distance_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the time of flight to a distance, s, at V = V0 exp(-drag x)."""
    drag = projectile.drag_per_m
    stretched = np.expm1(drag * distance_m) / drag if drag > 0.0 else distance_m
    return stretched / projectile.speed_mps


def emission_points(
    projectile: Projectile,
    along_m: npt.NDArray[np.float64],
    miss_m: npt.NDArray[np.float64],
    sound_mps: float,
    reach_m: float,
) -> npt.NDArray[np.float64]:
    """Find where the shock that reaches each receiver left the trajectory.

    There the time of flight plus the time of sound is stationary, which is the Mach angle of the local speed;
    at constant speed it is x - b tan(Mach angle). The derivative grows along the trajectory, so it has one root.

    Parameters
    ----------
    projectile : Projectile
    along_m, miss_m : ndarray, shape (k,)
        The receiver's foot on the trajectory and its distance from it, m.
    sound_mps : float
        Speed of sound, m/s.
    reach_m : float
        Where the supersonic trajectory ends, m.

    Returns
    -------
    ndarray, shape (k,)
        Distance from the muzzle, m; NaN where the shock does not pass.
    """
    return _leave(projectile.drag_per_m, projectile.speed_mps, along_m, miss_m, sound_mps, reach_m)


@njit(cache=True, nogil=True)
def _leave(drag, speed, along, miss, sound, reach):
    """Find the roots of `emission_points` by Newton's steps, halving where one leaves the bracket."""
    result = np.full(len(along), np.nan)
    for i in range(len(along)):
        low, high = 0.0, reach
        if not (
            _slope(drag, speed, along[i], miss[i], sound, low) < 0.0
            and _slope(drag, speed, along[i], miss[i], sound, high) > 0.0
        ):
            continue
        x = 0.5 * (low + high)
        for _ in range(_STEPS_MOST):
            value = _slope(drag, speed, along[i], miss[i], sound, x)
            if value < 0.0:
                low = x
            else:
                high = x
            way = math.hypot(along[i] - x, miss[i])
            steepness = drag * math.exp(drag * x) / speed + miss[i] ** 2 / (way**3 * sound)
            nearer = x - value / steepness
            if not low <= nearer <= high:
                nearer = 0.5 * (low + high)
            done = abs(nearer - x) < _NEAR_ENOUGH_M
            x = nearer
            if done:
                break
        result[i] = x
    return result


@njit(cache=True, nogil=True)
def _slope(drag, speed, along, miss, sound, x):
    return math.exp(drag * x) / speed - (along - x) / (math.hypot(along - x, miss) * sound)


def shock_strength(
    projectile: Projectile, mach: float, miss_m: float, sound_mps: float
) -> tuple[float, float]:
    """Return the peak pressure, Pa, and the duration, s, of the N-wave at a miss distance, m.

    pmax = 0.53 P0 (M^2 - 1)^(1/8) d / (b^(3/4) l^(1/4)); T = 1.82 M d b^(1/4) / (c (M^2 - 1)^(3/8) l^(1/4))
    (Whitham 1952 in the form of Sadler et al. 1998, J. Acoust. Soc. Am. 104, 2701).
    """
    excess = mach**2 - 1.0
    shape = projectile.diameter_m / projectile.length_m**0.25
    peak = 0.53 * _AMBIENT_PA * excess**0.125 * shape / miss_m**0.75
    duration = 1.82 * mach * miss_m**0.25 * shape / (sound_mps * excess**0.375)
    return peak, duration


def parting(projectile: Projectile, mach: float, ray_m: float) -> tuple[float, float]:
    """Return what a projectile that slows down makes of the peak and of the duration that `shock_strength` gives.

    Rays from neighbouring points part by the turn of arccos(1 / M): a ray tube grows as r (1 + k r) along the ray, with
    k = drag M / (M^2 - 1), not as r alone. A weak N-wave's peak goes with 1 / sqrt(area age), its
    duration with sqrt(age), where the age is the integral of 1 / sqrt(area) along the ray (Pierce 1981, 11-8). Near
    Mach 1 this keeps the level finite.

    Parameters
    ----------
    projectile : Projectile
    mach : float
        Where the ray leaves, above 1.
    ray_m : float
        Its length r, m.
    """
    turned = ray_m * projectile.drag_per_m * mach / (mach**2 - 1.0)
    if turned == 0.0:
        return 1.0, 1.0
    age = np.arcsinh(np.sqrt(turned)) / np.sqrt(turned)
    return float(1.0 / np.sqrt((1.0 + turned) * age)), float(np.sqrt(age))


def mach_cone(
    projectile: Projectile,
    axis: npt.NDArray[np.float64],
    mach: float,
    ray_m: float,
    duration_s: float,
    sound_mps: float,
) -> Directivity:
    """Return the gain of one point of the trajectory for departures beside the Mach cone.

    The shock in another direction comes from another point; this one is only as good as it while its sound comes no
    later than about a quarter of the N-wave's duration T, the first Fresnel zone. With the time of arrival's slope
    (1 / M - cos a) / c and curvature (drag / M + sin^2 / r) / c along the trajectory (the sine that of the cone), it
    comes slope^2 / (2 curvature) late; the gain is exp(-late / (T / 4)), and 0 below -60 dB. At constant speed that is
    exp(-(d / w)^2) at an angle d beside the cone, with w = sqrt(c T / 2 r): 2 degrees for a rifle heard 30 m away.

    Parameters
    ----------
    projectile : Projectile
    axis : ndarray, shape (3,)
        Unit vector along the trajectory.
    mach : float
        Where the ray leaves, above 1.
    ray_m, duration_s, sound_mps : float
        Length of the ray, m; duration of the N-wave there, s; speed of sound, m/s.
    """
    curvature = projectile.drag_per_m / mach + (1.0 - mach**-2) / ray_m

    def gain(departure: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        late_s = (1.0 / mach - departure @ axis) ** 2 / (2.0 * curvature * sound_mps)
        value = np.exp(-4.0 * late_s / duration_s)
        return np.where(value < _OFF_CONE_GAIN, 0.0, value)

    return gain


def n_wave(peak_pa: float, duration_s: float, rise_s: float = _RISE_S) -> npt.NDArray[np.float64]:
    """Return an N-wave, Pa at `EMISSION_RATE_HZ`, whose two shocks rise linearly in `rise_s`; starts and ends at 0."""
    rise_s = min(rise_s, 0.25 * duration_s)
    times = np.array([0.0, rise_s, duration_s - rise_s, duration_s])
    grid = np.arange(int(np.ceil(duration_s * EMISSION_RATE_HZ)) + 2) / EMISSION_RATE_HZ
    return peak_pa * np.interp(grid, times, [0.0, 1.0, -1.0, 0.0])


def _emission(
    projectile: Projectile,
    position_m: npt.NDArray[np.float64],
    axis: npt.NDArray[np.float64],
    flown_m: float,
    miss_m: float,
    ray_m: float,
    sound_mps: float,
) -> Emission:
    mach = projectile.speed_mps * np.exp(-projectile.drag_per_m * flown_m) / sound_mps
    peak, duration = shock_strength(projectile, mach, miss_m, sound_mps)
    weaker, shorter = parting(projectile, mach, ray_m)
    peak, duration = peak * weaker, duration * shorter
    delay = float(flight_time(projectile, np.array([flown_m]))[0])
    cone = mach_cone(projectile, axis, mach, ray_m, duration, sound_mps)
    return Emission(position_m, delay, n_wave(peak * ray_m, duration), cone)


def _supersonic_m(projectile: Projectile, sound_mps: float) -> float:
    """Distance over which the projectile is faster than sound, m."""
    if projectile.speed_mps <= sound_mps:
        return 0.0
    if projectile.drag_per_m == 0.0:
        return np.inf
    return np.log(projectile.speed_mps / sound_mps) / projectile.drag_per_m


def _ground_m(
    projectile: Projectile, muzzle_m: npt.NDArray[np.float64], direction: npt.NDArray[np.float64]
) -> float:
    """Last whole metre at which the projectile, which falls as it flies, is above the plane z = 0, m."""
    distance = np.linspace(0.0, 3000.0, 3001)
    height = muzzle_m[2] + distance * direction[2] - 0.5 * _GRAVITY * flight_time(projectile, distance) ** 2
    below = np.flatnonzero(height <= 0.0)
    return float(distance[max(below[0] - 1, 0)]) if len(below) else float(distance[-1])
