"""Prints what path search costs and finds in real neighbourhoods: `python -m tests.bench propagation`."""

import time
from pathlib import Path

import numpy as np

from scenes.air import Air
from scenes.block import Block, Building
from scenes.footprints import read_footprints
from scenes.walls import draw_in, open_ground
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.city import City, index_block
from sim.propagation.engines import open_engine
from sim.propagation.paths import BANDS_HZ
from sim.propagation.trace import PathOptions, trace_paths

NEIGHBOURHOODS = Path(__file__).parents[2].parent / "shared" / "real" / "neighbourhoods"
PLACES = ("boston_back_bay", "chicago_loop", "geneva_old_town")
SOURCE_DB, AUDIBLE_DB = 160.0, 45.0
AIR = Air()


def block_of(place: str) -> Block:
    return read_footprints(NEIGHBOURHOODS / f"{place}_buildings.geojson")[0]


def tiled(block: Block, columns: int, rows: int) -> Block:
    """Return the block beside itself, columns by rows times."""
    west, south, east, north = block.bounds_m
    wide, tall = east - west + 20.0, north - south + 20.0
    copies = tuple(
        Building(
            f"{house.id}-{i}-{j}",
            house.outline + np.array([i * wide, j * tall]),
            house.height_m,
            facade=house.facade,
            courtyards=tuple(yard + np.array([i * wide, j * tall]) for yard in house.courtyards),
        )
        for i in range(columns)
        for j in range(rows)
        for house in block.buildings
    )
    bounds = (west, south, west + columns * wide, south + rows * tall)
    return Block(block.name, copies, bounds, block.ground)


def nearest(block: Block, count: int) -> Block:
    """Return the buildings nearest to the middle."""
    west, south, east, north = block.bounds_m
    middle = np.array([0.5 * (west + east), 0.5 * (south + north)])
    order = sorted(block.buildings, key=lambda house: np.linalg.norm(house.outline.mean(axis=0) - middle))[
        :count
    ]
    corners = np.concatenate([house.outline for house in order])
    bounds = (*(corners.min(axis=0) - 20.0), *(corners.max(axis=0) + 20.0))
    return Block(block.name, tuple(order), tuple(float(x) for x in bounds), block.ground)


def in_street(block: Block, count: int, height_m: float, seed: int) -> np.ndarray:
    plan = draw_in(open_ground(block, 0.5), count, np.random.default_rng(seed))
    return np.column_stack([plan, np.full(count, height_m)])


def least_cpu_s(task, repeats: int) -> float:
    """Return the least CPU time of several runs, s."""
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        task()
        spent.append(time.process_time() - began)
    return min(spent)


def speed(block: Block, name: str) -> None:
    city = index_block(block)
    sources, sensors = in_street(block, 10, 1.5, 1), in_street(block, 25, 6.0, 2)
    built = least_cpu_s(lambda: index_block(block), 3)
    each = [least_cpu_s(lambda s=s: trace_paths(city, AIR, s, sensors), 2) for s in sources]
    found = [len(paths) for s in sources for paths in trace_paths(city, AIR, s, sensors)]
    print(
        f"{name:22s} {len(block.buildings):6d} buildings  static {built:6.3f} s  source to 25 sensors: median "
        f"{1e3 * np.median(each):5.1f}, worst {1e3 * max(each):5.1f} ms  {np.mean(found):4.1f} paths a pair"
    )


def trace_all(city: City, sources: np.ndarray, sensors: np.ndarray) -> list:
    trace = open_engine(city, AIR, receivers=sensors)
    return [trace(source, sensors) for source in sources]


def hundred_by_hundred(block: Block) -> None:
    city = index_block(block)
    sources, sensors = in_street(block, 100, 1.5, 3), in_street(block, 100, 6.0, 4)
    spent = least_cpu_s(lambda: trace_all(city, sources, sensors), 1)
    print(f"100 x 100 pairs: {spent:.2f} CPU s")


def band_power(paths) -> np.ndarray:
    loss = attenuation_db_per_m(BANDS_HZ, AIR.temperature_c, AIR.humidity, AIR.pressure_pa)
    return (paths.gain**2 * 10.0 ** (-np.outer(paths.length_m, loss) / 10.0)).sum(axis=0)


def deaf_pairs(city: City, block: Block) -> None:
    """Trace 100 shots of 160 dB at 1 m to 25 sensors within 400 m."""
    rng = np.random.default_rng(5)
    shots, mounts = in_street(block, 100, 1.5, 6), in_street(block, 2000, 6.0, 7)
    levels, empty = [], 0
    for shot in shots:
        near = mounts[np.hypot(*(mounts - shot)[:, :2].T) < 400.0]
        chosen = near[rng.permutation(len(near))[:25]]
        for paths in trace_paths(city, AIR, shot, chosen):
            empty += len(paths) == 0
            levels.append(SOURCE_DB + 10.0 * np.log10(band_power(paths)))
    levels = np.array(levels)
    loud = np.mean(levels.max(axis=1) > AUDIBLE_DB)
    silent = np.sum(np.all(~np.isfinite(levels), axis=1))
    print(
        f"{block.name:26s} {len(levels)} pairs, {empty} without path, {silent} zero in every band, "
        f"{loud:.1%} above {AUDIBLE_DB:.0f} dB"
    )


def dropped_power(city: City, block: Block) -> None:
    """Say how much power the default floor and number of paths leave out."""
    sensors, lost = in_street(block, 25, 6.0, 8), []
    everything = PathOptions(floor_db=70.0, paths_max=500)
    for source in in_street(block, 8, 1.5, 9):
        kept, whole = (
            trace_paths(city, AIR, source, sensors, options) for options in (PathOptions(), everything)
        )
        lost += [10.0 * np.log10(band_power(b) / band_power(a)) for a, b in zip(kept, whole, strict=True)]
    lost = np.array(lost)
    print(
        f"{block.name:26s} power left out: mean {lost.mean():.4f}, worst band of the worst pair {lost.max():.2f} dB"
    )


def main() -> None:
    """Print the table; says so where the real neighbourhoods are absent."""
    if not NEIGHBOURHOODS.exists():
        print("the real neighbourhoods are not beside this checkout: nothing measured")
        return
    boston = block_of("boston_back_bay")
    for count in (100, 400):
        speed(nearest(boston, count), f"boston, nearest {count}")
    for place in PLACES:
        speed(block_of(place), place)
    speed(tiled(boston, 3, 2), "boston, tiled 3 x 2")
    hundred_by_hundred(boston)
    for place in PLACES:
        block = block_of(place)
        city = index_block(block)
        deaf_pairs(city, block)
        dropped_power(city, block)
