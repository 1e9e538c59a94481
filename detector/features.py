"""What a pulse sounds like, apart from how loud it is.

Every feature is free of level, uses only the band below 4 kHz that all rates have, and describes the first 0.1 s, so
that it means the same near and far, clipped and whole, at 8 and at 192 kHz.
"""

import numpy as np
import numpy.typing as npt

FEATURES = (
    "log10_rise_ms",
    "log10_centroid_hz",
    "log10_spread_hz",
    "band_250_db",
    "band_500_db",
    "band_1000_db",
    "band_2000_db",
    "early_db",
    "late_20_db",
    "late_60_db",
    "log10_duration_ms",
    "log10_kurtosis",
    "log10_zero_crossings_hz",
    "polarity",
)
SPECTRUM_S = 0.025  # from the onset: the sound itself, before most of the street answers
BAND_HZ = (170.0, 3500.0)
OCTAVES_HZ = (250.0, 500.0, 1000.0, 2000.0)
FLOOR_DB = -30.0
LAST_S = 0.1
REST_S = 0.010  # between the noise that is compared with and the onset


def measure_features(
    filtered: npt.NDArray[np.float64], onset: int, rise_s: float, rate_hz: float
) -> npt.NDArray[np.float64]:
    """Describe one pulse.

    Parameters
    ----------
    filtered : ndarray, shape (n,)
        Band-passed audio (`detector.envelope.design_band_pass`) from before the onset to 0.1 s after it.
    onset : int
        Index of the first arrival.
    rise_s : float
        From the onset to half the peak, s.
    rate_hz : float

    Returns
    -------
    ndarray, shape (len(FEATURES),)
        All finite. Levels of bands and of later parts are in dB relative to the whole and to the first 5 ms; energies
        have the energy of the noise before the onset taken away and are at least -30 dB.
    """
    noise = filtered[: max(1, onset - round(REST_S * rate_hz))]
    body = filtered[onset : onset + round(LAST_S * rate_hz)]
    spectral = _measure_spectrum(noise, body[: round(SPECTRUM_S * rate_hz)], rate_hz)
    temporal = _measure_course(float(np.mean(noise**2)), body, rate_hz)
    return np.concatenate([[np.log10(1e3 * rise_s)], spectral, temporal])


def _measure_spectrum(
    noise: npt.NDArray[np.float64], sound: npt.NDArray[np.float64], rate_hz: float
) -> npt.NDArray[np.float64]:
    """Return log centroid, log spread and the levels of the octaves."""
    size = round(SPECTRUM_S * rate_hz)
    power = np.abs(np.fft.rfft(sound, size)) ** 2
    count = len(noise) // size
    if count:
        taper = np.hanning(size) * np.sqrt(8.0 / 3.0)
        quiet = np.abs(np.fft.rfft(noise[-count * size :].reshape(count, size) * taper, axis=1)) ** 2
        power = np.maximum(power - quiet.mean(axis=0), 0.0)
    frequency = np.arange(len(power)) * (rate_hz / size)
    used = (frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1])
    power, frequency = power[used] + 1e-20, frequency[used]
    total = power.sum()
    centroid = (frequency * power).sum() / total
    spread = np.sqrt((((frequency - centroid) ** 2) * power).sum() / total) + 1.0
    bands = [
        power[(frequency >= f / np.sqrt(2.0)) & (frequency < f * np.sqrt(2.0))].sum() / total
        for f in OCTAVES_HZ
    ]
    return np.concatenate([[np.log10(centroid), np.log10(spread)], _decibel(np.array(bands))])


def _measure_course(
    noise_power: float, body: npt.NDArray[np.float64], rate_hz: float
) -> npt.NDArray[np.float64]:
    """Return the shares of early and late energy, the log duration, kurtosis and zero crossings, and the polarity."""
    square = body**2

    def energy(start_s: float, stop_s: float) -> float:
        part = square[round(start_s * rate_hz) : round(stop_s * rate_hz)]
        return max(float(part.sum()) - noise_power * len(part), 1e-20)

    start = energy(0.0, 0.005)
    whole = energy(0.0, SPECTRUM_S)
    late = np.array([energy(0.015, 0.035) / 4.0, energy(0.050, LAST_S) / 10.0]) / start
    width = max(1, round(1e-3 * rate_hz))
    smooth = np.convolve(square, np.full(width, 1.0 / width), "same")
    loud = float(np.count_nonzero(smooth > 0.1 * smooth.max())) / rate_hz
    kurtosis = float(np.mean(square**2) / (np.mean(square) ** 2 + 1e-30))
    front = body[: round(0.010 * rate_hz)]
    crossings = np.count_nonzero(front[1:] * front[:-1] < 0.0) + 1
    high, low = float(front.max()), float(-front.min())
    return np.array(
        [
            _decibel(np.array([start / whole]))[0],
            *_decibel(late),
            np.log10(1e3 * loud + 1e-3),
            np.log10(max(kurtosis, 1.0)),
            np.log10(crossings / 0.010),
            (high - low) / (high + low + 1e-20),
        ]
    )


def _decibel(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.clip(10.0 * np.log10(share + 1e-12), FLOOR_DB, 30.0)
