"""What down-bending sound gains over roofs."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.air import Air
from sim.bowing import bow_gain
from sim.propagation.paths import BANDS_HZ, PathKind, Paths

INVERSION = Air(temperature_c=0.0, temperature_gradient=0.17)
FAINT = 1e-5


def over(*points, bounces=0, gain=FAINT, kind=PathKind.ROOF):
    vertices = np.array(points, dtype=np.float64)
    length = np.linalg.norm(np.diff(vertices, axis=0), axis=1).sum()
    unit = np.array([[1.0, 0.0, 0.0]])
    return Paths(
        np.array([length / 331.3]),
        np.full((1, 8), gain),
        np.array([length]),
        np.array([kind], dtype=np.int8),
        np.array([1], dtype=np.int8),
        np.array([bounces], dtype=np.int8),
        unit,
        unit,
        vertices,
        np.array([0, len(vertices)]),
    )


def arc_time(air, start, end):
    """Return the travel time along the arc between two points where the speed rises linearly with height, s."""
    rise = 0.5 * air.sound_speed_mps / (air.temperature_c + 273.15) * air.temperature_gradient
    low, high = (air.sound_speed_mps + rise * point[2] for point in (start, end))
    apart = np.sum(np.subtract(end, start) ** 2)
    return np.arccosh(1.0 + rise**2 * apart / (2.0 * low * high)) / rise


def loss(detour_m, wavelength_m):
    return 3.0 + 40.0 * detour_m / wavelength_m


def test_a_roof_gives_back_what_the_shorter_detour_of_arcs_is_worth():
    start, edge, end = (0.0, 0.0, 1.5), (120.0, 0.0, 14.0), (300.0, 0.0, 8.0)
    straight = np.linalg.norm(np.subtract(edge, start)) + np.linalg.norm(np.subtract(end, edge))
    straight -= np.linalg.norm(np.subtract(end, start))
    late_s = (
        arc_time(INVERSION, start, edge) + arc_time(INVERSION, edge, end) - arc_time(INVERSION, start, end)
    )
    wavelength = INVERSION.sound_speed_mps / np.array(BANDS_HZ)
    expected = np.sqrt(loss(straight, wavelength) / loss(late_s * INVERSION.sound_speed_mps, wavelength))
    got = bow_gain(INVERSION, [over(start, edge, end)])[0]
    assert expected[-1] > 1.2
    assert got == pytest.approx(expected, rel=0.02)


def test_it_is_the_same_from_either_end_and_over_several_edges_no_loss():
    points = [(0.0, 0.0, 1.5), (40.0, 30.0, 9.0), (160.0, 120.0, 12.0), (240.0, 180.0, 7.0)]
    there, back = (bow_gain(INVERSION, [over(*way)])[0] for way in (points, points[::-1]))
    assert there == pytest.approx(back, rel=1e-9)
    assert (there >= 1.0).all()


def test_a_bounce_beside_an_end_counts_as_the_mirror_below_the_ground():
    # The mirror of an end 2 m above the ground is 2 m below; the bounce lies on the line from there to the edge.
    edge, end = (100.0, 0.0, 10.0), (300.0, 0.0, 6.0)
    bounced = over((0.0, 0.0, 2.0), (100.0 * 2.0 / 12.0, 0.0, 0.0), edge, end, bounces=1)
    mirrored = over((0.0, 0.0, -2.0), edge, end)
    assert bow_gain(INVERSION, [bounced])[0] == pytest.approx(bow_gain(INVERSION, [mirrored])[0], rel=1e-9)


def test_no_way_over_roofs_becomes_louder_than_sound_that_meets_nothing():
    grazed = over((0.0, 0.0, 8.0), (200.0, 0.0, 8.2), (400.0, 0.0, 8.0), gain=0.5 / 400.0)
    assert bow_gain(INVERSION, [grazed])[0].max() <= 2.001
    assert bow_gain(INVERSION, [grazed])[0].min() > 1.3


@pytest.mark.parametrize(
    ("air", "kind"),
    [
        (Air(), PathKind.ROOF),
        (replace(INVERSION, temperature_gradient=-0.17), PathKind.ROOF),
        (Air(wind_gradient=(-0.1, 0.0)), PathKind.ROOF),
        (INVERSION, PathKind.CORNER),
    ],
    ids=["no gradient", "bends up", "upwind", "round a corner"],
)
def test_other_air_and_other_ways_are_left_alone(air, kind):
    way = over((0.0, 0.0, 1.5), (120.0, 0.0, 14.0), (300.0, 0.0, 8.0), kind=kind)
    assert (bow_gain(air, [way]) == 1.0).all()


def test_wind_that_grows_with_height_helps_downwind_only():
    air = Air(wind_gradient=(0.1, 0.0))
    points = [(0.0, 0.0, 1.5), (120.0, 0.0, 14.0), (300.0, 0.0, 8.0)]
    down, up = (bow_gain(air, [over(*way)])[0] for way in (points, points[::-1]))
    assert (down > 1.0).all()
    assert (up == 1.0).all()
