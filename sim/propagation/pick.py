"""From the candidates that were kept to `Paths`."""

import numpy as np
import numpy.typing as npt

from sim.propagation.bag import VERTICES_MAX
from sim.propagation.paths import BANDS_HZ, Paths

Floats = npt.NDArray[np.float64]


def paths_of(number: npt.NDArray[np.int64], out: npt.NDArray[np.void]) -> list[Paths]:
    """Return one `Paths` per receiver, each in order of delay, from the first `number` (m,) of `out` (m, paths)."""
    owner = np.repeat(np.arange(len(number)), number)
    found = out[np.arange(out.shape[1]) < number[:, None]]
    found = found[np.lexsort((found["delay"], owner))]
    size = found["size"]
    points = found["points"][np.arange(VERTICES_MAX) < size[:, None]]
    vertex = np.concatenate([[0], np.cumsum(size)])
    gain = np.asarray(found["gain"], dtype=np.complex128)
    phase = np.unwrap(np.angle(gain), axis=1)
    fields = {
        "delay_s": found["delay"].copy(),
        "gain": _signs(np.abs(gain), phase) * np.abs(gain),
        "length_m": found["length"].copy(),
        "kind": found["kind"].astype(np.int8),
        "order": found["order"].astype(np.int8),
        "ground_bounces": found["bounces"].astype(np.int8),
        "departure": _directions(points, vertex[:-1], vertex[:-1] + 1),
        "arrival": _directions(points, vertex[1:] - 2, vertex[1:] - 1),
        "phase_rad": phase,
    }
    result, begin = [], 0
    for end in np.cumsum(number):
        rows = {name: values[begin:end] for name, values in fields.items()}
        start = vertex[begin : end + 1] - vertex[begin]
        result.append(Paths(**rows, vertices_m=points[vertex[begin] : vertex[end]], vertex_start=start))
        begin = end
    return result


def _signs(magnitude: Floats, phase: Floats) -> Floats:
    """Return the sign of each path, shape (n, 1), with which the minimum phase of its magnitude is nearest its phase.

    Bands count by their energy. The minimum phase is pi / 2 times the slope of log magnitude over log frequency (Bode
    1945, Network Analysis, ch. 14, for slopes that change slowly).
    """
    slope = np.gradient(np.log(np.maximum(magnitude, 1e-300)), np.log(BANDS_HZ), axis=1)
    agreement = np.sum(magnitude**2 * np.cos(phase - 0.5 * np.pi * slope), axis=1, keepdims=True)
    return np.where(agreement < 0.0, -1.0, 1.0)


def _directions(points: Floats, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Floats:
    """Return unit vectors from points[start] to points[end]; down where they coincide (a bounce at the source)."""
    step = points[end] - points[start]
    norm = np.linalg.norm(step, axis=1, keepdims=True)
    return np.where(norm > 1e-9, step / np.maximum(norm, 1e-9), [0.0, 0.0, -1.0])
