"""From the candidates that were kept to `Paths`."""

import numpy as np
import numpy.typing as npt

from sim.propagation.bag import VERTICES_MAX
from sim.propagation.paths import BANDS_HZ, Paths

Floats = npt.NDArray[np.float64]


def paths_of(number: npt.NDArray[np.int64], out: npt.NDArray[np.void]) -> list[Paths]:
    """Return one `Paths` per receiver, each in order of delay, from the first `number` (m,) of `out` (m, paths)."""
    rows = np.flatnonzero(np.arange(out.shape[1]) < number[:, None])
    order = np.lexsort((out["delay"].ravel()[rows], rows // out.shape[1]))
    found = out.ravel()[rows[order]]
    size = found["size"]
    points = found["points"][np.arange(VERTICES_MAX) < size[:, None]]
    vertex = np.concatenate([[0], np.cumsum(size)])
    gain = np.asarray(found["gain"], dtype=np.complex128)
    phase, magnitude = _unwrapped(np.angle(gain)), np.abs(gain)
    signed = _signs(magnitude, phase) * magnitude
    delay, length = found["delay"].copy(), found["length"].copy()
    kind, order, bounces = (found[name].astype(np.int8) for name in ("kind", "order", "bounces"))
    departure = _directions(points, vertex[:-1], vertex[:-1] + 1)
    arrival = _directions(points, vertex[1:] - 2, vertex[1:] - 1)
    result, begin = [], 0
    for end in np.cumsum(number).tolist():
        mine, first = slice(begin, end), vertex[begin]
        result.append(
            Paths(
                delay[mine],
                signed[mine],
                length[mine],
                kind[mine],
                order[mine],
                bounces[mine],
                departure[mine],
                arrival[mine],
                points[first : vertex[end]],
                vertex[begin : end + 1] - first,
                phase[mine],
            )
        )
        begin = end
    return result


def _unwrapped(phase: Floats) -> Floats:
    """Return np.unwrap(phase, axis=1), which most rows are already."""
    jumps = np.any(np.abs(np.diff(phase, axis=1)) > np.pi, axis=1)
    phase[jumps] = np.unwrap(phase[jumps], axis=1)
    return phase


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
