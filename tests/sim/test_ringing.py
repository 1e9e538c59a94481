"""Scenes that ring: the tail as it is recorded."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Microphone, Sensor
from sim.arrivals import open_street, trace_event
from sim.propagation.city import index_block
from sim.propagation.trace import PathOptions
from sim.pulse_table import design_filters
from sim.simulate import simulate
from tests.tail_scenes import (
    AIR,
    SOURCE,
    C,
    block,
    street,
)


def scene(*sensors, built=None, events=3):
    bangs = tuple(Event(f"b{i}", "act", "m80", 0.2 + 2.0 * i, (0.0, 0.0, 1.5)) for i in range(events))
    quiet = Ambient(octave_db_rms=(-20.0,) * 8, spread_db=0.0)
    return Scene(built or street(), sensors, bangs, 2.0 * events + 1.0, 4, AIR, quiet)


def sensor(name, x, y):
    return Sensor(name, (x, y, 6.0), Clock(), Microphone(full_scale_pa=2000.0, high_pass_hz=5.0))


def duration_s(capture, begin_s):
    """Return how long the energy in 10 ms stays within 20 dB of its peak, from the peak on, s."""
    begin = round(begin_s * capture.rate_hz)
    pressure = capture.samples[0][begin : begin + 2 * capture.rate_hz].astype(float)
    power = np.square(pressure[: len(pressure) // 480 * 480]).reshape(-1, 480).sum(axis=1)
    loud = np.flatnonzero(power > 0.01 * power.max())
    return 0.01 * (loud[-1] - power.argmax() + 1)


def test_a_street_rings_on_and_an_open_field_does_not():
    lane, alone = (
        simulate(scene(sensor("s", 120.0, 3.0), events=1), PathOptions(tail=tail)).captures[0]
        for tail in (True, False)
    )
    assert duration_s(lane, 0.2) > duration_s(alone, 0.2) + 0.05
    assert np.square(lane.samples.astype(float)).sum() > np.square(alone.samples.astype(float)).sum()
    open_field_scene = scene(sensor("s", 120.0, 3.0), built=block(), events=1)
    with_tail, without = (simulate(open_field_scene, PathOptions(tail=tail)) for tail in (True, False))
    assert with_tail.captures[0].samples.tobytes() == without.captures[0].samples.tobytes()


def test_wind_brings_the_tail_sooner_by_what_it_gains_on_the_straight_line():
    """Over legs L u of a way, L / (c + w u) adds up to its length / c - w D / c2 to first order, D from end to end."""
    wind, receivers = np.array([6.0, -2.0]), np.array([[120.0, 3.0, 6.0], [-40.0, -4.0, 6.0]])
    tails = []
    for air in (AIR, Air(wind_mps=(6.0, -2.0))):
        heard = replace(scene(sensor("s", 120.0, 3.0), events=1), air=air)
        opened = open_street(
            index_block(heard.block), heard, receivers, {48_000: design_filters(air, 48_000)}, PathOptions()
        )
        tails.append([a[0].tail for a in trace_event(heard.events[0], 4, receivers, opened)])
    for still, windy, place in zip(*tails, receivers, strict=True):
        gained_s = (place - SOURCE)[:2] @ wind / C**2
        assert still.time_s - windy.time_s == pytest.approx(gained_s, abs=1e-9)


def test_every_shot_rings_otherwise_and_workers_and_other_sensors_change_no_byte():
    one, two = sensor("one", 90.0, 3.0), sensor("two", -40.0, -4.0)
    alone = simulate(scene(one)).captures[0]
    both = simulate(scene(two, one), workers=2).captures[1]
    assert alone.samples.tobytes() == both.samples.tobytes()
    shots = [alone.samples[0][96_000 * i + 20_000 : 96_000 * i + 60_000].astype(float) for i in range(3)]
    late = np.corrcoef([shot[14_000:24_000] for shot in shots])
    assert abs(late[0, 1]) < 0.5
    assert abs(late[0, 2]) < 0.5
