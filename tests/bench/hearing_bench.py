"""Fits the numbers of `Hearing` and of `LocationErrors` that follow from the simulator and the default detector.

`python -m tests.bench hearing` takes about 5 minutes of one core: 5 nights of 40 shots in each of the authored blocks
crossroads-v1 and grid-v1 to fit (seeds from 1000), 2 in each to score the fit (seeds from 2000, no part in it).
`python -m tests.bench.hearing_bench 9 nights.npy` fits 9 nights a block and keeps the rows. No real neighbourhood has
a part: those are what `echoblock plan` checks its maps in.
"""

import math
import sys
import time
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, ndtr

from detector.options import DetectorOptions
from scenes.air import WEATHERS
from scenes.ambient import Ambient
from scenes.blocks import BLOCKS
from scenes.event import Event
from scenes.layouts.candidates import candidates, spread
from scenes.layouts.mount import POLE, ROOF, name_mounts
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from scenes.walls import draw_in, open_ground
from scenes.weapons import WEAPONS
from sim.clock import CLOCKS
from sim.microphone import MICROPHONES
from sim.propagation.trace import PathOptions
from testbed.planning.full_simulation import fire, time_shots
from testbed.planning.gunfire import SHARES, SharedDraws, level_range
from testbed.planning.hearing import Hearing, chances, noise_db, signal_to_noise_db, total_to_noise_db
from testbed.planning.levels import find_levels
from testbed.planning.location import LocationErrors, off_course
from testbed.planning.robust_fix import fix_error, log_densities
from testbed.planning.shots import GATE_M, HERE
from testbed.survey import Survey

SHOTS, SENSORS, RATE_HZ, SPEED = 40, 16, 12_000, 338.0
FIT, SCORE = 1000, 2000
# Columns of a row: one for each shot and sensor.
NIGHT, SHOT, SNR, DISTANCE, EXPECTED, REPORTED, LATE, ERROR, BEARING, WAY = range(10)
# A pulse so much later than its first arrival is another's, s.
ANOTHER_S = 0.004


