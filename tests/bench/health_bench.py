"""Sensors at wrong addresses and clocks that step: `python -m tests.bench health`.

Geometry only: twelve sensors on 1 km2, a fifth of the paths late by a corner, echoes and clutter, incidents of 1 to 3
rounds. Printed, by the number of incidents: how many of the sensors that are off are named, how many healthy ones are
accused, and the error of the places found. The settings were chosen on other seeds.
"""

import numpy as np

from detector.detect import detect
from scenes.streams import draw_stream
from tests.bench.windows import draw_stations, make_pulses, make_site

NIGHTS, SENSORS, BETWEEN_S, INCIDENTS = 10, 12, 20.0, (3, 5, 8)
PATH_S, LATE_SHARE, LATE_S, ONSET_S = 5e-3, 0.2, 0.053, 1e-3
ECHO_SHARE, ECHO_S, CLUTTER_HZ = 0.6, 0.3, 0.1
MOVES_M, STEP_S = (20.0, 40.0, 70.0, 100.0), 0.4


def draw_night(seed: int, incidents: int, moved_m: float, step_s: float):
    """Draw a site, its pulses, the places (k, 2), and the name of the sensor that is off."""
    rng = draw_stream(seed, "health bench", f"{incidents}")
    where = draw_stations(SENSORS, rng)
    site, true = make_site(where), where.copy()
    off, turn = int(rng.integers(SENSORS)), rng.uniform(0.0, 2.0 * np.pi)
    true[off, :2] += moved_m * np.array([np.cos(turn), np.sin(turn)])
    station, time, places = [], [], []
    for k in range(incidents):
        place = np.array([*rng.uniform(100.0, 900.0, 2), 1.5])
        away = np.linalg.norm(true - place, axis=1)
        corner = rng.exponential(LATE_S, SENSORS) * (rng.random(SENSORS) < LATE_SHARE)
        arrival = (
            BETWEEN_S * k + 3.0 + away / site.air.sound_speed_mps + rng.normal(0.0, PATH_S, SENSORS) + corner
        )
        arrival[off] += step_s if k else 0.0
        for r in range(int(rng.integers(1, 4))):
            heard = rng.random(SENSORS) < 1.0 / (1.0 + np.exp(3.5 * away / 1e3 - 3.0))
            again = heard & (rng.random(SENSORS) < ECHO_SHARE)
            onset = arrival + 0.6 * r + rng.normal(0.0, ONSET_S, SENSORS)
            station += [np.flatnonzero(heard), np.flatnonzero(again)]
            time += [onset[heard], (onset + rng.exponential(ECHO_S, SENSORS))[again]]
        places.append(place[:2])
    false = rng.poisson(CLUTTER_HZ * BETWEEN_S * incidents, SENSORS)
    station.append(np.repeat(np.arange(SENSORS), false))
    time.append(rng.uniform(0.0, BETWEEN_S * incidents, false.sum()))
    pulses, _ = make_pulses(np.concatenate(station), np.concatenate(time), ONSET_S)
    return site, pulses, np.array(places), site.stations[off].id


def main() -> None:
    """Print the table."""
    cases = [
        ("none", 0.0, 0.0),
        *((f"moved {m:.0f} m", m, 0.0) for m in MOVES_M),
        ("clock steps", 0.0, STEP_S),
    ]
    for name, moved_m, step_s in cases:
        cells = []
        for incidents in INCIDENTS:
            named = accused = 0
            errors: list[float] = []
            for seed in range(NIGHTS):
                site, pulses, places, off = draw_night(seed, incidents, moved_m, step_s)
                result = detect(site, pulses)
                told = {trouble.sensor for trouble in result.troubles}
                guilty = {off} if name != "none" else set()
                named, accused = named + len(told & guilty), accused + len(told - guilty)
                found = np.array([a.position_m[:2] for a in result.alerts], float).reshape(-1, 2)
                errors += [float(np.min(np.hypot(*(found - p).T), initial=np.inf)) for p in places]
            p50, p90 = np.quantile(errors, [0.5, 0.9], method="higher")
            cells.append(f"{incidents}: {named} named, {accused} healthy accused, {p50:.1f}/{p90:.1f} m")
        print(f"{name:12s} of {NIGHTS} nights, by incidents: {'; '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
