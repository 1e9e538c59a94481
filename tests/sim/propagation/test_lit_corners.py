"""Ways round corners that are no taut strings: what they are, both ways alike, and the step that they take away."""

import numpy as np
import pytest

from scenes.air import Air
from sim.propagation.city import index_block
from sim.propagation.paths import PathKind
from sim.propagation.trace import ROOM, PathOptions, trace_paths
from tests.bench.continuity_bench import first_order, houses, line_in, names, step_db

DEEP = {"floor_db": 90.0, "paths_max": 1500, "materials": False}
AUDIBLE = DEEP | {"floor_db": 50.0}  # fewer than there is room for, so that none is left out for another


@pytest.fixture(scope="module")
def place(make):
    block, plans = make.random_block(3, count=6, low=60.0, high=80.0, half=50.0)
    points = make.streets(plans, np.random.default_rng(3), 2, half=55.0)
    return index_block(block), np.array([*points[0], 1.5]), np.array([*points[1], 4.0])


def test_every_way_of_the_plain_search_is_found_too_and_none_twice(place):
    city, source, receiver = place
    (plain,), (lit,) = (
        trace_paths(city, Air(), source, [receiver], PathOptions(**AUDIBLE, lit_corners=asked))
        for asked in (False, True)
    )
    known, found = names(city, plain), names(city, lit)
    assert len(found) < ROOM
    assert len(set(found)) == len(found)
    assert set(known) <= set(found)
    more = [path for path in found if path not in set(known)]
    assert {(order, kind) for order, kind, _, _ in more} == {
        (2, PathKind.CORNER),
        (3, PathKind.CORNER),
        (3, PathKind.REFLECTED_DIFFRACTED),
    }


def test_there_and_back_is_the_same(place):
    city, source, receiver = place
    options = PathOptions(**AUDIBLE, lit_corners=True)
    (there,), (back,) = (
        trace_paths(city, Air(), source, [receiver], options),
        trace_paths(city, Air(), receiver, [source], options),
    )
    assert sorted((path[0], path[3]) for path in names(city, there)) == sorted(
        (path[0], path[3][::-1]) for path in names(city, back)
    )
    assert np.allclose((there.gain**2).sum(axis=0), (back.gain**2).sum(axis=0), rtol=1e-6)


def test_a_corner_that_sees_both_faces_of_another_does_not_end_its_wave_in_a_step():
    """On this line, 18.976 m from its start, a house hides a corner that no string goes round on the way to it."""
    block = houses(3, 60.0, 80.0)
    city, rng = index_block(block), np.random.default_rng(3)
    source, first, last = [line_in(block, city, rng) for _ in range(2)][-1]
    along = (last - first) / np.linalg.norm(last - first)
    places = [first + along * (18.97565 + aside) for aside in (-3e-4, -1e-4, 1e-4, 3e-4)]
    steps = []
    for asked in (False, True):
        around = trace_paths(city, Air(), source, places, PathOptions(**DEEP, lit_corners=asked))
        ended = frozenset(names(city, around[1])) ^ frozenset(names(city, around[2]))
        assert (1, PathKind.CORNER) in {path[:2] for path in ended}
        steps.append(step_db([first_order(city, paths, ended) for paths in around]).max())
    assert steps[0] > 1.0
    assert steps[1] < 0.01
