"""Sources, sensors and houses where surveyors and users do put them: a clear answer or a clear line, never silence."""

import dataclasses
import math

import numpy as np
import pytest

from scenes.air import Air
from scenes.block import Building, Ground
from scenes.errors import BadInput
from scenes.terrain import Terrain
from sim.propagation.city import index_block
from sim.propagation.engines import open_engine
from sim.propagation.image_sources import ImageOptions
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions

FAR = [[60.0, 5.0, 4.0], [-60.0, -40.0, 6.0], [10.0, 70.0, 2.0]]


def house(make, *, hilly=False):
    """Return a house, 20 m wide and 10 m high, on ground that is flat or falls by 1 in 50."""
    block = make.block(make.building("house", make.box(-10, -10, 10, 10), 10.0, base_m=4.0 * hilly))
    at = np.linspace(-200.0, 200.0, 21)
    slope = Terrain(-200.0, -200.0, (20.0, 20.0), np.tile(4.0 - at / 50.0, (21, 1)))
    return dataclasses.replace(block, ground=Ground(terrain=slope)) if hilly else block


@pytest.mark.parametrize("hilly", [False, True])
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ((0.0, 0.0, 1.5), "on the roof"),
        ((9.9, 9.9, 1e-6), "on the roof's corner, touching it"),
        ((0.0, 0.0, 500.0), "above everything"),
        ((10.0, 0.0, -2.0), "on a wall"),
        ((10.0, 10.0, -2.0), "on a corner of the house"),
        ((10.0, 0.0, 0.0), "on the edge of the roof"),
    ],
)
def test_everyone_hears_a_source(make, place, why, hilly):
    block = house(make, hilly=hilly)
    top = block.buildings[0].top_m
    ends = np.array(FAR) + np.column_stack([np.zeros((3, 2)), block.ground.height_at(FAR)])
    source = (*place[:2], place[2] + top)
    there = open_engine(index_block(block), Air())(source, ends)
    for end, paths in zip(ends, there, strict=True):
        assert len(paths) > 0, why
        assert np.abs(paths.gain).max() > 1e-6
        straight = math.dist(source, end) / Air().sound_speed_mps
        assert paths.delay_s[0] >= straight - 1e-5
        assert paths.delay_s[0] <= 1.5 * straight
    (back,) = open_engine(index_block(block), Air())(ends[0], [source])
    assert back.delay_s[0] == pytest.approx(there[0].delay_s[0], abs=1e-8)


@pytest.mark.parametrize("options", [PathOptions(), ImageOptions()])
@pytest.mark.parametrize("hilly", [False, True])
def test_a_source_inside_a_house_is_refused(make, hilly, options):
    if hilly and isinstance(options, ImageOptions):
        pytest.skip("that engine takes flat ground only")
    block = house(make, hilly=hilly)
    search = open_engine(index_block(block), Air(), options)
    with pytest.raises(BadInput, match=r"source 0 at \[1.00, 1.00, 9.00\] m lies inside building 'house'"):
        search([1.0, 1.0, 9.0], FAR)


def test_a_sensor_on_a_wall_hears_its_own_side_only(make):
    (front, rear) = open_engine(index_block(house(make)), Air())(
        [50.0, 0.0, 1.5], [[10.0, 0.0, 4.0], [-10.0, 0.0, 4.0]]
    )
    assert PathKind.DIRECT in front.kind
    assert PathKind.DIRECT not in rear.kind
    assert len(rear) > 0


def test_a_source_above_everything_reaches_street_sensors_directly(make):
    (paths,) = open_engine(index_block(house(make)), Air())([0.0, 0.0, 500.0], [[60.0, 5.0, 4.0]])
    assert paths.kind[0] == PathKind.DIRECT
    assert paths.length_m[0] == pytest.approx(math.dist((0, 0, 500), (60, 5, 4)))


def test_houses_that_touch_in_a_corner_let_nothing_through_it(make):
    touching = make.block(
        make.building("a", make.box(-20, -20, 0, 0), 30.0), make.building("b", make.box(0, 0, 20, 20), 30.0)
    )
    (paths,) = open_engine(index_block(touching), Air())([-8.0, 8.0, 1.5], [[8.0, -8.0, 1.5]])
    assert PathKind.DIRECT not in paths.kind
    assert paths.delay_s[0] > 1.5 * math.hypot(16.0, 16.0) / Air().sound_speed_mps


def test_a_ring_that_touches_itself_stops_sound_and_deafens_nobody(make):
    pinched = np.array(
        [(-20, -10), (20, -10), (20, 10), (0, 10), (5, 0), (-5, 0), (0, 10), (-20, 10)], dtype=float
    )
    plain = make.building("plain", make.box(-20, -10, 20, 10), 12.0)
    block = make.block(dataclasses.replace(plain, id="pinched", outline=pinched))
    ends = [[0.0, 40.0, 3.0], [60.0, 0.0, 3.0]]
    ours = open_engine(index_block(block), Air())([0.0, -40.0, 1.5], ends)
    whole = open_engine(index_block(make.block(plain)), Air())([0.0, -40.0, 1.5], ends)
    for one, other in zip(ours, whole, strict=True):
        assert one.delay_s[0] == pytest.approx(other.delay_s[0], rel=1e-6)


def test_outlines_that_run_the_wrong_way_or_stand_still_make_the_same_walls(make):
    square, yard = (
        np.array(make.box(0, 0, 30, 30), dtype=float),
        np.array(make.box(10, 10, 20, 20), dtype=float),
    )
    thin = np.array([(50.0, 0.0), (60.0, 0.0), (60.0, 1e-13), (50.0, 1e-13)])

    def walls(*rings):
        outline, inner, sliver = rings
        houses = Building("a", outline, 9.0, courtyards=(inner,)), Building("b", sliver, 3.0)
        return index_block(make.block(*houses)).plan.walls

    usual = walls(square, yard[::-1], thin)
    np.testing.assert_array_equal(usual["building"], [0] * 8 + [1] * 4)
    np.testing.assert_array_equal(usual["after"][[0, 3, 7, 11]], [1, 0, 4, 8])
    np.testing.assert_array_equal(usual["ax"][usual["after"]], usual["bx"])
    still = walls(np.repeat(square, 2, axis=0), yard[::-1], thin)
    np.testing.assert_array_equal(still, usual)
    for turned in (walls(square[::-1], yard, thin), walls(square, yard[::-1], thin[::-1])):
        assert set(zip(turned["ax"], turned["ay"], turned["bx"], turned["by"], strict=True)) == set(
            zip(usual["ax"], usual["ay"], usual["bx"], usual["by"], strict=True)
        )


def test_the_first_bad_outline_is_named(make):
    houses = [
        Building(name, np.array(ring, dtype=float), 5.0)
        for name, ring in (
            ("good", make.box(0, 0, 5, 5)),
            ("pole", [(10, 0), (10, 0), (12, 0)]),
            ("far", [(0, 9), (np.inf, 9), (5, 12)]),
        )
    ]
    with pytest.raises(BadInput, match="'pole' has an outline of 2 different"):
        index_block(make.block(*houses))
    with pytest.raises(BadInput, match="'far'"):
        index_block(make.block(houses[0], houses[2]))
