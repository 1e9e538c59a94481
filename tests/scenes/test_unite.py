import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes.unite import unite

side = st.integers(0, 60)
houses = st.lists(
    st.tuples(side, side, st.integers(3, 25), st.integers(3, 25), st.integers(1, 3)), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(houses)
def test_any_town_becomes_a_coverage_of_the_same_ground(town):
    plans = [shapely.box(x, y, x + dx, y + dy) for x, y, dx, dy, _ in town]
    tops = np.array([10.0 * h for *_, h in town])
    united = unite(plans, tops, tops.astype(int))
    outlines = np.array([one.plan for one in united], dtype=object)
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)
    ground = shapely.union_all(plans)
    assert (
        shapely.area(shapely.symmetric_difference(shapely.union_all(outlines), ground)) < 1e-3 * ground.area
    )
    for one in united:
        top = {tops[i] for i in one.members}
        assert len(top) == 1
        over = [plan for plan, height in zip(plans, tops, strict=True) if height > max(top)]
        assert shapely.area(shapely.intersection(one.plan, shapely.union_all(over))) < 0.05


def test_equal_houses_that_touch_in_a_corner_stay_two():
    plans = [shapely.box(0, 0, 10, 10), shapely.box(10, 10, 20, 20)]
    assert len(unite(plans, np.array([5.0, 5.0]), np.array([0, 0]))) == 2


def test_a_ring_of_houses_has_a_courtyard():
    ring = [
        shapely.box(0, 0, 30, 8),
        shapely.box(22, 8, 30, 30),
        shapely.box(0, 22, 22, 30),
        shapely.box(0, 8, 8, 22),
    ]
    (one,) = unite(ring, np.full(4, 9.0), np.zeros(4, dtype=int))
    assert one.members == (0, 1, 2, 3)
    assert len(one.plan.interiors) == 1
    assert len(one.plan.exterior.coords) == 5


def test_nothing_gives_nothing():
    assert unite([], np.empty(0), np.empty(0, dtype=int)) == []
