"""Small blocks to trace in."""

import numpy as np
import pytest
import shapely
from shapely import affinity

from scenes.block import Block, Building


def building(name, corners, height, **traits):
    ring = shapely.orient_polygons(shapely.Polygon(corners))
    return Building(name, np.array(ring.exterior.coords)[:-1], height, **traits)


def block(*buildings):
    return Block("test-v1", tuple(buildings), (-200.0, -200.0, 200.0, 200.0))


def box(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def random_block(seed, count=12, low=8.0, high=40.0, half=100.0):
    """Return rectangles of any angle, none touching another."""
    rng = np.random.default_rng(seed)
    plans, buildings = [], []
    while len(plans) < count:
        x, y = rng.uniform(-half, half, 2)
        plan = shapely.box(-rng.uniform(5, 15), -rng.uniform(5, 15), rng.uniform(5, 15), rng.uniform(5, 15))
        plan = affinity.translate(affinity.rotate(plan, rng.uniform(0, 90)), x, y)
        if all(plan.distance(other) > 2.0 for other in plans):
            plans.append(plan)
            corners = list(plan.exterior.coords)[:-1]
            buildings.append(building(f"b{len(plans)}", corners, float(rng.uniform(low, high))))
    return block(*buildings), plans


@pytest.fixture(scope="session")
def make():
    """Give the makers of blocks."""

    class Makers:
        building = staticmethod(building)
        block = staticmethod(block)
        box = staticmethod(box)
        random_block = staticmethod(random_block)

        @staticmethod
        def streets(plans, rng, count, half=110.0):
            built = shapely.union_all(plans).buffer(0.5)
            points = rng.uniform(-half, half, (50 * count, 2))
            return points[~shapely.contains_xy(built, *points.T)][:count]

    return Makers
