"""A reflection that a building stands in the way of goes over its roof: image sources over the profile."""

import numpy as np
import pytest

from scenes.air import Air
from scenes.block import Block, Building
from sim.propagation.city import index_block
from sim.propagation.paths import BANDS_HZ, PathKind
from sim.propagation.trace import PathOptions, trace_paths

RIGID = PathOptions(floor_db=60.0, paths_max=300, materials=False)
SOURCE, RECEIVER = np.array([0.0, -30.0, 1.5]), np.array([10.0, 40.0, 3.0])
FACADE_Y, ROOF_M = 60.0, 8.0


def box(name, west, south, east, north, height):
    return Building(
        name, np.array([(west, south), (east, south), (east, north), (west, north)], float), height
    )


LOW = box("low", -900.0, -10.0, 900.0, 0.0, ROOF_M)


def city_of(*houses):
    return index_block(Block("block", houses, (-2000.0, -200.0, 2000.0, 300.0)))


def facade(top_m, half_m=1500.0):
    return box("facade", -half_m, FACADE_Y, half_m, FACADE_Y + 20.0, top_m)


def echoes(paths):
    """Return the numbers of the ways by one facade and over the two edges of a roof."""
    return np.flatnonzero((paths.kind == PathKind.REFLECTED_DIFFRACTED) & (paths.order == 3))


def level_db(paths, number):
    return 10.0 * np.log10((paths.gain[number] ** 2).sum())


def test_is_what_the_mirrored_receiver_hears_over_the_roof_alone():
    """All of it, with its bounces: the image of the receiver in a wide, high, rigid facade, without the facade."""
    (found,) = trace_paths(city_of(LOW, facade(400.0)), Air(), SOURCE, [RECEIVER], RIGID)
    mirrored = RECEIVER * (1.0, -1.0, 1.0) + (0.0, 2.0 * FACADE_Y, 0.0)
    (alone,) = trace_paths(city_of(LOW), Air(), SOURCE, [mirrored], RIGID)
    roofs = np.flatnonzero((alone.kind == PathKind.ROOF) & (alone.order == 2))
    assert len(roofs) == len(echoes(found)) == 4
    assert found.length_m[echoes(found)] == pytest.approx(alone.length_m[roofs], abs=1e-9)
    assert found.delay_s[echoes(found)] == pytest.approx(alone.delay_s[roofs], abs=1e-12)
    assert found.gain[echoes(found)] == pytest.approx(alone.gain[roofs], rel=0.04)
    assert found.ground_bounces[echoes(found)].tolist() == alone.ground_bounces[roofs].tolist()


def test_meets_the_facade_where_it_says():
    """Vertices: over both roof edges, then the facade, on straight legs of equal length to their images."""
    (found,) = trace_paths(city_of(LOW, facade(400.0)), Air(), SOURCE, [RECEIVER], RIGID)
    way = min(echoes(found), key=lambda k: found.length_m[k])
    points = found.vertices_m[found.vertex_start[way] : found.vertex_start[way + 1]]
    assert points[:, 1] == pytest.approx([-30.0, -10.0, 0.0, FACADE_Y, 40.0])
    assert points[1:3, 2] == pytest.approx([ROOF_M, ROOF_M])
    assert points[3, 2] == pytest.approx(3.0 + (ROOF_M - 3.0) * 20.0 / 80.0)
    legs = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert legs.sum() == pytest.approx(found.length_m[way])


def test_is_the_same_both_ways():
    """Reciprocity, for a facade that only one of the ends sees."""
    city = city_of(LOW, facade(20.0, 15.0))
    (there,) = trace_paths(city, Air(), SOURCE, [RECEIVER], RIGID)
    (back,) = trace_paths(city, Air(), RECEIVER, [SOURCE], RIGID)
    assert len(echoes(there)) == len(echoes(back)) > 0
    assert np.sort(there.gain[echoes(there)], axis=0) == pytest.approx(
        np.sort(back.gain[echoes(back)], axis=0), rel=1e-6
    )


def test_fades_above_the_facade_s_roof_edge():
    """A facade lower than where the way meets it, 4.25 m, reflects less, the less the higher the frequency."""
    gains = {}
    for top in (400.0, 4.25, 2.0):
        (found,) = trace_paths(city_of(LOW, facade(top)), Air(), SOURCE, [RECEIVER], RIGID)
        gains[top] = np.abs(found.gain[min(echoes(found), key=lambda k: found.length_m[k])])
    assert np.all(gains[2.0][2:] < gains[4.25][2:])
    # At its roof edge, half of it: low bands see the facade's image under the ground too.
    assert 20.0 * np.log10(gains[4.25] / gains[400.0])[-3:] == pytest.approx(-6.0, abs=1.0)
    assert (gains[2.0] / gains[400.0])[-1] < 0.1


def test_takes_over_where_a_house_cuts_a_reflection():
    """Where a low house comes into a way by a high facade: steps of 4.5 and 6 dB without the way over its roof."""
    city = city_of(box("low", -10.0, 10.0, 10.0, 20.0, 6.0), facade(60.0, 300.0))
    source = np.array([-40.0, -30.0, 1.5])
    options = PathOptions(floor_db=300.0, paths_max=500, materials=False)
    line = np.linspace([-20.0, 45.0, 3.0], [120.0, 45.0, 3.0], 281)

    def specular(place):
        (paths,) = trace_paths(city, Air(), source, [place], options)
        return int(np.sum((paths.kind == PathKind.REFLECTED) & (paths.order == 1))), paths

    def field(paths):
        turn = np.exp(-2j * np.pi * np.outer(paths.delay_s, BANDS_HZ))
        return (np.abs(paths.gain) * np.exp(1j * paths.phase_rad) * turn).sum(axis=0)

    jumps, counts = [], [specular(place)[0] for place in line]
    for a, b, count, then in zip(line, line[1:], counts, counts[1:], strict=False):
        if count == then:
            continue
        low, high = a, b
        while np.linalg.norm(high - low) > 1e-5:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if specular(middle)[0] == count else (low, middle)
        aside = np.array([2e-5, 0.0, 0.0])
        before, after = specular(low - aside)[1], specular(high + aside)[1]
        power = 0.5 * ((before.gain**2).sum(axis=0) + (after.gain**2).sum(axis=0))
        jumps.append(20.0 * np.log10(1.0 + np.abs(field(after) - field(before)) / np.sqrt(power)))
    assert len(jumps) == 2
    assert np.max(jumps) < 0.7  # 63 Hz, whose waves are as long as the house is high
    assert np.max(np.array(jumps)[:, 1:]) < 0.3
