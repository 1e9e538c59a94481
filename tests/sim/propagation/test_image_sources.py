"""The engine of image sources against the native one, and what it must say for itself."""

import math

import numpy as np
import pytest

from scenes.air import Air
from scenes.errors import BadInput
from sim.propagation.city import index_block
from sim.propagation.engines import open_engine
from sim.propagation.facets import facets_of
from sim.propagation.image_sources import ImageOptions
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions

BREEZE = Air(wind_mps=(5.0, 2.0))


def mirrors_only(order, **more):
    return PathOptions(
        reflection_order=order, roofs=False, corner_count=0, floor_db=300.0, paths_max=500, **more
    )


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(theirs.delay_s, ours.delay_s, atol=1e-6)
    np.testing.assert_allclose(theirs.gain, ours.gain, rtol=1e-4)
    np.testing.assert_allclose(theirs.phase_rad, ours.phase_rad, atol=1e-4)
    np.testing.assert_allclose(theirs.length_m, ours.length_m, atol=1e-4)
    np.testing.assert_allclose(theirs.departure, ours.departure, atol=1e-4)
    np.testing.assert_allclose(theirs.arrival, ours.arrival, atol=1e-4)
    np.testing.assert_allclose(theirs.vertices_m, ours.vertices_m, atol=1e-3)
    for name in ("kind", "order", "ground_bounces", "vertex_start"):
        assert np.array_equal(getattr(theirs, name), getattr(ours, name))


@pytest.mark.parametrize("materials", [True, False])
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("seed", [0, 5, 10])
def test_both_engines_find_the_same_specular_arrivals(make, seed, order, materials):
    block, plans = make.random_block(seed, count=10, half=60.0)
    city, rng = index_block(block), np.random.default_rng(seed + 10)
    points = np.column_stack([make.streets(plans, rng, 7, half=70.0), [1.5, 3.0, 6.0, 2.0, 0.3, 7.9, 5.0]])
    ours = open_engine(city, BREEZE, mirrors_only(order, materials=materials))(points[0], points[1:])
    theirs = open_engine(city, BREEZE, ImageOptions(order, materials=materials))(points[0], points[1:])
    assert sum(map(len, theirs)) > 0
    for mine, other in zip(ours, theirs, strict=True):
        assert_same(mine, other)


def test_a_street_canyon_far_from_the_origin(make):
    east = make.building("east", make.box(1010, 2000, 1030, 2100), 15.0)
    west = make.building("west", make.box(970, 2000, 990, 2100), 20.0)
    city = index_block(make.block(east, west))
    for order, count in ((1, 6), (2, 10)):  # each way with and without the ground
        paths = open_engine(city, BREEZE, ImageOptions(order))([1000, 2020, 1.5], [[1001, 2070, 6]])[0]
        assert len(paths) == count
        assert_same(
            open_engine(city, BREEZE, mirrors_only(order))([1000, 2020, 1.5], [[1001, 2070, 6]])[0], paths
        )


def test_a_roof_mirrors_what_stands_above_it(make):
    city = index_block(make.block(make.building("b", make.box(-20, -20, 20, 20), 15.0)))
    options = ImageOptions(materials=False, ground=False)
    paths = open_engine(city, Air(), options)([-5.0, 0.0, 16.0], [[5.0, 0.0, 40.0]])[0]
    assert paths.length_m == pytest.approx([math.hypot(10, 24), math.hypot(10, 26)])
    assert paths.kind.tolist() == [PathKind.DIRECT, PathKind.REFLECTED]
    assert paths.vertices_m[3] == pytest.approx([-5.0 + 10.0 / 26.0, 0.0, 15.0])
    assert paths.gain[:, 0] == pytest.approx(1.0 / paths.length_m)


