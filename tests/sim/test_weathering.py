"""Eddies and gradients: what they do to arrivals, against the formulas and against common sense."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.air import WEATHERS, Air
from scenes.ambient import Ambient
from scenes.block import Block
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Microphone, Sensor
from scenes.terrain import Terrain
from sim.legs import legs_of
from sim.propagation.city import index_block
from sim.propagation.trace import PathOptions, trace_paths
from sim.refraction import LAYER_M, bending_delay, lit_length, shadow_gain
from sim.simulate import simulate
from sim.turbulence import (
    EDDIES_MAX,
    EDDY_M,
    draw_eddies,
    eddy_delay,
    eddy_gain,
    scattered_power,
    structure,
)
from sim.weathering import weather

FIELD = Block("field-v1", (), (-1000.0, -1000.0, 1000.0, 1000.0))
CITY = index_block(FIELD)
STILL = Air()
RESTLESS = Air(turbulence_mps=0.5)
UPWIND = Air(wind_gradient=(-0.2, 0.0))
DIRECT = PathOptions(ground=False)
C = STILL.sound_speed_mps
SHOTS = 1500


def paths_to(*ends, start=(0.0, 0.0, 10.0), options=DIRECT):
    return trace_paths(CITY, STILL, start, np.array(ends), options)


def shots(air, traced):
    """Return delays (shots, paths), s, and gains (shots, paths, 8) of many shots through the same air."""
    rng, legs = np.random.default_rng(0), legs_of(traced)
    fields = [draw_eddies(rng) for _ in range(SHOTS)]
    return (
        np.array([eddy_delay(air, eddies, legs) for eddies in fields]),
        np.array([eddy_gain(air, eddies, legs) for eddies in fields]),
    )


def test_smooth_air_without_gradients_changes_no_bit():
    traced = paths_to([300.0, 40.0, 8.0], options=PathOptions())
    ((late_s, gain),) = weather(STILL, draw_eddies(np.random.default_rng(1)), traced)
    assert not late_s.any()
    assert (gain == 1.0).all()


def test_travel_times_jitter_as_the_root_of_distance_and_by_half_a_millisecond_to_two_at_500_m():
    late_s, _ = shots(RESTLESS, paths_to([125.0, 0, 10], [500.0, 0, 10], [0, 2000.0, 10]))
    deviation = late_s.std(axis=0)
    expected = RESTLESS.turbulence_mps * np.sqrt(2.0 * EDDY_M * np.array([500.0, 2000.0])) / C**2
    # Eddies of finite length correlate the ends of a finite path: 5 % less at ten eddies.
    assert deviation[1:] == pytest.approx(expected, rel=0.12)
    assert 0.5e-3 < deviation[1] < 2e-3
    assert np.abs(late_s.mean(axis=0)).max() < 4.0 * deviation.max() / np.sqrt(SHOTS)


def test_jitter_and_scintillation_grow_with_the_strength_and_stay_bounded():
    traced = paths_to([500.0, 0.0, 10.0])
    (weak_s, weak), (strong_s, strong) = (shots(replace(STILL, turbulence_mps=u), traced) for u in (0.3, 0.9))
    assert strong_s.std() / weak_s.std() == pytest.approx(3.0, rel=1e-6)
    assert 20 * np.log10(strong[:, 0, 3]).std() > 20 * np.log10(weak[:, 0, 3]).std() + 1.0
    assert np.abs(strong_s).max() <= EDDIES_MAX * 0.9 * 500.0 / C**2


def test_levels_scintillate_more_with_distance_and_frequency_and_energy_is_kept():
    _, gain = shots(RESTLESS, paths_to([100.0, 0.0, 10.0], [500.0, 0.0, 10.0], [1500.0, 0.0, 10.0]))
    level = 20.0 * np.log10(gain)
    spread_db = np.asarray(level.std(axis=0))
    assert (np.diff(spread_db, axis=0) > 0.0).all()
    assert (np.diff(spread_db, axis=1) > 0.0).all()
    assert 0.5 < spread_db[1, 3] < 4.0
    assert spread_db.max() < 5.7  # no more than a wave scattered often
    assert (gain**2).mean(axis=0)[:2] == pytest.approx(1.0, abs=0.15)
    weak = 8.686 * np.sqrt(0.0307 * structure(RESTLESS) * (2 * np.pi * 125 / C) ** (7 / 6) * 100 ** (11 / 6))
    assert spread_db[0, 1] == pytest.approx(weak, rel=0.1)


def test_neighbouring_paths_of_a_shot_swing_together_and_distant_ones_do_not():
    ends = [500.0, 0.0, 10.0], [500.0, 4.0, 10.0], [-500.0, 0.0, 10.0]
    late_s, gain = shots(RESTLESS, paths_to(*ends))
    together = np.asarray(np.corrcoef(late_s.T))
    assert together[0, 1] > 0.97
    assert abs(together[0, 2]) < 0.2
    levels = np.asarray(np.corrcoef(np.log(gain[:, :, 4]).T))
    assert levels[0, 1] > 0.9
    assert abs(levels[0, 2]) < 0.2


def test_the_same_path_the_other_way_meets_the_same_eddies():
    there, back = paths_to([400.0, 30.0, 6.0]), paths_to([0.0, 0.0, 10.0], start=(400.0, 30.0, 6.0))
    eddies = draw_eddies(np.random.default_rng(5))
    both = [weather(RESTLESS, eddies, traced)[0] for traced in (there, back)]
    assert both[0][0] == pytest.approx(both[1][0], abs=1e-12)
    assert both[0][1] == pytest.approx(both[1][1])


def test_a_shadow_begins_where_the_grazing_ray_leaves_the_ground():
    arcs = legs_of(paths_to([150.0, 0.0, 10.0], [600.0, 0.0, 10.0], [-600.0, 0.0, 10.0], start=(0, 0, 1.5)))
    radius = C / 0.2
    begins = np.sqrt(2.0 * radius * 1.5) + np.sqrt(2.0 * radius * 10.0)
    assert lit_length(UPWIND, arcs) == pytest.approx([begins, begins, np.inf])
    gain = shadow_gain(UPWIND, arcs)
    assert (gain[[0, 2]] == 1.0).all()
    assert (np.diff(gain[1]) < 0.0).all()


def test_upwind_500_m_away_the_shadow_costs_10_to_25_db_where_eddies_fill_it_and_more_where_none_do():
    arcs = legs_of(paths_to([500.0, 0.0, 8.0], start=(0.0, 0.0, 1.5)))
    smooth = 20.0 * np.log10(shadow_gain(UPWIND, arcs)[0])
    rough = 20.0 * np.log10(shadow_gain(replace(UPWIND, turbulence_mps=0.5), arcs)[0])
    assert -26.0 < rough[4] < -10.0
    assert (rough > smooth).all()
    floor = 10.0 * np.log10(scattered_power(replace(UPWIND, turbulence_mps=0.5), np.array([500.0])))[0]
    assert (rough > floor - 0.1).all()


def test_the_level_does_not_step_where_the_shadow_begins():
    begins = np.sqrt(2.0 * C / 0.2) * (np.sqrt(1.5) + np.sqrt(10.0))
    ends = [[begins + d, 0.0, 10.0] for d in np.linspace(-1.0, 1.0, 21)]
    gain = shadow_gain(replace(UPWIND, turbulence_mps=1.0), legs_of(paths_to(*ends, start=(0, 0, 1.5))))
    assert np.abs(np.diff(20.0 * np.log10(gain), axis=0)).max() < 0.1


def test_swapping_source_and_receiver_and_turning_the_wind_leaves_the_shadow():
    there = legs_of(paths_to([450.0, 80.0, 9.0], start=(0.0, 0.0, 1.5)))
    back = legs_of(paths_to([0.0, 0.0, 1.5], start=(450.0, 80.0, 9.0)))
    turned = replace(UPWIND, wind_gradient=(0.2, 0.0))
    assert shadow_gain(UPWIND, there) == pytest.approx(shadow_gain(turned, back))
    assert (shadow_gain(turned, there) == 1.0).all()
    lapse = Air(temperature_gradient=-0.3)
    assert shadow_gain(lapse, there) == pytest.approx(shadow_gain(lapse, back))
    assert (shadow_gain(lapse, there)[0, 4:] < 1.0).all()


def test_a_ground_bounce_bends_with_its_direct_path():
    traced = paths_to([600.0, 0.0, 10.0], start=(0.0, 0.0, 1.5), options=PathOptions())
    ((_, gain),) = weather(UPWIND, draw_eddies(np.random.default_rng(0)), traced)
    assert len(gain) == 2
    assert gain[0] == pytest.approx(gain[1])


def test_on_a_plateau_gradients_do_what_they_do_on_the_plain():
    plateau = Terrain(-1000.0, -1000.0, (2000.0, 2000.0), np.full((2, 2), 80.0))
    (low,) = paths_to([600.0, 0.0, 10.0], start=(0.0, 0.0, 1.5), options=PathOptions())
    high = replace(low, vertices_m=low.vertices_m + np.array([0.0, 0.0, 80.0]))
    eddies = draw_eddies(np.random.default_rng(0))
    ((late_s, gain),), ((there_s, there),) = (
        weather(UPWIND, eddies, [low]),
        weather(UPWIND, eddies, [high], plateau),
    )
    assert there_s == pytest.approx(late_s)
    assert there == pytest.approx(gain)
    assert gain[0, 4] < 0.5


@pytest.mark.parametrize("gradient", [0.05, 0.2])
def test_sound_that_bends_down_arrives_as_the_exact_arc_does(gradient):
    """In c0 + g z the travel time between two points is (1/|g|) arcosh(1 + g^2 (d^2 + dz^2) / (2 c1 c2))."""
    air = Air(wind_gradient=(gradient, 0.0))
    traced = paths_to([400.0, 0.0, 10.0], start=(0.0, 0.0, 2.0))
    legs = legs_of(traced)
    low, high = C + gradient * (2.0 - 10.0), C
    exact = np.arccosh(1.0 + gradient**2 * (400.0**2 + 8.0**2) / (2.0 * low * high)) / gradient
    straight = np.hypot(400.0, 8.0) / C
    found = straight + bending_delay(air, legs, legs)[0]
    assert found == pytest.approx(exact, abs=2e-5)
    fastest = C + gradient * (LAYER_M - 10.0)
    assert found > straight * C / fastest - 1e-5


def test_far_downwind_nothing_outruns_the_fastest_air_of_the_layer():
    air = Air(wind_gradient=(0.4, 0.0))
    traced = paths_to([3000.0, 0.0, 10.0], start=(0.0, 0.0, 2.0))
    legs = legs_of(traced)
    saved = -bending_delay(air, legs, legs)[0]
    assert 0.0 < saved <= 3000.0 * 0.4 * (LAYER_M - 10.0) / C**2


def scene(air, *sensors):
    bangs = tuple(Event(f"b{i}", "act", "firecracker", 0.2 + i, (0.0, 0.0, 1.5)) for i in range(3))
    return Scene(FIELD, sensors, bangs, 4.0, 7, air, Ambient())


def sensor(name, x, y):
    return Sensor(name, (x, y, 6.0), Clock(), Microphone())


def test_every_shot_meets_other_eddies_and_another_sensor_changes_no_byte():
    one, two = sensor("one", 300.0, 0.0), sensor("two", -200.0, 90.0)
    air = replace(WEATHERS["mild"], wind_gradient=(0.1, 0.1))
    alone, both = simulate(scene(air, one)), simulate(scene(air, two, one), workers=2)
    assert alone.captures[0].samples.tobytes() == both.captures[1].samples.tobytes()
    times = [row.time_s - 0.2 - i for i, row in enumerate(alone.heard)]
    assert len(set(np.round(times, 7))) == 3
    assert np.ptp(times) < 5e-3
