"""Prints the association and location tables: `python -m tests.bench.place_bench`."""

import time

import numpy as np
import shapely

from detector.associate import AssociationOptions, associate
from detector.incident import Incident
from detector.lateness import mixture
from detector.locate import LocationOptions, locate
from detector.noise import NoiseOptions
from tests.bench.windows import Window, WindowOptions, draw_window

MATCH_M, MATCH_S = 50.0, 0.08


def count_matches(window: Window, incidents) -> tuple[int, int, int]:
    """Return (true positives, found, true) rounds within 50 m and 80 ms, one to one."""
    true = [(t, i.position_m[:2]) for i in window.truth for t in i.times_s]
    found = [(t, i.position_m) for i in incidents for t in i.round_times_s]
    free = list(range(len(found)))
    matched = 0
    for t, p in true:
        near = [
            f for f in free if abs(found[f][0] - t) <= MATCH_S and np.hypot(*(found[f][1] - p)) <= MATCH_M
        ]
        if near:
            free.remove(min(near, key=lambda f: abs(found[f][0] - t)))
            matched += 1
    return matched, len(found), len(true)


def association_row(options: WindowOptions, seeds: range, settings: AssociationOptions, verbose=False):
    """Return F1, precision, recall and seconds a window."""
    total, spent = np.zeros(3), []
    for seed in seeds:
        window = draw_window(seed, options)
        began = time.process_time()
        incidents = associate(window.site, window.pulses, settings)
        spent.append(time.process_time() - began)
        counts = count_matches(window, incidents)
        if verbose and counts[0] * 2 < counts[1] + counts[2]:
            print(seed, counts, [len(t.times_s) for t in window.truth])
        total += counts
    tp, found, true = total
    return 2 * tp / max(found + true, 1), tp / max(found, 1), tp / true, np.median(spent), np.max(spent)


def known_incidents(window: Window) -> list[Incident]:
    """Incidents with the true association; the place to start from is the station that heard first."""
    incidents, number = [], 0
    for truth in window.truth:
        shots = np.arange(number, number + len(truth.times_s))
        number += len(shots)
        pulse = np.flatnonzero(np.isin(window.shot, shots))
        if len(np.unique(window.pulses.station[pulse])) < 4:
            continue
        used, rank = np.unique(window.shot[pulse], return_inverse=True)
        start = window.site.positions_m[window.pulses.station[pulse[0]], :2]
        incidents.append((truth, Incident(start, truth.times_s[used - shots[0]], pulse, rank, 0.0)))
    return incidents


def mixture_information(sigma_s: float, share: float, mean_s: float) -> float:
    """Fisher information of one arrival on its expected time, 1/s2: integral of f'^2 / f."""
    r = np.linspace(-8.0 * sigma_s, 8.0 * sigma_s + 8.0 * mean_s, 20_001)
    f = np.array([mixture(v, sigma_s, share, mean_s) for v in r])
    return float(np.trapezoid(np.gradient(f, r) ** 2 / np.maximum(f, 1e-300), r))


def bound(window: Window, truth, incident, options: WindowOptions, air: tuple[float, float, float]):
    """Cramer-Rao covariance (2, 2) of the place, m2: round times, sound speed, wind, height and clocks unknown.

    `air`: standard deviations of relative sound speed, wind (m/s) and shooter height (m).
    """
    c = window.site.air.sound_speed_mps
    info = mixture_information(options.onset_sigma_s, options.late_share, options.late_mean_s)
    offset = window.site.positions_m[window.pulses.station[incident.pulse]] - truth.position_m
    d = np.linalg.norm(offset, axis=1)
    u = offset / d[:, None]
    jacobian = np.column_stack([-u / c, -d / c, -d * u[:, 0] / c**2, -d * u[:, 1] / c**2])
    priors = [0.0, 0.0, air[2] ** -2.0, air[0] ** -2.0, air[1] ** -2.0, air[1] ** -2.0]
    if options.clock_sigma_s > 0.0:
        station = window.pulses.station[incident.pulse]
        jacobian = np.column_stack([jacobian, np.eye(options.sensors)[station]])
        priors += [options.clock_sigma_s**-2.0] * options.sensors
    prior = np.diag(priors)
    total = prior
    for k in range(len(incident.round_times_s)):
        j = jacobian[incident.round == k]
        centred = j - j.mean(axis=0)
        total = total + info * centred.T @ centred
    return np.linalg.inv(total)[:2, :2]


