"""The total field has no step where direct or reflected sound begins or ends."""

from collections import Counter

import numpy as np
import pytest

from scenes.air import Air
from sim.propagation.city import index_block
from sim.propagation.paths import BANDS_HZ, PathKind
from sim.propagation.trace import PathOptions, trace_paths

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
    """Return how many direct and reflected paths there are, with and without a ground bounce."""
    chosen = np.isin(paths.kind, (PathKind.DIRECT, PathKind.REFLECTED))
    return Counter(zip(paths.kind[chosen].tolist(), paths.ground_bounces[chosen].tolist(), strict=True))


@pytest.mark.parametrize("name", LINES)
def test_no_step_over_a_third_of_a_decibel_at_shadow_and_reflection_boundaries(make, name):
    first, last, height = LINES[name]
    first, last = np.array(first), np.array(last)
    city = index_block(make.block(make.building("b", make.box(-20, -12, 20, 12), height)))

    def hear(shares):
        return trace_paths(
            city, Air(), SOURCE, [first + (last - first) * share for share in shares], EVERYTHING
        )

    shares = np.linspace(0.0, 1.0, 120)
    found = hear(shares)
    boundaries = 0
    for k in range(len(shares) - 1):
        low, high, kind = shares[k], shares[k + 1], specular(found[k])
        if kind == specular(found[k + 1]):
            continue
        while (high - low) * np.linalg.norm(last - first) > 1e-4:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if specular(hear([middle])[0]) == kind else (low, middle)
        margin = 5e-5 / np.linalg.norm(last - first)
        before, after = hear([low - margin, high + margin])
        step = 20.0 * np.log10(np.abs(field(after)) / np.abs(field(before)))
        assert np.abs(step).max() < 0.3, (first + (last - first) * low, step)
        boundaries += 1
    assert boundaries >= 1
