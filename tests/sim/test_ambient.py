"""The noise of the street: levels, independence, and no seams."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt, welch

from scenes.ambient import OCTAVES_HZ, Ambient
from scenes.sensor import Microphone, Sensor
from sim.ambient import design_noise, fill_noise, louder_places, noise_levels, shape_noise
from sim.passers import add_passers
from sim.sound_field import field_parts

REFERENCE_PA = 20e-6
QUIET_MICROPHONE = Microphone(noise_floor_db=-20.0)


def noise(levels, rate, seconds=30.0, key=11):
    out = np.empty(int(seconds * rate), dtype=np.float32)
    design = design_noise(20.0, rate)
    fill_noise(out, design, shape_noise(levels, design), key)
    return out


def octave_levels(signal, rate):
    levels = []
    for octave in OCTAVES_HZ:
        if octave * np.sqrt(2.0) >= 0.5 * rate:
            break
        band = butter(4, [octave / np.sqrt(2.0), octave * np.sqrt(2.0)], "bandpass", fs=rate, output="sos")
        passed = sosfilt(band, signal.astype(np.float64))[rate:]
        levels.append(20.0 * np.log10(passed.std() / REFERENCE_PA))
    return np.array(levels)


@pytest.mark.parametrize("rate", [12_000, 48_000])
@pytest.mark.parametrize(
    "octaves",
    [
        Ambient().octave_db_rms,
        (68.0, 66.0, 62.0, 60.0, 57.0, 52.0, 46.0, 38.0),
        (40.0, 42.0, 45.0, 50.0, 52.0, 48.0, 44.0, 40.0),
    ],
    ids=["night", "day", "hum"],
)
def test_every_octave_has_the_scenes_level_within_1_db(octaves, rate):
    levels = noise_levels(Ambient(octave_db_rms=octaves), 0.0, QUIET_MICROPHONE)
    got = octave_levels(noise(levels, rate), rate)
    assert np.abs(got - levels[: len(got)]).max() < 1.0


def test_a_louder_place_is_louder_in_every_octave():
    near = noise_levels(Ambient(), 0.0, QUIET_MICROPHONE)
    assert noise_levels(Ambient(), 6.0, QUIET_MICROPHONE) - near == pytest.approx(6.0 * np.ones(8), abs=0.01)


def test_in_a_silent_street_the_microphone_hears_its_own_noise():
    silent = Ambient(octave_db_rms=(-60.0,) * 8)
    rate, floor_db = 48_000, 32.0
    out = noise(noise_levels(silent, 0.0, Microphone(noise_floor_db=floor_db)), rate, 5.0)
    frequency, power = welch(out.astype(np.float64), rate, nperseg=4096)
    f2 = frequency**2
    weight = (
        12194.0**2 * f2**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2))
    )
    weighted = np.trapezoid(power * (1.2589 * weight) ** 2, frequency)
    assert 10.0 * np.log10(weighted / REFERENCE_PA**2) == pytest.approx(floor_db, abs=1.0)


def test_the_spectrum_is_continuous():
    levels = noise_levels(Ambient(), 0.0, QUIET_MICROPHONE)
    frequency, power = welch(noise(levels, 48_000).astype(np.float64), 48_000, nperseg=4096)
    thirds = 63.0 * 2.0 ** (np.arange(0, 21) / 3.0)
    density = 10.0 * np.log10(np.interp(thirds, frequency, power))
    assert np.abs(np.diff(density)).max() < 6.0


def test_keys_give_independent_noise_and_the_same_key_the_same():
    levels = noise_levels(Ambient(), 0.0, QUIET_MICROPHONE)
    one, again, other = (noise(levels, 12_000, key=key) for key in (5, 5, 6))
    assert np.array_equal(one, again)
    # Noise of this bandwidth has some thousand independent values in half a minute.
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
    lagged = [np.corrcoef(one[lag:], other[: len(other) - lag])[0, 1] for lag in (1, 937, 2813, 5626)]
    assert np.abs(lagged).max() < 0.05


def test_it_is_near_gaussian_and_has_no_seam_where_lanes_meet():
    levels = noise_levels(Ambient(), 0.0, QUIET_MICROPHONE)
    out = noise(levels, 48_000).astype(np.float64)
    assert np.mean((out / out.std()) ** 4) == pytest.approx(3.0, abs=0.1)
    steps = np.abs(np.diff(out))
    stretch = -(-len(out) // 32)
    seams = steps[np.arange(1, 32) * stretch - 1]
    assert seams.max() < 6.0 * steps.std()


@pytest.mark.parametrize("samples", [0, 1, 31, 33, 1_000, 35_983])
def test_a_sample_is_the_same_however_long_the_signal_is(samples):
    # Lanes begin elsewhere, and have forgotten that they did to a thousandth.
    levels = noise_levels(Ambient(), 0.0, QUIET_MICROPHONE)
    whole, part = noise(levels, 12_000, 10.0), noise(levels, 12_000, samples / 12_000)
    assert len(part) == samples
    assert np.abs(part - whole[:samples]).max(initial=0.0) < 2e-3 * whole.std()


def test_a_recording_is_no_repetition_of_itself():
    levels = noise_levels(Ambient(), 0.0, QUIET_MICROPHONE)
    out = noise(levels, 12_000).astype(np.float64)
    spectrum = np.fft.rfft(out, 2 * len(out))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(out) // 2]
    assert np.abs(correlation[12_000:]).max() < 0.1 * correlation[0]


def at(x, y, z=4.0, name="S"):
    return Sensor(name, (x, y, z))


def test_neighbours_share_their_loudness_and_far_places_do_not():
    ambient = Ambient(spread_db=3.0, shared=1.0, patch_m=200.0)
    rng = np.random.default_rng(0)
    here, near, far = [], [], []
    for seed in range(400):
        x, y = rng.uniform(-500.0, 500.0, 2)
        own = rng.standard_normal(3)
        here.append(louder_places(ambient, at(x, y), seed, own[0]))
        near.append(louder_places(ambient, at(x + 10.0, y), seed, own[1]))
        far.append(louder_places(ambient, at(x + 450.0, y + 330.0), seed, own[2]))
    assert np.std(here) == pytest.approx(3.0, rel=0.15)
    assert np.corrcoef(here, near)[0, 1] > 0.9
    assert abs(np.corrcoef(here, far)[0, 1]) < 0.25


def test_twice_as_high_is_quieter_by_the_stated_decibels():
    ambient = Ambient(height_db=2.0)
    levels = [louder_places(ambient, at(0.0, 0.0, z), 0, 0.0) for z in (2.0, 4.0, 8.0, 16.0)]
    assert levels == pytest.approx([0.0, 0.0, -2.0, -4.0])


def test_passers_come_as_often_and_as_loud_as_stated_and_leave_the_rest_alone():
    rate = 12_000
    sensor = Sensor("S", (0.0, 0.0, 6.0), microphone=Microphone(rate_hz=rate, noise_floor_db=-20.0))
    design = design_noise(20.0, rate)
    ambient = Ambient(passers_per_min=6.0, passer_db=70.0)
    signal = np.zeros((1, 600 * rate), dtype=np.float32)
    add_passers(
        signal, ambient, sensor, design, field_parts(((0.0, 0.0, 0.0),), 343.0), np.random.default_rng(1)
    )
    level = 10.0 * np.log10((signal[0].reshape(-1, rate // 2) ** 2).mean(axis=1) + 1e-12) + 94.0
    swells = np.flatnonzero((level[1:-1] > 50.0) & (level[1:-1] >= level[:-2]) & (level[1:-1] > level[2:]))
    assert 25 < len(swells) < 250
    assert 65.0 < level.max() < 85.0
    assert (np.abs(np.diff(signal[0])) < 1.0).all()
    assert (signal == 0.0).any()
