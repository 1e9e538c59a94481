"""What arrival times tell beside the place: a source over the roofs, and one that moves between its bangs."""

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site

HEIGHT = ("height_gain", "height_m")
MOVEMENT = ("log10_moved_m", "log10_speed_mps")
STREET_M = 1.5
HEIGHTS_M = (STREET_M, 35.0, 65.0, 110.0, 180.0)
MODEL_SIGMA_S = 0.008  # of the straight-line model from path to path (Calhoun et al. 2021: 7.5 ms)
OUTLIER = 3.0  # standard deviations at which a residual counts no further
STATIONS_LEAST = 5  # a height takes this many
STEPS = 4
REPEAT_SIGMA_S = 0.0024  # between two bangs over one path: sqrt(2) of 1.7 ms (Calhoun et al. 2021)
MOVED_PRIOR_M = 15.0


def measure_height(
    site: Site, pulses: Pulses, incident: Incident, place_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the evidence `HEIGHT`: what the best height over the street explains beyond the street, nats; it, m.

    The bang that most stations heard is fitted with a place and a time at every height. Nothing is told with fewer
    than five stations.
    """
    count = np.bincount(incident.round)
    index = incident.pulse[incident.round == int(np.argmax(count))]
    if len(np.unique(pulses.station[index])) < STATIONS_LEAST:
        return np.zeros(2)
    stations_m = site.positions_m[pulses.station[index]]
    reach_m = (pulses.time_s[index] - pulses.time_s[index].min()) * site.air.sound_speed_mps
    sigma_m = MODEL_SIGMA_S * site.air.sound_speed_mps
    ground_m = float(np.median(stations_m[:, 2])) - 6.0  # street stations hang about 6 m up (A)
    costs = [_fit(stations_m, reach_m, place_m, ground_m + height, sigma_m) for height in HEIGHTS_M]
    best = int(np.argmin(costs))
    return np.array([costs[0] - costs[best], HEIGHTS_M[best] if best else 0.0])


def _fit(
    stations_m: npt.NDArray[np.float64],
    reach_m: npt.NDArray[np.float64],
    place_m: npt.NDArray[np.float64],
    height_m: float,
    sigma_m: float,
) -> float:
    """Return half the cut chi-square of the best place and time at a height (Gauss-Newton, outliers left out)."""
    x = np.array([*place_m, 0.0])
    cost = np.inf
    for step in range(STEPS + 1):
        away = stations_m - np.array([x[0], x[1], height_m])
        distance = np.linalg.norm(away, axis=1)
        if step == 0:
            x[2] = float(np.median(distance - reach_m))
        residual = (reach_m + x[2] - distance) / sigma_m
        cost = min(cost, 0.5 * float(np.minimum(residual**2, OUTLIER**2).sum()))
        slope = np.column_stack([away[:, :2] / distance[:, None], np.ones(len(reach_m))]) / sigma_m
        near = np.abs(residual) < OUTLIER
        if np.count_nonzero(near) < 4:
            break
        # A place is known to 50 m beforehand: without that, few stations on one side run away.
        normal = slope[near].T @ slope[near] + np.diag([50.0**-2, 50.0**-2, 0.0])
        x = x - np.linalg.solve(normal, slope[near].T @ residual[near])
    return cost


def measure_movement(
    site: Site, pulses: Pulses, incident: Incident, place_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the evidence `MOVEMENT`: how far the source went from its first bang to its last, and how fast.

    Stations towards which it moves hear the last bang sooner after the first. Both are 0 where fewer than four
    stations heard both; distances are drawn to 0 as the jitter of paths demands.
    """
    order = np.argsort(incident.round_times_s, kind="stable")
    if len(order) < 2:
        return np.zeros(2)
    first, last = (incident.pulse[incident.round == k] for k in (order[0], order[-1]))
    stations, i, j = np.intersect1d(pulses.station[first], pulses.station[last], return_indices=True)
    if len(stations) < 4:
        return np.zeros(2)
    between_s = pulses.time_s[last[j]] - pulses.time_s[first[i]]
    longer_m = (between_s - np.median(between_s)) * site.air.sound_speed_mps
    step = site.positions_m[stations, :2] - place_m
    unit = step / np.maximum(np.linalg.norm(step, axis=1), 1.0)[:, None]
    sigma_m = REPEAT_SIGMA_S * site.air.sound_speed_mps
    near = np.abs(longer_m) < 3.0 * MOVED_PRIOR_M
    design = np.column_stack([-unit, np.ones(len(unit))])[near]
    normal = design.T @ design + np.diag([(sigma_m / MOVED_PRIOR_M) ** 2] * 2 + [1e-6])
    moved = np.linalg.solve(normal, design.T @ longer_m[near])[:2]
    far_m = float(np.hypot(*moved))
    return np.log10(1.0 + np.array([far_m, far_m / max(float(np.median(between_s)), 0.05)]))
