"""Prints what path search misses against brute force in real neighbourhoods: `python -m tests.bench completeness`."""

import itertools

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from scenes.block import Block
from sim.propagation.city import index_block
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions, trace_paths
from tests.bench.propagation_bench import AIR, NEIGHBOURHOODS, PLACES, block_of, in_street, nearest
from tests.sim.propagation.test_completeness import ALL, mirrored, upper_hull, visibility_graph

HOUSES, SOURCES, RECEIVERS = 12, 6, 50
HEIGHT_M, CORNERS = 0.5, 8


def plans_of(block: Block) -> list:
    return [shapely.Polygon(house.outline, house.courtyards) for house in block.buildings]


def crossing(ax, ay, bx, by, x0, y0, x1, y1):
    """Return where, 0 to 1, lines from 0 to 1 cross walls from a to b; nan where they do not."""
    dx, dy = x1 - x0, y1 - y0
    a, b = dx * (ay - y0) - dy * (ax - x0), dx * (by - y0) - dy * (bx - x0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = a / (a - b)
        along = ((ax + share * (bx - ax) - x0) * dx + (ay + share * (by - ay) - y0) * dy) / (
            dx * dx + dy * dy
        )
    return np.where(((a >= 0.0) != (b >= 0.0)) & (along > 0.0) & (along < 1.0), along, np.nan)


def double_reflections(walls, solid, source, receiver) -> list[float]:
    """Return the plan lengths of all paths by two facades, by trying every two walls."""
    ends = walls.reshape(-1, 4).T
    there = np.array([mirrored(receiver, wall) for wall in walls])
    found = []
    for number, wall in enumerate(walls):
        image = mirrored(source, wall)
        first = crossing(*wall.ravel(), *image, *there.T)
        second = crossing(*ends, *image, *there.T)
        for other in np.flatnonzero(second > first):
            if other == number:
                continue
            hits = [image + share * (there[other] - image) for share in (first[other], second[other])]
            line = shapely.LineString([source, *hits, receiver])
            if not line.intersects(solid):
                found.append(line.length)
    return sorted(found)


def missed_reflections(block: Block, plans, points) -> tuple[int, int, int]:
    """Return (paths that exist, missed, too many)."""
    rings = [ring for plan in plans for ring in (plan.exterior, *plan.interiors)]
    walls = np.array([pair for ring in rings for pair in itertools.pairwise(ring.coords)])
    solid = shapely.union_all(plans).buffer(-1e-6)
    shapely.prepare(solid)
    options, city, tally = PathOptions(**ALL, corner_count=0), index_block(block), np.zeros(3, int)
    for source in points[:SOURCES]:
        ends = points[SOURCES:]
        for paths, end in zip(trace_paths(city, AIR, source, ends, options), ends, strict=True):
            ours = list(paths.length_m[(paths.kind == PathKind.REFLECTED) & (paths.order == 2)])
            true = double_reflections(walls, solid, source[:2], end[:2])
            both = sum(any(abs(a - b) < 1e-6 for b in ours) for a in true)
            tally += (len(true), len(true) - both, max(len(ours) - both, 0))
    return tuple(tally.tolist())


def shortest_within(plans, source, receivers) -> np.ndarray:
    """Return the shortest ways in plan, inf where they go round more than CORNERS vertices."""
    graph = visibility_graph(plans, source, receivers)
    graph = np.where(graph + graph.T > 0.0, graph + graph.T, np.inf)
    least = graph[0]
    for _ in range(CORNERS):
        least = np.minimum(least, (least[:, None] + graph).min(axis=0))
    shortest = dijkstra(np.where(np.isfinite(graph), graph, 0.0), directed=False, indices=0)
    return np.where(least < shortest + 1e-9, least, np.inf)[1 : 1 + len(receivers)]


def missed_detours(block: Block, plans, points) -> tuple[int, int, int]:
    """Return (pairs whose shortest way goes round at most CORNERS, those where it is missed, most corners on one)."""
    options, city = PathOptions(**ALL, reflection_order=0, corner_count=CORNERS), index_block(block)
    pairs = missed = most = 0
    for source in points[:SOURCES]:
        ends = points[SOURCES:]
        least = shortest_within(plans, source[:2], ends[:, :2])
        for paths, length in zip(trace_paths(city, AIR, source, ends, options), least, strict=True):
            if not np.isfinite(length):
                continue
            pairs += 1
            best = int(np.argmin(paths.length_m)) if len(paths) else -1
            missed += best < 0 or abs(paths.length_m[best] - length) > 1e-6
            most = max(most, int(paths.order[best]) if best >= 0 else 0)
    return pairs, missed, most


def missed_roofs(block: Block, plans, points) -> tuple[int, int]:
    """Return (pairs with a building between, those whose hull is missed)."""
    options, city = PathOptions(ground=False, corner_count=0, reflection_order=0), index_block(block)
    pairs = missed = 0
    for source in points[:SOURCES]:
        ends = points[SOURCES:]
        for paths, end in zip(trace_paths(city, AIR, source, ends, options), ends, strict=True):
            line = shapely.LineString([source[:2], end[:2]])
            profile = [(0.0, HEIGHT_M), (line.length, HEIGHT_M)]
            for house, body in zip(block.buildings, plans, strict=True):
                for part in shapely.get_parts(line.intersection(body)):
                    profile += [(line.project(shapely.Point(p)), house.top_m) for p in part.coords]
            hull = np.array(upper_hull(profile))
            if len(hull) < 3:
                continue
            pairs += 1
            length = np.linalg.norm(np.diff(hull, axis=0), axis=1).sum()
            missed += not np.any(np.abs(paths.length_m[paths.kind == PathKind.ROOF] - length) < 1e-6)
    return pairs, missed


def main() -> None:
    """Print one line a place; says so where the real neighbourhoods are absent."""
    if not NEIGHBOURHOODS.exists():
        print("the real neighbourhoods are not beside this checkout: nothing measured")
        return
    for place in PLACES:
        block = nearest(block_of(place), HOUSES)
        plans, points = plans_of(block), in_street(block, SOURCES + RECEIVERS, HEIGHT_M, 21)
        exist, missed, extra = missed_reflections(block, plans, points)
        pairs, lost, corners = missed_detours(block, plans, points)
        over, sunk = missed_roofs(block, plans, points)
        print(
            f"{place:18s} {HOUSES} houses, {SOURCES * RECEIVERS} pairs: {exist} paths by two facades, {missed} missed, "
            f"{extra} too many; {pairs} shortest detours, up to {corners} corners: {lost} missed; {over} roof hulls: "
            f"{sunk} missed",
            flush=True,
        )


if __name__ == "__main__":
    main()
