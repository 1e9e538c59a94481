"""Points in regions, against shapely."""

import numpy as np
import pytest
import shapely

from testbed.regions import holds, mahalanobis2

SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]
HOLE = [[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]]
ISLAND = [[20.0, 0.0], [25.0, 0.0], [22.0, 5.0]]


def test_holes_and_islands():
    region = [[SQUARE, HOLE], [ISLAND]]
    assert holds(region, (2.0, 2.0, 99.0))
    assert not holds(region, (5.0, 5.0))
    assert holds(region, (22.0, 1.0))
    assert not holds(region, (15.0, 1.0))
    assert not holds([], (0.0, 0.0))


def test_agrees_with_shapely():
    rng = np.random.default_rng(2)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 30))
    radius = rng.uniform(2, 10, 30)
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    polygon = shapely.Polygon(ring)
    for x, y in rng.uniform(-10, 10, (300, 2)):
        assert holds([[ring.tolist()]], (x, y)) == polygon.contains(shapely.Point(x, y))


def test_mahalanobis():
    covariance = np.array([[9.0, 3.0], [3.0, 4.0]])
    offset = np.array([2.0, -1.0])
    assert mahalanobis2(offset, covariance.tolist()) == pytest.approx(
        offset @ np.linalg.solve(covariance, offset)
    )
    assert mahalanobis2((1.0, 0.0), [[1.0, 2.0], [2.0, 1.0]]) is None
