"""Paths over hills."""

import dataclasses
import math

import numpy as np
import pytest

from scenes.air import Air
from scenes.block import Ground
from scenes.errors import BadInput
from scenes.terrain import Terrain
from sim.propagation.city import index_block
from sim.propagation.engines import open_engine
from sim.propagation.image_sources import ImageOptions
from sim.propagation.paths import BANDS_HZ, PathKind
from sim.propagation.trace import PathOptions
from tests.sim.propagation.test_wedge_biot_tolstoy import exact

CALM = Air()
BREEZE = Air(wind_mps=(5.0, 2.0))
BARE = PathOptions(ground=False, materials=False)


def laid_on(block, height, step=5.0, half=200.0):
    """Return the block on the ground height(x, y), sampled every `step` m."""
    at = np.arange(-half, half + step, step)
    heights = height(*np.meshgrid(at, at))
    return dataclasses.replace(block, ground=Ground(terrain=Terrain(-half, -half, (step, step), heights)))


def engine(block, options=None, air=CALM):
    return open_engine(index_block(block), air, options)


def ridge(x, y):
    """A ridge from south to north, 20 m high, slopes of 1 in 2."""
    return np.maximum(20.0 - 0.5 * np.abs(x) + 0.0 * y, 0.0)


@pytest.mark.parametrize(
    "options", [PathOptions(floor_db=40.0), PathOptions(ground=False), PathOptions(roofs=False)]
)
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_ground_that_hardly_rises_gives_the_paths_of_flat_ground(make, seed, options):
    block, plans = make.random_block(seed, count=12)
    rng = np.random.default_rng(seed)
    heights = [1.5, 3.0, 6.0, 2.0, 0.05, 7.9, 50.0, 30.0]
    points = np.column_stack([make.streets(plans, rng, 8), heights])
    flat = engine(block, dataclasses.replace(options, fading=False), BREEZE)(points[0], points[1:])
    hilly = engine(laid_on(block, lambda x, y: 1e-9 * (x > 190) + 0.0 * y), options, BREEZE)(
        points[0], points[1:]
    )
    for one, other in zip(flat, hilly, strict=True):
        assert np.array_equal(one.kind, other.kind)
        assert np.array_equal(one.ground_bounces, other.ground_bounces)
        np.testing.assert_allclose(one.delay_s, other.delay_s, atol=1e-9)
        np.testing.assert_allclose(one.vertices_m, other.vertices_m, atol=1e-6)
        np.testing.assert_allclose(one.departure, other.departure, atol=1e-6)
        assert np.max(np.abs(20.0 * np.log10(np.abs(one.gain / other.gain))), initial=0.0) < 0.15


def test_a_flat_raster_changes_no_byte(make):
    block, plans = make.random_block(0)
    points = np.column_stack([make.streets(plans, np.random.default_rng(0), 4), [1.5, 3.0, 6.0, 2.0]])
    plain = engine(block)(points[0], points[1:])
    raster = engine(laid_on(block, lambda x, y: 0.0 * (x + y)))(points[0], points[1:])
    for one, other in zip(plain, raster, strict=True):
        assert all(
            np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one)
        )


def test_a_slope_mirrors_as_a_plane_does(make):
    slope, start, end = 0.2, np.array([-50.0, 0.0]), np.array([60.0, 0.0])
    block = laid_on(make.block(), lambda x, y: slope * (x + 200.0) + 0.0 * y)
    source, receiver = ([*p, slope * (p[0] + 200.0) + h] for p, h in ((start, 1.5), (end, 6.0)))
    paths = engine(block, PathOptions(materials=False))(source, [receiver])[0]
    normal = np.array([-slope, 0.0, 1.0]) / math.hypot(slope, 1.0)
    image = np.array(source) - 2.0 * 1.5 * normal[2] * normal
    assert paths.length_m == pytest.approx(
        [math.dist(source, receiver), math.dist(image, receiver)], abs=1e-9
    )
    assert paths.vertices_m[3, 2] == pytest.approx(slope * (paths.vertices_m[3, 0] + 200.0))
    assert paths.gain[:, 0] == pytest.approx(1.0 / paths.length_m)


