"""The envelope that pulses are found in: band-passed energy in hops of a quarter millisecond, at any sampling rate."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

BAND_HZ = (150.0, 4000.0)  # below lies the rumble of streets and wind, above nothing that travels far
HOP_S = 0.25e-3
SILENCE_S = 5e-3  # so long without any change is a converter that delivers nothing, not a quiet street


@dataclass(frozen=True, eq=False)
class BandPass:
    """A causal band-pass: second-order sections (sections, 5) as b0 b1 b2 a1 a2; rate Hz; samples a hop."""

    sections: npt.NDArray[np.float64]
    rate_hz: float
    hop: int

    @property
    def hop_s(self) -> float:
        """Duration of a hop, s."""
        return self.hop / self.rate_hz


def design_band_pass(rate_hz: float) -> BandPass:
    """Return second-order Butterworth high- and low-pass sections for a sampling rate.

    Causal, not zero-phase: a zero-phase filter rings ahead of an onset.
    """
    top = min(BAND_HZ[1], 0.42 * rate_hz)
    high, low = _section(BAND_HZ[0], rate_hz, high=True), _section(top, rate_hz, high=False)
    return BandPass(np.array([high, low]), rate_hz, max(1, round(HOP_S * rate_hz)))


def _section(corner_hz: float, rate_hz: float, *, high: bool) -> tuple[float, float, float, float, float]:
    """Return a second-order Butterworth section by the bilinear transform."""
    # Written out, since importing scipy.signal takes longer than hearing a minute of audio.
    k = math.tan(math.pi * corner_hz / rate_hz)
    norm = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    b0 = norm if high else k * k * norm
    b1 = -2.0 * b0 if high else 2.0 * b0
    return b0, b1, b0, 2.0 * (k * k - 1.0) * norm, (1.0 - math.sqrt(2.0) * k + k * k) * norm


@njit(cache=True, nogil=True)
def measure_hops(
    samples: npt.NDArray[np.float32],
    sections: npt.NDArray[np.float64],
    state: npt.NDArray[np.float64],
    hop: int,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Band-pass samples and return each hop's mean square and whether it is constant.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
    sections : ndarray, shape (2, 5)
    state : ndarray, shape (6,)
        The filter's memory (4), the last sample, whether there was one; carried from call to call, changed in place.
    hop : int
        Samples a hop; a rest of less than a hop is not used.

    Returns
    -------
    energy : ndarray of float32, shape (n // hop,)
    constant : ndarray of bool, shape (n // hop,)
    """
    count = len(samples) // hop
    energy = np.empty(count, dtype=np.float32)
    constant = np.empty(count, dtype=np.bool_)
    b0, b1, b2, a1, a2 = sections[0, 0], sections[0, 1], sections[0, 2], sections[0, 3], sections[0, 4]
    d0, d1, d2, c1, c2 = sections[1, 0], sections[1, 1], sections[1, 2], sections[1, 3], sections[1, 4]
    u1, u2, v1, v2, last = state[0], state[1], state[2], state[3], state[4]
    if state[5] == 0.0 and len(samples):
        # Start as if the first value had always been there, so that an offset is not a step.
        u2 = b2 * samples[0]
        u1 = b1 * samples[0] + u2
        last = samples[0]
    for k in range(count):
        total = 0.0
        same = True
        for i in range(k * hop, (k + 1) * hop):
            x = np.float64(samples[i])
            same = same and x == last
            last = x
            y = b0 * x + u1
            u1 = b1 * x - a1 * y + u2
            u2 = b2 * x - a2 * y
            z = d0 * y + v1
            v1 = d1 * y - c1 * z + v2
            v2 = d2 * y - c2 * z
            total += z * z
        energy[k] = total / hop
        constant[k] = same
    state[0], state[1], state[2], state[3], state[4], state[5] = u1, u2, v1, v2, last, 1.0
    return energy, constant


def filter_samples(samples: npt.NDArray[np.float32], band: BandPass) -> npt.NDArray[np.float64]:
    """Band-pass a short stretch, started as if its first value had always been there; same shape, float64."""
    return _filter(samples, band.sections)


@njit(cache=True, nogil=True)
def _filter(samples, sections):
    b0, b1, b2, a1, a2 = sections[0]
    d0, d1, d2, c1, c2 = sections[1]
    u2 = b2 * samples[0]
    u1 = b1 * samples[0] + u2
    v1 = v2 = 0.0
    out = np.empty(len(samples), dtype=np.float64)
    for i in range(len(samples)):
        x = np.float64(samples[i])
        y = b0 * x + u1
        u1 = b1 * x - a1 * y + u2
        u2 = b2 * x - a2 * y
        z = d0 * y + v1
        v1 = d1 * y - c1 * z + v2
        v2 = d2 * y - c2 * z
        out[i] = z
    return out


@njit(cache=True, nogil=True)
def mark_silence(constant: npt.NDArray[np.bool_], shortest: int) -> npt.NDArray[np.bool_]:
    """Return which hops belong to stretches of at least `shortest` constant hops, shape (n,)."""
    silent = np.zeros(len(constant), dtype=np.bool_)
    run = 0
    for k in range(len(constant)):
        run = run + 1 if constant[k] else 0
        if run == shortest:
            silent[k - shortest + 1 : k + 1] = True
        elif run > shortest:
            silent[k] = True
    return silent