def one_night(name: str, seed: int) -> np.ndarray:
    """Return a row per shot and sensor, as the columns above without the first."""
    options = BLOCKS[name]
    block = (options() if isinstance(options, type) else options).build()
    rng = draw_stream(seed, "hearing bench", name)
    mounts = []
    for on in (POLE, ROOF):
        places = candidates(block, on, 6.0)
        west, south, east, north = block.bounds_m
        centre = (rng.uniform(west, east), rng.uniform(south, north))
        mounts += [(on, p) for p in spread(places, SENSORS // 2, centre)]
    places = np.array([p for _, p in mounts])
    sensors = tuple(
        Sensor(
            m.id,
            m.position_m,
            CLOCKS["gps"].draw(draw_stream(seed, "clock", m.id)),
            MICROPHONES["street"].draw(RATE_HZ, draw_stream(seed, "microphone", m.id)),
        )
        for m in name_mounts(places, POLE)
    )
    at = draw_in(open_ground(block, 1.0), SHOTS, rng)
    kinds = rng.choice(list(SHARES), SHOTS, p=np.array(list(SHARES.values())) / sum(SHARES.values()))
    azimuths = rng.uniform(0.0, 360.0, SHOTS)
    events, duration = time_shots(
        [
            Event(
                f"e{i}", f"e{i}", str(kind), 0.0, (float(x), float(y), 1.5), {"azimuth_deg": float(azimuth)}
            )
            for i, (kind, (x, y), azimuth) in enumerate(zip(kinds, at, azimuths, strict=True))
        ],
        DetectorOptions().pause_s,
    )
    scene = Scene(block, sensors, events, duration, seed, WEATHERS["mild"], Ambient())
    fired = fire(scene, PathOptions(), Survey(), CLOCKS["gps"].sigma_s, DetectorOptions(), 1)
    receivers = np.array([s.position_m for s in sensors])
    sources = np.array([e.position_m for e in events])
    levels = find_levels(block, scene.air, sources, receivers)
    noise = noise_db(Ambient(), sensors[0].microphone)
    rows = []
    for i, event in enumerate(events):
        weapon = WEAPONS[event.kind]
        draw = SharedDraws(
            np.ones(1),
            np.array([float(np.mean(level_range(event.kind, 2)))]),
            np.radians([azimuths[i]]),
            np.array([weapon.directivity]),
        )
        bearing = levels.bearing_rad[i].astype(np.float64)
        gain_db, way_db = (db[i].astype(np.float64) for db in (levels.gain_db, levels.way_db))
        snr = total_to_noise_db(gain_db, way_db, bearing, noise, draw)[:, 0]
        way = signal_to_noise_db(way_db, bearing, noise, draw)[:, 0]
        error = np.full(len(snr), fired.error_m[i])
        late_s = levels.late_m[i] / scene.air.sound_speed_mps
        shot = np.full(len(snr), i)
        rows.append(
            np.column_stack(
                [
                    shot,
                    snr,
                    levels.distance_m[i],
                    late_s,
                    fired.reported[i],
                    fired.late_s[i],
                    error,
                    bearing,
                    way,
                ]
            )
        )
    return np.concatenate(rows)


def fit_hearing(table: np.ndarray) -> Hearing:
    """Fit who reports, by maximum likelihood."""

    def loss(x: np.ndarray) -> float:
        p = np.clip(min(x[2], 0.995) * ndtr((table[:, SNR] - x[0]) / x[1]), 1e-6, 1.0 - 1e-6)
        reported = table[:, REPORTED]
        return float(-np.mean(reported * np.log(p) + (1.0 - reported) * np.log(1.0 - p)))

    found = minimize(loss, [20.0, 8.0, 0.97], method="Nelder-Mead").x
    found[2] = min(found[2], 0.995)  # nothing is surer than that
    return Hearing(*(round(float(v), digits) for v, digits in zip(found, (1, 1, 3), strict=True)))


def fit_picks(table: np.ndarray, errors: LocationErrors) -> LocationErrors:
    """Fit how often and how much later than the first arrival a reported pulse is."""
    mine = table[table[:, REPORTED] > 0.0]
    excess = mine[:, LATE] - mine[:, EXPECTED]
    other = excess > ANOTHER_S

    def loss(x: np.ndarray) -> float:
        p = np.clip(ndtr((x[0] - mine[:, WAY]) / x[1]), 1e-6, 1.0 - 1e-6)
        return float(-np.mean(other * np.log(p) + ~other * np.log(1.0 - p)))

    found = minimize(loss, [20.0, 12.0], method="Nelder-Mead").x
    return replace(
        errors,
        faint_db=round(float(found[0]), 1),
        faint_sigma_db=round(float(found[1]), 1),
        faint_s=round(float(excess[other].mean()), 3),
    )


def shots_of(table: np.ndarray) -> np.ndarray:
    """Return a row a shot that 4 or more report: how many do, error of the robust fix of their pulses, error, m.

    Two more columns are what `testbed.planning.location.off_course` says of them.
    """
    rows = []
    for key in np.unique(table[:, [NIGHT, SHOT]], axis=0):
        part = table[(table[:, [NIGHT, SHOT]] == key).all(axis=1)]
        heard = part[part[:, REPORTED] > 0.0]
        if len(heard) >= 4:
            east, north = (heard[:, DISTANCE] * f(heard[:, BEARING]) for f in (np.cos, np.sin))
            fix = fix_error(east, north, SPEED * heard[:, LATE], HERE, *log_densities(), SPEED)
            grown = off_course(east, north, heard[:, LATE])
            rows.append((len(heard), math.hypot(*fix), part[0, ERROR], *grown))
    return np.array(rows)


def fit_places(table: np.ndarray, errors: LocationErrors) -> LocationErrors:
    """Fit which shots are lost or placed by wrong pulses: a mixture of two log-normal errors."""
    shots = shots_of(table)
    more, lost = shots[:, 0] - 4.0, np.isinf(shots[:, 2])
    own, real = np.log(np.maximum(shots[:, 1], 1.0)), np.log(np.clip(shots[:, 2], 1.0, GATE_M))

    def loss_lost(x: np.ndarray) -> float:
        p = np.clip(expit(x[0] - x[1] * more), 1e-6, 1.0 - 1e-6)
        return float(-np.mean(lost * np.log(p) + ~lost * np.log(1.0 - p)) + 1e-3 * x[1] ** 2)

    def normal(value: np.ndarray, spread: float) -> np.ndarray:
        return np.exp(-0.5 * (value / spread) ** 2) / spread

    def loss_astray(x: np.ndarray) -> float:
        q = expit(x[0] - x[1] * more)
        spread = abs(x[3]) + 0.2
        middle = x[2] + shots[:, 3:5] @ x[4:6]
        density = (1.0 - q) * normal(real - own, 0.5) + q * normal(real - middle, spread)
        return float(-np.mean(np.log(np.maximum(density[~lost], 1e-12))) + 1e-3 * np.sum(x[[1, 4, 5]] ** 2))

    gone = minimize(loss_lost, [-1.0, 0.3], method="Nelder-Mead").x
    start = [1.0, 0.2, 3.0, 1.0, 0.3, 0.3]
    off = minimize(loss_astray, start, method="Nelder-Mead", options={"maxiter": 5000, "maxfev": 5000}).x
    return replace(
        errors,
        astray_few=round(float(off[0]), 2),
        astray_more=round(float(off[1]), 2),
        astray_m=round(float(np.exp(off[2])), 1),
        astray_log=round(float(abs(off[3]) + 0.2), 2),
        astray_dilution=round(float(off[4]), 2),
        astray_late=round(float(off[5]), 2),
        lost_few=round(float(gone[0]), 2),
        lost_more=round(float(gone[1]), 2),
    )


def score(table: np.ndarray, hearing: Hearing, errors: LocationErrors) -> None:
    """Print predicted beside observed on nights that had no part in the fit."""
    for low in np.arange(0.0, 80.0, 10.0):
        here = table[(table[:, SNR] >= low) & (table[:, SNR] < low + 10.0)]
        if len(here) > 10:
            p = float(chances(here[:, SNR], hearing).mean())
            said = f"reported {here[:, REPORTED].mean():.3f}, predicted {p:.3f}"
            mine = here[here[:, REPORTED] > 0.0]
            other = (mine[:, LATE] - mine[:, EXPECTED] > ANOTHER_S).mean() if len(mine) else math.nan
            faint = ndtr((errors.faint_db - mine[:, WAY]) / errors.faint_sigma_db).mean()
            print(
                f"SNR {low:.0f} dB: {len(here)} pairs, {said}; late picks {other:.2f}, predicted {faint:.2f}"
            )
    shots, rng = shots_of(table), np.random.default_rng(0)
    number = 200
    more = np.tile(shots[:, 0] - 4.0, (number, 1))
    astray = rng.uniform(size=more.shape) < expit(errors.astray_few - errors.astray_more * more)
    grown = shots[:, 3:5] @ [errors.astray_dilution, errors.astray_late]
    far = errors.astray_m * np.exp(grown + errors.astray_log * rng.standard_normal(more.shape))
    said = np.where(astray, far, shots[:, 1])
    said[rng.uniform(size=more.shape) < expit(errors.lost_few - errors.lost_more * more)] = np.inf
    said[said > GATE_M] = np.inf
    for name, values in (("simulated", shots[:, 2]), ("predicted", said.ravel())):
        located = values[np.isfinite(values)]
        quantiles = ", ".join(f"p{int(100 * q)} {np.quantile(located, q):.1f} m" for q in (0.25, 0.5, 0.9))
        near = (values <= 25.0).mean()
        print(f"{name}: located {len(located) / len(values):.2f}, within 25 m {near:.2f}; {quantiles}")
    own = ", ".join(f"p{int(100 * q)} {np.quantile(shots[:, 1], q):.1f} m" for q in (0.25, 0.5, 0.9))
    print(f"a robust fix of the right pulses alone: {own}")


def hear(nights: int, first_seed: int) -> np.ndarray:
    """Return the rows of some nights in each block."""
    tables: list[np.ndarray] = []
    for seed in range(nights):
        for name in ("crossroads-v1", "grid-v1"):
            table = one_night(name, first_seed + seed)
            tables.append(np.column_stack([np.full(len(table), len(tables)), table]))
    return np.concatenate(tables)


def main(nights: int = 5, out: str = "") -> None:
    """Print what the fit gives, and what it is worth on other nights."""
    begin = time.process_time()
    table = hear(nights, FIT)
    if out:
        np.save(out, table)
    hearing = fit_hearing(table)
    errors = fit_places(table, fit_picks(table, LocationErrors()))
    print(f"{hearing}\n{errors}\non 2 other nights a block:")
    score(hear(2, SCORE), hearing, errors)
    print(f"{time.process_time() - begin:.0f} CPU s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2] if len(sys.argv) > 2 else "")
