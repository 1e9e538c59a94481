"""A whole scene: what a reader can check with a ruler and a watch."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block, Building, Ground
from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Microphone, Sensor
from sim.propagation.trace import PathOptions
from sim.simulate import simulate

FIELD = Block("field-v1", (), (-500.0, -500.0, 500.0, 500.0), Ground("grass"))
LOUD = Microphone("measurement", full_scale_pa=2000.0, noise_floor_db=10.0, high_pass_hz=5.0)
SILENT_STREET = Ambient(octave_db_rms=(-20.0,) * 8, spread_db=0.0)
NO_GROUND = PathOptions(ground=False)
BANG = Event("bang", "act", "m80", 0.5, (0.0, 0.0, 20.0))
AIR = Air()
C = AIR.sound_speed_mps


def sensor(name, x, y=0.0, z=20.0, **kwargs):
    return Sensor(name, (x, y, z), kwargs.pop("clock", Clock()), kwargs.pop("microphone", LOUD), **kwargs)


def scene(*sensors, events=(BANG,), ambient=SILENT_STREET, duration_s=2.0, block=FIELD, seed=3):
    return Scene(block, sensors, events, duration_s, seed, AIR, ambient)


def pascals(capture):
    return capture.samples[0] * capture.full_scale_pa / 2.0 ** (capture.bits - 1)


def onset_s(capture, share=0.3):
    """Return when the pressure first exceeds a share of its peak, on the sensor's clock."""
    pressure = np.abs(pascals(capture))
    level = share * pressure.max()
    after = np.flatnonzero(pressure > level)[0]
    rise = (level - pressure[after - 1]) / (pressure[after] - pressure[after - 1])
    return capture.start_s + (after - 1 + rise) / capture.rate_hz


def test_sound_takes_distance_over_speed_to_within_a_sample():
    near, far = simulate(scene(sensor("near", 34.0), sensor("far", 134.0)), NO_GROUND).captures
    assert onset_s(near) - (0.5 + 34.0 / C) == pytest.approx(0.0, abs=1.0 / 48_000)
    assert onset_s(far) - onset_s(near) == pytest.approx(100.0 / C, abs=2.0 / 48_000)


def test_the_level_of_a_thump_which_the_air_spares_falls_by_6_db_per_doubling():
    thump = replace(BANG, kind="shell-lift")
    sensors = [sensor(f"s{distance}", distance) for distance in (10.0, 20.0, 40.0, 80.0)]
    levels = np.array([row.level_db for row in simulate(scene(*sensors, events=(thump,)), NO_GROUND).heard])
    assert levels[:-1] - levels[1:] == pytest.approx([6.02] * 3, abs=0.1)


def test_heard_says_when_and_how_the_first_sound_came():
    (row,) = simulate(scene(sensor("s", 100.0)), NO_GROUND).heard
    assert (row.event, row.sensor, row.path) == ("bang", "s", "direct")
    assert row.time_s == pytest.approx(0.5 + 100.0 / C)
    capture = simulate(scene(sensor("s", 100.0)), NO_GROUND).captures[0]
    recorded = 20.0 * np.log10(np.abs(pascals(capture)).max() / 20e-6)
    assert row.level_db == pytest.approx(recorded, abs=0.3)


def test_a_loud_bang_clips_a_street_sensor_and_is_flagged():
    street = Microphone(full_scale_pa=0.9)
    simulation = simulate(scene(sensor("near", 20.0, microphone=street), sensor("loud", 20.0)), NO_GROUND)
    assert [row.clipped for row in simulation.heard] == [True, False]
    clipped, whole = simulation.captures
    assert clipped.samples.max() == 2**23 - 1
    assert whole.samples.max() < 2**23 - 1


def test_a_fast_clock_shows_the_bang_later_by_its_skew_and_offset():
    late = Event("late", "act", "m80", 20.0, (0.0, 0.0, 20.0))
    skewed = Clock(offset_s=0.125, skew=50e-6)
    right, fast = simulate(
        scene(sensor("s", 50.0), sensor("t", -50.0, clock=skewed), events=(late,), duration_s=21.0), NO_GROUND
    ).captures
    assert fast.start_s == 0.125
    assert onset_s(fast) - onset_s(right) == pytest.approx(0.125 + 50e-6 * (20.0 + 50.0 / C), abs=5e-6)


