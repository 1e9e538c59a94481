"""Laws that hold for every path in every block."""

import numpy as np
import pytest
import shapely

from scenes.air import Air
from scenes.errors import BadInput
from sim.propagation.city import index_block
from sim.propagation.engines import open_engine
from sim.propagation.paths import BANDS_HZ, PathKind
from sim.propagation.trace import PathOptions, trace_paths

CALM = Air(temperature_c=15.0)


def field(paths):
    """Return the complex pressure at the band centres, air absorption left out."""
    turn = np.exp(-2j * np.pi * np.outer(paths.delay_s, BANDS_HZ))
    return (np.abs(paths.gain) * np.exp(1j * paths.phase_rad) * turn).sum(axis=0)


def test_six_decibels_per_doubling_in_the_open(make):
    city = index_block(make.block())
    ends = [[distance, 0.0, 10.0] for distance in (10.0, 20.0, 40.0, 80.0)]
    found = trace_paths(city, CALM, [0.0, 0.0, 10.0], ends, PathOptions(ground=False))
    levels = [20.0 * np.log10(np.abs(paths.gain[0, 4])) for paths in found]
    np.testing.assert_allclose(np.diff(levels), -6.0206, atol=1e-3)


def test_direct_sound_travels_at_the_speed_of_sound_and_wind_carries_it(make):
    city = index_block(make.block())
    still = trace_paths(city, CALM, [0, 0, 2], [[340.0, 0, 2]], PathOptions(ground=False))[0]
    assert still.delay_s[0] == pytest.approx(340.0 / CALM.sound_speed_mps, rel=1e-12)
    windy = Air(wind_mps=(5.0, 3.0))
    carried = trace_paths(city, windy, [0, 0, 2], [[340.0, 0, 2]], PathOptions(ground=False))[0]
    assert carried.delay_s[0] == pytest.approx(340.0 / (windy.sound_speed_mps + 5.0), rel=1e-12)


