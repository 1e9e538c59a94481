"""What a microphone and its converter do to pressure."""

import numpy as np
import pytest

from scenes.air import Air
from scenes.errors import BadInput
from scenes.sensor import Microphone
from sim.converter import cover, cover_loss_db, digitise, high_pass, high_pass_memory
from sim.microphone import MICROPHONES, MicrophoneModel, facing_gain
from sim.pulse_table import design_filters, pulse_table


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


@pytest.mark.parametrize(
    ("frequency", "low_db", "high_db"), [(60.0, 26.0, 29.0), (200.0, 0.1, 1.8), (170.0, 2.9, 3.1)]
)
def test_a_high_pass_of_third_order_takes_hum_as_a_codec_of_telephony_does(frequency, low_db, high_db):
    microphone = Microphone(high_pass_hz=170.0, high_pass_order=3, rate_hz=12_000)
    time = np.arange(60_000) / 12_000
    tone = np.sin(2.0 * np.pi * frequency * time).astype(np.float32)
    high_pass(tone, microphone)
    assert low_db <= -20.0 * np.log10(np.abs(tone[30_000:]).max()) <= high_db


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_high_pass_forgets_within_its_memory(order):
    microphone = Microphone(high_pass_order=order)
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


EVERY_MODEL = pytest.mark.parametrize("name", MICROPHONES)


@EVERY_MODEL
def test_every_model_gives_a_tone_of_the_middle_its_level_within_its_spread(name):
    microphone = MICROPHONES[name].draw(48_000, np.random.default_rng(3))
    level_db = MICROPHONES[name].full_scale_db - 30.0
    time = np.arange(48_000) / 48_000
    peak = 20e-6 * 10.0 ** (level_db / 20.0)
    tone = (peak * np.sin(2.0 * np.pi * 1000.0 * time)).astype(np.float32)
    cover(tone, microphone)
    high_pass(tone, microphone)
    samples = digitise(tone[None, :].copy(), microphone)[0, 24_000:]
    heard = samples / 2.0 ** (microphone.bits - 1) * microphone.full_scale_pa
    got_db = 20.0 * np.log10(np.abs(heard).max() / 20e-6)
    loss_db = cover_loss_db(microphone, np.array([1000.0]))[0]
    loss_db += 10.0 * np.log10(1.0 + (microphone.high_pass_hz / 1000.0) ** 2)
    assert got_db == pytest.approx(level_db + microphone.sensitivity_db - loss_db, abs=0.35)


@EVERY_MODEL
def test_every_model_keeps_silence_silent_and_never_leaves_its_range(name):
    microphone = MICROPHONES[name].draw(48_000, np.random.default_rng(3))
    assert not digitise(np.zeros((1, 500), dtype=np.float32), microphone).any()
    loud = np.random.default_rng(1).normal(0.0, 1e4, (1, 5_000)).astype(np.float32)
    samples = digitise(loud, microphone)
    assert -(2 ** (microphone.bits - 1)) <= samples.min() < samples.max() <= 2 ** (microphone.bits - 1) - 1


@EVERY_MODEL
def test_every_model_is_drawn_anew_from_the_same_seed(name):
    one, same, other = (MICROPHONES[name].draw(48_000, np.random.default_rng(s)) for s in (1, 1, 2))
    assert one == same != other


def test_a_limiter_holds_loud_sound_at_its_threshold_and_comes_back():
    microphone = Microphone(full_scale_pa=20.0, limiter_db=94.0, release_s=0.1)
    time = np.arange(96_000) / 48_000
    peak = np.where(time < 0.2, 10.0, 0.5)
    tone = (peak * np.sin(2.0 * np.pi * 1000.0 * time)).astype(np.float32)
    heard = digitise(tone[None, :].copy(), microphone)[0] / 2.0**23 * 20.0
    assert np.abs(heard[:9_600]).max() == pytest.approx(1.0, rel=0.05)
    just_after, later = np.abs(heard[9_700:10_700]).max(), np.abs(heard[72_000:]).max()
    assert just_after < 0.12
    assert later == pytest.approx(0.5, rel=0.05)


def test_mu_law_has_255_values_and_errs_by_a_few_percent():
    microphone = Microphone(full_scale_pa=1.0, bits=16, companding="mu-law")
    ramp = np.linspace(-1.0, 1.0, 20_001, dtype=np.float32)
    heard = digitise(ramp[None, :].copy(), microphone)[0]
    assert len(np.unique(heard)) == 255
    large = np.abs(ramp) > 0.05
    assert np.abs(heard[large] / 32_768 / ramp[large] - 1.0).max() < 0.035


def test_a_mount_hides_high_notes_from_behind_only():
    microphone = Microphone(baffle_db=6.0, facing_deg=90.0)
    # Sound that travels south comes from the north, where it faces.
    travels = np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    loss = -20.0 * np.log10(facing_gain(microphone, travels))
    assert loss[0] == pytest.approx(np.zeros(8), abs=1e-12)
    assert loss[1, 4:] == pytest.approx(6.0)
    assert loss[2, 4:] == pytest.approx(3.0)
    assert loss[:, :2] == pytest.approx(0.0)


def test_a_companding_that_does_not_exist_is_refused():
    with pytest.raises(BadInput, match=r"sensor\.companding must be one of none, mu-law, not 'a-law'"):
        MicrophoneModel(companding="a-law").draw(48_000, np.random.default_rng(0))


def test_the_anti_alias_filter_passes_what_it_says_and_stops_at_half_the_rate():
    rate, waveform = 12_000, np.concatenate([[1.0], np.zeros(63)])
    hz = np.array([1000.0, 2300.0, 4000.0])
    gains = {}
    for passes in (0.2, 0.4):
        table = pulse_table(waveform, np.zeros(1), design_filters(Air(), rate, passes))
        pulse = table.rows[0, 0].astype(np.float64)
        turn = np.exp(-2j * np.pi * hz[:, None] * np.arange(len(pulse)) / rate)
        gains[passes] = 20.0 * np.log10(np.abs(turn @ pulse))
    loss = gains[0.4] - gains[0.2]
    assert loss[:2] == pytest.approx([0.0, 0.0], abs=0.7)
    expected = -20.0 * np.log10(np.cos(0.5 * np.pi * (4000.0 / rate - 0.2) / 0.3) ** 2)
    assert loss[2] == pytest.approx(expected, abs=0.7)
    narrow = Microphone(rate_hz=rate, anti_alias=0.2)
    assert cover_loss_db(narrow, hz)[2] == pytest.approx(expected, abs=0.01)
    assert cover_loss_db(Microphone(rate_hz=rate), hz) == pytest.approx(np.zeros(3), abs=1e-12)
