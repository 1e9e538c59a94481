"""What the weather does to sound on its way, beyond carrying it: eddies and gradients."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.terrain import Terrain
from sim.bowing import bow_gain
from sim.legs import legs_of
from sim.propagation.paths import BANDS_HZ, Paths
from sim.refraction import bending_delay, is_bent, shadow_gain
from sim.turbulence import Eddies, eddy_delay, eddy_gain

Floats = npt.NDArray[np.float64]


def weather(
    air: Air, eddies: Eddies, traced: Sequence[Paths], terrain: Terrain | None = None
) -> list[tuple[Floats, Floats]]:
    """Return for each list of paths how much later each arrives, s, shape (k,), and its gain, shape (k, 8).

    Smooth air without gradients gives exactly 0 and 1. Gradients follow the terrain: heights count from it.
    """
    number = [len(paths) for paths in traced]
    late, gain = np.zeros(sum(number)), np.ones((sum(number), len(BANDS_HZ)))
    if sum(number) and (air.turbulence_mps > 0.0 or is_bent(air)):
        if air.turbulence_mps > 0.0:
            legs = legs_of(traced)
            late += eddy_delay(air, eddies, legs)
            gain *= eddy_gain(air, eddies, legs)
        if is_bent(air):
            arcs = legs_of(traced, bounces=False, terrain=terrain)
            late += bending_delay(air, legs_of(traced, terrain=terrain), arcs)
            gain *= shadow_gain(air, arcs) * bow_gain(air, traced)
    ends = np.cumsum(number)[:-1]
    return list(zip(np.split(late, ends), np.split(gain, ends), strict=True))
