"""Fits `testbed.planning.hearing.Hearing` and the errors of simulated streets, in authored blocks only."""

import sys
import time

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr

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
from sim.propagation.city import index_block
from sim.propagation.levels import open_listeners, sum_levels
from sim.propagation.trace import PathOptions
from testbed.planning.full_simulation import fire, time_shots
from testbed.planning.gunfire import SHARES, SharedDraws, aim_gain_db
from testbed.planning.hearing import band_weights, noise_db
from testbed.survey import Survey

SHOTS, SENSORS, RATE_HZ = 40, 16, 12_000


def one_night(name: str, seed: int) -> np.ndarray:
    """Return a row per shot and sensor: predicted SNR, distance, predicted lateness s, reported, late s, error."""
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
        ]
    )
    scene = Scene(block, sensors, events, duration, seed, WEATHERS["mild"], Ambient())
    fired = fire(scene, PathOptions(), Survey(), CLOCKS["gps"].sigma_s, DetectorOptions(), 2)
    city, receivers = index_block(block), np.array([s.position_m for s in sensors])
    sources = np.array([e.position_m for e in events])
    listeners = open_listeners(city, receivers, sources)
    noise = noise_db(Ambient(), sensors[0].microphone)
    rows = []
    for i, event in enumerate(events):
        power, late_m = sum_levels(city, scene.air, event.position_m, listeners, band_weights())
        weapon = WEAPONS[event.kind]
        draw = SharedDraws(
            np.ones(1),
            np.array([np.mean(weapon.level_db)]),
            np.radians([azimuths[i]]),
            np.array([weapon.directivity]),
        )
        step = receivers - event.position_m
        aim = aim_gain_db(np.arctan2(step[:, 1], step[:, 0]), draw)[:, 0]
        snr = 10.0 * np.log10(np.maximum(power, 1e-30)) + aim + draw.level_db - noise
        rows.append(
            np.column_stack(
                [
                    np.full(len(snr), i),
                    snr,
                    np.linalg.norm(step, axis=1),
                    late_m / scene.air.sound_speed_mps,
                    fired.reported[i],
                    fired.late_s[i],
                    np.full(len(snr), fired.error_m[i]),
                    np.arctan2(step[:, 1], step[:, 0]),
                ]
            )
        )
    return np.concatenate(rows)


def main(nights: int = 4, out: str = "") -> None:
    """Print what the fit gives."""
    begin, tables = time.process_time(), []
    for seed in range(nights):
        for name in ("crossroads-v1", "grid-v1"):
            table = one_night(name, 1000 + seed)
            tables.append(np.column_stack([np.full(len(table), len(tables)), table]))
            print(
                f"{name} {seed}: {table[:, 4].mean():.3f} reported, {time.process_time() - begin:.0f} CPU s",
                flush=True,
            )
            if out:
                np.save(out, np.concatenate(tables))
    table = np.concatenate(tables)
    snr, reported = table[:, 2], table[:, 5]

    def loss(x: np.ndarray) -> float:
        p = np.clip(x[2] * ndtr((snr - x[0]) / x[1]), 1e-6, 1.0 - 1e-6)
        return float(-np.mean(reported * np.log(p) + (1.0 - reported) * np.log(1.0 - p)))

    fit = minimize(loss, [60.0, 7.0, 0.97], method="Nelder-Mead")
    print("threshold_db, sigma_db, plain:", np.round(fit.x, 2), "loss", round(fit.fun, 4))
    for low in np.arange(20.0, 130.0, 5.0):
        here = (snr >= low) & (snr < low + 5.0)
        if here.sum() > 10:
            p = fit.x[2] * ndtr((snr[here] - fit.x[0]) / fit.x[1])
            print(
                f"SNR {low:.0f}: {here.sum()} pairs, reported {reported[here].mean():.3f}, fitted {p.mean():.3f}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4, sys.argv[2] if len(sys.argv) > 2 else "")