def test_a_courtyard_has_no_roof(make):
    yard = np.array(make.box(-10, -10, 10, 10))[::-1]
    ring = make.building("ring", make.box(-30, -30, 30, 30), 12.0, courtyards=(yard,))
    city = index_block(make.block(ring))
    into = open_engine(city, Air(), ImageOptions(0, ground=False))
    above, beside = into([0.0, 0.0, 2.0], [[1.0, 1.0, 30.0], [25.0, 0.0, 14.0]])
    assert above.kind.tolist() == [PathKind.DIRECT]
    assert len(beside) == 0


def test_a_party_wall_is_a_facade_only_above_the_lower_roof(make):
    low = make.building("low", make.box(0, 0, 10, 10), 6.0)
    high = make.building("high", make.box(10, 0, 20, 10), 15.0)
    facets = facets_of(index_block(make.block(low, high)).plan.walls)
    shared = [f.corners[:, 2] for f in facets if f.normal[0] == -1.0 and np.all(f.corners[:, 0] == 10.0)]
    assert sorted((z.min(), z.max()) for z in shared) == [(-15.0, -6.0), (6.0, 15.0)]
    assert not [f for f in facets if f.normal[0] == 1.0 and np.all(f.corners[:, 0] == 10.0)]


def test_what_only_bends_is_not_heard(make):
    wall = make.building("wall", make.box(-5, -50, 5, 50), 20.0)
    behind, beside = open_engine(index_block(make.block(wall)), Air(), ImageOptions())(
        [-20.0, 0.0, 1.5], [[20.0, 0.0, 3.0], [-20.0, 30.0, 3.0]]
    )
    assert len(behind) == 0
    assert len(beside) == 4


def test_an_empty_field_has_two_paths(make):
    city = index_block(make.block())
    assert_same(
        open_engine(city, BREEZE, mirrors_only(2))([0, 0, 2], [[30, 40, 6]])[0],
        open_engine(city, BREEZE, ImageOptions())([0, 0, 2], [[30, 40, 6]])[0],
    )


def test_no_receivers_no_paths(make):
    assert open_engine(index_block(make.block()), Air(), ImageOptions())([0, 0, 2], np.empty((0, 3))) == []


def test_too_much_work_is_refused_in_a_line(make):
    row = [make.building(f"b{i}", make.box(i * 12, 0, i * 12 + 8, 8), 10.0) for i in range(200)]
    with pytest.raises(BadInput, match="reflection_order=2") as told:
        open_engine(index_block(make.block(*row)), Air(), ImageOptions(2))
    assert "propagation=native" in str(told.value)
    open_engine(index_block(make.block(*row)), Air(), ImageOptions(1))


def test_points_in_walls_are_refused_as_by_the_native_engine(make):
    city = index_block(make.block(make.building("hall", make.box(0, 0, 20, 20), 10.0)))
    for options in (ImageOptions(), PathOptions()):
        with pytest.raises(BadInput, match=r"source 0 .* lies inside building 'hall'"):
            open_engine(city, Air(), options)([10, 10, 5], [[50, 0, 2]])


@pytest.mark.parametrize("seed", [3, 4])
def test_both_engines_find_the_same_arrivals_by_three_facades(make, seed):
    block, plans = make.random_block(seed, count=5, half=25.0)
    city, rng = index_block(block), np.random.default_rng(seed)
    points = np.column_stack([make.streets(plans, rng, 5, half=25.0), [1.5, 3.0, 6.0, 2.0, 0.3]])
    ours = open_engine(city, BREEZE, mirrors_only(3))(points[0], points[1:])
    theirs = open_engine(city, BREEZE, ImageOptions(3))(points[0], points[1:])
    assert sum(np.sum(paths.order == 3) for paths in ours) > 0
    for mine, other in zip(ours, theirs, strict=True):
        assert_same(mine, other)


def test_a_fourth_facade_is_refused_by_the_native_search_which_says_who_takes_it() -> None:
    with pytest.raises(BadInput, match="propagation=pyroomacoustics") as told:
        PathOptions(reflection_order=4)
    assert "\n" not in str(told.value)
    assert ImageOptions(reflection_order=4).reflection_order == 4
