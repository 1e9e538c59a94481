"""Adds what arrives along each path to a sensor's pressure: one short filtered pulse a path, no impulse responses."""

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.band_filter import SECTIONS, ShelfDesign, fit_shelves
from sim.pulse_table import PHASES, PulseTable

# The lowest shelf (89 Hz, lower where the gains fall steeply) has rung out after this, s.
RING_S = 0.05
# Pulses of the tail, faint and many, ring for as many of their own lengths.
_PULSE_RING = 2.0
_TAIL_FLOOR = 3e-4
_TAIL_BLOCK = 32


def render(
    pressure: npt.NDArray[np.float32],
    position: npt.NDArray[np.float64],
    gain: npt.NDArray[np.float64],
    length_m: npt.NDArray[np.float64],
    table: PulseTable,
    shelves: ShelfDesign,
) -> None:
    """Add the arrivals of one emission along k paths to a pressure signal.

    Parameters
    ----------
    pressure : ndarray of float32, shape (n,)
        Pa; changed in place. What falls outside is left out.
    position : ndarray, shape (k,)
        Time of arrival in samples after the first, fractions count.
    gain : ndarray, shape (k, 8)
        Pressure gain per octave band re 1 m, directivity included, one sign a path (`sim.band_filter` says how they
        become a filter).
    length_m : ndarray, shape (k,)
        Length of air, m; the table must have been made for these lengths.
    table : PulseTable
    shelves : ShelfDesign
    """
    _render(
        pressure,
        np.ascontiguousarray(position, dtype=np.float64),
        np.ascontiguousarray(gain, dtype=np.float64),
        np.ascontiguousarray(length_m, dtype=np.float64) / table.node_m,
        table.lead,
        *_sound(table, shelves),
    )


def render_tail(
    pressure: npt.NDArray[np.float32],
    position: npt.NDArray[np.float64],
    amplitude: npt.NDArray[np.float64],
    gain: npt.NDArray[np.float64],
    length_m: npt.NDArray[np.float64],
    copy: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    table: PulseTable,
    shelves: ShelfDesign,
) -> None:
    """Add k bundles of grains to a pressure signal, each bundle of one sound, to the nearest sample.

    As `render`, but `position` is of shape (k, m), and so is `amplitude`: each grain's gain, of either sign. `copy`
    holds, each of shape (k, c), how many samples later than the grain the copies of the pulse come that it is made
    of, and their gains.
    """
    _render_tail(
        pressure,
        np.rint(position).astype(np.int64) - table.lead,
        amplitude.astype(np.float32),
        gain,
        length_m / table.node_m,
        np.rint(copy[0]).astype(np.int64),
        copy[1].astype(np.float32),
        round(_PULSE_RING * table.rows.shape[2]),
        *_sound(table, shelves),
    )


def _sound(table: PulseTable, shelves: ShelfDesign) -> tuple[npt.NDArray[np.generic], ...]:
    """Return what both kernels take last: nodes and rows of the table, the design of the shelves."""
    return table.node, table.rows, shelves.corner, shelves.centre, shelves.solve


@njit(cache=True, nogil=True)
def _render_tail(
    pressure, first, amplitude, gain, thickness, late, part, ring, node, rows, corner, centre, solve
):
    samples = rows.shape[2]
    pulse, shaped = np.empty(samples, dtype=np.float32), np.empty(samples + ring, dtype=np.float32)
    room = np.empty(len(shaped) + (late.max() if late.size else 0), dtype=np.float32)
    drives, poles = np.empty(SECTIONS), np.empty(SECTIONS)
    for bundle in range(len(first)):
        scale, flat = fit_shelves(gain[bundle], corner, centre, solve, drives, poles)
        if scale == 0.0:
            continue
        _interpolate(pulse, 0.0, thickness[bundle], node, rows)
        for i in range(len(shaped)):
            shaped[i] = np.float32(scale) * pulse[i] if flat and i < samples else np.float32(0.0)
        if not flat:
            _add_shelved(shaped, pulse, 0, scale, drives, poles)
        grain = room[: len(shaped) + late[bundle].max()]
        grain[:] = np.float32(0.0)
        for copy in range(late.shape[1]):
            begin = late[bundle, copy]
            _add(grain[begin : begin + len(shaped)], shaped, part[bundle, copy])
        for number in range(first.shape[1]):
            begin = first[bundle, number]
            skip, stop = max(0, -begin), min(len(grain), len(pressure) - begin)
            if skip < stop:
                _add(pressure[begin + skip : begin + stop], grain[skip:stop], amplitude[bundle, number])


