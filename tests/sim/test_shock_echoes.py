"""A reflected shock left the trajectory where the mirror image of the receiver says."""

import numpy as np
import pytest

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block, Building, Ground
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Microphone, Sensor
from scenes.weapons import WEAPONS
from sim.impact import facades_of, free_length
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions
from sim.shock_echoes import shock_echoes
from sim.simulate import simulate
from sim.sources.ballistic_shock import ballistic_shock

C = Air().sound_speed_mps
# A long facade 40 m north of the line of fire, which runs east.
WALL = Building("w", np.array([[-50.0, 40.0], [300.0, 40.0], [300.0, 50.0], [-50.0, 50.0]]), 20.0)
STREET = Block("wall-v1", (WALL,), (-500.0, -500.0, 500.0, 500.0), Ground("asphalt"))
MUZZLE, AHEAD = np.array([0.0, 0.0, 1.5]), np.array([1.0, 0.0, 0.0])
RECEIVER = np.array([150.0, 10.0, 5.0])


def echoes(block=STREET):
    shock = ballistic_shock(WEAPONS["rifle-223"].projectile, MUZZLE, AHEAD)
    facades = facades_of(block)
    free_m = free_length(facades, MUZZLE, AHEAD, shock.range_m)
    return shock_echoes(shock, RECEIVER, facades, C, free_m)


def test_there_is_one_part_straight_one_off_the_ground_and_one_off_the_facade():
    assert [(e.kind, e.ground_bounces) for e in echoes()] == [
        (PathKind.DIRECT, 0),
        (PathKind.DIRECT, 1),
        (PathKind.REFLECTED, None),
    ]


def test_what_the_facade_reflects_left_earlier_than_what_comes_straight():
    straight, ground, facade = (e.emission.position_m[0] for e in echoes())
    for x, miss in (
        (straight, np.hypot(10.0, 3.5)),
        (ground, np.hypot(10.0, 6.5)),
        (facade, np.hypot(70.0, 3.5)),
    ):
        # At the Mach angle of the speed that the bullet has there.
        mach = 930.0 * np.exp(-1.3e-3 * x) / C
        assert x == pytest.approx(150.0 - miss / np.sqrt(mach**2 - 1.0), abs=0.05)
    assert facade < ground < straight


def test_behind_the_impact_and_off_a_wall_too_low_nothing_is_reflected():
    low = Building("low", WALL.outline, 1.0)
    assert [e.kind for e in echoes(Block("low-v1", (low,), STREET.bounds_m))] == [PathKind.DIRECT] * 2


def test_the_echo_of_the_crack_is_recorded_before_the_blast():
    loud = Microphone("measurement", full_scale_pa=2000.0, noise_floor_db=10.0, high_pass_hz=5.0)
    shot = Event("shot", "act", "rifle-223", 0.1, tuple(MUZZLE), {"azimuth_deg": 0.0})
    sensor = Sensor("s", tuple(RECEIVER), microphone=loud)
    quiet = Ambient(octave_db_rms=(-20.0,) * 8, spread_db=0.0)
    scene = Scene(STREET, (sensor,), (shot,), 1.2, 1, Air(), quiet)
    samples = np.abs(simulate(scene, PathOptions(tail=False)).captures[0].samples[0] / 2.0**23 * 2000.0)
    facade = echoes()[2]
    due_s = 0.1 + facade.emission.delay_s + facade.length_m / C
    assert due_s < 0.1 + 150.0 / C - 0.05
    near = samples[round((due_s - 0.001) * 48_000) : round((due_s + 0.001) * 48_000)]
    before = samples[round((due_s - 0.012) * 48_000) : round((due_s - 0.002) * 48_000)]
    assert near.max() > 10.0
    assert near.max() > 5.0 * before.max()