def location_row(options: WindowOptions, seeds: range, settings: LocationOptions):
    """Return errors (m,), draws from the bound (m * 20,), coverage of the 50, 80, 95 % regions and seconds a fix."""
    rng = np.random.default_rng(1)
    errors, draws, inside, spent = [], [], [], []
    noise = settings.noise
    air = (noise.sound_speed_sigma, noise.wind_sigma_mps, settings.height_sigma_m)
    for seed in seeds:
        window = draw_window(seed, options)
        for truth, incident in known_incidents(window):
            covariance = bound(window, truth, incident, options, tuple(max(a, 1e-9) for a in air))
            began = time.process_time()
            fix = locate(window.site, window.pulses, incident, settings)
            spent.append(time.process_time() - began)
            errors.append(np.hypot(*(np.array(fix.position_m) - truth.position_m[:2])))
            point = shapely.Point(truth.position_m[:2])
            inside.append([_holds(fix.regions[k], point) for k in ("50", "80", "95")])
            draws.append(np.hypot(*(rng.multivariate_normal(np.zeros(2), covariance, 20).T)))
    return np.array(errors), np.concatenate(draws), np.mean(inside, axis=0), float(np.median(spent))


def _holds(region, point) -> bool:
    return any(shapely.Polygon(rings[0], rings[1:]).covers(point) for rings in region)


def main() -> None:
    """Print both tables, own seeds 11000 and on: those of 5000 to 5099 were looked at while priors were chosen."""
    sets = [(8, 1e-3), (8, 5e-3), (16, 1e-3), (16, 5e-3), (30, 1e-3), (30, 5e-3)]
    windows = range(11_000, 11_100)
    print("association, 100 windows: N, onset ms | F1, precision, recall | CPU s a window: median, longest")
    for count, sigma in sets:
        drawn = WindowOptions(sensors=count, onset_sigma_s=sigma)
        association_row(drawn, range(1), AssociationOptions())
        row = association_row(drawn, windows, AssociationOptions())
        print(
            f"{count:3d} {1e3 * sigma:3.0f} | {row[0]:.3f} {row[1]:.3f} {row[2]:.3f} | {row[3]:.3f} {row[4]:.3f}"
        )
    row = association_row(WindowOptions(sensors=16, sound_speed_sigma=0.006), windows, AssociationOptions())
    print(f" 16   1, sound speed 0.6 % | {row[0]:.3f} {row[1]:.3f} {row[2]:.3f} | {row[3]:.3f} {row[4]:.3f}")
    print(
        "location, association and air known: N, onset ms | p50, p90 m | bound p50, p90 | regions 50 80 95 hold | CPU s"
    )
    air = NoiseOptions(sound_speed_sigma=1e-6, wind_sigma_mps=1e-6)
    settings = LocationOptions(noise=air, site_sigma_m=0.0)
    for count, sigma in sets:
        drawn = WindowOptions(sensors=count, onset_sigma_s=sigma)
        errors, draws, held, seconds = location_row(drawn, windows, settings)
        ours, best = np.percentile(errors, [50, 90]), np.percentile(draws, [50, 90])
        places = f"{ours[0]:.2f} {ours[1]:.2f} | {best[0]:.2f} {best[1]:.2f}"
        print(f"{count:3d} {1e3 * sigma:3.0f} | {places} | {held.round(2)} | {seconds:.3f}")


if __name__ == "__main__":
    main()
