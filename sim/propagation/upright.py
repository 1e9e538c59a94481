"""How high a way may pass: the share of it that an upright facade or corner of finite height reflects or diffracts.

In plan a facade ends at a corner, whose diffraction takes over; upwards it ends at its roof edge. There the way in the
vertical plane, developed along the way in plan, is that past a rigid half plane which hides all below the roof edge
(Kouyoumjian and Pathak 1974 with wedge index 2): what passes above it is lost to the facade, the rest is left. So
a reflection fades where the point of reflection leaves the facade, above as below, instead of ending in a step, and a
corner's diffraction fades by as much as the sound over the roof beside it grows. Under the ground stands the
mirror image: a facade or corner reaches from -top to top, and what passes below it has bounced twice.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.bag import BANDS
from sim.propagation.span import span
from sim.propagation.wedge import screen_gain

Bands = npt.NDArray[np.complex128]


class Soil(NamedTuple):
    """The ground under a way: whether it is other than rigid; else all that follows is of no meaning.

    `near` and `far` (bands,) are its admittances, over that of air, below source and receiver; `undone` (bands,) is one
    over what it leaves of the way itself, 1 where that does not bounce.
    """

    counts: bool
    near: Bands
    far: Bands
    undone: Bands


@njit(cache=True, nogil=True)
def bound_upright(medium, near, far, z0, z1, low, high, bounds):
    """Multiply `bounds` (bands,) by bounds of what `weigh_upright` leaves."""
    height = abs(z0 + (z1 - z0) * near / max(near + far, 1e-9))
    if low <= height <= high:
        return
    edge = high if height > high else low
    if z0 + (z1 - z0) * near / max(near + far, 1e-9) < 0.0:
        edge = -edge
    over = span(near, edge - z0) + span(far, z1 - edge)
    detour = max(over - span(near + far, z1 - z0), 1e-9)
    for band in range(BANDS):
        bounds[band] *= min(1.0, 0.5 / math.sqrt(medium[band].wavenumber * detour))


@njit(cache=True, nogil=True)
def weigh_upright(medium, near, far, z0, z1, low, high, ground, soil, share):
    """Write the share (bands,), complex, of a way that lies between the heights `low` and `high` of an upright.

    Parameters
    ----------
    medium : ndarray of MEDIUM, shape (bands,)
    near, far : float
        How far the upright stands from the ends of the way, in plan, m.
    z0, z1 : float
        Heights of the ends, m; below zero for an image under the ground.
    low, high : float
        m.
    ground : bool
        Whether the mirror image under the ground, from -high to -low, counts too; without, the upright has no foot.
    soil : Soil
        What the ground leaves of the way itself, and of what bends over the upright's edge and bounces more steeply.
    share : ndarray of complex128, shape (bands,)
    """
    if min(near, far) <= 1e-6:
        height = abs(z0 if near <= far else z1)
        share[:] = 1.0 if low <= height <= high else 0.0
        return
    share[:] = 0.0 if low > 0.0 else 1.0
    for side in range(2 if ground else 1):
        turn = -1.0 if side == 1 else 1.0
        add_above(medium, near, far, turn * z0, turn * z1, high, -1.0, soil, share)
        if low > 0.0:
            add_above(medium, near, far, turn * z0, turn * z1, low, 1.0, soil, share)


@njit(cache=True, nogil=True)
def add_above(medium, near, far, z0, z1, height, sign, soil, share):
    """Add to `share` (bands,), times a sign, what passes above a half plane whose edge is at a height.

    Other arguments are as of `weigh_upright`, heights below zero those of images.
    """
    rise, fall = height - z0, height - z1
    s_in, s_out = span(near, rise), span(far, fall)
    straight = span(near + far, z1 - z0)
    came, goes = math.atan2(near, rise), math.atan2(far, fall)  # from straight down
    lit = came + goes > math.pi
    past, mirrored = 2.0 * math.cos(0.5 * (came + goes)) ** 2, 2.0 * math.cos(0.5 * (came - goes)) ** 2
    reach, spread = s_in * s_out / (s_in + s_out), straight / (s_in + s_out)
    detour, before, turn = s_in + s_out - straight, 0.0, 1.0 + 0.0j
    for band in range(BANDS):
        k = medium[band].wavenumber
        turn = turn * turn if k == 2.0 * before else complex(math.cos(k * detour), -math.sin(k * detour))
        before = k
        wave = spread * turn * screen_gain(k * reach, past, mirrored, lit)
        if soil.counts:
            wave *= _bounced(soil, band, z0, rise / s_in, z1, fall / s_out)
        share[band] += sign * ((1.0 if lit else 0.0) + wave)


@njit(cache=True, nogil=True, forceinline=True)
def _bounced(soil, band, z0, cosine_in, z1, cosine_out):
    """Return what bounces below the ends leave of the way over an edge, over what they leave of the straight way.

    Plane waves: over an edge they come down steeply, where a spherical wave is reflected as a plane one.
    """
    factor = soil.undone[band]
    if z0 < 0.0:
        factor *= (cosine_in - soil.near[band]) / (cosine_in + soil.near[band])
    if z1 < 0.0:
        factor *= (cosine_out - soil.far[band]) / (cosine_out + soil.far[band])
    return factor
