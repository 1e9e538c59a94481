"""A bullet flies until it meets a wall."""

import numpy as np
import pytest

from scenes.block import Block, Building, Ground
from scenes.terrain import Terrain
from sim.impact import facades_of, free_length

SQUARE = np.array([[50.0, -10.0], [70.0, -10.0], [70.0, 10.0], [50.0, 10.0]])
EAST = np.array([1.0, 0.0, 0.0])


@pytest.fixture
def facades():
    return facades_of(Block("one-house-v1", (Building("a", SQUARE, 8.0),), (-100.0, -100.0, 100.0, 100.0)))


def test_a_level_shot_stops_at_the_wall(facades):
    assert free_length(facades, np.array([0.0, 0.0, 1.5]), EAST, 400.0) == pytest.approx(50.0)


def test_a_shot_beside_or_over_or_away_from_the_house_goes_on(facades):
    for start, direction in (([0.0, 11.0, 1.5], EAST), ([0.0, 0.0, 9.0], EAST), ([0.0, 0.0, 1.5], -EAST)):
        assert free_length(facades, np.array(start), direction, 400.0) == 400.0


def test_a_rising_shot_passes_over_the_house_that_a_level_one_hits(facades):
    rising = np.array([np.cos(0.2), 0.0, np.sin(0.2)])
    assert free_length(facades, np.array([0.0, 0.0, 1.5]), rising, 400.0) == 400.0


def test_without_buildings_nothing_stops_it():
    empty = facades_of(Block("field-v1", (), (0.0, 0.0, 1.0, 1.0)))
    assert free_length(empty, np.zeros(3), EAST, 123.0) == 123.0


def test_a_level_shot_stops_in_the_hillside_and_one_uphill_goes_on_along_it():
    at = np.linspace(-100.0, 100.0, 21)
    slope = Terrain(-100.0, -100.0, (10.0, 10.0), np.tile(np.maximum(0.1 * at, 0.0), (21, 1)))
    hill = facades_of(Block("hill-v1", (), (-100.0, -100.0, 100.0, 100.0), Ground(terrain=slope)))
    muzzle = np.array([-50.0, 0.0, 1.5])
    assert free_length(hill, muzzle, EAST, 140.0) == pytest.approx(65.0, abs=1.1)
    uphill = np.array([np.cos(0.12), 0.0, np.sin(0.12)])
    assert free_length(hill, muzzle, uphill, 140.0) == 140.0