@njit(cache=True, nogil=True)
def _add(pressure, sound, factor):
    for i in range(len(pressure)):
        pressure[i] += factor * sound[i]


@njit(cache=True, nogil=True)
def _render(pressure, position, gain, thickness, lead, node, rows, corner, centre, solve):
    samples = rows.shape[2]
    pulse = np.empty(samples, dtype=np.float32)
    drives, poles = np.empty(SECTIONS), np.empty(SECTIONS)
    for path in range(len(position)):
        scale, flat = fit_shelves(gain[path], corner, centre, solve, drives, poles)
        if scale == 0.0:
            continue
        first = int(np.ceil(position[path])) - lead
        if first >= len(pressure):
            continue
        _interpolate(pulse, first + lead - position[path], thickness[path], node, rows)
        if flat:
            factor = np.float32(scale)
            start, stop = max(0, -first), min(samples, len(pressure) - first)
            for i in range(start, stop):
                pressure[first + i] += factor * pulse[i]
        else:
            _add_shelved(pressure, pulse, first, scale, drives, poles)


@njit(cache=True, nogil=True)
def _interpolate(pulse, fraction, thickness, node, rows):
    """Fill the pulse between two sub-sample shifts and two thicknesses of air."""
    phase = min(int(fraction * PHASES), PHASES - 1)
    across = fraction * PHASES - phase
    row = np.searchsorted(node, int(thickness))
    along = thickness - node[row]
    near_early, near_late = np.float32((1 - along) * (1 - across)), np.float32((1 - along) * across)
    far_early, far_late = np.float32(along * (1 - across)), np.float32(along * across)
    a, b = rows[row, phase], rows[row, phase + 1]
    c, d = rows[row + 1, phase], rows[row + 1, phase + 1]
    for i in range(len(pulse)):
        pulse[i] = near_early * a[i] + near_late * b[i] + far_early * c[i] + far_late * d[i]


@njit(cache=True, nogil=True)
def _add_shelved(pressure, pulse, first, scale, drives, poles):
    """Run the pulse through the seven shelves, the highest first, and add it; then let them ring out."""
    d0, d1, d2, d3, d4, d5, d6 = drives[0], drives[1], drives[2], drives[3], drives[4], drives[5], drives[6]
    p0, p1, p2, p3, p4, p5, p6 = poles[0], poles[1], poles[2], poles[3], poles[4], poles[5], poles[6]
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = 0.0
    largest = 0.0
    # The high shelves forget within this many samples after the pulse.
    forget = int(-np.log(_TAIL_FLOOR) / max(1.0 - max(poles[3], 0.0), 1e-3))
    for i in range(min(len(pulse) + forget, len(pressure) - first)):
        x = float(pulse[i]) if i < len(pulse) else 0.0
        y = x + s6
        s6 = d6 * x + p6 * s6
        z = y + s5
        s5 = d5 * y + p5 * s5
        y = z + s4
        s4 = d4 * z + p4 * s4
        z = y + s3
        s3 = d3 * y + p3 * s3
        y = z + s2
        s2 = d2 * z + p2 * s2
        z = y + s1
        s1 = d1 * y + p1 * s1
        y = z + s0
        s0 = d0 * z + p0 * s0
        largest = max(largest, abs(y))
        if first + i >= 0:
            pressure[first + i] += np.float32(scale * y)
    start = first + len(pulse) + forget
    floor = _TAIL_FLOOR * largest
    while start < len(pressure) and abs(s0) + abs(s1) + abs(s2) > floor:
        for i in range(start, min(start + _TAIL_BLOCK, len(pressure))):
            y = s2 + s1
            s1 = d1 * s2 + p1 * s1
            s2 = p2 * s2
            z = y + s0
            s0 = d0 * y + p0 * s0
            if i >= 0:
                pressure[i] += np.float32(scale * z)
        start += _TAIL_BLOCK
