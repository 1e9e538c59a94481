"""A block of 5 km from one file of footprints: read, indexed and searched without losing a path."""

import json

import numpy as np
import pytest

from scenes.air import Air
from scenes.footprints import read_footprints
from scenes.walls import draw_in, open_ground
from sim.propagation.city import index_block
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions, trace_paths

WIDE_M, PITCH_M, HOUSE_M = 5000.0, 100.0, 60.0
NORTH, WEST = 42.35, -71.08
M_PER_DEGREE = 111_320.0


def write_grid(path, height_of) -> None:
    """Write a square of houses in rows and columns; `height_of` takes the row and the column, 0 to 1."""
    count = int(WIDE_M / PITCH_M)
    east = M_PER_DEGREE * np.cos(np.radians(NORTH))
    features = []
    for column, row in np.ndindex(count, count):
        x, y = column * PITCH_M, row * PITCH_M
        ring = [(x, y), (x + HOUSE_M, y), (x + HOUSE_M, y + HOUSE_M), (x, y + HOUSE_M), (x, y)]
        features.append(
            {
                "type": "Feature",
                "properties": {"height": float(height_of((column + 0.5) / count, (row + 0.5) / count))},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[WEST + a / east, NORTH + b / M_PER_DEGREE] for a, b in ring]],
                },
            }
        )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def searched(tmp_path, height_of, options):
    """Return the paths of 3 shots to 30 sensors each, all over the block."""
    write_grid(tmp_path / "town.geojson", height_of)
    block = read_footprints(tmp_path / "town.geojson")[0]
    west, south, east, north = block.bounds_m
    assert min(east - west, north - south) > WIDE_M - PITCH_M
    rng = np.random.default_rng(4)
    city = index_block(block)
    places = draw_in(open_ground(block, 0.5), 33, rng)
    sources, sensors = (
        np.column_stack([chosen, np.full(len(chosen), up)])
        for chosen, up in ((places[:3], 1.5), (places[3:], 6.0))
    )
    return [trace_paths(city, Air(), source, sensors, options) for source in sources]


def test_every_pair_in_five_kilometres_of_rows_has_a_path(tmp_path):
    """Rows and columns put corners in line with walls a kilometre off."""
    rng = np.random.default_rng(0)
    for traced in searched(tmp_path, lambda _x, _y: rng.uniform(6.0, 25.0), PathOptions()):
        for paths in traced:
            assert len(paths)
            assert np.isfinite(paths.gain).all()


@pytest.mark.parametrize("top_m", [70.0, 400.0])
def test_a_city_on_a_dome_is_crossed_over_its_roofs(tmp_path, top_m):
    """The hull there has more edges than are weighed: the way over the sharpest of them stands for it."""
    over = PathOptions(corner_count=0, reflection_order=0, ground=False)
    for traced in searched(tmp_path, lambda x, y: 10.0 + top_m * np.sin(np.pi * x) * np.sin(np.pi * y), over):
        for paths in traced:
            assert len(paths)
            roofs = paths.kind == PathKind.ROOF
            straight = np.linalg.norm(paths.vertices_m[0] - paths.vertices_m[-1])
            assert (paths.length_m[roofs] >= straight - 1e-6).all()
