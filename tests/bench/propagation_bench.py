"""Prints what path search costs and finds in real neighbourhoods: `python -m tests.bench propagation`."""

import json
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import shapely
import shapely.geometry

from scenes.air import Air
from scenes.block import Block, Building
from scenes.footprints import read_footprints
from scenes.terrain import Terrain
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
# A prototype on another machine: static structure, s, and source to 25 sensors, ms, for 100, 400, 1,736 and 10,416 (six
# tiles) buildings of the same file.
PROTOTYPE = ((0.014, 1.7), (0.06, 5.6), (0.33, 16.0), (2.7, 71.0))


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


def nearest(place: str, count: int) -> Block:
    """Return the block of so many footprints of a file, those nearest to their middle."""
    collection = json.loads((NEIGHBOURHOODS / f"{place}_buildings.geojson").read_text())
    features = collection["features"]
    middles = np.array([shapely.centroid(shapely.geometry.shape(f["geometry"])).coords[0] for f in features])
    away = np.linalg.norm(
        (middles - np.median(middles, axis=0)) * (np.cos(np.radians(middles[0, 1])), 1.0), axis=1
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "nearest.geojson"
        path.write_text(
            json.dumps({**collection, "features": [features[i] for i in np.argsort(away)[:count]]})
        )
        return read_footprints(path)[0]


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


def measure_speed(block: Block) -> tuple[float, list[float], float]:
    """Return CPU seconds of the static structure, of each of 10 sources to 25 sensors, and the paths of a pair."""
    city = index_block(block)
    sources, sensors = in_street(block, 10, 1.5, 1), in_street(block, 25, 6.0, 2)
    built = least_cpu_s(lambda: index_block(block), 3)
    each = [least_cpu_s(lambda s=s: trace_paths(city, AIR, s, sensors), 2) for s in sources]
    found = [len(paths) for s in sources for paths in trace_paths(city, AIR, s, sensors)]
    return built, each, float(np.mean(found))


def growth(place: str) -> None:
    """Print how time grows with the buildings of a file, beside what a prototype took; touching ones are joined."""
    whole = block_of(place)
    every = len(json.loads((NEIGHBOURHOODS / f"{place}_buildings.geojson").read_text())["features"])
    footprints = [100, 400, every, 6 * every]
    blocks = [nearest(place, 100), nearest(place, 400), whole, tiled(whole, 3, 2)]
    table = []
    names = ("buildings", "joined", "static s", "prototype", "25 sensors ms", "worst", "prototype")
    print("  ".join(names))
    for count, block, (static_s, trace_ms) in zip(footprints, blocks, PROTOTYPE, strict=True):
        built, each, _ = measure_speed(block)
        median = float(np.median(each))
        table.append((count, built, median))
        values = (
            count,
            len(block.buildings),
            round(built, 3),
            static_s,
            1e3 * median,
            1e3 * max(each),
            trace_ms,
        )
        print(
            "  ".join(f"{value:{len(name)}.4g}" for name, value in zip(names, values, strict=True)),
            flush=True,
        )
    count, built, traced = np.log(np.array(table)).T
    print(
        f"grows as n^{np.polyfit(count, built, 1)[0]:.2f} (static), n^{np.polyfit(count, traced, 1)[0]:.2f} (search)"
    )


def speed(block: Block) -> None:
    built, each, found = measure_speed(block)
    print(
        f"{block.name:22s} {len(block.buildings):6d} buildings  static {built:6.3f} s  source to 25 sensors: median "
        f"{1e3 * np.median(each):5.1f}, worst {1e3 * max(each):5.1f} ms  {found:4.1f} paths a pair",
        flush=True,
    )


def rows_of_houses(wide_m: float, pitch_m: float = 100.0, house_m: float = 60.0) -> Block:
    """Return a square of houses in rows and columns, 6 to 25 m high."""
    rng, places = np.random.default_rng(0), np.arange(0.0, wide_m, pitch_m)
    corners = house_m * np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    houses = tuple(
        Building(f"{x:.0f}-{y:.0f}", corners + np.array([x, y]), float(rng.uniform(6.0, 25.0)))
        for x in places
        for y in places
    )
    edge = wide_m - pitch_m + house_m
    return Block("rows, 5 km wide", houses, (-20.0, -20.0, edge + 20.0, edge + 20.0))


def hilly(block: Block, rise_m: float = 35.0, step_m: float = 10.0) -> Block:
    """Return the block on a hill with folds."""
    west, south, east, north = block.bounds_m
    x, y = (
        np.arange(west - step_m, east + 2 * step_m, step_m),
        np.arange(south - step_m, north + 2 * step_m, step_m),
    )
    u, v = np.meshgrid(x - 0.5 * (west + east), y - 0.5 * (south + north))
    heights = rise_m * np.exp(-((u / 150.0) ** 2) - (v / 220.0) ** 2) + 3.0 * np.sin(u / 60.0) * np.cos(
        v / 45.0
    )
    terrain = Terrain(float(x[0]), float(y[0]), (step_m, step_m), heights - heights.min())
    houses = tuple(replace(h, base_m=float(terrain.height_at(h.outline).min())) for h in block.buildings)
    return replace(block, buildings=houses, ground=replace(block.ground, terrain=terrain))


def over_hills(block: Block) -> None:
    laid = hilly(block)
    sources, sensors = in_street(laid, 10, 1.5, 1), in_street(laid, 25, 6.0, 2)
    for points in (sources, sensors):
        points[:, 2] += laid.ground.terrain.height_at(points)  # pyright: ignore[reportOptionalMemberAccess]
    # An engine that was given its receivers would answer from memory when a source is timed a second time.
    trace = open_engine(index_block(laid), AIR)
    trace(sources[0], sensors)
    each = [least_cpu_s(lambda s=s: trace(s, sensors), 2) for s in sources]
    print(
        f"{block.name} on a hill of 35 m: source to 25 sensors: median {1e3 * np.median(each):.1f}, worst "
        f"{1e3 * max(each):.1f} ms",
        flush=True,
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
    growth(PLACES[0])
    for place in PLACES:
        speed(block_of(place))
    speed(rows_of_houses(5000.0))
    over_hills(block_of("geneva_old_town"))
    hundred_by_hundred(boston)
    for place in PLACES:
        block = block_of(place)
        city = index_block(block)
        deaf_pairs(city, block)
        dropped_power(city, block)
