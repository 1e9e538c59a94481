"""A flat block on hills: houses follow the slope, keep their height, and stand nowhere too steep."""

import numpy as np
import pytest

from scenes.blocks.grid import Grid
from scenes.hillside import STEEPEST, STEP_M, stand_on
from scenes.terrain import Terrain
from scenes.walls import plan_polygon, plan_polygons

FLAT = Grid(2, 3, 120.0, 56.0, 16.0, height_low_m=9.0, height_high_m=9.0, massing=("rows",)).build()


def slope(rise):
    """Return ground that rises eastward."""
    return Terrain(-200.0, -200.0, (400.0, 400.0), np.array([[0.0, 400.0 * rise]] * 2))


def test_every_house_stands_on_its_lowest_ground_and_keeps_its_height():
    hilly = stand_on(FLAT, slope(0.1))
    assert hilly.ground.terrain is not None
    for building in hilly.buildings:
        lowest = float(hilly.ground.height_at(building.outline).min())
        assert building.height_m == 9.0
        assert lowest - STEP_M - 1e-6 <= building.base_m <= lowest + 1e-6
        assert np.ptp(hilly.ground.height_at(building.outline)) <= 0.1 * 8.0 + STEP_M + 0.2


def test_houses_cover_the_ground_that_they_covered_on_the_plane():
    hilly = stand_on(FLAT, slope(0.1))
    before, after = (sum(plan_polygon(b).area for b in block.buildings) for block in (FLAT, hilly))
    assert after == pytest.approx(before, rel=1e-4)
    plans = plan_polygons(hilly)
    overlap = sum(a.intersection(b).area for i, a in enumerate(plans) for b in plans[i + 1 :])
    assert overlap < 0.01
    assert len({b.id for b in hilly.buildings}) == len(hilly.buildings)


def test_on_level_ground_rows_stay_whole():
    level = Terrain(-200.0, -200.0, (400.0, 400.0), np.zeros((2, 2)))
    assert len(stand_on(FLAT, level).buildings) == len(FLAT.buildings)


def test_nothing_is_built_where_it_is_too_steep():
    assert not stand_on(FLAT, slope(1.3 * STEEPEST)).buildings
    assert stand_on(FLAT, slope(0.9 * STEEPEST)).buildings
