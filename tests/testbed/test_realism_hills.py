"""The ground of a firing position: through the heights that the set tells, where the block has its network."""

import numpy as np
import pytest

from scenes.errors import BadInput
from testbed.realism.hills import HELD_M, MOUNTED_M, lay_ground

BOUNDS = (-400.0, -400.0, 400.0, 400.0)
SHOOTER = np.array([1000.0, -2000.0, 31.2])
PLACE = (10.0, -20.0)


def survey(heights):
    """Return sensors on a grid around the shooter, as high above the datum as `heights` (east, north) says."""
    offsets = [(x, y) for x in (-300.0, -100.0, 200.0) for y in (-250.0, 50.0, 300.0)]
    return {
        f"S{i}": ((1000.0 + x, -2000.0 + y, heights(x, y) + MOUNTED_M), 1.0)
        for i, (x, y) in enumerate(offsets)
    }


def test_the_ground_goes_through_what_is_known():
    known = survey(lambda x, y: 30.0 + 0.04 * x - 2e-4 * x * y)
    ground = lay_ground(known, SHOOTER, PLACE, BOUNDS)
    here = float(ground.height_at(PLACE))
    assert here + ground.datum_m == pytest.approx(SHOOTER[2] - HELD_M, abs=0.5)
    for (x, y, z), _ in known.values():
        spot = (x - SHOOTER[0] + PLACE[0], y - SHOOTER[1] + PLACE[1])
        assert float(ground.height_at(spot)) - here == pytest.approx(
            z - MOUNTED_M - SHOOTER[2] + HELD_M, abs=1.0
        )
    assert ground.heights_m.min() == 0.0


def test_a_plane_stays_a_plane():
    ground = lay_ground(survey(lambda x, _: 30.0 + 0.05 * x), SHOOTER, PLACE, BOUNDS)
    east, west = ground.height_at((300.0, 100.0)), ground.height_at((-300.0, 100.0))
    assert float(east - west) == pytest.approx(0.05 * 600.0, abs=0.1)


def test_sensors_in_one_line_lay_no_ground():
    line = {f"S{i}": ((1000.0 + 50.0 * i, -2000.0, 40.0), 1.0) for i in range(1, 5)}
    with pytest.raises(BadInput, match="all in one line"):
        lay_ground(line, SHOOTER, PLACE, BOUNDS)


def test_sensors_out_of_earshot_say_nothing():
    known = survey(lambda _x, _y: 30.0)
    far = known | {"far": ((1000.0 + 5000.0, -2000.0, 900.0), 1.0)}
    assert np.array_equal(
        lay_ground(known, SHOOTER, PLACE, BOUNDS).heights_m, lay_ground(far, SHOOTER, PLACE, BOUNDS).heights_m
    )