def test_jitter_is_an_independent_error_of_every_bang_at_every_sensor():
    bangs = tuple(Event(f"b{i}", "act", "firecracker", 0.3 + 0.5 * i, (0.0, 0.0, 20.0)) for i in range(10))
    jittery = Clock(jitter_s=10e-3)
    sensors = [sensor(f"s{i}", 50.0, clock=jittery) for i in range(6)]
    errors = []
    for capture in simulate(scene(*sensors, events=bangs, duration_s=5.5), NO_GROUND).captures:
        pressure = np.abs(pascals(capture))
        for bang in bangs:
            due = bang.time_s + 50.0 / C
            window = pressure[int((due - 0.1) * 48_000) : int((due + 0.1) * 48_000)]
            errors.append(np.argmax(window) / 48_000 - 0.1)
    assert np.std(errors) == pytest.approx(10e-3, rel=0.3)
    assert abs(np.mean(errors)) < 5e-3


def test_adding_a_sensor_changes_no_byte_of_another():
    block = Block(
        "wall-v1",
        (Building("w", np.array([[-30.0, 10], [30.0, 10], [30.0, 14], [-30.0, 14]]), 9.0),),
        FIELD.bounds_m,
    )
    shot = Event("shot", "act", "rifle-223", 0.2, (-40.0, 0.0, 1.5), {"azimuth_deg": 0.0})
    one, two = sensor("one", 60.0, 4.0, 5.0), sensor("two", 20.0, -30.0, 6.0)
    ambient = Ambient()
    alone = simulate(scene(one, events=(shot, BANG), block=block, ambient=ambient))
    both = simulate(scene(two, one, events=(shot, BANG), block=block, ambient=ambient))
    assert np.array_equal(alone.captures[0].samples, both.captures[1].samples)
    assert alone.heard == tuple(row for row in both.heard if row.sensor == "one")


def test_one_and_two_workers_give_the_same_bytes():
    sensors = [sensor(f"s{i}", 30.0 + 20.0 * i, 10.0 * i) for i in range(4)]
    one, two = (simulate(scene(*sensors, ambient=Ambient()), workers=w) for w in (1, 2))
    assert one.heard == two.heard
    assert all(
        a.samples.tobytes() == b.samples.tobytes() for a, b in zip(one.captures, two.captures, strict=True)
    )


def test_before_the_first_bang_there_is_noise_as_after_it_and_no_digital_silence():
    street = Microphone()
    late = replace(BANG, time_s=1.5)
    capture = simulate(
        scene(sensor("s", 300.0, microphone=street), events=(late,), ambient=Ambient())
    ).captures[0]
    before = pascals(capture)[:48_000]
    assert (capture.samples[0][:48_000] == 0).mean() < 0.01
    halves = before[:24_000].std(), before[24_000:].std()
    assert halves[0] == pytest.approx(halves[1], rel=0.2)
    assert 40.0 < 20.0 * np.log10(before.std() / 20e-6) < 65.0


def test_sensors_hear_their_own_noise():
    first, second = simulate(
        scene(sensor("a", 100.0), sensor("b", 90.0), events=(), ambient=Ambient())
    ).captures
    channels = np.concatenate([first.samples, second.samples])
    assert channels.shape == (2, 96_000)
    assert np.abs(np.corrcoef(channels) - np.eye(2)).max() < 0.1


def test_the_capsule_towards_the_bang_hears_it_first():
    array = replace(LOUD, capsules_m=((0.5, 0.0, 0.0), (-0.5, 0.0, 0.0)))
    capture = simulate(scene(sensor("a", 100.0, microphone=array)), NO_GROUND).captures[0]
    far, near = (onset_s(replace(capture, samples=capture.samples[i : i + 1])) for i in (0, 1))
    assert far - near == pytest.approx(1.0 / C, abs=5e-6)