def test_behind_a_ridge_sound_comes_over_its_crest(make):
    source, receiver = [-100.0, 0.0, 1.5], [100.0, 30.0, 6.0]
    block = laid_on(make.block(), ridge)
    (paths,) = engine(block, BARE)(source, [receiver])
    crest = [0.0, 15.0, 20.0]
    detour = math.dist(source, crest) + math.dist(crest, receiver)
    assert paths.kind.tolist() == [PathKind.ROOF]
    assert paths.vertices_m == pytest.approx(np.array([source, crest, receiver]))
    assert paths.length_m == pytest.approx([detour])
    assert paths.delay_s == pytest.approx([detour / CALM.sound_speed_mps])


def test_a_ridge_weakens_sound_as_the_exact_wedge_does(make):
    source, receiver = [-100.0, 0.0, 10.0], [80.0, 0.0, 6.0]
    (paths,) = engine(laid_on(make.block(), ridge), BARE)(source, [receiver])
    face = math.atan2(1.0, 0.5)
    opening = 2.0 * math.pi - 2.0 * face
    s, r = math.hypot(100.0, 10.0), math.hypot(80.0, 14.0)
    phi_in, phi_out = math.atan2(100.0, 10.0) - face, opening - (math.atan2(80.0, 14.0) - face)
    for band, hz in enumerate(BANDS_HZ):
        true = abs(exact(2.0 * math.pi * hz / CALM.sound_speed_mps, opening, s, phi_in, r, phi_out))
        assert 20.0 * math.log10(abs(paths.gain[0, band]) / true) == pytest.approx(0.0, abs=0.5)


def test_each_end_on_the_ground_doubles_the_ways_over_a_ridge(make):
    (paths,) = engine(laid_on(make.block(), ridge), PathOptions(materials=False, floor_db=90.0))(
        [-100.0, 0.0, 1.5], [[100.0, 0.0, 6.0]]
    )
    lengths = sorted(
        math.hypot(100.0, 20.0 - near) + math.hypot(100.0, 20.0 - far)
        for near in (1.5, -1.5)
        for far in (6.0, -6.0)
    )
    assert paths.length_m == pytest.approx(lengths)
    assert paths.ground_bounces.tolist() == [0, 1, 1, 2]


def test_the_string_goes_along_a_rounded_hill_and_finer_rasters_agree(make):
    def hill(x, y):
        return np.maximum(25.0 - x**2 / 200.0 + 0.0 * y, 0.0)

    levels = []
    for step in (5.0, 2.5, 1.25):
        (paths,) = engine(laid_on(make.block(), hill, step), BARE)([-120.0, 0.0, 3.0], [[110.0, 0.0, 6.0]])
        t0, t1 = (
            x + sign * math.sqrt(x * x - 200.0 * (25.0 - z))
            for x, z, sign in ((-120.0, 3.0, 1), (110.0, 6.0, -1))
        )
        arc = np.linspace(t0, t1, 20_001)
        along = np.sum(np.hypot(np.diff(arc), np.diff(hill(arc, 0.0))))
        touched = (
            math.hypot(t0 + 120.0, hill(t0, 0.0) - 3.0) + along + math.hypot(110.0 - t1, hill(t1, 0.0) - 6.0)
        )
        assert paths.length_m[0] == pytest.approx(touched, abs=0.02)
        levels.append(20.0 * np.log10(np.abs(paths.gain[0])))
    assert np.ptp(levels, axis=0).max() < 1.5


def test_a_house_on_the_ridge_is_part_of_the_way(make):
    source, receiver = [-100.0, 0.0, 1.5], [100.0, 0.0, 6.0]
    block = laid_on(make.block(make.building("hut", make.box(10, -20, 20, 20), 18.0, base_m=10.0)), ridge)
    (paths,) = engine(block, BARE)(source, [receiver])
    assert paths.vertices_m[1:-1] == pytest.approx(np.array([(10, 0, 28), (20, 0, 28)], float))
    low = laid_on(make.block(make.building("hut", make.box(10, -20, 20, 20), 9.0, base_m=10.0)), ridge)
    (paths,) = engine(low, BARE)(source, [receiver])
    touched = np.array([(0, 0, 20), (20, 0, 19)], float)
    assert paths.vertices_m[1:-1] == pytest.approx(touched)
    assert paths.order.tolist() == [2]
    grounded = engine(low)(source, [receiver])[0]
    assert set(grounded.kind[grounded.order == 2]) >= {PathKind.ROOF}
    assert np.ptp(grounded.ground_bounces) == 2


