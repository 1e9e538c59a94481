"""What a facade of finite width and height reflects of sound that goes on over roofs, or round the corner beside them.

Where a corner hides a reflection, the way over the roof beside it grows (`sim.propagation.roof_echo`). Of that way the
facade leaves less than of the reflection itself: it fades towards the facade's vertical edges, and it meets the facade
higher up. The corner fades by just as much less as the way over the roof is weaker.
"""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS
from sim.propagation.span import span
from sim.propagation.upright import Soil, add_above, weigh_upright
from sim.propagation.wedge import screen_gain

# What a facade leaves less than this of, in pressure, is not compared.
_LEAST = 1e-6


@njit(cache=True, nogil=True)
def facade_width(medium, near, far, begin, end, wide, left):
    """Write the share (bands,), complex, of a way by a facade that its vertical edges leave.

    The ends stand `near` and `far` from its plane and at `begin` and `end` along it, m, from its start; it is `wide`.
    """
    straight = span(near + far, end - begin)
    left[:] = 1.0
    for side in range(2):
        rise, fall = (begin, end) if side == 0 else (wide - begin, wide - end)
        s_in, s_out = span(near, rise), span(far, fall)
        came, goes = math.atan2(near, rise), math.atan2(far, fall)
        past, mirrored = 2.0 * math.cos(0.5 * (came + goes)) ** 2, 2.0 * math.cos(0.5 * (came - goes)) ** 2
        reach, spread, detour = (
            s_in * s_out / (s_in + s_out),
            straight / (s_in + s_out),
            s_in + s_out - straight,
        )
        for band in range(BANDS):
            k = medium[band].wavenumber
            turn = complex(math.cos(k * detour), -math.sin(k * detour))
            left[band] -= spread * turn * screen_gain(k * reach, past, mirrored, False)


@njit(cache=True, nogil=True)
def fade_by_facade(walls, medium, ground, soil, line, z0, zr, across, at, high, hides, share):
    """Correct the share (bands,) that a corner of a way by a facade keeps beside the roof over it.

    Nothing is changed on a way without a facade.

    Parameters
    ----------
    walls, medium, ground, soil, line, z0, zr, across
        As of `sim.propagation.heights.weigh_heights`.
    at, high : float
        How far the corner is on the way, in plan, and how high it is, m.
    hides : float
        1 where the way runs straight past the corner, 0 where the corner reflects it, whose facade is as high.
    share : ndarray of complex128, shape (bands,)
    """
    k, before = 1, 0.0
    while k < line.size - 1 and line.met[k] >= 0:
        k += 1
    if k == line.size - 1:
        return
    for i in range(k):
        before += span(line.x[i + 1] - line.x[i], line.y[i + 1] - line.y[i])
    behind, top = across - before, walls.top[-1 - line.met[k]]
    width, straight = np.empty(BANDS, np.complex128), np.empty(BANDS, np.complex128)
    raised, over = np.empty(BANDS, np.complex128), np.empty(BANDS, np.complex128)
    _width_at(walls, medium, line, k, before, behind, width)
    weigh_upright(medium, before, behind, z0, zr, 0.0, top, ground, soil, straight)
    rigid = Soil(False, over, over, over)
    for side in range(2 if ground else 1):
        turn = -1.0 if side == 1 else 1.0
        first, last = turn * z0, turn * zr
        edge = max(high, first + (last - first) * at / across)
        slope = (edge - first) / at if before < at else (last - edge) / (across - at)
        start = first if before < at else last - slope * across
        weigh_upright(medium, before, behind, start, start + slope * across, 0.0, top, ground, rigid, raised)
        over[:] = 0.0
        add_above(medium, at, across - at, first, last, high, 1.0, soil, over)
        for band in range(BANDS):
            left = width[band] * raised[band] / straight[band] if abs(straight[band]) > _LEAST else 1.0
            share[band] += over[band] * hides * (1.0 - left)


@njit(cache=True, nogil=True)
def _width_at(walls, medium, line, k, before, behind, share):
    """Write what the width of the facade at point k leaves (bands,) of the way that runs on straight from there.

    The way is `before` and `behind` m long in plan on either side of it.
    """
    wall = -1 - line.met[k]
    ax, ay = walls.ax[wall], walls.ay[wall]
    ux, uy = walls.bx[wall] - ax, walls.by[wall] - ay
    wide = span(ux, uy)
    ux, uy = ux / wide, uy / wide
    dx, dy = line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1]
    leg = max(span(dx, dy), 1e-9)
    sine, cosine = (dx * ux + dy * uy) / leg, abs(dx * uy - dy * ux) / leg
    met = (line.x[k] - ax) * ux + (line.y[k] - ay) * uy
    facade_width(
        medium, before * cosine, behind * cosine, met - before * sine, met + behind * sine, wide, share
    )
