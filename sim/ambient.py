"""Street noise and self noise: shaped, stationary, independent for every key."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.ambient import OCTAVES_HZ, Ambient
from scenes.sensor import Microphone, Sensor
from scenes.streams import draw_stream
from sim.air_filter import causal_completion
from sim.converter import cover_loss_db
from sim.shaped_noise import POLES, fill_shaped

Floats = npt.NDArray[np.float64]

REFERENCE_PA = 20e-6
_GRID = 2**14
_WAVES = 12
_STREET_M = 4.0
_FIT_POINTS = 120
_BAND_POINTS = 17
_ROUNDS = 4
_TOP_OF_RATE = 0.45
_LOWEST_HZ = 10.0
# The slowest pole has forgotten its start to 1e-3 after this many time constants.
_FORGET = 7.0


def noise_levels(ambient: Ambient, louder_db: float | Floats, microphone: Microphone) -> Floats:
    """Octave levels of what one capsule's noise amounts to.

    Parameters
    ----------
    ambient : Ambient
    louder_db : float or ndarray, shape (8,)
        How much louder this sensor's place is than the mean, dB.
    microphone : Microphone
        Its self noise is white; referred to pressure by its sensitivity.

    Returns
    -------
    ndarray, shape (8,)
        dB re 20 uPa rms, at 63 Hz to 8 kHz.
    """
    octaves = np.array(OCTAVES_HZ)
    frequency = np.linspace(10.0, 20_000.0, 2_000)
    density = microphone.noise_floor_db - 10.0 * np.log10(np.trapezoid(_a_weighting(frequency), frequency))
    white = density + 10.0 * np.log10(octaves / np.sqrt(2.0)) - microphone.sensitivity_db
    street = np.array(ambient.octave_db_rms) + louder_db - cover_loss_db(microphone, octaves)
    return 10.0 * np.log10(10.0 ** (street / 10.0) + 10.0 ** (white / 10.0))


def louder_places(ambient: Ambient, sensor: Sensor, seed: int, own: float) -> float:
    """Return how much louder than the mean a sensor's place is, dB.

    Parameters
    ----------
    ambient : Ambient
    sensor : Sensor
    seed : int
        The scene's.
    own : float
        Standard normal, the sensor's own.

    Notes
    -----
    A share of the spread is a smooth random field over the block (a sum of plane waves of about the length of a patch):
    sensors of one street are loud together. High sensors are further from the street.
    """
    shared = 0.0
    if ambient.shared > 0.0:
        rng = draw_stream(seed, "noise places")
        turn, phase = rng.uniform(0.0, 2.0 * np.pi, (2, _WAVES))
        length_m = ambient.patch_m * rng.uniform(0.7, 1.4, _WAVES)
        along = sensor.position_m[0] * np.cos(turn) + sensor.position_m[1] * np.sin(turn)
        shared = float(np.sqrt(2.0 / _WAVES) * np.sum(np.cos(2.0 * np.pi * along / length_m + phase)))
    spread = np.sqrt(1.0 - ambient.shared) * own + np.sqrt(ambient.shared) * shared
    higher = np.log2(max(sensor.position_m[2], _STREET_M) / _STREET_M)
    return float(ambient.spread_db * spread - ambient.height_db * higher)


@dataclass(frozen=True, eq=False)
class NoiseDesign:
    """What all noise of one sampling rate and one high-pass has in common.

    Attributes
    ----------
    poles : ndarray, shape (k,)
        z-plane poles of one-pole low-passes side by side; a pole of 0 is the direct way.
    fixed, per_level : ndarray of complex, shape (m,) and (m, 8)
        Logarithm of the minimum-phase response at m frequencies: a constant, and what each octave's density adds.
    rows : ndarray of complex, shape (m, k)
        Response of each pole at those frequencies.
    band_rows : ndarray of complex, shape (b, n, k)
        The same at n frequencies across each of the b octaves that the rate reaches.
    band_weights : ndarray, shape (b, n)
        Power at those frequencies -> power in the octave.
    """

    poles: Floats
    fixed: npt.NDArray[np.complex128]
    per_level: npt.NDArray[np.complex128]
    rows: npt.NDArray[np.complex128]
    band_rows: npt.NDArray[np.complex128]
    band_weights: Floats


def design_noise(high_pass_hz: float, rate_hz: float) -> NoiseDesign:
    """Prepare noise for one microphone response: corner of the high-pass and sampling rate, Hz.

    The density is piecewise linear in dB over log frequency, flat outside the octaves, and goes through a high-pass of
    first order, whatever the microphone's: levels are those of recordings, and below 40 Hz electronics hum on.
    """
    octaves = np.array(OCTAVES_HZ)
    reached = octaves[octaves * np.sqrt(2.0) < 0.5 * rate_hz]
    corners = np.concatenate([[high_pass_hz], octaves / np.sqrt(2.0)])
    poles = np.concatenate(
        [[0.0], np.exp(-2.0 * np.pi * corners[corners < _TOP_OF_RATE * rate_hz] / rate_hz)]
    )
    grid = np.linspace(0.0, 0.5 * rate_hz, _GRID + 1)
    points = np.geomspace(_LOWEST_HZ, 0.48 * rate_hz, _FIT_POINTS)
    frequency = np.maximum(grid, _LOWEST_HZ)
    high_pass = -0.5 * np.log(1.0 + (high_pass_hz / frequency) ** 2)
    hats = [np.interp(np.log(frequency), np.log(octaves), hat) for hat in np.eye(len(octaves))]
    completed = [causal_completion(part) for part in (high_pass, *hats)]
    at_points = [np.interp(points, grid, c.real) + 1j * np.interp(points, grid, c.imag) for c in completed]
    edges = np.array([np.geomspace(o / np.sqrt(2.0), o * np.sqrt(2.0), _BAND_POINTS) for o in reached])
    return NoiseDesign(
        poles,
        at_points[0],
        np.stack(at_points[1:], axis=1),
        _responses(points, poles, rate_hz),
        _responses(edges, poles, rate_hz),
        np.gradient(edges, axis=1) / (0.5 * rate_hz),
    )


def shape_noise(levels_db: Floats, design: NoiseDesign) -> Floats:
    """Find the weights of the low-passes that give white noise these octave levels.

    Parameters
    ----------
    levels_db : ndarray, shape (8,)
        Octave levels, dB re 20 uPa rms, 63 Hz to 8 kHz.
    design : NoiseDesign

    Returns
    -------
    ndarray, shape (k,)
        Residues: white noise of unit variance through the sum of residue / (1 - pole z^-1) is the pressure, Pa. A least
        squares fit, corrected until the octaves have their power.
    """
    bands = len(design.band_rows)
    log_level = np.log(10.0) / 20.0 * levels_db
    # The density of each octave before correction, up to a factor that the first round finds.
    log_density = log_level - 0.5 * np.log(np.array(OCTAVES_HZ))
    wanted = log_level[:bands] + np.log(REFERENCE_PA)
    residues = np.zeros(len(design.poles))
    for _ in range(_ROUNDS):
        target = np.exp(design.fixed + design.per_level @ log_density)
        relative = design.rows / target[:, None]
        stacked = np.concatenate([relative.real, relative.imag])
        ones = np.repeat([1.0, 0.0], len(target))
        residues = np.linalg.lstsq(stacked, ones, rcond=1e-9)[0]
        power = np.sum(np.abs(design.band_rows @ residues) ** 2 * design.band_weights, axis=1)
        correction = wanted - 0.5 * np.log(power)
        log_density[:bands] += correction
        log_density[bands:] += correction[-1]
    return residues


def fill_noise(out: npt.NDArray[np.float32], design: NoiseDesign, residues: Floats, key: int) -> None:
    """Fill a pressure signal with noise.

    Parameters
    ----------
    out : ndarray of float32, shape (n,)
        Pa; overwritten.
    design : NoiseDesign
    residues : ndarray, shape (k,)
        From `shape_noise`.
    key : int
        64 bits; equal keys give equal noise, different ones independent noise.
    """
    poles = design.poles
    filled = np.zeros((2, POLES), dtype=np.float32)  # a pole without weight does nothing
    filled[0, : len(poles) - 1], filled[1, : len(poles) - 1] = poles[1:], residues[1:]
    fill_shaped(
        out,
        filled[0],
        filled[1],
        np.float32(residues[0]),
        np.uint32(key & 0xFFFFFFFF),
        np.uint32(key >> 32 & 0xFFFFFFFF),
        int(np.ceil(-_FORGET / np.log(poles.max()))),
    )


def _a_weighting(frequency: Floats) -> Floats:
    """Power gain of the A-weighting (IEC 61672-1:2013, equation E.6)."""
    f2 = frequency**2
    gain = 12194.0**2 * f2**2
    gain /= (f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2)
    return np.square(gain * 10.0 ** (2.0 / 20.0))


def _responses(frequency: Floats, poles: Floats, rate_hz: float) -> npt.NDArray[np.complex128]:
    """Return the response of each pole, shape (..., k)."""
    return np.reciprocal(1.0 - poles * np.exp(-2j * np.pi * frequency / rate_hz)[..., None])
