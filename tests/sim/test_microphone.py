"""What a microphone and its converter do to pressure."""

import numpy as np
import pytest

from scenes.errors import BadInput
from scenes.sensor import Microphone
from sim.converter import digitise, high_pass, high_pass_memory
from sim.microphone import MICROPHONES, MicrophoneModel


@pytest.mark.parametrize("bits", [16, 24])
def test_samples_are_whole_steps_of_full_scale_rounded_to_the_nearest(bits):
    microphone = Microphone(full_scale_pa=2.0, bits=bits)
    step = 2.0 / 2 ** (bits - 1)
    pressure = np.array([[0.0, 0.49 * step, 0.51 * step, -0.51 * step, 10.0 * step, -1.0]], dtype=np.float32)
    assert digitise(pressure, microphone).tolist() == [[0, 0, 1, -1, 10, -(2 ** (bits - 2))]]


@pytest.mark.parametrize("bits", [16, 24])
def test_louder_than_full_scale_clips_on_both_sides(bits):
    samples = digitise(np.array([[1e6, -1e6]], dtype=np.float32), Microphone(full_scale_pa=0.9, bits=bits))
    assert samples.tolist() == [[2 ** (bits - 1) - 1, -(2 ** (bits - 1))]]


def test_a_specimen_6_db_too_sensitive_doubles_the_samples():
    pressure = np.full((1, 4), 0.1, dtype=np.float32)
    nominal = digitise(pressure.copy(), Microphone())
    hot = digitise(pressure.copy(), Microphone(sensitivity_db=6.0206))
    assert hot[0] == pytest.approx(2.0 * nominal[0], rel=1e-5)


@pytest.mark.parametrize(("frequency", "loss_db"), [(20.0, 3.01), (200.0, 0.04), (2.0, 20.04)])
def test_the_high_pass_takes_3_db_at_its_corner(frequency, loss_db):
    microphone = Microphone(high_pass_hz=20.0, rate_hz=8_000)
    time = np.arange(80_000) / 8_000
    tone = np.sin(2.0 * np.pi * frequency * time).astype(np.float32)
    high_pass(tone, microphone)
    assert -20.0 * np.log10(np.abs(tone[40_000:]).max()) == pytest.approx(loss_db, abs=0.1)


def test_the_high_pass_forgets_within_its_memory():
    microphone = Microphone()
    pulse = np.zeros(high_pass_memory(microphone) + 100, dtype=np.float32)
    pulse[:100] = 1.0
    high_pass(pulse, microphone)
    assert abs(pulse[-1]) < 1e-4


@pytest.mark.parametrize(("name", "level_db"), [("street", 93.0), ("mems", 120.0), ("measurement", 140.0)])
def test_presets_have_their_full_scale(name, level_db):
    microphone = MICROPHONES[name].draw(48_000, np.random.default_rng(0))
    assert 20.0 * np.log10(microphone.full_scale_pa / 20e-6) == pytest.approx(level_db)
    assert microphone.rate_hz == 48_000


def test_specimens_differ_by_the_stated_spread():
    rng = np.random.default_rng(0)
    drawn = [MicrophoneModel(sensitivity_sigma_db=1.5).draw(48_000, rng).sensitivity_db for _ in range(400)]
    assert np.std(drawn) == pytest.approx(1.5, rel=0.12)
    assert np.mean(drawn) == pytest.approx(0.0, abs=0.25)


def test_an_array_has_its_capsules_on_a_circle_around_the_sensor():
    capsules = np.array(MICROPHONES["array"].draw(48_000, np.random.default_rng(0)).capsules_m)
    assert capsules.shape == (4, 3)
    assert np.linalg.norm(capsules, axis=1) == pytest.approx([0.15] * 4)
    assert capsules.mean(axis=0) == pytest.approx([0.0] * 3, abs=1e-12)


def test_impossible_microphones_are_refused_line_by_line():
    with pytest.raises(BadInput) as refused:
        MicrophoneModel(bits=12, capsules=0).draw(48_000, np.random.default_rng(0))
    assert str(refused.value).splitlines() == [
        "sensor.bits must be 16 or 24, not 12",
        "sensor.capsules must be 1 or more, not 0",
    ]
