"""What gradients of wind and temperature do to sound: they bend it.

The effective speed of sound rises by g = dc/dz + (wind gradient along the leg) per metre of height, the same
everywhere from the ground to `LAYER_M`. Rays are arcs of radius c / |g|. Sound that bends down arrives sooner: by
faster air. Sound that bends up leaves a shadow near the ground, where only what creeps along it and what eddies scatter
arrives.

What down-bending sound gains over houses is `sim.bowing`'s; roofs are no ground to it.
"""

import numpy as np
import numpy.typing as npt

from scenes.air import ZERO_CELSIUS_K, Air
from sim.legs import Legs
from sim.propagation.paths import BANDS_HZ
from sim.turbulence import scattered_power

Floats = npt.NDArray[np.float64]

# Height above the ground for which wind and temperature are given (that of weather stations' masts), m.
REFERENCE_M = 10.0
# (A) Gradients hold up to this height; above, the air is as it is there.
LAYER_M = 30.0
# Smallest root of Ai'(-x): the first wave that creeps along hard ground.
_AIRY_ROOT = 1.018793


def is_bent(air: Air) -> bool:
    """Tell whether the air has any gradient that bends sound."""
    return air.temperature_gradient != 0.0 or any(air.wind_gradient)


def bending_delay(air: Air, legs: Legs, arcs: Legs) -> Floats:
    """Return how much later (or earlier) than through air of one speed each path arrives, s, shape (paths,).

    Parameters
    ----------
    air : Air
    legs, arcs : Legs
        The same paths, with ground bounces and without (`legs_of`).

    Returns
    -------
    ndarray
        To first order the speed at the mean height of each leg counts; bending saves g^2 d^3 / (24 c^3) more, the
        difference between arc and chord (second order of Fermat's principle in a linear profile; Salomons 2001,
        Computational Atmospheric Acoustics, app. L), up to what the fastest air of the layer saves. In a shadow, d
        is the length of the limiting ray.
    """
    speed = air.sound_speed_mps
    across, height, gradient = _legs_in_profile(air, legs)
    first_order = legs.sum(-across * gradient * (height - REFERENCE_M)) / speed**2
    across, height, gradient = _legs_in_profile(air, arcs)
    bent = np.minimum(across, np.where(gradient < 0.0, lit_length(air, arcs), np.inf))
    saved = gradient**2 * bent**3 / (24.0 * speed**3)
    most = across * np.abs(gradient) * np.maximum(LAYER_M - height, 0.0) / speed**2
    return first_order - arcs.sum(np.minimum(saved, most))


def shadow_gain(air: Air, arcs: Legs) -> Floats:
    """Return the gain of each path in each band, shape (paths, 8): below 1 where a leg reaches into a shadow.

    The shadow begins sqrt(2 R h0) + sqrt(2 R h1) away, R = c / |g|, h the heights of the leg's ends. Beyond it sound
    creeps along the ground and falls by (sqrt(3) / 2) 1.019 (k / (2 R^2))^(1/3) neper a metre (first term of the
    residue series over hard ground, Pierce 1981, Acoustics, sec. 9-5; Berry and Daigle 1988, J. Acoust. Soc. Am. 83,
    2047), down to what eddies scatter there (`scattered_power`). Measured upwind: 20 to 30 dB at most (Wiener and
    Keast 1959, J. Acoust. Soc. Am. 31, 724).
    """
    across, _, gradient = _legs_in_profile(air, arcs)
    wavenumber = 2.0 * np.pi * np.array(BANDS_HZ) / air.sound_speed_mps
    bend = np.maximum(-gradient, 0.0) / air.sound_speed_mps  # 1 / R
    beyond = np.maximum(across - lit_length(air, arcs), 0.0)
    rate = np.sqrt(0.75) * _AIRY_ROOT * np.cbrt(0.5 * np.outer(bend**2, wavenumber))
    power = np.exp(-2.0 * beyond[:, None] * rate) + scattered_power(air, across)
    log_power = np.where(beyond[:, None] > 0.0, np.log(np.minimum(power, 1.0)), 0.0)
    return np.exp(0.5 * np.stack([arcs.sum(column) for column in log_power.T], axis=1))


def lit_length(air: Air, arcs: Legs) -> Floats:
    """Return how far along the ground each leg reaches before its shadow begins, m, shape (n,); inf downwind."""
    _, _, gradient = _legs_in_profile(air, arcs)
    with np.errstate(divide="ignore"):
        radius = np.where(gradient < 0.0, -air.sound_speed_mps / np.minimum(gradient, -1e-300), np.inf)
        heights = np.maximum(arcs.start_m[:, 2], 0.0), np.maximum(arcs.end_m[:, 2], 0.0)
        return np.where(
            np.isinf(radius), np.inf, sum(np.sqrt(2.0 * np.minimum(radius, 1e12) * h) for h in heights)
        )


def _legs_in_profile(air: Air, legs: Legs) -> tuple[Floats, Floats, Floats]:
    """Return the horizontal length of each leg, m, its mean height within the layer, m, and its gradient, 1/s."""
    step = legs.end_m[:, :2] - legs.start_m[:, :2]
    across = np.hypot(step[:, 0], step[:, 1])
    east, north = air.wind_gradient
    along_wind = (step[:, 0] * east + step[:, 1] * north) / np.maximum(across, 1e-9)
    per_kelvin = 0.5 * air.sound_speed_mps / (air.temperature_c + ZERO_CELSIUS_K)
    height = 0.5 * np.clip(legs.start_m[:, 2], 0.0, LAYER_M) + 0.5 * np.clip(legs.end_m[:, 2], 0.0, LAYER_M)
    return across, height, per_kelvin * air.temperature_gradient + along_wind
