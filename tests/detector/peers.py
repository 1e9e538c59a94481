"""Networks and pulses that the tests of the published detectors share."""

import numpy as np

from tests.bench.windows import make_pulses, make_site

SHOT_M = (310.0, 420.0)


def flat_site(count=9, seed=3):
    """Stations at the height of the shooter, so that a plane is exact."""
    rng = np.random.default_rng(seed)
    grid = np.array([[x, y] for x in (0.0, 350.0, 700.0) for y in (0.0, 350.0, 700.0)])
    return make_site(
        np.column_stack([grid[:count] + rng.uniform(-60.0, 60.0, (count, 2)), np.full(count, 1.5)])
    )


def hear(site, place, times_s, late_s=None, heard=None):
    """Pulses of shots in the plane, straight from geometry; `late_s` (stations,) is what each path adds."""
    index = np.arange(len(site.stations)) if heard is None else np.asarray(heard)
    delay = np.linalg.norm(site.positions_m[index, :2] - np.asarray(place), axis=1) / site.air.sound_speed_mps
    delay = delay + (0.0 if late_s is None else np.asarray(late_s)[index])
    arrivals = np.add.outer(np.asarray(times_s, float), delay)
    return make_pulses(np.tile(index, len(times_s)), arrivals.ravel(), 1e-3)[0]


def join(*parts):
    """One pulse table of several."""
    station = np.concatenate([p.station for p in parts])
    return make_pulses(station, np.concatenate([p.time_s for p in parts]), 1e-3)[0]


def move(site, pulses, angle=0.7, shift=(5000.0, -12000.0), seed=0):
    """The same world turned, shifted and with its stations in another order; and the map from old places to new."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    order = np.random.default_rng(seed).permutation(len(site.stations))
    where = site.positions_m.copy()
    where[:, :2] = where[:, :2] @ turn.T + np.asarray(shift)
    station = np.argsort(order)[pulses.station]
    moved = make_pulses(station, pulses.time_s + 100.0, 1e-3)[0]
    return make_site(where[order]), moved, lambda place: turn @ np.asarray(place) + np.asarray(shift)
