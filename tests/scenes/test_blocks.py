import hashlib

import numpy as np
import pytest
import shapely

from scenes.block import Block
from scenes.blocks import BLOCKS
from scenes.blocks.grid import Grid
from scenes.errors import BadInput
from scenes.material import load_material
from scenes.walls import open_ground, plan_polygons


@pytest.fixture(scope="module", params=sorted(BLOCKS))
def block(request) -> Block:
    return BLOCKS[request.param]().build()


def turning(ring: np.ndarray) -> float:
    x, y = ring.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def test_outlines_are_what_the_type_says(block):
    plans = plan_polygons(block)
    assert shapely.is_valid(plans).all()
    assert shapely.coverage_is_valid(plans), "overlaps, or party walls without common vertices"
    for building in block.buildings:
        assert turning(building.outline) > 0.0
        assert all(turning(yard) < 0.0 for yard in building.courtyards)
        assert not np.array_equal(building.outline[0], building.outline[-1])
    assert len({building.id for building in block.buildings}) == len(block.buildings)


def test_everything_lies_in_the_bounds(block):
    west, south, east, north = block.bounds_m
    assert shapely.contains(shapely.box(west, south, east, north), plan_polygons(block)).all()


def test_all_materials_exist(block):
    for building in block.buildings:
        load_material(building.facade)
    for patch in block.ground.patches:
        assert load_material(patch.surface).flow_resistivity
    assert load_material(block.ground.surface).flow_resistivity


def test_building_it_twice_gives_the_same(block):
    again = BLOCKS[next(name for name in BLOCKS if block.name == name)]().build()
    assert [b.id for b in again.buildings] == [b.id for b in block.buildings]
    assert all(
        np.array_equal(a.outline, b.outline) for a, b in zip(again.buildings, block.buildings, strict=True)
    )


def test_crossroads_is_a_downtown():
    block = BLOCKS["crossroads-v1"]().build()
    heights = [building.height_m for building in block.buildings]
    assert len(block.buildings) >= 150
    assert (min(heights), max(heights)) == (6.0, 45.0)
    assert block.area_km2 == pytest.approx(1.0)
    assert any(building.courtyards for building in block.buildings)
    assert {"grass", "gravel"} <= {patch.surface for patch in block.ground.patches}
    assert len({building.facade for building in block.buildings}) >= 5
    built = shapely.area(plan_polygons(block)).sum() / 1e6
    assert 0.25 < built < 0.55  # the share of Geneva's old town to that of Chicago's Loop
    streets = open_ground(block, 1.0)
    assert streets.area > 0.4e6, "the streets do not hang together"


def test_crossroads_v1_never_changes():
    # A published score means this world. Another world is crossroads-v2.
    digest = hashlib.sha256()
    for building in BLOCKS["crossroads-v1"]().build().buildings:
        rings = [ring.round(2) + 0.0 for ring in (building.outline, *building.courtyards)]
        digest.update(f"{building.id} {building.height_m:.1f} {building.facade}".encode())
        digest.update(b"".join(ring.tobytes() for ring in rings))
    assert digest.hexdigest()[:16] == "a08bba8daeeeeafe"


def test_grid_follows_its_options():
    grid = Grid(
        blocks_x=3, blocks_y=2, block_x_m=80.0, block_y_m=50.0, street_m=20.0, height_high_m=12.0, seed=4
    )
    block = grid.build()
    assert block.bounds_m == (-150.0, -70.0, 150.0, 70.0)
    assert {building.height_m for building in block.buildings} <= {6.0, 9.0, 12.0}
    # The street between the first and second columns is free.
    street = shapely.box(-60.0, -70.0, -40.0, 70.0)
    assert shapely.area(shapely.intersection(plan_polygons(block), street)).sum() < 1e-6
    assert block.name != Grid().build().name


def test_detached_houses_stand_apart_from_each_other_and_from_the_street():
    block = Grid(blocks_x=2, blocks_y=2, block_x_m=120.0, block_y_m=56.0, massing=("detached",)).build()
    plans = plan_polygons(block)
    assert len(plans) > 4 * 14
    assert shapely.area(plans).max() < 10.2 * 13.2
    merged = shapely.union_all(shapely.buffer(plans, 1.4))
    assert len(shapely.get_parts(merged)) == len(plans)
    street = shapely.box(-9.0 - 1.4, -74.0, 9.0 + 1.4, 74.0)
    assert not shapely.intersects(plans, street).any()


def test_grid_reports_all_mistakes_at_once():
    with pytest.raises(BadInput) as caught:
        Grid(blocks_x=0, street_m=-3.0, massing=("pagoda",)).build()
    assert len(str(caught.value).splitlines()) == 3
