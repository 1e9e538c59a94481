"""Acts that make bangs: gunfire, strings of firecrackers, aerial shells, backfires, each as bangs after its start."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scenes.event import Event
from scenes.weapons import WEAPONS

SHOOTER_M, CRACKER_M, TAIL_PIPE_M = 1.5, 0.05, 0.4

CADENCE_CV = 0.35
FASTEST_S = 0.1

CAR_MPS = (3.0, 20.0)
ENGINE_S = 0.3

LIFT_TO_BURST_S = (2.5, 5.0)
BURST_M = (60.0, 180.0)
BURST_M_PER_INCH = 30.0
SHELLS_IN = (2.0, 6.0)


@dataclass(frozen=True)
class Bang:
    """One bang of an act: kind, time after the act's start s, place relative to the act's [east, north], traits."""

    kind: str
    after_s: float
    offset_m: tuple[float, float, float]
    traits: Mapping[str, float | str] = field(default_factory=dict)


Act = tuple[Bang, ...]


def gunfire(kind: str, rounds: int, rng: np.random.Generator) -> Act:
    """Fire `rounds` rounds one way from one spot, 1.5 m above ground.

    Guns are regular: gaps have a coefficient of variation of 0.35 about the weapon's own pace.
    """
    azimuth = round(float(rng.uniform(0.0, 360.0)), 1)
    pace = WEAPONS[kind].pace_s * rng.uniform(0.8, 1.4)
    # Gamma gaps of that variation: shape 1 / CV^2.
    gaps = np.maximum(pace * rng.gamma(CADENCE_CV**-2, CADENCE_CV**2, rounds - 1), FASTEST_S)
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    return tuple(
        Bang(
            kind,
            float(time),
            (0.0, 0.0, SHOOTER_M),
            {"azimuth_deg": azimuth, "elevation_deg": round(float(rng.normal(0.0, 3.0)), 1) + 0.0},
        )
        for time in times
    )


def string(crackers: int, rng: np.random.Generator) -> Act:
    """Burn a string of firecrackers on the ground: 8 to 20 a second, gaps exponential as fuses burn."""
    gaps = rng.exponential(1.0 / rng.uniform(8.0, 20.0), crackers - 1)
    times = np.concatenate([[0.0], np.cumsum(np.maximum(gaps, 0.004))])
    return tuple(Bang("firecracker", float(time), (0.0, 0.0, CRACKER_M)) for time in times)


def single_cracker(rng: np.random.Generator) -> Act:  # noqa: ARG001 - every act's signature
    """Set off one large cracker (M-80 class) on the ground."""
    return (Bang("m80", 0.0, (0.0, 0.0, CRACKER_M)),)


def aerial_shell(rng: np.random.Generator) -> Act:
    """Launch a shell: lift at the ground, burst 30 m per inch of calibre above it, 2.5 to 5 s later.

    The mortar stands within 5 degrees of upright.
    """
    calibre = round(2.0 * float(rng.uniform(*SHELLS_IN))) / 2.0
    height = float(np.clip(BURST_M_PER_INCH * calibre * rng.uniform(0.9, 1.1), *BURST_M))
    climb = LIFT_TO_BURST_S[0] + (LIFT_TO_BURST_S[1] - LIFT_TO_BURST_S[0]) * (height - BURST_M[0]) / (
        BURST_M[1] - BURST_M[0]
    )
    lean = height * np.tan(np.radians(5.0)) * np.sqrt(rng.uniform())
    bearing = rng.uniform(0.0, 2.0 * np.pi)
    burst = (float(lean * np.cos(bearing)), float(lean * np.sin(bearing)), height)
    traits = {"calibre_in": calibre}
    return (
        Bang("shell-lift", 0.0, (0.0, 0.0, 0.3), traits),
        Bang("shell-burst", climb, burst, traits),
    )


def backfires(pops: int, rng: np.random.Generator, moving: bool = False) -> Act:
    """Let a car backfire: pops whole engine cycles (120 / rpm s) apart, 0.15 to 0.9 s, from one tail pipe.

    It stands, or moves at 3 to 20 m/s with its engine heard after each pop.
    """
    rpm = round(float(rng.uniform(1200.0, 3500.0)))
    cylinders = int(rng.choice([4, 6, 8]))
    azimuth = round(float(rng.uniform(0.0, 360.0)), 1)
    cycle = 120.0 / rpm
    cycles = np.maximum(np.round(rng.uniform(0.15, 0.9, pops - 1) / cycle), 1.0)
    times = np.concatenate([[0.0], np.cumsum(cycles)]) * cycle
    traits = {"azimuth_deg": azimuth, "rpm": rpm, "cylinders": cylinders}
    step = np.zeros(2)
    if moving:
        speed = round(float(rng.uniform(*CAR_MPS)), 1)
        traits |= {"speed_mps": speed, "engine_s": ENGINE_S}
        # The pipe points aft.
        step = -speed * np.array([np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))])
    return tuple(
        Bang("backfire", float(time), (float(step[0] * time), float(step[1] * time), TAIL_PIPE_M), traits)
        for time in times
    )


def length_s(act: Act) -> float:
    """Return the time from the first to the last bang, s."""
    return max(bang.after_s for bang in act)


def place_act(
    act: Act, name: str, start_s: float, place: tuple[float, float], ground_m: float = 0.0
) -> tuple[Event, ...]:
    """Return the events of an act that starts at that time and [east, north] place; "I03" makes "I03.1", "I03.2".

    `ground_m` is the height of the ground there.
    """
    events = []
    for number, bang in enumerate(act, start=1):
        dx, dy, z = bang.offset_m
        position = (round(place[0] + dx, 2), round(place[1] + dy, 2), round(ground_m + z, 2))
        time = round(start_s + bang.after_s, 6)
        events.append(Event(f"{name}.{number}", name, bang.kind, time, position, bang.traits))
    return tuple(events)
