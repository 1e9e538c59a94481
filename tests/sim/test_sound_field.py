"""What capsules of one station have in common of street noise: that of a diffuse field, and self noise of their own."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import csd, welch

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block
from scenes.scene import Scene
from scenes.sensor import Microphone, Sensor
from sim.ambient import design_noise
from sim.microphone import MICROPHONES
from sim.recorder import quiet_pressure
from sim.sound_field import field_parts

RATE, SECONDS = 24_000, 20
AIR = Air()


def heard(microphone, ambient=None):
    block = Block("field", (), (-100.0, -100.0, 100.0, 100.0))
    sensor = Sensor("S", (0.0, 0.0, 5.0), microphone=microphone)
    ambient = ambient or Ambient(spread_db=0.0)
    scene = Scene(block, (sensor,), (), float(SECONDS), 3, AIR, ambient)
    return quiet_pressure(scene, sensor, design_noise(microphone.high_pass_hz, RATE))


def coherence(one, other):
    """Return frequencies and the real part of the complex coherence, between 50 Hz and 5 kHz."""
    hz, cross = csd(one, other, RATE, nperseg=1024)
    own = np.sqrt(welch(one, RATE, nperseg=1024)[1] * welch(other, RATE, nperseg=1024)[1])
    kept = (hz > 50.0) & (hz < 5000.0)
    return hz[kept], (cross.real / own)[kept]


@pytest.mark.parametrize("passers_per_min", [0.0, 60.0])
def test_capsules_have_the_coherence_of_a_diffuse_field(passers_per_min):
    quiet = replace(MICROPHONES["array"].draw(RATE, np.random.default_rng(0)), noise_floor_db=-20.0)
    ambient = Ambient(spread_db=0.0, passers_per_min=passers_per_min)
    pressure = heard(quiet, ambient)
    places = np.array(quiet.capsules_m)
    for other in (1, 2):
        hz, found = coherence(pressure[0], pressure[other])
        away = np.linalg.norm(places[other] - places[0])
        expected = np.sinc(2.0 * hz * away / AIR.sound_speed_mps)
        assert np.abs(found - expected).max() < 0.45
        assert np.abs(found - expected).mean() < 0.2
        assert found[hz < 150.0].min() > 0.9


def test_every_capsule_is_as_loud_as_one_alone():
    array = replace(MICROPHONES["array"].draw(RATE, np.random.default_rng(0)), sensitivity_db=0.0)
    alone = heard(replace(array, capsules_m=((0.0, 0.0, 0.0),)))
    level = welch(alone[0], RATE, nperseg=256)[1]
    for capsule in heard(array):
        ratio = welch(capsule, RATE, nperseg=256)[1] / level
        assert np.abs(10.0 * np.log10(ratio[1:100])).max() < 2.5


def test_self_noise_is_every_capsules_own():
    loud = Microphone(rate_hz=RATE, noise_floor_db=70.0, capsules_m=((0.1, 0.0, 0.0), (-0.1, 0.0, 0.0)))
    hz, found = coherence(*heard(loud))
    assert np.abs(found[hz > 500.0]).max() < 0.12


def test_the_parts_are_those_of_the_whole_field():
    ring = MICROPHONES["array"].draw(RATE, np.random.default_rng(0)).capsules_m
    parts, power_db = field_parts(ring, 343.0)
    assert parts @ parts.T == pytest.approx(np.eye(4), abs=1e-12)
    assert (10.0 ** (0.1 * power_db)).sum(axis=0) == pytest.approx(np.full(8, 4.0), rel=1e-3)
    assert field_parts(((0.0, 0.0, 0.0),), 343.0)[1] == pytest.approx(np.zeros((1, 8)))
