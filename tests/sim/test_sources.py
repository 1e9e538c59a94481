"""Every source in the registry obeys these laws; a new one is enrolled by its line there."""

import numpy as np
import pytest
import soundfile

from scenes.air import Air
from scenes.event import Event
from scenes.weapons import WEAPONS, Projectile
from sim.band_filter import design_shelves
from sim.pulse_table import design_filters, pulse_tables
from sim.render import render
from sim.sources import SOURCES
from sim.sources.ballistic_shock import (
    ballistic_shock,
    emission_points,
    mach_cone,
    n_wave,
    parting,
    shock_strength,
)
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Shock
from sim.sources.gunshot import muzzle_directivity

REFERENCE_PA = 20e-6
EVERY_SOURCE = pytest.mark.parametrize("kind", SOURCES)
RECEIVERS = np.array([[40.0, 8.0, 3.0], [80.0, -15.0, 5.0], [-20.0, 4.0, 3.0]])
SOUND_MPS = 340.0


@pytest.fixture(scope="module", autouse=True)
def dry_recording(tmp_path_factory):
    """Give kind "file" a recording to play: half a second of noise that dies away."""
    path = tmp_path_factory.mktemp("dry") / "dry.wav"
    noise = np.convolve(np.random.default_rng(0).standard_normal(22_050), np.hanning(30), mode="same")
    noise *= np.exp(-np.arange(22_050) / 2_000.0)
    soundfile.write(path, 0.5 * noise / np.abs(noise).max(), 44_100)
    NEEDED["file"] = {"file": str(path), "level_db": 120.0}


NEEDED = {}  # traits that a kind cannot do without


def event(kind, **traits):
    traits = {**NEEDED.get(kind, {}), **traits}
    return Event("e1", "i1", kind, 0.0, (0.0, 0.0, 1.5), {"azimuth_deg": 0.0, **traits})


def emissions(kind, seed):
    """Return all that a source sends to RECEIVERS, shocks included."""
    parts = SOURCES[kind](event(kind), np.random.default_rng(seed))
    direct = [p for p in parts if isinstance(p, Emission)]
    shocks = [p for p in parts if isinstance(p, Shock)]
    return direct + [e for s in shocks for e in s.trace(RECEIVERS, SOUND_MPS, np.inf) if e is not None]


def peak_db(waveform):
    return 20.0 * np.log10(np.abs(waveform).max() / REFERENCE_PA)


@EVERY_SOURCE
def test_what_it_radiates_is_finite_starts_and_ends_at_zero_and_never_before_the_event(kind):
    for seed in range(5):
        for emission in emissions(kind, seed):
            loudest = np.abs(emission.waveform).max()
            assert np.isfinite(emission.waveform).all()
            assert loudest > 0.0
            assert emission.delay_s >= 0.0
            assert abs(emission.waveform[0]) < 0.02 * loudest
            assert abs(emission.waveform[-1]) < 1e-3 * loudest


@EVERY_SOURCE
def test_the_same_seed_gives_the_same_shot_and_another_seed_another(kind):
    first, again, other = emissions(kind, 7), emissions(kind, 7), emissions(kind, 8)
    assert all(np.array_equal(a.waveform, b.waveform) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].waveform, other[0].waveform) or kind == "file"


@EVERY_SOURCE
def test_its_peak_level_at_one_metre_lies_in_its_stated_range(kind):
    source = SOURCES[kind]
    low, high = source.peak_db
    angle = np.radians(source.reference_deg)
    aside = np.array([[np.cos(angle), np.sin(angle), 0.0]])
    levels = []
    for seed in range(60):
        emission = emissions(kind, seed)[0]
        levels.append(peak_db(emission.waveform * emission.directivity(aside)[0]))
    assert low - 0.01 <= min(levels)
    assert max(levels) <= high + 0.01


@EVERY_SOURCE
def test_it_is_loudest_on_its_axis_where_the_gain_is_one(kind):
    emission = emissions(kind, 1)[0]
    angles = np.linspace(0.0, np.pi, 19)
    gains = emission.directivity(np.stack([np.cos(angles), np.sin(angles), 0.0 * angles], axis=1))
    assert gains[0] == pytest.approx(1.0)
    assert (np.diff(gains) <= 1e-12).all()
    assert (gains > 0.0).all()


@pytest.fixture(scope="module")
def converters():
    return {rate: (design_filters(Air(), rate), design_shelves(rate)) for rate in (48_000, 96_000)}


