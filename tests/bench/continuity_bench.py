"""Prints the steps of the field where paths begin or end among several houses: `python -m tests.bench continuity`.

Lines of receivers cross streets; wherever the set of paths changes, each path known by the facades, corners and roof
edges that it meets, the place is found to a hundredth of a millimetre and the field on both sides compared. A step is
20 lg(1 + |change| / rms of all paths), the change being that of the sum with phases: what a level would do without
interference, which alone would make any change in a notch look large. A boundary is named after the path of the lowest
order, facades and edges counted, that begins or ends there: `direct` and what says `one` are the boundaries of the
direct and of first-order sound, the others are where second order and more begin or end. In the shadow where the wave
of one corner ends, so do those that came to that corner by a facade or another corner: the wave itself and what goes on
from it round the corner that hides it are `one corner`, the whole step, with the second order that ends there, is
`one corner, all orders`. Both are measured in the same places with `lit_corners` too, to 90 dB below the strongest.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely
from shapely import affinity

from scenes.air import Air
from scenes.block import Block, Building
from scenes.walls import draw_in, open_ground
from sim.propagation.city import City, index_block
from sim.propagation.paths import BANDS_HZ, PathKind, Paths
from sim.propagation.trace import PathOptions, trace_paths

EVERYTHING = {"floor_db": 300.0, "paths_max": 1500}
SAMPLE_M, CLOSE_M, ASIDE_M = 0.5, 1e-5, 5e-5
LIT_FLOOR_DB = 90.0
AIR = Air()
BLOCKS, LINES, HOUSES, HALF_M = 6, 2, 8, 55.0


def houses(seed: int, low_m: float, high_m: float) -> Block:
    """Return rectangles of any angle, at least 3 m apart."""
    rng, plans, buildings = np.random.default_rng(seed), [], []
    while len(plans) < HOUSES:
        plan = shapely.box(*-rng.uniform(5.0, 12.0, 2), *rng.uniform(5.0, 12.0, 2))
        plan = affinity.translate(
            affinity.rotate(plan, rng.uniform(0.0, 90.0)), *rng.uniform(-HALF_M, HALF_M, 2)
        )
        if all(plan.distance(other) > 3.0 for other in plans):
            plans.append(plan)
            ring = np.array(shapely.orient_polygons(plan).exterior.coords)[:-1]
            buildings.append(Building(f"b{len(plans)}", ring, float(rng.uniform(low_m, high_m))))
    return Block("houses", tuple(buildings), (-HALF_M, -HALF_M, HALF_M, HALF_M))


Path = tuple[int, int, int, tuple[str, ...]]


def met(city: City, points: np.ndarray) -> tuple[str, ...]:
    """Say what a path meets at its vertices (n, 3) between its ends."""
    walls, corners, said = city.plan.walls, city.plan.corners, []
    start = np.column_stack([walls["ax"], walls["ay"]])
    along = np.column_stack([walls["bx"], walls["by"]]) - start
    for point in points:
        corner = np.flatnonzero((corners["x"] == point[0]) & (corners["y"] == point[1]))
        if len(corner):
            said.append(f"corner {corner[0]}")
        elif point[2] > 0.0:
            share = np.clip(np.sum((point[:2] - start) * along, axis=1) / np.sum(along**2, axis=1), 0.0, 1.0)
            wall = np.argmin(np.linalg.norm(start + share[:, None] * along - point[:2], axis=1))
            said.append(f"{'edge' if abs(point[2] - walls['top'][wall]) < 1e-9 else 'facade'} {wall}")
    return tuple(said)


def names(city: City, paths: Paths) -> list[Path]:
    """Return of each path its order, kind, ground bounces and what it meets."""
    rows = zip(paths.order.tolist(), paths.kind.tolist(), paths.ground_bounces.tolist(), strict=True)
    starts = paths.vertex_start
    return [
        (*row, met(city, paths.vertices_m[starts[k] + 1 : starts[k + 1] - 1])) for k, row in enumerate(rows)
    ]


def first_order(city: City, paths: Paths, ended: frozenset[Path]) -> Paths:
    """Return the paths without those of the second order that begin or end, and without the third order."""
    return paths.select(
        np.array([path[0] < 2 or (path[0] == 2 and path not in ended) for path in names(city, paths)])
    )


def cause(before: frozenset[Path], after: frozenset[Path]) -> str:
    """Name a boundary after what begins or ends there, the lowest order of it."""
    order, kind, _, what = min(before ^ after)
    if order < 2:
        return "direct" if order == 0 else f"one {what[0].split()[0]}"
    if order > 2:
        return "third order and more"
    if kind == PathKind.ROOF:
        return "two roof edges"
    return {PathKind.REFLECTED: "two facades", PathKind.CORNER: "two corners"}.get(kind, "facade and corner")


def step_db(around: list[Paths]) -> np.ndarray:
    """Return the step in each band, dB, between the second and third of four places at equal distances.

    That is the change from one side's straight line to the other's, or what phases do in between would count.
    """
    sums, power = [], 0.0
    for paths in around:
        turn = np.exp(-2j * np.pi * np.outer(paths.delay_s, BANDS_HZ))
        sums.append((np.abs(paths.gain) * np.exp(1j * paths.phase_rad) * turn).sum(axis=0))
        power = power + 0.25 * (paths.gain**2).sum(axis=0)
    change = 1.5 * (sums[2] - sums[1]) - 0.5 * (sums[3] - sums[0])
    return 20.0 * np.log10(1.0 + np.abs(change) / np.sqrt(power))


def steps(
    city: City, source: np.ndarray, first: np.ndarray, last: np.ndarray, options: PathOptions
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (cause, steps in each band, dB) for every change of the set of paths along a line."""
    length = float(np.linalg.norm(last - first))

    def hear(along: list[float], search: PathOptions = options) -> list[Paths]:
        return trace_paths(city, AIR, source, [first + (last - first) * s / length for s in along], search)

    places = np.linspace(0.0, length, int(length / SAMPLE_M) + 1).tolist()
    found = [frozenset(names(city, paths)) for paths in hear(places)]
    waiting = list(zip(places, places[1:], found, found[1:], strict=False))
    while waiting:
        low, high, before, after = waiting.pop()
        if before == after:
            continue
        if high - low > CLOSE_M:
            middle = 0.5 * (low + high)
            (between,) = (frozenset(names(city, paths)) for paths in hear([middle]))
            waiting += [(low, middle, before, between), (middle, high, between, after)]
            continue
        middle = 0.5 * (low + high)
        what, aside = cause(before, after), [middle + k * ASIDE_M for k in (-3, -1, 1, 3)]
        if what != "one corner":
            yield what, step_db(hear(aside))
            continue
        lit = replace(options, lit_corners=True, floor_db=LIT_FLOOR_DB)
        for name, around in ((what, hear(aside)), (f"{what}, lit", hear(aside, lit))):
            yield f"{name}, all orders", step_db(around)
            ended = frozenset(names(city, around[1])) ^ frozenset(names(city, around[2]))
            yield name, step_db([first_order(city, paths, ended) for paths in around])