def test_a_dead_sensor_delivers_nothing_and_the_others_do():
    simulation = simulate(scene(sensor("dead", 50.0, alive=False), sensor("live", 50.0)), NO_GROUND)
    assert [capture.samples.shape for capture in simulation.captures] == [(1, 0), (1, 96_000)]
    assert [row.sensor for row in simulation.heard] == ["dead", "live"]


def test_every_bang_is_heard_by_every_sensor_in_the_truth_even_when_no_one_could_hear_it():
    quiet = Event("pop", "act", "backfire", 0.5, (0.0, 0.0, 1.0))
    rows = simulate(scene(sensor("s", 450.0), sensor("t", 60.0), events=(BANG, quiet))).heard
    assert [(row.event, row.sensor) for row in rows] == [
        ("bang", "s"),
        ("bang", "t"),
        ("pop", "s"),
        ("pop", "t"),
    ]
    assert all(np.isfinite(row.level_db) for row in rows)


def test_the_crack_of_a_rifle_bullet_comes_before_the_blast():
    shot = Event("shot", "act", "rifle-223", 0.1, (0.0, 0.0, 1.5), {"azimuth_deg": 0.0})
    simulation = simulate(scene(sensor("s", 200.0, 10.0, 1.5), events=(shot,)), NO_GROUND)
    blast_s = 0.1 + np.hypot(200.0, 10.0) / C
    assert blast_s - simulation.heard[0].time_s == pytest.approx(0.33, abs=0.04)
    assert onset_s(simulation.captures[0], 0.5) == pytest.approx(simulation.heard[0].time_s, abs=1e-3)


def test_a_wall_stops_the_bullet_and_its_crack():
    wall = Building("w", np.array([[40.0, -9.0], [42.0, -9.0], [42.0, 9.0], [40.0, 9.0]]), 5.0)
    block = Block("wall-v1", (wall,), FIELD.bounds_m)
    shot = Event("shot", "act", "rifle-223", 0.1, (0.0, 0.0, 1.5), {"azimuth_deg": 0.0})
    heard = simulate(scene(sensor("s", 200.0, 10.0, 1.5), events=(shot,), block=block)).heard[0]
    assert heard.time_s > 0.1 + np.hypot(200.0, 10.0) / C - 1e-6


def test_behind_two_rows_of_houses_a_supersonic_pistol_is_no_louder_than_a_subsonic_one():
    rows = tuple(
        Building(f"b{x}", np.array([[x, -60], [x + 15, -60], [x + 15, 60], [x, 60]], dtype=float), 15.0)
        for x in (80, 160)
    )
    block = Block("rows-v1", rows, FIELD.bounds_m)
    there = sensor("s", 400.0, 2.0, 4.0)
    levels = {}
    for kind in ("pistol-9mm", "pistol-40"):
        shot = Event("shot", "act", kind, 0.0, (0.0, 0.0, 1.5), {"azimuth_deg": 0.0})
        levels[kind] = simulate(scene(there, events=(shot,), block=block)).heard[0].level_db
    assert levels["pistol-9mm"] < levels["pistol-40"] + 3.0


def test_sensors_of_different_rates_record_the_same_seconds():
    slow = replace(LOUD, rate_hz=12_000)
    high, low = simulate(scene(sensor("a", 80.0), sensor("b", 80.0, microphone=slow)), NO_GROUND).captures
    assert low.samples.shape[1] * 4 == high.samples.shape[1]
    assert onset_s(low) == pytest.approx(onset_s(high), abs=1e-4)


def test_kinds_that_are_no_source_are_named_all_at_once():
    events = (replace(BANG, id="x", kind="cannon"), replace(BANG, id="y", kind="trumpet"))
    with pytest.raises(BadInput) as refused:
        simulate(scene(sensor("s", 10.0), events=events))
    lines = str(refused.value).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("event x: kind 'cannon' is none of pistol-9mm")


def test_progress_counts_every_part_once():
    calls = []
    simulate(
        scene(sensor("a", 10.0), sensor("b", 20.0)), progress=lambda done, parts: calls.append((done, parts))
    )
    assert calls == [(i, 5) for i in range(1, 6)]
