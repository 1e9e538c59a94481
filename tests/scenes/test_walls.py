import numpy as np
import pytest
import shapely

from scenes.block import Block, Building
from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.scene_check import check_scene
from scenes.sensor import Sensor
from scenes.walls import draw_in, is_inside, open_ground, wall_distance


def square(west: float, south: float, east: float, north: float) -> np.ndarray:
    return np.array([(west, south), (east, south), (east, north), (west, north)], dtype=float)


@pytest.fixture
def block() -> Block:
    cloister = Building("cloister", square(0, 0, 40, 40), 10.0, courtyards=(square(10, 10, 30, 30)[::-1],))
    tower = Building("tower", square(40, 0, 50, 10), 30.0)
    return Block("test", (cloister, tower), (-50.0, -50.0, 100.0, 100.0))


def test_inside_in_plan(block):
    points = [(5, 5), (20, 20), (45, 5), (60, 60), (0, 20), (40, 5)]
    assert is_inside(block, points).tolist() == [True, False, True, False, True, True]


def test_inside_knows_heights(block):
    points = [(5, 5, 9.9), (5, 5, 10.0), (45, 5, 20.0), (45, 5, 30.5), (20, 20, 1.0), (5, 5, -0.1)]
    assert is_inside(block, points).tolist() == [True, False, True, False, False, False]


def test_wall_distance(block):
    assert wall_distance(block, [(-3.0, 20.0), (20.0, 20.0), (53.0, 14.0)]) == pytest.approx([3.0, 10.0, 5.0])


def test_open_ground_leaves_out_courtyards_and_keeps_clear(block):
    ground = open_ground(block, 2.0)
    points = draw_in(ground, 500, np.random.default_rng(1))
    assert not is_inside(block, points).any()
    assert wall_distance(block, points).min() >= 1.99
    assert not ((points > 10.0) & (points < 30.0)).all(axis=1).any()


def test_no_buildings():
    empty = Block("field", (), (0.0, 0.0, 10.0, 10.0))
    assert not is_inside(empty, [(5.0, 5.0)]).any()
    assert np.isinf(wall_distance(empty, [(5.0, 5.0)])).all()
    assert shapely.area(open_ground(empty, 1.0)) == 100.0


def test_a_good_scene_passes(block):
    events = (Event("e", "e", "m80", 1.0, (-5.0, 0.0, 0.0)),)
    check_scene(Scene(block, (Sensor("S1", (-10.0, 0.0, 5.0)), Sensor("S2", (45.0, 5.0, 31.0))), events))


def test_all_mistakes_are_told_at_once(block):
    sensors = (
        Sensor("S1", (5.0, 5.0, 3.0)),
        Sensor("S1", (-10.0, 0.0, -1.0)),
        Sensor("S2", (999.0, 0.0, 1.0)),
    )
    events = (
        Event("e1", "e1", "m80", 1.0, (45.0, 5.0, 3.0)),
        Event("e2", "e2", "m80", 99.0, (-5.0, 0.0, 0.0)),
        Event("e3", "e3", "m80", 1.0, (float("nan"), 0.0, 0.0)),
    )
    with pytest.raises(BadInput) as caught:
        check_scene(Scene(block, sensors, events))
    lines = str(caught.value).splitlines()
    for text in (
        "'S1' occurs 2",
        "'cloister'",
        "under the ground",
        "outside the block",
        "'tower'",
        "99 s",
        "not a number",
    ):
        assert sum(text in line for line in lines) == 1, text
    assert len(lines) == 7


def test_no_sensors(block):
    with pytest.raises(BadInput, match="no sensors"):
        check_scene(Scene(block, ()))
