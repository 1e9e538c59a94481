"""Pulse windows straight from geometry, as the association and location tables define them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.pulse import Pulses
from detector.site import AirReading, Site, Station
from scenes.streams import draw_stream

SIDE_M = 1000.0
OUTSIDE_M = 300.0
POLE_M, SHOOTER_M = 6.0, 1.5
LISTEN_AFTER_S = 8.0
DEAD_TIME_S = 0.03


@dataclass(frozen=True, eq=False)
class Truth:
    """One true incident: place (3,), shot times (k,), and which pulse is which shot's at which station."""

    position_m: npt.NDArray[np.float64]
    times_s: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Window:
    """What the network heard, and what happened. `shot` numbers the shots of all incidents; -1 is clutter."""

    site: Site
    pulses: Pulses
    truth: tuple[Truth, ...]
    shot: npt.NDArray[np.int64]


@dataclass(frozen=True)
class WindowOptions:
    """How windows are drawn; the defaults are those of the tables."""

    sensors: int = 16
    onset_sigma_s: float = 1e-3
    missed: float = 0.3
    late_share: float = 0.2
    late_mean_s: float = 0.06
    clutter_hz: float = 0.5
    sound_speed_sigma: float = 0.0
    temperature_c: float = 20.0
    wind_sigma_mps: float = 0.0
    clock_sigma_s: float = 0.0


def make_pulses(station, time_s, sigma_s) -> tuple[Pulses, npt.NDArray[np.int64]]:
    """Return sorted pulses without level or features, and the order that sorted them."""
    station, time_s = np.asarray(station, np.int32), np.asarray(time_s, float)
    order = np.lexsort((station, time_s))
    n, nan = len(order), np.full(len(order), np.nan)
    sigma = np.broadcast_to(np.asarray(sigma_s, float), (n,)).copy()
    pulses = Pulses(
        station[order], time_s[order], sigma, nan, nan.copy(), np.zeros(n, bool), np.zeros((n, 0))
    )
    return pulses, order


def make_site(
    positions: npt.NDArray[np.float64], temperature_c: float = 20.0, clock_sigma_s: float = 0.0
) -> Site:
    """Return a site of silent single-microphone stations at positions (n, 3)."""
    stations = tuple(
        Station(f"S{i:02d}", tuple(float(v) for v in p), 0.0, np.zeros((1, 3)), 0.0, 1.0, clock_sigma_s)
        for i, p in enumerate(positions)
    )
    return Site(stations, AirReading(temperature_c=temperature_c))


def draw_stations(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw stations (count, 3) at least 0.45 side / sqrt(count) apart."""
    apart = 0.45 * SIDE_M / np.sqrt(count)
    placed: list[npt.NDArray[np.float64]] = []
    while len(placed) < count:
        p = rng.uniform(0.0, SIDE_M, 2)
        if all(np.hypot(*(p - q)) >= apart for q in placed):
            placed.append(p)
    return np.column_stack([np.array(placed), np.full(count, POLE_M)])


def _draw_place(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    if rng.random() < 0.7:
        return rng.uniform(0.0, SIDE_M, 2)
    while True:
        p = rng.uniform(-OUTSIDE_M, SIDE_M + OUTSIDE_M, 2)
        if not np.all((p >= 0.0) & (p <= SIDE_M)):
            return p


def _draw_second(first: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    while True:
        angle = rng.uniform(0.0, 2.0 * np.pi)
        p = first + 400.0 * np.array([np.cos(angle), np.sin(angle)])
        if np.all((p >= -OUTSIDE_M) & (p <= SIDE_M + OUTSIDE_M)):
            return p


def _draw_truth(rng: np.random.Generator) -> tuple[Truth, ...]:
    places = [_draw_place(rng)]
    if rng.random() < 0.25:
        places.append(_draw_second(places[0], rng))
    incidents = []
    for place in places:
        gaps = rng.uniform(0.1, 0.6, rng.integers(1, 7) - 1)
        times = rng.uniform(1.0, 3.0) + np.concatenate([[0.0], np.cumsum(gaps)])
        incidents.append(Truth(np.array([*place, SHOOTER_M]), times))
    return tuple(incidents)


def draw_window(seed: int, options: WindowOptions) -> Window:
    """Draw one window; the same seed gives the same stations and incidents whatever the noise."""
    rng = draw_stream(seed, "window", f"{options.sensors}")
    noise = draw_stream(seed, "window noise", f"{options.sensors}")
    where = draw_stations(options.sensors, rng)
    site, truth = make_site(where, options.temperature_c, options.clock_sigma_s), _draw_truth(rng)
    air = draw_stream(seed, "window air", f"{options.sensors}")
    wind = options.wind_sigma_mps * air.standard_normal(2)
    clock = options.clock_sigma_s * air.standard_normal(len(where))
    speed = site.air.sound_speed_mps * (1.0 + options.sound_speed_sigma * noise.standard_normal())
    end = max(t.times_s[-1] for t in truth) + LISTEN_AFTER_S
    station, time, shot = [], [], []
    number = 0
    for incident in truth:
        offset = where - incident.position_m
        away = np.linalg.norm(offset, axis=1)
        delay = away / (speed + offset[:, :2] @ wind / away) + clock
        for t in incident.times_s:
            heard = np.flatnonzero(noise.random(len(where)) >= options.missed)
            late = noise.exponential(options.late_mean_s, len(heard)) * (
                noise.random(len(heard)) < options.late_share
            )
            station.append(heard)
            time.append(t + delay[heard] + late + options.onset_sigma_s * noise.standard_normal(len(heard)))
            shot.append(np.full(len(heard), number))
            number += 1
    false = noise.poisson(options.clutter_hz * end, len(where))
    station.append(np.repeat(np.arange(len(where)), false))
    time.append(noise.uniform(0.0, end, false.sum()))
    shot.append(np.full(false.sum(), -1))
    pulses, order = make_pulses(np.concatenate(station), np.concatenate(time), options.onset_sigma_s)
    keep = _alive(pulses) & (pulses.time_s <= end)
    kept = Pulses(**{k: getattr(pulses, k)[keep] for k in pulses.__dataclass_fields__})
    return Window(site, kept, truth, np.concatenate(shot)[order][keep])


def _alive(pulses: Pulses) -> npt.NDArray[np.bool_]:
    keep = np.ones(len(pulses), bool)
    last: dict[int, float] = {}
    for i, (s, t) in enumerate(zip(pulses.station, pulses.time_s, strict=True)):
        keep[i] = t - last.get(int(s), -np.inf) >= DEAD_TIME_S
        if keep[i]:
            last[int(s)] = float(t)
    return keep
