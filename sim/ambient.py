"""Street noise and self noise: shaped, stationary, independent for every capsule."""

import numpy as np
import numpy.typing as npt
from numba import njit

from scenes.ambient import OCTAVES_HZ, Ambient
from scenes.sensor import Microphone
from sim.air_filter import causal_completion

Floats = npt.NDArray[np.float64]

REFERENCE_PA = 20e-6
_LANES = 128
_GRID = 2**14
_ROUNDS = 6
_TOP_OF_RATE = 0.45
_LOWEST_HZ = 10.0
# The slowest pole has forgotten its start to 1e-3 after this many time constants.
_FORGET = 7.0
# Four bytes: mean 510, variance 4 (256^2 - 1) / 12.
_MEAN = np.float32(510.0)
_DEVIATION = np.float32(np.sqrt(4.0 * (256.0**2 - 1.0) / 12.0))


def noise_levels(ambient: Ambient, louder_db: float, microphone: Microphone) -> Floats:
    """Octave levels of what one capsule's noise amounts to.

    Parameters
    ----------
    ambient : Ambient
    louder_db : float
        How much louder this sensor's place is than the mean, dB.
    microphone : Microphone
        Its self noise is white; referred to pressure by its sensitivity.

    Returns
    -------
    ndarray, shape (8,)
        dB re 20 uPa rms, at 63 Hz to 8 kHz.
    """
    octaves = np.array(OCTAVES_HZ)
    frequency = np.linspace(10.0, 20_000.0, 20_000)
    density = microphone.noise_floor_db - 10.0 * np.log10(np.trapezoid(_a_weighting(frequency), frequency))
    white = density + 10.0 * np.log10(octaves / np.sqrt(2.0)) - microphone.sensitivity_db
    street = np.array(ambient.octave_db_rms) + louder_db
    return 10.0 * np.log10(10.0 ** (street / 10.0) + 10.0 ** (white / 10.0))


def design_noise(levels_db: Floats, high_pass_hz: float, rate_hz: float) -> tuple[Floats, Floats]:
    """Design the filter that gives white noise these octave levels: one-pole low-passes side by side.

    The spectrum is piecewise linear in dB over log frequency, flat outside, and goes through the microphone's
    high-pass; the residues are a least-squares fit of its minimum-phase response.

    Parameters
    ----------
    levels_db : ndarray, shape (8,)
        Octave levels, dB re 20 uPa rms, 63 Hz to 8 kHz.
    high_pass_hz, rate_hz : float
        Corner of the high-pass; sampling rate, Hz.

    Returns
    -------
    poles, residues : ndarray, shape (k,) and (k,)
        Output is the sum of residue / (1 - pole z^-1) over white noise of unit variance, Pa; a pole of 0 is the direct
        way.
    """
    octaves = np.array(OCTAVES_HZ)
    octaves = octaves[octaves * np.sqrt(2.0) < 0.5 * rate_hz]
    grid = np.linspace(0.0, 0.5 * rate_hz, _GRID + 1)
    corners = np.concatenate([[high_pass_hz, 2.0 * high_pass_hz], np.array(OCTAVES_HZ) / np.sqrt(2.0)])
    corners = corners[corners < _TOP_OF_RATE * rate_hz]
    poles = np.concatenate([[0.0], np.exp(-2.0 * np.pi * corners / rate_hz)])
    wanted = levels_db[: len(octaves)] - 10.0 * np.log10(octaves / np.sqrt(2.0))
    density = wanted.copy()
    residues = np.zeros(len(poles))
    for _ in range(_ROUNDS):
        residues = _fit(grid, octaves, density, poles, high_pass_hz, rate_hz)
        power = np.abs(_response(grid, poles, residues, rate_hz)) ** 2 / (0.5 * rate_hz)
        reached = [_mean_density(grid, power, octave) for octave in octaves]
        density += wanted - (10.0 * np.log10(reached) - 20.0 * np.log10(REFERENCE_PA))
    return poles, residues


def fill_noise(out: npt.NDArray[np.float32], poles: Floats, residues: Floats, key: int) -> None:
    """Fill a pressure signal with noise.

    Parameters
    ----------
    out : ndarray of float32, shape (n,)
        Pa; overwritten.
    poles, residues : ndarray
        From `design_noise`.
    key : int
        64 bits; equal keys give equal noise, different ones independent noise.
    """
    slowest = poles.max(initial=0.0)
    warm_up = int(np.ceil(-_FORGET / np.log(slowest))) if slowest > 0.0 else 0
    _fill(
        out,
        poles[1:].astype(np.float32),
        residues[1:].astype(np.float32),
        np.float32(residues[0]),
        np.uint32(key & 0xFFFFFFFF),
        np.uint32(key >> 32 & 0xFFFFFFFF),
        warm_up,
    )