@EVERY_SOURCE
def test_sensors_of_two_rates_hear_the_same_sound(kind, converters):
    emission = emissions(kind, 3)[0]
    heard = []
    for rate, (filters, shelves) in converters.items():
        pressure = np.zeros(
            round(rate * (len(emission.waveform) / EMISSION_RATE_HZ + 0.02)), dtype=np.float32
        )
        for start_s, table in pulse_tables(emission.waveform, np.array([10.0]), filters):
            render(
                pressure,
                np.array([0.005 + start_s]) * rate,
                np.ones((1, 8)),
                np.array([10.0]),
                table,
                shelves,
            )
        heard.append(np.fft.rfft(pressure)[: len(pressure) // 8] / rate)
    low, high = heard
    size = min(len(low), len(high))
    assert np.abs(low[:size] - high[:size]).max() < 0.02 * np.abs(low).max()


def test_a_pistol_is_7_db_louder_in_front_than_behind_and_a_rifle_17():
    axis = np.array([1.0, 0.0, 0.0])
    ends = np.array([axis, -axis])
    for m, contrast_db in ((0.4, 7.36), (0.75, 16.9)):
        front, back = muzzle_directivity(axis, m)(ends)
        assert 20.0 * np.log10(front / back) == pytest.approx(contrast_db, abs=0.05)


def test_a_556_bullet_at_mach_26_gives_139_db_and_190_us_ten_metres_aside():
    peak, duration = shock_strength(Projectile(0.0, 5.56e-3, 19e-3, 0.0), 2.6, 10.0, SOUND_MPS)
    assert 20.0 * np.log10(peak / REFERENCE_PA) == pytest.approx(139.0, abs=0.5)
    assert duration == pytest.approx(186e-6, rel=0.05)


def test_at_constant_speed_the_shock_leaves_where_the_mach_angle_says_and_arrives_as_whitham_says():
    speed = 884.0
    along, miss = np.array([200.0]), np.array([10.0])
    mach = speed / SOUND_MPS
    emitted = emission_points(Projectile(speed, 5.56e-3, 19e-3, 0.0), along, miss, SOUND_MPS, 1000.0)
    assert emitted[0] == pytest.approx(200.0 - 10.0 / np.sqrt(mach**2 - 1.0))
    arrival = emitted[0] / speed + np.hypot(along[0] - emitted[0], 10.0) / SOUND_MPS
    assert arrival == pytest.approx(200.0 / speed + 10.0 / SOUND_MPS * np.sqrt(1.0 - 1.0 / mach**2))
    blast = np.hypot(200.0, 10.0) / SOUND_MPS
    assert blast - arrival == pytest.approx(0.36, abs=0.03)


def test_the_shock_passes_only_between_muzzle_and_impact():
    muzzle, ahead = np.array([0.0, 0.0, 1.5]), np.array([1.0, 0.0, 0.0])
    shock = ballistic_shock(WEAPONS["rifle-223"].projectile, muzzle, ahead)
    places = np.array([[50.0, 5.0, 1.5], [-5.0, 5.0, 1.5], [120.0, 5.0, 1.5], [1.0, 30.0, 1.5]])
    free = shock.trace(places, SOUND_MPS, np.inf)
    assert [e is not None for e in free] == [True, False, True, False]
    stopped = shock.trace(places, SOUND_MPS, 80.0)
    assert [e is not None for e in stopped] == [True, False, False, False]


def test_a_shot_from_shoulder_height_meets_the_ground_before_half_a_kilometre():
    shock = ballistic_shock(
        WEAPONS["rifle-223"].projectile, np.array([0.0, 0.0, 1.5]), np.array([1.0, 0.0, 0.0])
    )
    drop_at_range = 0.5 * 9.81 * (np.expm1(1.3e-3 * shock.range_m) / 1.3e-3 / 930.0) ** 2
    assert drop_at_range == pytest.approx(1.5, abs=0.02)
    assert shock.range_m < 500.0


@pytest.mark.parametrize("down_deg", [0.3, 0.86, 1.7, 4.0, 9.0])
def test_no_shock_comes_from_below_the_ground(down_deg):
    down = np.radians(down_deg)
    direction = np.array([np.cos(down), 0.0, -np.sin(down)])
    shock = ballistic_shock(WEAPONS["rifle-223"].projectile, np.array([0.0, 0.0, 1.5]), direction)
    assert 1.5 + shock.range_m * direction[2] >= 0.0
    assert shock.range_m > 1.5 / np.tan(down + 0.01) - 2.0


def test_a_bullet_that_slows_down_weakens_as_its_ray_tubes_widen():
    bullet, here = WEAPONS["pistol-9mm"].projectile, 10.0
    mach = [bullet.speed_mps / SOUND_MPS * np.exp(-bullet.drag_per_m * x) for x in (here, here + 1e-4)]
    angle = np.arccos(1.0 / np.array(mach))
    ray = np.geomspace(1e-4, 500.0, 4000)
    # Width between the rays from two points, seen square to them, times the circle round the trajectory.
    area = (np.sin(angle[0]) * 1e-4 + ray * (angle[0] - angle[1])) * ray * np.sin(angle[0])
    per_m = 1.0 / np.sqrt(area)
    age = np.sum(0.5 * (per_m[1:] + per_m[:-1]) * np.diff(ray)) + 2.0 * ray[0] * per_m[0]
    straight = np.sin(angle[0]) ** 2 * 1e-4 * ray[-1]
    straight_age = 2.0 * ray[-1] / np.sqrt(straight)
    weaker, shorter = parting(bullet, mach[0], ray[-1])
    assert weaker == pytest.approx(np.sqrt(straight * straight_age / (area[-1] * age)), rel=0.01)
    assert shorter == pytest.approx(np.sqrt(age / straight_age), rel=0.01)
    assert parting(Projectile(900.0, 5e-3, 2e-2, 0.0), 2.6, 100.0) == (1.0, 1.0)


def test_nearly_ahead_of_a_slow_bullet_the_level_stays_finite():
    muzzle, ahead = np.array([0.0, 0.0, 1.5]), np.array([1.0, 0.0, 0.0])
    shock = ballistic_shock(WEAPONS["pistol-9mm"].projectile, muzzle, ahead)
    places = np.array([[600.0, miss, 1.5] for miss in (0.0, 0.3, 1.0, 3.0, 10.0)])
    levels = [
        peak_db(e.waveform / np.linalg.norm(place - e.position_m))
        for e, place in zip(shock.trace(places, SOUND_MPS, np.inf), places, strict=True)
    ]
    beside = shock.trace(np.array([[40.0, 10.0, 1.5]]), SOUND_MPS, np.inf)[0]
    near = peak_db(beside.waveform / np.linalg.norm(np.array([40.0, 10.0, 1.5]) - beside.position_m))
    # From 35 m to 570 m a wave that spreads in both directions loses 24 dB.
    assert max(levels) < near - 20.0
    assert np.ptp(levels) < 6.0


def test_a_point_of_the_trajectory_is_mute_beside_the_mach_cone():
    axis, bullet = np.array([1.0, 0.0, 0.0]), WEAPONS["rifle-223"].projectile
    cone = np.degrees(np.arccos(1.0 / 2.5))
    angles = np.radians(cone + np.array([0.0, 1.0, -1.0, 10.0, -10.0]))
    departure = np.column_stack([np.cos(angles), np.zeros(5), np.sin(angles)])
    on, *near, before, behind = mach_cone(bullet, axis, 2.5, 30.0, 250e-6, SOUND_MPS)(departure)
    assert on == pytest.approx(1.0)
    assert all(0.5 < gain < 0.95 for gain in near)
    assert before == behind == 0.0


@pytest.mark.parametrize("kind", ["pistol-45", "pistol-380"])
def test_subsonic_bullets_make_no_shock(kind):
    assert all(isinstance(part, Emission) for part in SOURCES[kind](event(kind), np.random.default_rng(0)))


def test_an_n_wave_is_antisymmetric_and_has_no_net_pressure():
    wave = n_wave(100.0, 200e-6)
    assert wave.max() == pytest.approx(100.0, rel=0.15)
    assert wave.min() == pytest.approx(-100.0, rel=0.15)
    assert abs(wave.sum()) < 0.15 * np.abs(wave).sum()


def test_the_crackle_comes_after_the_burst_and_is_asked_for_by_its_trait():
    burst, crackle = SOURCES["shell-burst"](event("shell-burst", crackle_s=1.0), np.random.default_rng(0))
    assert crackle.delay_s > burst.delay_s
    assert len(crackle.waveform) == pytest.approx(EMISSION_RATE_HZ, rel=0.01)
    assert peak_db(crackle.waveform) < peak_db(burst.waveform) - 5.0
    (alone,) = SOURCES["shell-burst"](event("shell-burst", crackle_s=0.0), np.random.default_rng(0))
    assert alone.delay_s == 0.0


def test_a_larger_shell_is_louder_and_longer():
    three, six = (
        SOURCES["shell-burst"](event("shell-burst", calibre_in=c), np.random.default_rng(5))[0]
        for c in (3, 6)
    )
    assert peak_db(six.waveform) - peak_db(three.waveform) == pytest.approx(6.02, abs=0.01)
    assert len(six.waveform) > 1.9 * len(three.waveform)


def test_a_trait_that_is_no_number_is_named_in_one_line():
    with pytest.raises(ValueError, match=r"event e1: trait azimuth_deg must be a finite number, not 'north'"):
        SOURCES["pistol-9mm"](event("pistol-9mm", azimuth_deg="north"), np.random.default_rng(0))
