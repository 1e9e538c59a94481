"""Nothing that exists is missed: searches against brute force with another library's geometry."""

import itertools

import numpy as np
import pytest
import shapely
from scipy.sparse.csgraph import dijkstra

from scenes.air import Air
from sim.propagation.city import index_block
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions, trace_paths

ALL = {"floor_db": 400.0, "paths_max": 2000, "ground": False, "roofs": False}


def walls_of(plans):
    rings = [np.array(shapely.orient_polygons(plan).exterior.coords) for plan in plans]
    return np.array([(ring[k], ring[k + 1]) for ring in rings for k in range(len(ring) - 1)])


def mirrored(point, wall):
    along = (wall[1] - wall[0]) / np.linalg.norm(wall[1] - wall[0])
    foot = wall[0] + along * ((point - wall[0]) @ along)
    return 2.0 * foot - point


def reflected_lengths(plans, source, receiver, order):
    """Return the plan lengths of all specular paths of an order, by trying every sequence of walls."""
    solid = shapely.union_all(plans).buffer(-1e-6)
    walls = walls_of(plans)
    found = []
    for sequence in itertools.product(range(len(walls)), repeat=order):
        if any(a == b for a, b in itertools.pairwise(sequence)):
            continue
        images = [source]
        for number in sequence:
            images.append(mirrored(images[-1], walls[number]))
        points = [receiver]
        for number, image in zip(reversed(sequence), reversed(images[1:]), strict=True):
            hit = shapely.intersection(
                shapely.LineString([image, points[-1]]), shapely.LineString(walls[number])
            )
            if hit.is_empty or hit.geom_type != "Point":
                break
            points.append(np.array(hit.coords[0]))
        else:
            line = shapely.LineString([*points, source])
            if not line.intersects(solid):
                found.append(line.length)
    return sorted(found)


@pytest.mark.parametrize("seed", range(3))
def test_reflections_of_orders_1_and_2_are_those_of_every_sequence_of_walls(make, seed):
    block, plans = make.random_block(seed, count=5, half=45.0)
    city, rng = index_block(block), np.random.default_rng(seed)
    plan = make.streets(plans, rng, 3, half=60.0)
    points = np.column_stack([plan, np.full(3, 2.0)])
    options = PathOptions(**ALL, corner_count=0)
    for paths, end in zip(trace_paths(city, Air(), points[0], points[1:], options), plan[1:], strict=True):
        for order in (1, 2):
            ours = np.sort(paths.length_m[(paths.kind == PathKind.REFLECTED) & (paths.order == order)])
            np.testing.assert_allclose(ours, reflected_lengths(plans, plan[0], end, order), rtol=1e-9)


@pytest.mark.parametrize("seed", [3, 4])
def test_reflections_of_order_3_are_those_of_every_sequence_of_walls(make, seed):
    block, plans = make.random_block(seed, count=5, half=25.0)
    city, rng = index_block(block), np.random.default_rng(seed)
    plan = make.streets(plans, rng, 4, half=25.0)
    points = np.column_stack([plan, np.full(4, 2.0)])
    options = PathOptions(**ALL, corner_count=0, reflection_order=3)
    both = PathOptions(**ALL, corner_count=0)
    found, fewer = (trace_paths(city, Air(), points[0], points[1:], chosen) for chosen in (options, both))
    several = 0
    for paths, two, end in zip(found, fewer, plan[1:], strict=True):
        np.testing.assert_array_equal(paths.length_m[paths.order < 3], two.length_m)
        expected = reflected_lengths(plans, plan[0], end, 3)
        several += len(expected)
        np.testing.assert_allclose(np.sort(paths.length_m[paths.order == 3]), expected, rtol=1e-9)
    assert several >= 4


def visibility_graph(plans, source, receivers):
    """Return the lengths (n, n) of all free lines between source, receivers and all vertices; 0 where none is."""
    solid = shapely.union_all(plans).buffer(-1e-6)
    shapely.prepare(solid)
    corners = walls_of(plans)[:, 0]
    nodes = np.vstack([source, receivers, corners])
    i, j = np.triu_indices(len(nodes), 1)
    free = ~shapely.intersects(solid, shapely.linestrings(np.stack([nodes[i], nodes[j]], axis=1)))
    graph = np.zeros((len(nodes), len(nodes)))
    graph[i[free], j[free]] = np.linalg.norm(nodes[i[free]] - nodes[j[free]], axis=1)
    return graph


def shortest_detours(plans, source, receivers):
    """Return the shortest ways in plan, over the full visibility graph of all vertices."""
    graph = visibility_graph(plans, source, receivers)
    return dijkstra(graph, directed=False, indices=0)[1 : 1 + len(receivers)]


@pytest.mark.parametrize("seed", range(3))
def test_shortest_detour_is_that_of_the_full_visibility_graph(make, seed):
    block, plans = make.random_block(seed, count=30, low=50.0, high=60.0)
    city, rng = index_block(block), np.random.default_rng(seed)
    plan = make.streets(plans, rng, 40)
    points = np.column_stack([plan, np.full(40, 2.0)])
    options = PathOptions(**ALL, reflection_order=0, corner_count=8)
    expected = shortest_detours(plans, plan[0], plan[1:])
    corners = []
    for paths, least in zip(trace_paths(city, Air(), points[0], points[1:], options), expected, strict=True):
        assert paths.length_m[0] == pytest.approx(least, rel=1e-9)
        corners.append(paths.order[0])
    assert max(corners) >= 3


def upper_hull(profile):
    """Return the upper hull of points (n, 2) from the first to the last, by a monotone chain."""
    hull = []
    for point in sorted(profile):
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0) < 0.0:
                break
            hull.pop()
        hull.append(point)
    return hull


@pytest.mark.parametrize("seed", range(3))
def test_roof_paths_follow_the_hull_of_the_cut_profile(make, seed):
    block, plans = make.random_block(seed, count=30)
    city, rng = index_block(block), np.random.default_rng(seed)
    plan = make.streets(plans, rng, 40)
    options = PathOptions(ground=False, corner_count=0, reflection_order=0)
    ends = np.column_stack([plan[1:], np.full(39, 3.0)])
    several = 0
    for paths, end in zip(trace_paths(city, Air(), [*plan[0], 1.5], ends, options), plan[1:], strict=True):
        line = shapely.LineString([plan[0], end])
        profile = [(0.0, 1.5), (line.length, 3.0)]
        for house, body in zip(block.buildings, plans, strict=True):
            for part in shapely.get_parts(line.intersection(body)):
                profile += [(line.project(shapely.Point(p)), house.height_m) for p in part.coords]
        hull = np.array(upper_hull(profile))
        if len(hull) > 2:
            expected = np.linalg.norm(np.diff(hull, axis=0), axis=1).sum()
            assert paths.length_m[paths.kind == PathKind.ROOF] == pytest.approx([expected], rel=1e-9)
            several += len(hull) > 3
    assert several > 5
