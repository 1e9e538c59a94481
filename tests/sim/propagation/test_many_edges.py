"""Several houses in a row: what they leave together, beside the wave equation carried from house to house."""

import numpy as np
import pytest
import shapely

from scenes.air import Air
from scenes.block import Block, Building
from sim.propagation.city import index_block
from sim.propagation.edge_chain import grazing, mended
from sim.propagation.paths import BANDS_HZ, PathKind
from sim.propagation.trace import PathOptions, trace_paths

AIR = Air(temperature_c=15.0)
BAND, SPACING_M, DEEP_M, ENDS_M = 3, 50.0, 12.0, 20.0
WAVE_M = AIR.sound_speed_mps / BANDS_HZ[BAND]
OPTIONS = PathOptions(ground=False, materials=False, reflection_order=0, corner_count=0, floor_db=300.0)
_STEP_M, _SAMPLES = 0.02, 2**16


def fade(ratio, start):
    return np.cos(0.5 * np.pi * np.clip((ratio - start) / (1.0 - start), 0.0, 1.0)) ** 2


def exact_db(heights, deep_m=DEEP_M):
    """Return the level behind houses `SPACING_M` apart re the free field, dB, between ends at height 0.

    The field goes on by the paraxial wave equation; all below a roof is lost at its front, and the roof is a mirror.
    """
    z = (np.arange(_SAMPLES) - _SAMPLES // 4) * _STEP_M
    k = 2.0 * np.pi / WAVE_M
    squared = (2.0 * np.pi * np.fft.fftfreq(_SAMPLES, _STEP_M)) ** 2
    rim = fade(np.abs(z - z.mean()) / (0.5 * _SAMPLES * _STEP_M), 0.75)

    def carry(field, way_m):
        return rim * np.fft.ifft(np.fft.fft(field) * np.exp(-0.5j * squared * way_m / k))

    first = SPACING_M - 0.5 * deep_m
    field = fade(np.abs(z) / 260.0, 0.23) * np.exp(0.5j * k * z**2 / first) / np.sqrt(first)
    for number, height in enumerate(heights):
        if number:
            field = carry(field, SPACING_M - deep_m)
        above = np.clip((z - height) / _STEP_M + 0.5, 0.0, 1.0)
        field = field * above
        if deep_m > 0.0:
            mirrored = np.interp(2.0 * height - z, z, field.real) + 1j * np.interp(
                2.0 * height - z, z, field.imag
            )
            field = above * carry(np.where(z >= height, field, mirrored), deep_m)
    field = carry(field, first)
    return 20.0 * np.log10(np.abs(field[_SAMPLES // 4]) * np.sqrt((len(heights) + 1) * SPACING_M))


def arc(number, sag):
    """Return heights over the line between the ends of so many houses, each of which bends it by 2 sag / spacing."""
    at = np.arange(1, number + 1)
    return sag * at * (number + 1 - at)


def found_db(heights):
    """Return what the search finds for the same houses, dB re the free field."""
    houses = tuple(
        Building(
            str(i),
            np.array(shapely.box(x - 0.5 * DEEP_M, -200.0, x + 0.5 * DEEP_M, 200.0).exterior.coords)[:4],
            float(ENDS_M + rise),
        )
        for i, (x, rise) in enumerate(zip(SPACING_M * np.arange(1, len(heights) + 1), heights, strict=True))
    )
    block = Block("bow", houses, (-100.0, -300.0, 1000.0, 300.0))
    length = (len(heights) + 1) * SPACING_M
    (paths,) = trace_paths(index_block(block), AIR, [0.0, 0.0, ENDS_M], [[length, 0.0, ENDS_M]], OPTIONS)
    assert set(paths.kind.tolist()) == {PathKind.ROOF}
    turn = np.exp(-2j * np.pi * (paths.delay_s - paths.delay_s.min()) * BANDS_HZ[BAND])
    gain = (np.abs(paths.gain[:, BAND]) * np.exp(1j * paths.phase_rad[:, BAND]) * turn).sum()
    return 20.0 * np.log10(np.abs(gain) * length)


@pytest.mark.parametrize("number", [1, 2, 3, 5, 8, 11])
def test_grazed_edges_in_a_row_leave_one_part_in_their_number_and_one(number):
    assert mended(float(number)) / 2.0**number == pytest.approx(1.0 / (number + 1))
    assert exact_db(np.zeros(number), 0.0) == pytest.approx(-20.0 * np.log10(number + 1), abs=0.2)


def test_edges_in_deep_shadow_or_in_the_light_do_not_count_as_grazed():
    assert grazing(0.5) == 1.0
    assert grazing(0.0) == grazing(1.0) == grazing(1.2) == 0.0
    assert mended(0.0) == mended(0.7) == mended(1.0) == 1.0


@pytest.mark.parametrize("sag", [0.01, 0.1, 0.5])
@pytest.mark.parametrize(
    ("number", "within_db"), [(1, 1.0), (2, 2.0), (3, 2.0), (5, 2.5), (8, 6.5), (11, 6.5)]
)
def test_houses_on_a_bow_shade_as_they_do(number, within_db, sag):
    heights = arc(number, sag)
    assert found_db(heights) == pytest.approx(exact_db(heights), abs=within_db)


def test_two_houses_of_one_height_shade_as_they_do_in_both_directions():
    heights = np.array([1.0, 1.0])
    assert found_db(heights) == pytest.approx(exact_db(heights), abs=2.5)
    higher = np.array([1.0, 1.2])
    assert found_db(higher) == pytest.approx(found_db(higher[::-1]), abs=1e-6)
