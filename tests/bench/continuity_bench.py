"""Prints the steps of the field where paths begin or end among several houses: `python -m tests.bench continuity`.

Lines of receivers cross streets; wherever the set of paths changes, the place is found to a hundredth of a millimetre
and the field on both sides compared. A step is 20 lg(1 + |change| / rms of all paths), the change being that of the sum
with phases: what a level would do without interference, which alone would make any change in a notch look large.
"""

from collections import Counter, defaultdict

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
SAMPLE_M, CLOSE_M, ASIDE_M = 0.5, 1e-5, 2e-5
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


def names(paths: Paths) -> Counter:
    """Count the paths of each kind, order and number of ground bounces."""
    return Counter(zip(paths.kind.tolist(), paths.order.tolist(), paths.ground_bounces.tolist(), strict=True))


def cause(before: Counter, after: Counter) -> str:
    """Say which of the paths that begin or end there is the strongest kind."""
    changed = {(kind, order) for kind, order, _ in (before - after) + (after - before)}
    if (PathKind.DIRECT, 0) in changed:
        return "direct"
    for order in (1, 2, 3):
        if (PathKind.REFLECTED, order) in changed:
            return f"by {order} facade{'s' * (order > 1)}"
    return "over roofs" if any(kind == PathKind.ROOF for kind, _ in changed) else "round corners only"


def step_db(before: Paths, after: Paths) -> np.ndarray:
    """Return the step in each band, dB."""
    sums, power = [], 0.0
    for paths in (before, after):
        turn = np.exp(-2j * np.pi * np.outer(paths.delay_s, BANDS_HZ))
        sums.append((np.abs(paths.gain) * np.exp(1j * paths.phase_rad) * turn).sum(axis=0))
        power = power + 0.5 * (paths.gain**2).sum(axis=0)
    return 20.0 * np.log10(1.0 + np.abs(sums[1] - sums[0]) / np.sqrt(power))


def steps(city: City, source: np.ndarray, first: np.ndarray, last: np.ndarray, options: PathOptions):
    """Yield (cause, steps in each band, dB) for every change of the set of paths along a line."""
    length = float(np.linalg.norm(last - first))

    def hear(along: list[float]) -> list[Paths]:
        return trace_paths(city, AIR, source, [first + (last - first) * s / length for s in along], options)

    places = np.linspace(0.0, length, int(length / SAMPLE_M) + 1).tolist()
    found = [names(paths) for paths in hear(places)]
    for low, high, there, then in zip(places, places[1:], found, found[1:], strict=False):
        a, b, after = low, high, then
        if there == then:
            continue
        while b - a > CLOSE_M:
            middle = 0.5 * (a + b)
            (name,) = map(names, hear([middle]))
            if name == there:
                a = middle
            else:
                b, after = middle, name
        yield cause(there, after), step_db(*hear([a - ASIDE_M, b + ASIDE_M]))


def line_in(block: Block, city: City, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a source and the ends of a line that no house stands in."""
    solid = shapely.union_all([shapely.Polygon(house.outline) for house in block.buildings]).buffer(0.3)
    while True:
        source, first, last = draw_in(open_ground(block, 0.5), 3, rng)
        way = shapely.LineString([first, last])
        if way.length > 20.0 and not way.intersects(solid):
            return np.array([*source, 1.5]), np.array([*first, 3.0]), np.array([*last, 4.0])


def main() -> None:
    """Print the table."""
    print(
        "steps where paths begin or end, dB, all octave bands 63 Hz to 8 kHz; soft: asphalt and brick, hard: rigid"
    )
    print(f"{'':28s} {'what':20s} places   median      p95      max")
    for low_m, high_m in ((60.0, 80.0), (6.0, 12.0)):
        for hard in (True, False):
            table = defaultdict(list)
            for number in range(BLOCKS):
                block = houses(number, low_m, high_m)
                city, rng = index_block(block), np.random.default_rng(number)
                for _ in range(LINES):
                    source, first, last = line_in(block, city, rng)
                    options = PathOptions(**EVERYTHING, materials=not hard)
                    for what, jump in steps(city, source, first, last, options):
                        table[what].append(jump)
            for what, jumps in sorted(table.items()):
                print(
                    f"{'hard' if hard else 'soft'}, houses of {low_m:.0f} to {high_m:.0f} m "
                    f"{'':4s} {what:20s} {len(jumps):6d} {np.median(jumps):8.3f} {np.percentile(jumps, 95):8.3f} "
                    f"{np.max(jumps):8.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