def line_in(block: Block, city: City, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a source and the ends of a line that no house stands in."""
    solid = shapely.union_all([shapely.Polygon(house.outline) for house in block.buildings]).buffer(0.3)
    while True:
        source, first, last = draw_in(open_ground(block, 0.5), 3, rng)
        way = shapely.LineString([first, last])
        if way.length > 20.0 and not way.intersects(solid):
            return np.array([*source, 1.5]), np.array([*first, 3.0]), np.array([*last, 4.0])


def measure(low_m: float, high_m: float, options: PathOptions) -> dict[str, np.ndarray]:
    """Return the steps, dB (places, bands), by cause, among houses from low to high, m."""
    table = defaultdict(list)
    for number in range(BLOCKS):
        block = houses(number, low_m, high_m)
        city, rng = index_block(block), np.random.default_rng(number)
        for _ in range(LINES):
            source, first, last = line_in(block, city, rng)
            for what, jump in steps(city, source, first, last, options):
                table[what].append(jump)
    return {what: np.array(jumps) for what, jumps in sorted(table.items())}


def main() -> None:
    """Print the table."""
    print(
        "steps where paths begin or end, dB, all octave bands 63 Hz to 8 kHz; soft: asphalt and brick, hard: rigid"
    )
    print(f"{'':28s} {'what':28s} places   median      p95      max  over 0.3")
    for low_m, high_m in ((60.0, 80.0), (6.0, 12.0)):
        for hard in (True, False):
            for what, jumps in measure(low_m, high_m, PathOptions(**EVERYTHING, materials=not hard)).items():
                row = f"{'hard' if hard else 'soft'}, houses of {low_m:.0f} to {high_m:.0f} m"
                print(
                    f"{row:28s} {what:28s} {len(jumps):6d} {np.median(jumps):8.3f} {np.percentile(jumps, 95):8.3f} "
                    f"{np.max(jumps):8.3f} {np.sum(jumps.max(axis=1) > 0.3):6d}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
