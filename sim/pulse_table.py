"""The short pulses of one emission: after air of several thicknesses, at every sub-sample shift."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from scenes.air import Air
from sim.air_filter import air_log_response, causal_completion
from sim.sources.emission import EMISSION_RATE_HZ

PHASES = 4
# Between two nodes the pulse is interpolated linearly in distance; 0.3 Np apart that costs at most 0.1 dB.
_NODE_NEPER = 0.3
_NODE_HZ = 8000.0
PASS, _STOP = 0.40, 0.50
_STOP_LOG = np.log(1e-5)
# Air rounds the front: at 1 km it begins 0.3 ms before the time of arrival.
_LEAD_S = 0.4e-3
_TAIL_S = 1.0e-3
_SILENCE = 1e-4
_PIECE_S = 0.03
_RESPONSE_GRID = 4096
# Beyond this a blast ages no more (it would by 0.1 dB a kilometre), so that all tables of one blast are as long, m.
_OLD_M = 2000.0


@dataclass(frozen=True, eq=False)
class RateFilters:
    """What every emission meets at one sampling rate in one air.

    Attributes
    ----------
    rate_hz : float
        Sampling rate, Hz.
    lead : int
        Samples that a table begins before the arrival.
    node_m : float
        Distance between the nodes of a table, m.
    frequency_hz : ndarray, shape (k,)
        0 to half the rate.
    anti_alias, air : ndarray of complex, shape (k,)
        Logarithm of the anti-alias filter's response; the same of one metre of air.
    """

    rate_hz: float
    lead: int
    node_m: float
    frequency_hz: npt.NDArray[np.float64]
    anti_alias: npt.NDArray[np.complex128]
    air: npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class PulseTable:
    """Pressure at 1 m after `node * node_m` metres of air.

    Attributes
    ----------
    node : ndarray of int64, shape (k,)
        Numbers of the nodes that are there, ascending.
    node_m : float
        Distance between nodes, m.
    lead : int
        Samples before the arrival.
    rows : ndarray of float32, shape (k, PHASES + 1, n)
        Sample i of row p is the pressure (i - lead + p / PHASES) / rate after the sound's arrival.
    """

    node: npt.NDArray[np.int64]
    node_m: float
    lead: int
    rows: npt.NDArray[np.float32]


def design_filters(air: Air, rate_hz: float, passes: float = PASS) -> RateFilters:
    """Design what all emissions share: the anti-alias filter and the air (`air_log_response`).

    The anti-alias filter passes the share `passes` of the rate and stops 100 dB at 0.50; it is of minimum phase with
    its delay at low frequencies taken off, so that a pulse neither rings before it arrives nor arrives late.
    """
    grid = np.linspace(0.0, 0.5 * rate_hz * PHASES, _RESPONSE_GRID * PHASES + 1)
    magnitude = anti_alias_gain(grid / rate_hz, passes)
    log_response = causal_completion(np.maximum(np.log(np.maximum(magnitude, 1e-30)), _STOP_LOG))
    group_delay = -log_response.imag[1] / grid[1]
    band = slice(0, _RESPONSE_GRID + 1)
    frequency = grid[band]
    anti_alias = log_response[band] + 1j * group_delay * frequency
    per_metre = air_log_response(air, frequency)
    reference = min(_NODE_HZ, PASS * rate_hz)
    node_m = _NODE_NEPER / max(abs(np.interp(reference, frequency, np.abs(per_metre))), 1e-6)
    return RateFilters(
        rate_hz, int(np.ceil(_LEAD_S * rate_hz)), float(node_m), frequency, anti_alias, per_metre
    )


def anti_alias_gain(share: npt.NDArray[np.float64], passes: float) -> npt.NDArray[np.float64]:
    """Return the anti-alias filter's pressure gain at shares of the rate (n,): 1 up to `passes`, 0 from one half."""
    return np.cos(0.5 * np.pi * np.clip((share - passes) / (_STOP - passes), 0.0, 1.0)) ** 2


def pulse_tables(
    waveform: npt.NDArray[np.float64],
    lengths_m: npt.NDArray[np.float64],
    filters: RateFilters,
    ageing: float = 0.0,
) -> tuple[tuple[float, PulseTable], ...]:
    """Cut a waveform into short pieces, leave out the silent ones, and make a table of each.

    The rendering is linear, so the pieces add up to the whole; short ones keep the tables small. A blast that ages is
    short, and one piece.

    Parameters
    ----------
    waveform, lengths_m, filters, ageing
        As for `pulse_table`.

    Returns
    -------
    tuple of (float, PulseTable)
        Start of each piece in the waveform, s, and its pulses.
    """
    if ageing > 0.0:
        return ((0.0, pulse_table(waveform, lengths_m, filters, ageing)),)
    piece = round(_PIECE_S * EMISSION_RATE_HZ)
    loud = _SILENCE * np.abs(waveform).max(initial=0.0)
    return tuple(
        (start / EMISSION_RATE_HZ, pulse_table(part, lengths_m, filters))
        for start in range(0, len(waveform), piece)
        if np.abs(part := waveform[start : start + piece]).max() > loud
    )


