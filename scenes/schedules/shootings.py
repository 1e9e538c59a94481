"""What gunfire may be beside one shooter's aimed rounds: bursts, automatic fire, two shooters, moving, from cover."""

from dataclasses import replace

import numpy as np

from scenes.schedules.incidents import SHOOTER_M, Act, Bang, gunfire
from scenes.weapons import WEAPONS

# (A) The recoil lets cyclic rates waver little.
AUTO_CV = 0.03
BURST = 3
PAUSE_S = (0.4, 1.2)
CAR_WINDOW_M = 1.1
WALK_MPS, CAR_MPS = (1.0, 3.0), (4.0, 12.0)
APART_M = (5.0, 30.0)
REPLY_S = (0.3, 3.0)


def automatic(kind: str, rounds: int, rng: np.random.Generator, burst: int | None = None) -> Act:
    """Fire rounds at the weapon's cyclic rate, all at once or in bursts with pauses of 0.4 to 1.2 s (A).

    Parameters
    ----------
    kind : str
        A weapon with an automatic rate.
    rounds : int
    rng : Generator
    burst : int, optional
        Rounds a burst; without it the trigger is held.
    """
    auto_s = WEAPONS[kind].auto_s
    if auto_s is None:
        msg = f"{kind} fires no bursts"
        raise ValueError(msg)
    gaps = auto_s * (1.0 + AUTO_CV * np.clip(rng.standard_normal(rounds - 1), -3.0, 3.0))
    if burst is not None:
        ends = np.arange(1, rounds) % burst == 0
        gaps = gaps + np.where(ends, rng.uniform(*PAUSE_S, rounds - 1), 0.0)
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    return tuple(
        replace(bang, after_s=float(time))
        for bang, time in zip(gunfire(kind, rounds, rng), times, strict=True)
    )


def two_shooters(first: Act, second: Act, rng: np.random.Generator) -> Act:
    """Let another shooter answer from 5 to 30 m away, 0.3 to 3 s later (A); one incident, rounds in time order."""
    distance, bearing = rng.uniform(*APART_M), rng.uniform(0.0, 2.0 * np.pi)
    east, north = float(distance * np.cos(bearing)), float(distance * np.sin(bearing))
    later_s = float(rng.uniform(*REPLY_S))
    reply = tuple(
        replace(
            bang,
            after_s=bang.after_s + later_s,
            offset_m=(bang.offset_m[0] + east, bang.offset_m[1] + north, bang.offset_m[2]),
        )
        for bang in second
    )
    return tuple(sorted((*first, *reply), key=lambda bang: bang.after_s))


def on_the_move(act: Act, rng: np.random.Generator, by_car: bool) -> Act:
    """Let the shooter walk, 1 to 3 m/s, or shoot from a car that drives by, 4 to 12 m/s (A)."""
    speed, heading = rng.uniform(*(CAR_MPS if by_car else WALK_MPS)), rng.uniform(0.0, 2.0 * np.pi)
    velocity = speed * np.array([np.cos(heading), np.sin(heading)])
    return tuple(_moved(bang, velocity, by_car) for bang in act)


def _moved(bang: Bang, velocity: np.ndarray, by_car: bool) -> Bang:
    x, y, z = bang.offset_m
    east, north = (velocity * bang.after_s).tolist()
    traits = {**bang.traits, "from": "car"} if by_car else bang.traits
    height = z - SHOOTER_M + CAR_WINDOW_M if by_car else z
    return replace(bang, offset_m=(x + east, y + north, height), traits=traits)


def from_doorway(act: Act) -> Act:
    """Let the shooter stand in a doorway and fire out of it."""
    return tuple(replace(bang, traits={**bang.traits, "from": "doorway"}) for bang in act)