def _a_weighting(frequency: Floats) -> Floats:
    """Power gain of the A-weighting (IEC 61672-1:2013, equation E.6)."""
    f2 = frequency**2
    gain = 12194.0**2 * f2**2
    gain /= (f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2)
    return np.square(gain * 10.0 ** (2.0 / 20.0))


def _fit(
    grid: Floats, octaves: Floats, density: Floats, poles: Floats, high_pass_hz: float, rate_hz: float
) -> Floats:
    """Fit the residues to the minimum-phase response of a one-sided density in dB re (20 uPa)^2 / Hz."""
    frequency = np.maximum(grid, 1e-3)
    log_density = np.interp(np.log(frequency), np.log(octaves), density)
    log_density += -10.0 * np.log10(1.0 + (high_pass_hz / np.maximum(frequency, _LOWEST_HZ)) ** 2)
    log_magnitude = np.log(10.0) / 20.0 * (log_density + 20.0 * np.log10(REFERENCE_PA))
    log_magnitude += 0.5 * np.log(0.5 * rate_hz)
    target: npt.NDArray[np.complex128] = np.exp(causal_completion(log_magnitude))
    points = np.geomspace(_LOWEST_HZ, 0.48 * rate_hz, 120)
    wanted = np.interp(points, grid, target.real) + 1j * np.interp(points, grid, target.imag)
    rows = 1.0 / (1.0 - poles * np.exp(-2j * np.pi * points / rate_hz)[:, None])
    rows = rows / np.abs(wanted)[:, None]
    unit = wanted / np.abs(wanted)
    stacked = np.concatenate([rows.real, rows.imag])
    residues = np.linalg.lstsq(stacked, np.concatenate([unit.real, unit.imag]), rcond=1e-9)[0]
    return residues.astype(np.float64)


def _response(
    frequency: Floats, poles: Floats, residues: Floats, rate_hz: float
) -> npt.NDArray[np.complex128]:
    delay = np.exp(-2j * np.pi * frequency / rate_hz)
    return np.sum(residues / (1.0 - poles * delay[:, None]), axis=1)


def _mean_density(grid: Floats, power: Floats, octave: float) -> float:
    """Mean power density over an octave band, Pa^2 / Hz."""
    edges = np.geomspace(octave / np.sqrt(2.0), octave * np.sqrt(2.0), 33)
    return float(np.trapezoid(np.interp(edges, grid, power), edges) / (edges[-1] - edges[0]))


@njit(cache=True, nogil=True)
def _fill(out, poles, residues, direct, low_key, high_key, warm_up):
    """Filter counter-based white noise in lanes, each a stretch of the signal that starts early to warm up.

    White sample i is a hash of (key, i) alone, so a lane that starts early filters what the lane before it filters,
    and nothing shows where they meet. Lanes side by side are what the processor does at once.
    """
    stretch = (len(out) + _LANES - 1) // _LANES
    white = np.empty(_LANES, dtype=np.float32)
    total = np.empty(_LANES, dtype=np.float32)
    state = np.zeros((len(poles), _LANES), dtype=np.float32)
    for i in range(-warm_up, stretch):
        for lane in range(_LANES):
            x = np.uint32(np.uint32(lane * stretch + i) * np.uint32(0x9E3779B1) + low_key)
            x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B))
            x = np.uint32(x ^ high_key)
            x = np.uint32((x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35))
            x = np.uint32(x ^ (x >> np.uint32(16)))
            pairs = np.uint32((x & np.uint32(0x00FF00FF)) + ((x >> np.uint32(8)) & np.uint32(0x00FF00FF)))
            summed = np.int32((pairs & np.uint32(0xFFFF)) + (pairs >> np.uint32(16)))
            white[lane] = (np.float32(summed) - _MEAN) / _DEVIATION
            total[lane] = direct * white[lane]
        for pole in range(len(poles)):
            a, r = poles[pole], residues[pole]
            row = state[pole]
            for lane in range(_LANES):
                row[lane] = a * row[lane] + white[lane]
                total[lane] += r * row[lane]
        if i >= 0:
            for lane in range(_LANES):
                place = lane * stretch + i
                if place < len(out):
                    out[place] = total[lane]