def test_rigid_ground_doubles_the_pressure_at_its_surface(make):
    city = index_block(make.block())
    options = PathOptions(materials=False)
    paths = trace_paths(city, CALM, [0, 0, 0], [[50.0, 0, 0]], options)[0]
    assert np.abs(field(paths)) * 50.0 == pytest.approx(2.0, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_arrives_before_the_straight_line_and_vertices_add_up(make, seed):
    block, plans = make.random_block(seed)
    rng = np.random.default_rng(seed)
    points = np.column_stack([make.streets(plans, rng, 9), rng.uniform(0.5, 12.0, 9)])
    for paths, end in zip(
        trace_paths(index_block(block), CALM, points[0], points[1:]), points[1:], strict=True
    ):
        assert len(paths) > 0
        straight = np.linalg.norm(end - points[0])
        assert np.all(paths.length_m >= straight - 1e-6)
        assert np.all(np.diff(paths.delay_s) >= 0.0)
        for i in range(len(paths)):
            line = paths.vertices_m[paths.vertex_start[i] : paths.vertex_start[i + 1]]
            legs = np.diff(line, axis=0)
            assert np.linalg.norm(legs, axis=1).sum() == pytest.approx(paths.length_m[i], abs=1e-6)
            assert len(line) == paths.order[i] + paths.ground_bounces[i] + 2
            np.testing.assert_allclose(line[0], points[0])
            np.testing.assert_allclose(line[-1], end)
            np.testing.assert_allclose(np.linalg.norm(paths.departure[i]), 1.0)
            np.testing.assert_allclose(np.linalg.norm(paths.arrival[i]), 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_reciprocity(make, seed):
    block, plans = make.random_block(seed)
    city, rng = index_block(block), np.random.default_rng(seed)
    points = np.column_stack([make.streets(plans, rng, 6), rng.uniform(0.5, 12.0, 6)])
    there = trace_paths(city, CALM, points[0], points[1:])
    for paths, end in zip(there, points[1:], strict=True):
        back = trace_paths(city, CALM, end, points[:1])[0]
        assert len(back) == len(paths)
        np.testing.assert_allclose(back.length_m, paths.length_m, rtol=1e-9)
        np.testing.assert_allclose(field(back), field(paths), rtol=1e-6)


def test_no_sensor_is_deaf(make):
    """Courtyard, roof, street behind three buildings, on a wall line; a shot in the street and a burst at 150 m."""
    yard = (np.array(make.box(-20.0, -20.0, 20.0, 20.0))[::-1],)
    tower = make.building("tower", make.box(60, -15, 80, 15), 60.0)
    hall = make.building("hall", make.box(-40, -40, 40, 40), 18.0, courtyards=yard)
    shed = make.building("shed", make.box(-80, -10, -70, 10), 3.0)
    city = index_block(make.block(hall, tower, shed))
    sensors = [
        [0, 0, 2],
        [30, 30, 19],
        [100, 0, 5],
        [-75, 0, 4],
        [-60, 0, 0],
        [60, -15, 70],
        [50, -15, 9],
        [40, 0, 5],
    ]
    for source in ([-100, 5, 1.5], [10, 10, 150.0], [0, -60, 0.0], [5, 5, 1.0], [30, 0, 18.0]):
        for paths in trace_paths(city, CALM, source, sensors):
            assert len(paths) > 0
            assert np.all(np.isfinite(paths.gain))
            assert np.all(np.abs(paths.gain) > 0.0)


def test_the_gains_of_a_path_have_one_sign_though_asphalt_turns_the_phase(make):
    city = index_block(make.block())
    bounce = trace_paths(city, CALM, [0, 0, 1.5], [[250.0, 0, 5.0]])[0]
    bounce = bounce.select(bounce.ground_bounces == 1)
    assert np.ptp(np.cos(bounce.phase_rad)) > 1.5
    assert np.ptp(np.sign(bounce.gain)) == 0.0


def test_the_sign_and_the_minimum_phase_make_the_phase_of_many_edges(make):
    city = index_block(make.random_block(3)[0])
    ends = [[100.0, y, 2.0] for y in (-90.0, -30.0, 30.0, 90.0)]
    for paths in trace_paths(city, CALM, [-115.0, 5.0, 2.0], ends, PathOptions(ground=False)):
        slope = np.gradient(np.log(np.abs(paths.gain)), np.log(BANDS_HZ), axis=1)
        filtered = paths.gain * np.exp(0.5j * np.pi * slope)
        exact = np.abs(paths.gain) * np.exp(1j * paths.phase_rad)
        missed = np.linalg.norm(filtered - exact, axis=1) / np.linalg.norm(exact, axis=1)
        assert len(paths) > 0
        assert missed.max() < 0.7


def test_no_path_is_listed_twice_where_a_long_wall_lies_in_many_cells(make):
    houses = [
        make.building(f"b{k}", make.box(x, 60, x + 4, 64), 5.0) for k, x in enumerate(range(-100, 100, 8))
    ]
    city = index_block(make.block(make.building("long", make.box(-100, 0, 100, 8), 10.0), *houses))
    ends = [[80.0, y, 14.0] for y in (10.0, 14.0, 18.0, 22.0)]
    for paths in trace_paths(city, CALM, [-80.0, -8.0, 14.0], ends, PathOptions(floor_db=80.0)):
        ways = {
            tuple(np.round(way, 6).ravel()) for way in np.split(paths.vertices_m, paths.vertex_start[1:-1])
        }
        assert np.any(paths.kind == PathKind.ROOF)
        assert len(ways) == len(paths)


@pytest.mark.parametrize("seed", range(3))
def test_the_ground_under_a_house_reflects_nothing(make, seed):
    block, plans = make.random_block(seed)
    city = index_block(block)
    built = shapely.union_all(plans).buffer(-1e-6)
    over_roofs = [
        [*plan.centroid.coords[0], b.top_m + 2.0] for plan, b in zip(plans, block.buildings, strict=True)
    ]
    street = [*make.streets(plans, np.random.default_rng(seed), 1)[0], 1.5]
    bounced = 0
    for start, ends in ((street, over_roofs), (over_roofs[0], [street, *over_roofs[1:]])):
        for paths in trace_paths(city, CALM, start, ends, PathOptions(floor_db=60.0)):
            inner = np.ones(len(paths.vertices_m), dtype=bool)
            inner[paths.vertex_start[:-1]] = inner[paths.vertex_start[1:] - 1] = False
            bounces = paths.vertices_m[inner & (paths.vertices_m[:, 2] == 0.0)]
            bounced += len(bounces)
            assert not np.any(shapely.contains_xy(built, bounces[:, 0], bounces[:, 1]))
    assert bounced > 0


def test_a_receiver_straight_above_the_source_hears_it(make):
    city = index_block(make.block(make.building("b", make.box(-20, -20, 20, 20), 15.0)))
    paths = trace_paths(city, CALM, [40.0, 0, 1.5], [[40.0, 0, 11.5]])[0]
    assert paths.kind[0] == PathKind.DIRECT
    assert paths.length_m[0] == pytest.approx(10.0)


def test_two_ends_over_one_roof_share_no_bounce_on_the_ground_below(make):
    city = index_block(make.block(make.building("b", make.box(-20, -20, 20, 20), 15.0)))
    paths = trace_paths(city, CALM, [-5, 0, 16], [[5.0, 0, 40.0]])[0]
    assert np.all(paths.ground_bounces == 0)


def test_a_party_wall_of_two_heights_does_not_leak(make):
    low, high = (
        make.building("low", make.box(0, 0, 20, 20), 8.0),
        make.building("high", make.box(0, 20, 20, 40), 16.0),
    )
    city = index_block(make.block(low, high))
    along = trace_paths(city, CALM, [-30, 20, 4], [[50, 20, 4]])[0]
    assert not np.any(along.kind == PathKind.DIRECT)
    assert not np.any(along.length_m < 80.5)
    over = trace_paths(city, CALM, [-30, 20, 12], [[50, 20, 12]])[0]
    assert over.length_m[0] == pytest.approx(80.0)  # it grazes the high house's side above the low one's roof


def test_a_ray_along_the_diagonal_of_a_house_is_stopped(make):
    city = index_block(make.block(make.building("b", make.box(-10, -10, 10, 10), 20.0)))
    paths = trace_paths(city, CALM, [-30, -30, 2], [[30, 30, 2]])[0]
    assert not np.any(paths.kind == PathKind.DIRECT)
    assert np.sum((paths.kind == PathKind.CORNER) & (paths.order == 1) & (paths.ground_bounces == 0)) == 2


def test_touching_houses_in_line_make_no_corner(make):
    row = [make.building(f"r{i}", make.box(10.0 * i, 0, 10.0 * i + 10, 10), 8.0 + i) for i in range(5)]
    one = make.building("one", make.box(0, 0, 50, 10), 8.0)
    options = PathOptions(roofs=False)
    split = trace_paths(index_block(make.block(*row)), CALM, [5, -8, 2], [[40, -15, 3], [25, 30, 3]], options)
    whole = trace_paths(index_block(make.block(one)), CALM, [5, -8, 2], [[40, -15, 3], [25, 30, 3]], options)
    for a, b in zip(split, whole, strict=True):
        np.testing.assert_allclose(a.length_m, b.length_m)
        np.testing.assert_allclose(a.gain, b.gain, rtol=1e-9)


def test_every_effect_can_be_switched_off(make):
    block, plans = make.random_block(2)
    city, points = index_block(block), make.streets(plans, np.random.default_rng(2), 8)
    points = np.column_stack([points, np.full(8, 3.0)])
    found = trace_paths(city, CALM, points[0], points[1:], PathOptions(ground=False))
    assert all(np.all(paths.ground_bounces == 0) for paths in found)
    options = PathOptions(reflection_order=0, corner_count=0)
    kinds = {
        int(kind) for paths in trace_paths(city, CALM, points[0], points[1:], options) for kind in paths.kind
    }
    assert kinds <= {PathKind.DIRECT, PathKind.ROOF}
    rigid = trace_paths(
        city, CALM, points[0], points[1:], PathOptions(materials=False, roofs=False, corner_count=0)
    )
    for paths in rigid:
        np.testing.assert_allclose(paths.gain * paths.length_m[:, None], 1.0)


def test_what_cannot_be_is_named_in_one_line_each(make):
    city = index_block(make.block(make.building("hall", make.box(0, 0, 20, 20), 10.0)))
    with pytest.raises(BadInput, match=r"source 0 .* inside building 'hall'"):
        trace_paths(city, CALM, [10, 10, 5], [[50, 0, 2]])
    with pytest.raises(BadInput) as raised:
        trace_paths(city, CALM, [-5, 0, 1], [[10, 10, 1], [0, -3, -1], [np.nan, 0, 0], [50, 50, 1]])
    assert len(str(raised.value).splitlines()) == 3
    assert trace_paths(city, CALM, [-5, 0, 1], np.empty((0, 3))) == []


def test_a_house_without_height_is_not_there(make):
    city = index_block(make.block(make.building("slab", make.box(0, 0, 20, 20), 0.0)))
    paths = trace_paths(city, CALM, [-5, 10, 1], [[30, 10, 1]])[0]
    assert paths.kind.tolist() == [PathKind.DIRECT, PathKind.DIRECT]


def test_many_sources_to_receivers_known_beforehand_find_the_same_paths(make):
    block, plans = make.random_block(5, count=25, low=4.0, high=30.0)
    city, rng = index_block(block), np.random.default_rng(5)
    points = np.column_stack([make.streets(plans, rng, 24), rng.uniform(0.5, 12.0, 24)])
    roof = plans[0].centroid.coords[0]
    ends = np.vstack([points[12:], [*roof, block.buildings[0].top_m + 3.0]])
    trace = open_engine(city, CALM, receivers=ends)
    for source in [*points[:12], [*points[0, :2], 120.0]]:
        for known, alone in zip(trace(source, ends), trace_paths(city, CALM, source, ends), strict=True):
            np.testing.assert_allclose(known.length_m, alone.length_m, rtol=1e-12)
            np.testing.assert_allclose(known.gain, alone.gain, rtol=1e-9)
    with pytest.raises(BadInput, match=r"source 0 .* under the ground"):
        trace([0.0, 0.0, -1.0], ends)
