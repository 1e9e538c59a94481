"""Where the sensors of the live-fire set stand."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from testbed.livefire import LivePulse, LiveTest
from testbed.livefire_json import Point

# Formal errors below a centimetre say nothing; what an average keeps are the reflections around its antenna.
LEAST_FIX_M = 0.01
AVERAGED_FIX_M = 1.0
SINGLE_FIX_M = 4.0


def average_positions(tests: Sequence[LiveTest]) -> dict[str, tuple[Point, float]]:
    """Survey the sensors of one firing position: where each stands, and how well that is known.

    Pulses carry a running satellite average with its error, audio a single fix that wanders by metres; an operator
    knows the average. All fixes of a sensor count by their inverse variance; single fixes only where no pulse came.

    Parameters
    ----------
    tests : sequence of LiveTest
        Of one firing position (one frame).

    Returns
    -------
    dict
        Sensor -> ((x, y, z) m, standard deviation of a coordinate m).
    """
    fixes: dict[str, list[tuple[Point, float]]] = {}
    single: dict[str, list[tuple[Point, float]]] = {}
    for test in tests:
        for pulse in test.pulses:
            fixes.setdefault(pulse.sensor, []).append((pulse.position_m, _fix_error(pulse)))
        for clip in test.clips:
            single.setdefault(clip.sensor, []).append((clip.position_m, SINGLE_FIX_M))
    surveyed = {}
    for sensor, its_fixes in ({name: single[name] for name in single.keys() - fixes.keys()} | fixes).items():
        points = np.array([point for point, _ in its_fixes])
        weights = np.array([error**-2 for _, error in its_fixes])
        x, y, z = _weighted_mean(points, weights)
        spread = SINGLE_FIX_M / np.sqrt(len(its_fixes)) if sensor not in fixes else 0.0
        surveyed[sensor] = ((x, y, z), max(float(spread), AVERAGED_FIX_M))
    return surveyed


def _fix_error(pulse: LivePulse) -> float:
    return SINGLE_FIX_M if np.isnan(pulse.position_error_m) else max(pulse.position_error_m, LEAST_FIX_M)


def _weighted_mean(points: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> Point:
    x, y, z = (float(v) for v in weights @ points / weights.sum())
    return x, y, z