def test_across_a_valley_no_house_in_it_is_in_the_way(make):
    block = laid_on(
        make.block(make.building("low", make.box(-10, -30, 10, 30), 12.0)),
        lambda x, y: 0.3 * np.abs(x) + 0.0 * y,
    )
    (paths,) = engine(block)([-100.0, 0.0, 31.5], [[100.0, 0.0, 36.0]])
    direct = paths.kind == PathKind.DIRECT
    assert paths.length_m[direct].min() == pytest.approx(math.hypot(200.0, 4.5))
    assert not np.any(
        direct & (paths.ground_bounces == 1)
    )  # the plane through both ends lies above the house


@pytest.mark.parametrize("seed", range(4))
def test_over_hills_and_houses_both_directions_are_alike(make, seed):
    block, plans = make.random_block(seed, count=12)
    phase = np.random.default_rng(seed).uniform(0.0, 6.0, 4)

    def hills(x, y):
        return 12.0 + 6.0 * np.sin(x / 35.0 + phase[0]) + 6.0 * np.sin(y / 28.0 + phase[1])

    stood = [
        dataclasses.replace(house, base_m=float(hills(*house.outline.T).min())) for house in block.buildings
    ]
    block = laid_on(dataclasses.replace(block, buildings=tuple(stood)), hills, 4.0)
    plan = make.streets(plans, np.random.default_rng(seed), 6)
    points = np.column_stack([plan, block.ground.height_at(plan) + np.array([1.5, 3.0, 6.0, 2.0, 30.0, 6.0])])
    search = engine(block, PathOptions(floor_db=25.0))
    there = search(points[0], points[1:])
    assert all(len(paths) for paths in there)
    for end, paths in zip(points[1:], there, strict=True):
        back = search(end, points[:1])[0]
        assert len(back) == len(paths)
        np.testing.assert_allclose(back.delay_s, paths.delay_s, atol=1e-9)
        power, again = (np.sum(p.gain**2, axis=0) for p in (paths, back))
        np.testing.assert_allclose(again, power, rtol=0.02)
        assert np.all(paths.delay_s >= math.dist(points[0], end) / CALM.sound_speed_mps - 1e-9)


def test_who_stands_still_on_a_hill_is_traced_once_along_the_paths_found_anew(make):
    block, plans = make.random_block(0, count=12)
    block = laid_on(block, lambda x, y: 10.0 + 0.05 * x + 0.02 * y)
    plan = make.streets(plans, np.random.default_rng(0), 5)
    points = np.column_stack([plan, block.ground.height_at(plan) + np.array([1.5, 6.0, 3.0, 9.0, 6.0])])
    receivers = points[1:]
    search = open_engine(index_block(block), CALM, receivers=receivers)
    first, again = search(points[0], receivers), search(points[0].copy(), receivers)
    assert all(one is other for one, other in zip(first, again, strict=True))
    moved = search(points[0] + np.array([0.0, 0.0, 0.5]), receivers)
    assert not any(
        np.array_equal(one.delay_s, other.delay_s) for one, other in zip(first, moved, strict=True)
    )
    for one, other in zip(first, engine(block)(points[0], receivers), strict=True):
        for field in dataclasses.fields(one):
            assert np.array_equal(getattr(one, field.name), getattr(other, field.name))
    assert len(search(points[0], receivers[:2])) == 2


def test_what_lies_under_a_hill_is_refused_and_told_how_high_it_must_be(make):
    search = engine(laid_on(make.block(), ridge))
    with pytest.raises(BadInput, match=r"source 0 .* under the ground; up must be 20.00 or more there"):
        search([0.0, 0.0, 15.0], [[100.0, 0.0, 2.0]])
    with pytest.raises(BadInput, match=r"receiver 1 .* under the ground"):
        search([0.0, 0.0, 21.0], [[100.0, 0.0, 2.0], [10.0, 0.0, 2.0]])
    assert search([0.0, 0.0, 21.0], np.empty((0, 3))) == []


def test_the_engine_of_image_sources_wants_flat_ground(make):
    with pytest.raises(BadInput, match="takes flat ground"):
        engine(laid_on(make.block(), ridge), ImageOptions())
    engine(laid_on(make.block(), lambda x, y: 0.0 * (x + y)), ImageOptions())