def pulse_table(
    waveform: npt.NDArray[np.float64],
    lengths_m: npt.NDArray[np.float64],
    filters: RateFilters,
    ageing: float = 0.0,
) -> PulseTable:
    """Filter and resample one emission for all path lengths that occur.

    Parameters
    ----------
    waveform : ndarray, shape (n,)
        Pressure at 1 m, Pa, at `EMISSION_RATE_HZ`.
    lengths_m : ndarray, shape (m,)
        Lengths of the paths, m.
    filters : RateFilters
    ageing : float
        K of a blast that grows longer as sqrt(1 + K ln r) on its way and lower by as much; 0 is one that does not.

    Returns
    -------
    PulseTable
        Each node is computed by itself: which others there are changes no bit of it.
    """
    below = np.floor(lengths_m / filters.node_m).astype(np.int64)
    nodes = np.unique(np.concatenate([below, below + 1]))
    heard = np.flatnonzero(np.abs(waveform) > _SILENCE * np.abs(waveform).max(initial=0.0))
    waveform = waveform[: heard[-1] + 1] if len(heard) else np.zeros(1)
    longest = _stretch(_OLD_M, ageing)
    size, fine = _transform_sizes(int(np.ceil(len(waveform) * longest)), filters.rate_hz)
    step = EMISSION_RATE_HZ / size
    count = min(int(0.5 * filters.rate_hz / step), size // 2) + 1
    bins = np.arange(count, dtype=np.float64) * step
    lead = -2j * np.pi * bins * (filters.lead / filters.rate_hz)
    fixed = _at(bins, filters.frequency_hz, filters.anti_alias) + lead
    air = _at(bins, filters.frequency_hz, filters.air)
    converter = np.exp(fixed) * (fine / size)
    spectrum = (np.fft.rfft(waveform, size)[:count] * converter).astype(np.complex64)
    # Node after node from the source on, so that a node does not depend on which others are wanted.
    step_air = np.exp(air * filters.node_m).astype(np.complex64)
    way = np.ones(count, dtype=np.complex64)
    ways = np.empty((len(nodes), count), dtype=np.complex64)
    wanted = 0
    for node in range(int(nodes[-1]) + 1):
        if node == nodes[wanted]:
            ways[wanted] = way
            wanted += 1
        way = way * step_air
    if ageing > 0.0:
        stretches = [_stretch(min(node * filters.node_m, _OLD_M), ageing) for node in nodes.tolist()]
        aged = np.zeros((len(nodes), int(np.ceil(len(waveform) * longest))))
        _age(waveform, np.array(stretches), aged)
        spectrum = (np.fft.rfft(aged, size)[:, :count] * converter).astype(np.complex64)
    rows = np.zeros((len(nodes), PHASES + 1, fine // PHASES), dtype=np.float32)
    pulses = np.fft.irfft(spectrum * ways, fine)
    rows[:, :PHASES] = pulses.reshape(len(nodes), -1, PHASES).transpose(0, 2, 1)
    rows[:, PHASES, :-1] = rows[:, 0, 1:]
    return PulseTable(nodes, filters.node_m, filters.lead, rows)


def _stretch(length_m: float, ageing: float) -> float:
    return float(np.sqrt(1.0 + ageing * np.log(max(length_m, 1.0))))


@njit(cache=True, nogil=True)
def _age(waveform, stretches, aged):
    """Write to each row of zeros the waveform longer by a factor and lower by it, linear between its samples."""
    last = len(waveform) - 1
    for row in range(len(stretches)):
        stretch = stretches[row]
        for i in range(int(np.ceil(len(waveform) * stretch))):
            place = i / stretch
            before = int(place)
            if place > last:
                break
            value = waveform[before]
            if before < last and place > before:
                value = (waveform[before + 1] - value) * (place - before) + value
            aged[row, i] = value / stretch


def _at(
    frequency: npt.NDArray[np.float64], grid: npt.NDArray[np.float64], values: npt.NDArray[np.complex128]
) -> npt.NDArray[np.complex128]:
    return np.interp(frequency, grid, values.real) + 1j * np.interp(frequency, grid, values.imag)


def _transform_sizes(samples: int, rate_hz: float) -> tuple[int, int]:
    """Return sizes of the same duration at the emission's rate and at PHASES times the sensor's."""
    fine_rate = round(rate_hz * PHASES)
    unit = EMISSION_RATE_HZ // int(np.gcd(fine_rate, EMISSION_RATE_HZ))
    # Whole blocks of PHASES fine samples, so that every phase has the same number of samples.
    unit *= PHASES // int(np.gcd(unit * fine_rate // EMISSION_RATE_HZ, PHASES))
    needed = samples + round((_LEAD_S + _TAIL_S) * EMISSION_RATE_HZ)
    count = -(-needed // unit)
    while _remainder(count) > 1:
        count += 1
    return count * unit, count * unit * fine_rate // EMISSION_RATE_HZ


def _remainder(number: int) -> int:
    """Return what is left of a number without its factors 2, 3 and 5 (1 means a fast transform)."""
    for factor in (2, 3, 5):
        while number % factor == 0:
            number //= factor
    return number
