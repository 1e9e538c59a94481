"""The total field has no step where direct or reflected sound begins or ends."""

from collections import Counter

import numpy as np
import pytest

from scenes.air import Air
from sim.propagation.city import index_block
from sim.propagation.paths import BANDS_HZ, PathKind
from sim.propagation.trace import PathOptions, trace_paths
from tests.bench.continuity_bench import houses, line_in
from tests.bench.continuity_bench import steps as steps_by_cause

EVERYTHING = PathOptions(floor_db=300.0, paths_max=400)
SOURCE = np.array([-40.0, -35.0, 1.5])
# From, to, height of the house: past both sides of it, along its front, up behind it.
LINES = {
    "behind": ([-60.0, 40.0, 2.0], [60.0, 40.0, 6.0], 300.0),
    "beside": ([60.0, -50.0, 3.0], [60.0, 50.0, 3.0], 300.0),
    "in front": ([-60.0, -30.0, 2.0], [60.0, -25.0, 9.0], 300.0),
    "up": ([40.0, 30.0, 2.0], [40.0, 30.0, 90.0], 20.0),
}


def field(paths):
    turn = np.exp(-2j * np.pi * np.outer(paths.delay_s, BANDS_HZ))
    return (np.abs(paths.gain) * np.exp(1j * paths.phase_rad) * turn).sum(axis=0)


def specular(paths):
    """Return how many paths go straight, by facades and over roofs, by their ground bounces and numbers of edges."""
    chosen = np.isin(paths.kind, (PathKind.DIRECT, PathKind.REFLECTED, PathKind.ROOF))
    columns = (paths.kind, paths.order, paths.ground_bounces)
    return Counter(zip(*(column[chosen].tolist() for column in columns), strict=True))


def steps(city, source, first, last, options):
    """Return the steps, dB (boundaries, bands), where direct, reflected or roof paths begin or end along a line."""
    first, last = np.array(first, dtype=float), np.array(last, dtype=float)

    def hear(shares):
        return trace_paths(city, Air(), source, [first + (last - first) * share for share in shares], options)

    shares = np.linspace(0.0, 1.0, 120)
    found, jumps = hear(shares), []
    for k in range(len(shares) - 1):
        low, high, kind = shares[k], shares[k + 1], specular(found[k])
        if kind == specular(found[k + 1]):
            continue
        while (high - low) * np.linalg.norm(last - first) > 1e-5:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if specular(hear([middle])[0]) == kind else (low, middle)
        margin = 2e-5 / np.linalg.norm(last - first)
        before, after = hear([low - margin, high + margin])
        jumps.append(20.0 * np.log10(np.abs(field(after)) / np.abs(field(before))))
    return np.abs(jumps)


# Source, from, to, height of the house: past its sides at a height where sound over the roof is as loud as round the
# corner, and up behind it past the height of the roof and the line of sight.
LOW_HOUSE = {
    "behind": (SOURCE, [-60, 40, 2], [60, 40, 6], 8.0),
    "beside": (SOURCE, [60, -50, 3], [60, 50, 3], 8.0),
    "in front": (SOURCE, [-60, -30, 2], [60, -25, 9], 8.0),
    "just above the roof": (SOURCE, [-30, 40, 10], [50, 30, 10.5], 8.0),
    "up behind": (SOURCE, [35, 30, 2], [35, 30, 40], 8.0),
    "up in front": (SOURCE, [10, -30, 2], [10, -30, 40], 8.0),
    "up near": ([3, -30, 1.5], [1, 22, 1], [1, 22, 30], 8.0),
    "up far": ([3, -130, 1.5], [1, 120, 1], [1, 120, 30], 8.0),
    "up near a high house": ([3, -30, 1.5], [1, 22, 1], [1, 22, 30], 20.0),
}


@pytest.mark.parametrize("name", LOW_HOUSE)
@pytest.mark.parametrize("hard", [True, False])
def test_round_and_over_a_low_house_no_step_is_left(make, name, hard):
    """Rigid, and of brick on asphalt, where the wave over the roof bounces more steeply than that beside it."""
    source, first, last, height = LOW_HOUSE[name]
    city = index_block(make.block(make.building("b", make.box(-20, -12, 20, 12), height)))
    options = PathOptions(floor_db=300.0, paths_max=400, materials=not hard)
    found = steps(city, source, first, last, options)
    assert np.max(found, initial=0.0) < 0.3


@pytest.mark.parametrize("name", LINES)
def test_no_step_over_a_third_of_a_decibel_at_shadow_and_reflection_boundaries(make, name):
    first, last, height = LINES[name]
    city = index_block(make.block(make.building("b", make.box(-20, -12, 20, 12), height)))
    found = steps(city, SOURCE, first, last, EVERYTHING)
    assert len(found) >= 1
    assert np.max(found) < 0.3


def test_where_a_low_house_hides_a_reflection_near_the_end_of_its_facade_no_step_is_left(make):
    """Over the low house the reflection fades towards the facade's end, and higher up; the corner fades by as much."""
    facade = make.building("facade", make.box(-30, 20, 0, 30), 9.0)
    low = make.building("low", make.box(-2, 0, 8, 8), 6.0)
    city = index_block(make.block(facade, low))
    found = []
    for hard in (True, False):
        options = PathOptions(floor_db=300.0, paths_max=400, materials=not hard)
        found.append(steps(city, np.array([-40.0, 2.0, 1.5]), [6, -25, 3], [40, -8, 4], options))
        found.append(steps(city, np.array([-12.0, -20.0, 1.5]), [2, 12, 3], [40, 14, 4], options))
    assert all(len(jumps) >= 1 for jumps in found)
    assert max(np.max(jumps) for jumps in found) < 0.3


@pytest.mark.parametrize("low_m", [60.0, 6.0])
def test_among_eight_houses_direct_and_reflected_sound_begin_and_end_without_a_step(low_m):
    block = houses(1, low_m, low_m + 6.0)
    city, rng = index_block(block), np.random.default_rng(1)
    source, first, last = line_in(block, city, rng)
    options = PathOptions(floor_db=300.0, paths_max=1500, materials=False)
    found = list(steps_by_cause(city, source, first, last, options))
    specular = [jump.max() for what, jump in found if what in ("direct", "one facade")]
    corner = [jump.max() for what, jump in found if what == "one corner"]
    assert len(specular) >= 2
    assert len(corner) >= 5
    assert max(specular) < 0.01
    # Where the corner that hides the wave cannot be seen round both corners, its step stays without `lit_corners`.
    assert np.median(corner) < 0.01
