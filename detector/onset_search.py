"""Where pulses may be: the maxima of two step kernels over an adaptive floor."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.envelope import BandPass
from detector.step_kernel import apply_step_kernel, estimate_floor, find_maxima

FLOOR_BLOCK_S = 0.025
KERNEL_BLOCK_S = 0.1


@dataclass(frozen=True)
class OnsetOptions:
    """How pulses are found.

    Attributes
    ----------
    span_s, short_span_s : float
        Half length of the step kernel, s, and of the shorter one that resolves automatic fire.
    reach_s, short_reach_s : float
        A maximum is the largest within this time on both sides, s.
    threshold : float
        Of both kernels, in units of their own noise; stationary Gaussian noise reaches 6.7 about once in 2 minutes.
    floor_ratio : float
        Least kernel output over the floor of the envelope.
    contrast, short_contrast : float
        Least output of the kernel, and of the shorter one, over the mean envelope of the longer span before: where
        noise rises and stays, it is not all onsets.
    short_share : float
        Least output of the shorter kernel relative to its largest in the time `burst_s` before: the rounds of a burst
        are alike, a first arrival has nothing before it, echoes are mostly weaker.
    burst_s : float
    mask_share, mask_s : float
        Least output of either kernel relative to its largest in the time `mask_s` before: what follows a loud sound
        that much weaker is its reverberation.
    floor_quantile : float
        Of the 25 ms levels within a frame of 4 s on both sides.
    frame_s : float
        Audio that is decided on at once, s.
    clip_share : float
        Share of full scale from which a sample counts as clipped; the loudest code of 8-bit mu-law is 0.980.
    sigma_floor_s, sigma_rise, sigma_weak_s : float
        Onset s.d.: the root of sigma_floor_s^2 + (sigma_rise * rise / R^(1/2))^2 + (sigma_weak_s * (6 / R)^6)^2, R
        being the ratio of the peak to the noise before it and rise the time to half the peak: a slow front is lost in
        noise, and a peak that hardly leaves the noise may be the noise's. Fitted by maximum likelihood, beside a share
        of later arrivals, to the true first arrivals of simulated scenes.
    """

    span_s: float = 0.050
    short_span_s: float = 0.008
    reach_s: float = 0.030
    short_reach_s: float = 0.015
    threshold: float = 6.5
    floor_ratio: float = 0.6
    contrast: float = 0.6
    short_contrast: float = 1.5
    short_share: float = 0.5
    burst_s: float = 0.4
    mask_share: float = 0.06
    mask_s: float = 1.0
    floor_quantile: float = 0.25
    frame_s: float = 4.0
    clip_share: float = 0.98
    sigma_floor_s: float = 60e-6
    sigma_rise: float = 2.9
    sigma_weak_s: float = 0.45e-3
    bearing_floor_rad: float = 0.005
    bearing_factor: float = 2.0


def find_candidates(
    energy: npt.NDArray[np.float64], silent: npt.NDArray[np.bool_], band: BandPass, options: OnsetOptions
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the hops where a kernel has its maxima, ascending, and their SNR in dB."""
    nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    if len(energy) * band.hop_s < 2.0 * options.short_span_s:
        return nothing
    envelope = np.sqrt(np.convolve(energy, np.full(4, 0.25), "same"))
    floor = estimate_floor(
        envelope, silent, max(1, round(FLOOR_BLOCK_S / band.hop_s)), options.floor_quantile
    )
    if floor <= 0.0:
        return nothing
    long_out, long_at = _peaks_of(envelope, silent, floor, options.span_s, options.reach_s, band, options)
    short_out, short_at = _peaks_of(
        envelope, silent, floor, options.short_span_s, options.short_reach_s, band, options
    )
    span = round(options.span_s / band.hop_s)
    long_at = long_at[long_out[long_at] >= options.contrast * _mean_before(long_at, envelope, span)]
    short_at = short_at[
        short_out[short_at] >= options.short_contrast * _mean_before(short_at, envelope, span)
    ]
    burst = round(options.burst_s / band.hop_s)
    short_at = short_at[_reach_share(short_at, short_out, burst, options.short_share)]
    spacing = round(options.short_reach_s / band.hop_s)
    apart = np.array([not len(long_at) or np.abs(long_at - s).min() > spacing for s in short_at], dtype=bool)
    centres = np.sort(np.concatenate([long_at, short_at[apart]])).astype(np.int64)
    near = max(1, round(options.short_span_s / band.hop_s))
    peak = np.array([max(long_out[c], short_out[max(0, c - near) : c + near + 1].max()) for c in centres])
    return centres, 20.0 * np.log10(peak / floor)


def _peaks_of(
    envelope: npt.NDArray[np.float64],
    silent: npt.NDArray[np.bool_],
    floor: float,
    span_s: float,
    reach_s: float,
    band: BandPass,
    options: OnsetOptions,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    output = apply_step_kernel(envelope, silent, max(2, round(span_s / band.hop_s)))
    noise = estimate_floor(output, silent, max(1, round(KERNEL_BLOCK_S / band.hop_s)), options.floor_quantile)
    least = max(options.threshold * noise, options.floor_ratio * floor)
    at = find_maxima(output, least, max(1, round(reach_s / band.hop_s)))
    return output, at[_reach_share(at, output, round(options.mask_s / band.hop_s), options.mask_share)]


def _mean_before(
    at: npt.NDArray[np.int64], envelope: npt.NDArray[np.float64], span: int
) -> npt.NDArray[np.float64]:
    """Return the mean of the envelope over the span before each of some hops, same shape as `at`."""
    return np.array([envelope[max(0, i - span) : i].mean() if i else 0.0 for i in at])


def _reach_share(
    at: npt.NDArray[np.int64], output: npt.NDArray[np.float64], span: int, share: float
) -> npt.NDArray[np.bool_]:
    """Return which maxima reach a share of the largest output in the time before them, same shape as `at`."""
    return np.array([output[i] >= share * output[max(0, i - span) : i + 1].max() for i in at], dtype=bool)
