"""Specular arrivals against the image sources of pyroomacoustics (Scheibler, Bezzam and Dokmanic 2018)."""

import numpy as np
import pyroomacoustics as pra
import pytest

from scenes.air import Air
from sim.propagation.city import index_block
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions, trace_paths

CALM = Air()


def as_room(block, absorption):
    """Return a room without floor whose walls are the facades, their normals away from the air."""
    walls = []
    for house in block.buildings:
        for (x0, y0), (x1, y1) in zip(house.outline, np.roll(house.outline, -1, axis=0), strict=True):
            corners = np.array(
                [[x0, y0, 0], [x0, y0, house.height_m], [x1, y1, house.height_m], [x1, y1, 0]], float
            )
            walls.append(pra.wall_factory(corners.T, [absorption], [0.0]))
    return pra.Room(walls, fs=16_000, max_order=2)


@pytest.mark.parametrize("seed", [0, 1])
def test_same_specular_paths_delays_and_amplitudes(make, seed):
    block, plans = make.random_block(seed, count=10, half=60.0)
    rng = np.random.default_rng(seed + 10)
    plan = make.streets(plans, rng, 4, half=70.0)
    points = np.column_stack([plan, [1.5, 3.0, 6.0, 2.0]])
    room = as_room(block, 0.0)
    room.is_inside = lambda *_, **__: True  # its own test is unreliable without a floor
    room.add_source(points[0])
    room.add_microphone_array(pra.MicrophoneArray(points[1:].T, 16_000))
    room.image_source_model()
    options = PathOptions(
        ground=False, roofs=False, corner_count=0, materials=False, floor_db=200.0, paths_max=500
    )
    ours = trace_paths(index_block(block), CALM, points[0], points[1:], options)
    images, seen = room.sources[0].images, np.array(room.visibility[0])
    for number, paths in enumerate(ours):
        theirs = images[:, seen[number].astype(bool)].T
        distance = np.sort(np.linalg.norm(theirs - points[number + 1], axis=1))
        assert np.all(np.isin(paths.kind, (PathKind.DIRECT, PathKind.REFLECTED)))
        assert len(paths) == len(distance)
        np.testing.assert_allclose(paths.delay_s, distance / CALM.sound_speed_mps, atol=1e-6)
        np.testing.assert_allclose(np.abs(paths.gain[:, 0]), 1.0 / distance, rtol=1e-4)
