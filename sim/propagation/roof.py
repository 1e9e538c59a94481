"""Diffraction over roofs, in the vertical plane through source and receiver (or their images under the ground).

The way is the upper convex hull of the profile; its edges are 270-degree wedges of wall and roof, taken as square to
the plane (`sim.propagation.edge_chain`). Edges below the hull still diffract: each that the points of the hull see, and
each two, makes a further way (`sim.propagation.lit_edges`). That keeps the field continuous where one comes into the
way: the direct sound at a shadow boundary, and the way over one edge where it becomes one over two. A way by a facade
goes over roofs in two such planes that meet there, unfolded into one (`sim.propagation.roof_echo`).
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sim.propagation.bag import BANDS, mirror_height
from sim.propagation.edge_chain import POINT, POINTS_MAX, are_mates, chain_gains, mend
from sim.propagation.grid import HIT, crossings
from sim.propagation.hull import EDGES_MAX, find_hull
from sim.propagation.lit_edges import LIT, cut_through, insert_lit, list_lit, take_hull
from sim.propagation.roof_way import Fold, facade_share, keep_way
from sim.propagation.span import span

Complexes = npt.NDArray[np.complex128]
Records = npt.NDArray[np.void]

_CROSSINGS_MAX = 8192
_LIT_MAX = 128
# Of a way over several buildings, lit edges that add less than this share of its power are left out.
_LIT_SHARE = 0.02
# A way over roofs keeps at most this / (k detour) of its power, twice what a knife edge leaves in pressure.
_SHADOW_POWER = 0.32


class Profile(NamedTuple):
    """Room for the profile of one pair at a time: walls met, their edges in order, ways over them, gains (bands,)."""

    hits: Records
    cut: Records
    edges: npt.NDArray[np.int64]
    way: Records
    more: Records
    lit: Records
    base: npt.NDArray[np.float64]
    gains: Complexes
    other: Complexes
    left: Complexes
    parts: npt.NDArray[np.float64]
    others: npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def new_profile():
    """Return an empty `Profile`."""
    return Profile(
        np.empty(_CROSSINGS_MAX, HIT),
        np.empty(_CROSSINGS_MAX, POINT),
        np.empty(EDGES_MAX, np.int64),
        np.empty(POINTS_MAX, POINT),
        np.empty(POINTS_MAX, POINT),
        np.empty(_LIT_MAX, LIT),
        np.empty(BANDS),
        np.empty(BANDS, np.complex128),
        np.empty(BANDS, np.complex128),
        np.ones(BANDS, np.complex128),
        np.empty((EDGES_MAX, BANDS)),
        np.empty((EDGES_MAX, BANDS)),
    )


@njit(cache=True, nogil=True)
def weigh_roofs(plan, medium, rules, source, roofed, receivers, their_roofed, bag):
    """Keep the ways over roofs from a source to all receivers; `roofed` tells whether a building lies under it."""
    walls, profile, whole = plan.walls, new_profile(), np.ones(BANDS, np.complex128)
    for r in range(len(receivers)):
        there = receivers[r]
        length = span(there[0] - source[0], there[1] - source[1])
        count = crossings(walls, plan.grid, source[0], source[1], there[0], there[1], profile.hits)
        shown = cut_through(walls, profile.hits, count, source, there, profile.cut)
        fold = Fold(np.int64(-1), length, there[0], there[1])
        for variant in range(0 if count == 0 else (4 if rules.ground else 1)):
            if not ((variant & 1 and roofed) or (variant & 2 and their_roofed[r])):
                weigh_profile(
                    plan,
                    medium,
                    rules,
                    source,
                    there,
                    variant,
                    fold,
                    whole,
                    length,
                    count,
                    shown,
                    r,
                    profile,
                    bag,
                )


@njit(cache=True, nogil=True)
def weigh_profile(
    plan, medium, rules, source, there, variant, fold, facade, length, count, shown, pair, profile, bag
):
    """Keep the way over the roofs of a profile, and those by edges below it; tell whether it may be heard at all.

    Bits 1 and 2 of `variant` have source and receiver mirrored in the ground. `fold` says where the way goes by a
    facade, and `facade` (bands,) what that leaves of it beside what its height does. The profile has `count` walls met
    and `shown` edges in order on its `length`, m.
    """
    # Between an end and its bounce no wall stands, or the hull would touch it: over a roof the bounce would be indoors.
    walls, way, more, base = plan.walls, profile.way, profile.more, profile.base
    gains, other, left = profile.gains, profile.other, profile.left
    way[0].along, way[0].wall = 0.0, -1
    way[0].height = z0 = mirror_height(source[2]) if variant & 1 else source[2]
    z1 = mirror_height(there[2]) if variant & 2 else there[2]
    over = find_hull(walls, profile.hits, count, z0, z1, length, profile.edges)
    if over < 0:
        return False
    _take_folded(walls, profile, over, shown, fold, source, there)
    size = over + 2
    way[size - 1].along, way[size - 1].height, way[size - 1].wall = length, z1, -1
    left[:] = facade
    if fold.wall >= 0 and not _fades(walls, medium, rules, fold, way, size, pair, left, other, bag):
        return False
    for band in range(BANDS):
        base[band] = (left[band].real ** 2 + left[band].imag ** 2) / (length * length + (z1 - z0) ** 2)
    total = 0.0
    if over > 0:
        total = chain_gains(walls, medium, way, size, gains, profile.parts)
        for band in range(BANDS):
            gains[band] *= left[band]
            base[band] = gains[band].real ** 2 + gains[band].imag ** 2
    # What becomes part of a way must not depend on what was found before it, or the way back would differ.
    least = bag.state[pair, 1] * rules.floor
    if over > 0:
        least = _LIT_SHARE * base.sum() if over > 2 else 0.0
    found = list_lit(medium, profile.cut, shown, way, size, base, least, profile.lit)
    if over > 0:
        _add_mates(walls, medium, profile, found, size, total)
        keep_way(plan, medium, rules, source, there, fold, way, size, total, gains, pair, bag)
        return True
    for k in range(found):
        longer = insert_lit(profile.cut, profile.lit[k], way, size, more)
        whole = chain_gains(walls, medium, more, longer, other, profile.others)
        for band in range(BANDS):
            other[band] *= left[band]
        mend(other, profile.others, longer - 2)
        keep_way(plan, medium, rules, source, there, fold, more, longer, whole, other, pair, bag)
    return True


@njit(cache=True, nogil=True)
def _add_mates(walls, medium, profile, found, size, total):
    """Add to a way over the hull, `total` m long, what the other edges of its buildings leave; then mend it.

    Each building leaves the sum of both ways over it, and the buildings their product.
    """
    way, gains, other, left, parts = profile.way, profile.gains, profile.other, profile.left, profile.parts
    sums, base = np.ones(BANDS, np.complex128), gains.copy()
    for k in range(found):
        lit = profile.lit[k]
        longer = insert_lit(profile.cut, lit, way, size, profile.more)
        whole = chain_gains(walls, medium, profile.more, longer, other, profile.others)
        mate = lit.gap - 1 if are_mates(way[lit.gap], profile.cut[lit.edge]) else lit.gap
        for band in range(BANDS):
            if base[band] == 0.0:
                continue
            turn = medium[band].wavenumber * (whole - total)
            both = 1.0 + other[band] * left[band] / base[band] * complex(math.cos(turn), -math.sin(turn))
            sums[band] *= both
            parts[mate, band] *= abs(both)
    for band in range(BANDS):
        gains[band] *= sums[band]
    mend(gains, parts, size - 2)


@njit(cache=True, nogil=True)
def _take_folded(walls, profile, over, shown, fold, source, there):
    """Write the edges of the hull to the way, those before the fold and those behind it."""
    bent, first = np.array([fold.x, fold.y]), 0
    while first < over and profile.hits[profile.edges[first]].along < fold.at:
        first += 1
    take_hull(walls, profile.hits, profile.edges, first, profile.cut, shown, source, bent, profile.way)
    behind, rest = profile.edges[first:], profile.way[first:]
    take_hull(walls, profile.hits, behind, over - first, profile.cut, shown, bent, there, rest)


@njit(cache=True, nogil=True)
def _fades(walls, medium, rules, fold, way, size, pair, left, share, bag):
    """Multiply `left` (bands,) by what a facade's height leaves of a way; tell whether the way may be heard.

    `share` (bands,) is scratch.
    """
    length, total, power = span(way[size - 1].along, way[size - 1].height - way[0].height), 0.0, 0.0
    for k in range(size - 1):
        total += span(way[k + 1].along - way[k].along, way[k + 1].height - way[k].height)
    least = bag.state[pair, 1] * rules.floor * length * length
    for band in range(BANDS):
        shadow = min(1.0, _SHADOW_POWER / max(medium[band].wavenumber * (total - length), 1e-9))
        air = math.exp(medium[band].log_power_per_m * total)
        power += shadow * air * (left[band].real ** 2 + left[band].imag ** 2)
    if not power > least:
        return False
    facade_share(walls, medium, rules.ground, fold, way, size, share)
    for band in range(BANDS):
        left[band] *= share[band]
    return True
