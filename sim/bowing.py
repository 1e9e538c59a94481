"""Sound that bends down gets over roofs with less diffraction: what the bow of its rays gives back to a way over them.

Where the speed of sound rises by g per metre of height rays are arcs of radius c / g. Seen from the chord between two
points, what stands x m from one and y m from the other is lower by x y g / (2 c) for an arc than for a straight ray. So
the detour over it is shorter. What the shorter detour is worth is taken as the noise maps of the European Union take
it, which have a radius of 8 times the distance for favourable conditions (CNOSSOS-EU, Directive 2015/996, 2.5.6):
10 lg(3 + 40 C detour / wavelength) dB, C from 1 over one edge to 3 over edges far apart, and nothing for sound that
passes well above.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from scenes.air import ZERO_CELSIUS_K, Air
from sim.propagation.paths import BANDS_HZ, PathKind, Paths

Floats = npt.NDArray[np.float64]

# Of three points nearer to a line than this, m, the middle one is on it.
_FLAT_M = 1e-9


def bow_of(air: Air) -> Floats:
    """Return [bow, its rise eastwards, northwards], 1/m: along a unit vector (x, y), b[0] + b[1] x + b[2] y.

    That times the distances to both ends is how much lower things stand for an arc than for a straight ray, m; what
    is below 0 bends sound up.
    """
    per_kelvin = 0.5 * air.sound_speed_mps / (air.temperature_c + ZERO_CELSIUS_K)
    gradients = np.array([per_kelvin * air.temperature_gradient, *air.wind_gradient])
    return 0.5 * gradients / air.sound_speed_mps


def bow_gain(air: Air, traced: Sequence[Paths]) -> Floats:
    """Return the gain of each path of all lists in each band, shape (paths, 8): above 1 for ways over roofs.

    No way gets louder than sound that meets nothing.
    """
    wavelengths, bow = air.sound_speed_mps / np.array(BANDS_HZ), bow_of(air)
    gain = np.ones((sum(len(paths) for paths in traced), len(BANDS_HZ)))
    row = 0
    for paths in traced:
        for number in range(len(paths)):
            if paths.kind[number] == PathKind.ROOF:
                first, last = paths.vertex_start[number : number + 2]
                points = paths.vertices_m[first:last]
                bounced = paths.ground_bounces[number] > 0
                _give_back(points, bounced, bow, wavelengths, gain[row])
                most = 1.0 / (np.maximum(np.abs(paths.gain[number]), 1e-300) * paths.length_m[number])
                gain[row] = np.minimum(gain[row], np.maximum(most, 1.0))
            row += 1
    return gain


@njit(cache=True, nogil=True)
def _give_back(points, bounced, bow, wavelengths, gain):
    """Write the gain (bands,) of one way over roofs through points (k, 3), ends and bounces included."""
    count = len(points)
    dx, dy = points[-1, 0] - points[0, 0], points[-1, 1] - points[0, 1]
    across = math.hypot(dx, dy)
    along, height = np.empty(count), points[:, 2].copy()
    for k in range(count):
        along[k] = math.hypot(points[k, 0] - points[0, 0], points[k, 1] - points[0, 1])
    begin, end = 0, count - 1
    if bounced and count > 3:
        begin, end = _unfold(along, height)
    bend = bow[0] + (bow[1] * dx + bow[2] * dy) / max(across, 1e-9)
    if bend <= 0.0 or end - begin < 2:
        return
    detour = _detour(along, height, begin, end)
    apart = along[end - 1] - along[begin + 1]
    for k in range(begin + 1, end):
        height[k] -= along[k] * (across - along[k]) * bend
    less = _detour(along, height, begin, end)
    for band in range(len(wavelengths)):
        many = 1.0
        if apart > 0.3:
            share = (5.0 * wavelengths[band] / apart) ** 2
            many = (1.0 + share) / (1.0 / 3.0 + share)
        before = max(3.0 + 40.0 * many * detour / wavelengths[band], 1.0)
        after = max(3.0 + 40.0 * many * less / wavelengths[band], 1.0)
        gain[band] = math.sqrt(before / after)


@njit(cache=True, nogil=True)
def _unfold(along, height):
    """Put the ends of a way that bounces beside them where the ground's mirror has them; return which points they are.

    A bounce is lower than the straight line between its neighbours would be over a roof: it is the way's lowest point.
    """
    begin, end = 0, len(along) - 1
    if height[1] < min(height[0], height[2]):
        slope = (height[2] - height[1]) / max(along[2] - along[1], 1e-9)
        height[1], along[1] = height[1] - slope * along[1], 0.0
        begin = 1
    if end - begin > 2 and height[end - 1] < min(height[end], height[end - 2]):
        slope = (height[end - 2] - height[end - 1]) / max(along[end - 1] - along[end - 2], 1e-9)
        height[end - 1], along[end - 1] = height[end - 1] - slope * (along[end] - along[end - 1]), along[end]
        end -= 1
    return begin, end


@njit(cache=True, nogil=True)
def _detour(along, height, begin, end):
    """Return how much longer than the chord the way over the upper hull is, m.

    Below 0 where the chord passes above all points: minus the least detour by one of them.
    """
    chord = math.hypot(along[end] - along[begin], height[end] - height[begin])
    at, total, least = begin, 0.0, math.inf
    while at < end:
        best, steepest = end, (height[end] - height[at]) / max(along[end] - along[at], 1e-9)
        for k in range(at + 1, end):
            slope = (height[k] - height[at]) / max(along[k] - along[at], 1e-9)
            if slope > steepest + _FLAT_M:
                best, steepest = k, slope
        total += math.hypot(along[best] - along[at], height[best] - height[at])
        if at == begin and best == end:
            for k in range(begin + 1, end):
                to = math.hypot(along[k] - along[begin], height[k] - height[begin])
                least = min(least, to + math.hypot(along[end] - along[k], height[end] - height[k]) - chord)
            return -least
        at = best
    return total - chord
