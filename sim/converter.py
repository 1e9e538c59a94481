"""From pressure to samples: a microphone's high-pass and its converter."""

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.signal import butter, sosfilt

from scenes.sensor import Microphone
from sim.microphone import REFERENCE_PA, sensitivity
from sim.pulse_table import anti_alias_gain

# A high-pass has forgotten a sound to 1e-4 after this many of its longest time constants.
_FORGET = 9.2
_STOPPED = 1e-5
_MU, _MU_STEPS = 255.0, 127.0


def high_pass_memory(microphone: Microphone) -> int:
    """Return for how many samples the high-pass remembers a sound that is over."""
    slowest = np.sin(
        0.5 * np.pi / microphone.high_pass_order
    )  # real part of a Butterworth filter's slowest pole
    return int(np.ceil(_FORGET * microphone.rate_hz / (2.0 * np.pi * microphone.high_pass_hz * slowest)))


def high_pass(pressure: npt.NDArray[np.float32], microphone: Microphone) -> None:
    """Send a pressure signal, shape (n,), through the microphone's high-pass, in place, from rest."""
    if microphone.high_pass_order > 1:
        order, corner = microphone.high_pass_order, microphone.high_pass_hz
        pressure[:] = sosfilt(butter(order, corner, "high", fs=microphone.rate_hz, output="sos"), pressure)
        return
    _high_pass(pressure, np.exp(-2.0 * np.pi * microphone.high_pass_hz / microphone.rate_hz))


def cover(pressure: npt.NDArray[np.float32], microphone: Microphone) -> None:
    """Send a pressure signal, shape (n,), through windscreen and top of the response, in place, from rest.

    A dry windscreen and a response without an upper end do nothing.
    """
    if microphone.windscreen_db > 0.0:
        _low_pass(
            pressure,
            _pole(microphone.windscreen_hz, microphone.rate_hz),
            10.0 ** (-microphone.windscreen_db / 20.0),
        )
    if microphone.low_pass_hz > 0.0:
        _low_pass(pressure, _pole(microphone.low_pass_hz, microphone.rate_hz), 1.0)


def cover_loss_db(microphone: Microphone, frequency_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what windscreen, top of the response and anti-alias filter take at frequencies, Hz, in dB."""
    loss = np.zeros_like(frequency_hz)
    if microphone.windscreen_db > 0.0:
        loss += microphone.windscreen_db
        loss += 10.0 * np.log10(1.0 + (frequency_hz / microphone.windscreen_hz) ** 2)
    if microphone.low_pass_hz > 0.0:
        loss += 10.0 * np.log10(1.0 + (frequency_hz / microphone.low_pass_hz) ** 2)
    share = frequency_hz / microphone.rate_hz
    passed = np.where(share < 0.5, anti_alias_gain(share, microphone.anti_alias), 1.0)
    return loss - 20.0 * np.log10(np.maximum(passed, _STOPPED))


def _pole(corner_hz: float, rate_hz: float) -> float:
    return float(np.exp(-2.0 * np.pi * corner_hz / rate_hz))


def digitise(pressure: npt.NDArray[np.float32], microphone: Microphone) -> npt.NDArray[np.int32]:
    """Convert pressure to sample values.

    Parameters
    ----------
    pressure : ndarray of float32, shape (capsules, n)
        Pa, noise included, contiguous; its memory is reused for the result.
    microphone : Microphone

    Returns
    -------
    ndarray of int32, shape (capsules, n)
        Rounded to the nearest step, clipped at full scale: -2**(bits - 1) to 2**(bits - 1) - 1.
    """
    steps = 2.0 ** (microphone.bits - 1)
    if microphone.limiter_db > 0.0:
        threshold = REFERENCE_PA * 10.0 ** (microphone.limiter_db / 20.0)
        decay = np.exp(-1.0 / (microphone.release_s * microphone.rate_hz))
        for capsule in pressure:
            _limit(capsule, threshold / sensitivity(microphone), decay)
    if microphone.companding == "mu-law":
        _compand(pressure, microphone.full_scale_pa / sensitivity(microphone))
    factor = sensitivity(microphone) * steps / microphone.full_scale_pa
    _digitise(pressure.reshape(-1), factor, steps)
    return pressure.view(np.int32)


@njit(cache=True, nogil=True)
def _high_pass(pressure, pole):
    """Take the one-pole low-passed signal off the signal; four samples a step, so that it waits for itself less."""
    low, share = 0.0, 1.0 - pole
    square, cube, fourth = pole**2, pole**3, pole**4
    whole = len(pressure) // 4 * 4
    for i in range(0, whole, 4):
        a, b, c, d = (
            share * pressure[i],
            share * pressure[i + 1],
            share * pressure[i + 2],
            share * pressure[i + 3],
        )
        b += pole * a
        c += pole * b
        d += pole * c
        pressure[i] -= np.float32(pole * low + a)
        pressure[i + 1] -= np.float32(square * low + b)
        pressure[i + 2] -= np.float32(cube * low + c)
        low = fourth * low + d
        pressure[i + 3] -= np.float32(low)
    for i in range(whole, len(pressure)):
        low = pole * low + share * pressure[i]
        pressure[i] -= np.float32(low)


def _compand(pressure: npt.NDArray[np.float32], full_scale_pa: float) -> None:
    """Round to the 255 values of mu-law, in place (ITU-T G.711, the continuous law)."""
    share = np.clip(pressure / full_scale_pa, -1.0, 1.0)
    code = np.rint(_MU_STEPS * np.log1p(_MU * np.abs(share)) / np.log1p(_MU)) / _MU_STEPS
    pressure[:] = np.sign(share) * np.expm1(code * np.log1p(_MU)) / _MU * full_scale_pa


@njit(cache=True, nogil=True)
def _limit(pressure, threshold, decay):
    """Divide by what the loudest sample so far, forgotten as time goes, has above the threshold."""
    held = threshold
    for i in range(len(pressure)):
        held = max(abs(pressure[i]), threshold + (held - threshold) * decay)
        if held > threshold:
            pressure[i] *= np.float32(threshold / held)


@njit(cache=True, nogil=True)
def _low_pass(pressure, pole, gain):
    low = 0.0
    for i in range(len(pressure)):
        low = pole * low + (1.0 - pole) * pressure[i]
        pressure[i] = np.float32(gain * low)


@njit(cache=True, nogil=True)
def _digitise(pressure, factor, steps):
    """Scale, round and clip; the samples take the place of the pressure.

    That they do is said here, not by two arguments of one memory, or no vector instructions would come of it.
    """
    samples = pressure.view(np.int32)
    for i in range(len(pressure)):
        value = min(max(pressure[i] * factor, -steps), steps - 1.0)
        samples[i] = np.int32(value + (0.5 if value >= 0.0 else -0.5))
