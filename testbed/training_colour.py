"""What lies between simulated sound and a network one knows nothing of: colour, polarity, and what it delivers.

Enclosures, ports and the filters of a maker colour sound by decibels an octave, wires have two ends, and many networks
deliver clips of the sensors that heard something instead of all sound of all sensors. None of this says what a bang
was, so none of it may be learned from. How strong it is, is an assumption (A).
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.features import FEATURES, FLOOR_DB, OCTAVES_HZ
from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site

TILT_DB, BEND_DB = 2.5, 1.5  # standard deviations: an octave; and at the ends of the band against its middle
HIGH_PASS_HZ, HIGH_PASS_SHARE = (60.0, 600.0), 0.5
# Boxes ring and walls behind a mount answer within milliseconds: what that does to the course of a sound (s.d.).
COURSE = {
    "log10_rise_ms": 0.08,
    "early_db": 1.2,
    "late_20_db": 2.5,
    "late_60_db": 2.5,
    "log10_duration_ms": 0.08,
    "log10_kurtosis": 0.06,
}
CLIPS_SHARE = 0.5  # of networks deliver clips alone ...
CLIP_S = (0.5, 1.5)  # ... from before the first pulse to after the last one
_BANDS = [FEATURES.index(f"band_{f:.0f}_db") for f in OCTAVES_HZ]
_CENTROID, _SPREAD = FEATURES.index("log10_centroid_hz"), FEATURES.index("log10_spread_hz")
_CROSSINGS, _POLARITY = FEATURES.index("log10_zero_crossings_hz"), FEATURES.index("polarity")


def colour(features: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return features, shape (n, f), as another make of sensor would give them: coloured, perhaps with wires swapped.

    Centroid, spread and zero crossings move with what the octave bands say of them.
    """
    place = np.arange(len(OCTAVES_HZ)) - (len(OCTAVES_HZ) - 1) / 2.0
    gain_db = TILT_DB * rng.standard_normal() * place
    gain_db = gain_db + BEND_DB * rng.standard_normal() * (place**2 - (place**2).mean())
    gain_db = gain_db + _cut_bass(rng)
    share = 10.0 ** (features[:, _BANDS] / 10.0)
    played = share * 10.0 ** (gain_db / 10.0)
    played *= (share.sum(axis=1) / played.sum(axis=1))[:, None]
    (before, wide), (after, wider) = _moments(share), _moments(played)
    coloured = features.copy()
    coloured[:, _BANDS] = np.clip(10.0 * np.log10(played), FLOOR_DB, 30.0)
    coloured[:, _CENTROID] += after - before
    coloured[:, _CROSSINGS] += after - before
    coloured[:, _SPREAD] += wider - wide
    for name, sigma in COURSE.items():
        coloured[:, FEATURES.index(name)] += sigma * rng.standard_normal()
    coloured[:, _POLARITY] *= rng.choice([-1.0, 1.0])
    return coloured


def _cut_bass(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return what a high-pass of first or second order leaves of the octaves, dB, (4,); half of all makes have none."""
    corner_hz = float(np.exp(rng.uniform(*np.log(HIGH_PASS_HZ))))
    order = int(rng.integers(1, 3)) * (rng.uniform() < HIGH_PASS_SHARE)
    return -10.0 * order * np.log10(1.0 + (corner_hz / np.array(OCTAVES_HZ)) ** 2)


def _moments(share: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return log10 of mean and of standard deviation of the frequency, as far as octave bands tell; (n,) each."""
    octave = np.array(OCTAVES_HZ)
    weight = share / share.sum(axis=1, keepdims=True)
    mean = weight @ octave
    square = (weight * (octave - mean[:, None]) ** 2).sum(axis=1) + (0.3 * mean) ** 2
    return np.log10(mean), 0.5 * np.log10(square)


def deliver_clips(site: Site, pulses: Pulses, incident: Incident) -> tuple[Site, Pulses, Incident]:
    """Return what a network knows that delivers clips of the stations that heard an incident, and nothing else."""
    heard = np.unique(pulses.station[incident.pulse])
    number = np.full(len(site.stations), -1, dtype=np.int32)
    number[heard] = np.arange(len(heard), dtype=np.int32)
    first, last = np.full(len(heard), np.inf), np.full(len(heard), -np.inf)
    mine = number[pulses.station[incident.pulse]]
    np.minimum.at(first, mine, pulses.time_s[incident.pulse] - CLIP_S[0])
    np.maximum.at(last, mine, pulses.time_s[incident.pulse] + CLIP_S[1])
    at = number[pulses.station]
    kept = np.flatnonzero((at >= 0) & (pulses.time_s >= first[at]) & (pulses.time_s <= last[at]))
    columns = {name: column[kept] for name, column in vars(pulses).items()}
    columns["station"] = number[columns["station"]]
    part = replace(site, stations=tuple(site.stations[k] for k in heard), detours=None)
    return part, Pulses(**columns), replace(incident, pulse=np.searchsorted(kept, incident.pulse))
