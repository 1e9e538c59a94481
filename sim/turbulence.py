"""What eddies do to sound: it comes a little sooner or later and louder or softer, and some finds its way into shadow.

One shot is over before the eddies move, so each shot meets one frozen field, which all its paths cross: those that
keep together meet the same eddies, those far apart do not. The next shot meets another field.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from sim.legs import Legs
from sim.propagation.paths import BANDS_HZ

Floats = npt.NDArray[np.float64]

# (A) Integral length of the wind 10 to 20 m above a city; Counihan (1975, Atmospheric Environment 9, 871) has 40 to
# 80 m there.
EDDY_M = 50.0
# (A) Levels of two paths differ when they keep further apart than a Fresnel zone: sqrt(c / 500 Hz * 500 m).
FRESNEL_M = 18.0
# Travel times are never those of eddies of more than this many standard deviations over the whole path.
EDDIES_MAX = 3.0
_MODES = 32
# Log amplitude of a wave that has been scattered often (Rayleigh): standard deviation pi / sqrt(24).
_SATURATED = np.pi / np.sqrt(24.0)


@dataclass(frozen=True, eq=False)
class Eddies:
    """One shot's random fields as sums of cosines (Kraichnan 1970, Phys. Fluids 13, 22): unit variance, Gaussian.

    Attributes
    ----------
    wave, level_wave : ndarray, shape (modes, 3)
        Wave vectors of the field of wind and of that of levels, rad/m.
    phase, level_phase : ndarray, shape (modes,)
        rad.
    """

    wave: Floats
    phase: Floats
    level_wave: Floats
    level_phase: Floats


def draw_eddies(rng: np.random.Generator) -> Eddies:
    """Draw the fields of one shot; correlations fall as exp(-(r / l)^2), whose integral length is sqrt(pi) l / 2."""
    narrow = np.sqrt(2.0) / (EDDY_M * 2.0 / np.sqrt(np.pi))
    return Eddies(
        narrow * rng.standard_normal((_MODES, 3)),
        rng.uniform(0.0, 2.0 * np.pi, _MODES),
        np.sqrt(2.0) / FRESNEL_M * rng.standard_normal((_MODES, 3)),
        rng.uniform(0.0, 2.0 * np.pi, _MODES),
    )


def eddy_delay(air: Air, eddies: Eddies, legs: Legs) -> Floats:
    """Return how much later (or earlier) than through smooth air each path arrives, s, shape (paths,).

    The wind of the frozen field is summed along the straight path. For lengths far over `EDDY_M` the variance is
    2 sigma^2 EDDY_M d / c^4 (Ostashev and Wilson 2016, Acoustics in Moving Inhomogeneous Media, sec. 7.3; geometrical
    acoustics). Nothing comes earlier than with a wind of `EDDIES_MAX` sigma all the way.
    """
    step = legs.end_m - legs.start_m
    length = legs.length_m
    half_turn = _phases(0.5 * step, eddies.wave)
    middle = _phases(legs.start_m + 0.5 * step, eddies.wave) + eddies.phase
    # The mean of a cosine along a line is that at its middle times sinc of half the phase between its ends.
    mean = np.sqrt(2.0 / _MODES) * (np.cos(middle) * np.sinc(half_turn / np.pi)).sum(axis=1)
    total = legs.sum(length)
    most = EDDIES_MAX * total
    return -air.turbulence_mps * np.clip(legs.sum(length * mean), -most, most) / air.sound_speed_mps**2


def eddy_gain(air: Air, eddies: Eddies, legs: Legs) -> Floats:
    """Return the gain that eddies give each path in each band, shape (paths, 8); its mean square is 1.

    The variance of log amplitude is that of a spherical wave in Kolmogorov turbulence, 0.0307 gamma k^(7/6) d^(11/6)
    (Ostashev and Wilson 2016, sec. 7.4), up to that of a wave scattered often. (A) All bands of a path swing
    together, and the paths whose middles lie within `FRESNEL_M` of each other.
    """
    total = legs.sum(legs.length_m)
    wavenumber = 2.0 * np.pi * np.array(BANDS_HZ) / air.sound_speed_mps
    weak = 0.0307 * structure(air) * np.outer(total ** (11.0 / 6.0), wavenumber ** (7.0 / 6.0))
    variance = weak / (1.0 + weak / _SATURATED**2)
    weight = legs.length_m[:, None] * 0.5 * (legs.start_m + legs.end_m)
    middle = np.stack([legs.sum(column) for column in weight.T], axis=1) / np.maximum(total, 1e-9)[:, None]
    phase = _phases(middle, eddies.level_wave) + eddies.level_phase
    swing = np.sqrt(2.0 / _MODES) * np.cos(phase).sum(axis=1)
    return np.exp(np.sqrt(variance) * swing[:, None] - variance)


def structure(air: Air) -> float:
    """Return gamma = (22 / 3) C_v^2 / c^2, m^(-2/3): how strongly eddies scatter sound.

    C_v^2 = 1.91 sigma^2 EDDY_M^(-2/3) for a von Karman spectrum (Ostashev and Wilson 2016, sec. 6.2).
    """
    velocity = 1.91 * air.turbulence_mps**2 * EDDY_M ** (-2.0 / 3.0)
    return 22.0 / 3.0 * velocity / air.sound_speed_mps**2


def scattered_power(air: Air, distance_m: Floats) -> Floats:
    """Return the power that eddies scatter into a shadow, re the free field at those distances (n,), m; shape (n, 8).

    25 + 10 lg gamma + 3 lg(f / 1 kHz) + 10 lg(d / 100 m) dB (Harmonoise; Van Renterghem et al. 2022, Applied Acoustics,
    eq. 11): why no shadow out of doors is as deep as in still air (Daigle 1982, J. Acoust. Soc. Am. 71, 847). It holds
    where both ends see the eddies a few degrees over their horizons. Behind houses, 20 to 40 degrees up, they scatter
    20 dB less (integral of Tatarskii's cross section, which falls as the power -11/3 of the angle), and the streets'
    own tail is louder.
    """
    at_100_m = 10.0**2.5 * structure(air) * (np.array(BANDS_HZ) / 1000.0) ** 0.3
    return distance_m[:, None] / 100.0 * at_100_m


def _phases(vectors: Floats, waves: Floats) -> Floats:
    """Return the scalar products of vectors (n, 3) and waves (modes, 3): each by itself, whatever others there are."""
    x, y, z = vectors[:, :1], vectors[:, 1:2], vectors[:, 2:]
    return x * waves[:, 0] + y * waves[:, 1] + z * waves[:, 2]
