"""Roof edges below the hull that it is lit by: which of them, alone or by twos, may add to the way over the hull."""

import math

import numpy as np
from numba import njit

from sim.propagation.edge_chain import POINTS_MAX, are_mates
from sim.propagation.grid import TOUCH_M
from sim.propagation.span import span

# An edge under a way adds to it, in power, at most this / (k detour), twice what a knife edge does in pressure.
_POWER = 0.32

# Edges of a cut to put into a way behind its point `gap`; `other` is -1 where there is but one.
LIT = np.dtype([(name, np.int64) for name in ("gap", "edge", "other")])


@njit(cache=True, nogil=True)
def stand_on(walls, hit, source, there, point):
    """Write the roof edge that a line meets, as a POINT."""
    wall = hit.wall
    point.along, point.height, point.thick, point.wall = hit.along, walls.top[wall], math.inf, wall
    ux, uy = there[0] - source[0], there[1] - source[1]
    # The air lies to the right of a wall: a line that goes against its outward normal enters the building.
    point.enters = ux * (walls.by[wall] - walls.ay[wall]) - uy * (walls.bx[wall] - walls.ax[wall]) < 0.0


@njit(cache=True, nogil=True)
def cut_through(walls, hits, count, source, there, cut):
    """Write the edges that a line crosses, not touches, in its order to `cut` (POINT); return how many.

    Of walls in one place the highest counts; none does where roofs of one height meet.
    """
    shown = 0
    for k in range(count):
        if hits[k].sides != 3:
            continue
        place = shown
        while place > 0 and cut[place - 1].along > hits[k].along:
            cut[place] = cut[place - 1]
            place -= 1
        stand_on(walls, hits[k], source, there, cut[place])
        shown += 1
    kept = k = 0
    while k < shown:
        best, last = k, k
        level = False
        while last + 1 < shown and cut[last + 1].along - cut[k].along <= TOUCH_M:
            last += 1
            if cut[last].height > cut[best].height:
                best, level = last, False
            elif cut[last].height == cut[best].height and cut[last].enters != cut[best].enters:
                level = True
        if not level:
            cut[kept] = cut[best]
            kept += 1
        k = last + 1
    for k in range(kept - 1):
        if cut[k].enters and not cut[k + 1].enters and cut[k].height == cut[k + 1].height:
            cut[k].thick = cut[k + 1].thick = cut[k + 1].along - cut[k].along
    return kept


@njit(cache=True, nogil=True)
def take_hull(walls, hits, edges, over, cut, count, source, there, way):
    """Write the edges of the hull to way[1:over + 1], as they are in the cut where they are in it."""
    k = 0
    for e in range(over):
        hit = hits[edges[e]]
        stand_on(walls, hit, source, there, way[e + 1])
        while k < count and cut[k].along < hit.along:
            k += 1
        if k < count and cut[k].wall == hit.wall:
            way[e + 1] = cut[k]


@njit(cache=True, nogil=True)
def list_lit(medium, cut, count, way, size, base, least, lit):
    """List what may be put into way[:size] and add a power of `least`; return how many.

    `base` (bands,) is the power of the way itself. Where there is no more room in `lit`, the rest is left.
    """
    found = 0
    begin = 0
    for gap in range(size - 1):
        p, q = way[gap], way[gap + 1]
        while begin < count and cut[begin].along <= p.along + TOUCH_M:
            begin += 1
        end = begin
        while end < count and cut[end].along < q.along - TOUCH_M:
            end += 1
        for i in range(begin, end if size < POINTS_MAX else begin):
            if found == len(lit):
                return found
            if size > 2 and not (are_mates(p, cut[i]) or are_mates(cut[i], q)):
                continue
            if not _sees(cut, begin, i, p, cut[i]):
                continue
            if _most(medium, base, detour(p, cut[i], q), 0.0) >= least and _sees(cut, i + 1, end, cut[i], q):
                _note(lit[found], gap, i, -1)
                found += 1
            j = i + 1
            if size > 2 or j == end or found == len(lit) or not are_mates(cut[i], cut[j]):
                continue
            first, second = detour(p, cut[i], cut[j]), detour(cut[i], cut[j], q)
            if _most(medium, base, first, second) >= least and _sees(cut, j + 1, end, cut[j], q):
                _note(lit[found], gap, i, j)
                found += 1
        begin = end
    return found


@njit(cache=True, nogil=True)
def _note(lit, gap, edge, other):
    lit.gap, lit.edge, lit.other = gap, edge, other


@njit(cache=True, nogil=True)
def detour(p, edge, q):
    """Return how much longer the way from p to q is by an edge, m."""
    there = span(edge.along - p.along, edge.height - p.height)
    on = span(q.along - edge.along, q.height - edge.height)
    return max(there + on - span(q.along - p.along, q.height - p.height), 0.0)


@njit(cache=True, nogil=True)
def _most(medium, base, first, second):
    """Return a bound of the power of a way with one edge or two more, by their detours, m."""
    power = 0.0
    for band in range(len(base)):
        k = medium[band].wavenumber
        power += (
            base[band] * min(1.0, _POWER / max(k * first, 1e-9)) * min(1.0, _POWER / max(k * second, 1e-9))
        )
    return power


@njit(cache=True, nogil=True)
def _sees(cut, begin, end, p, q):
    """Tell whether none of cut[begin:end] stands above the line from p to q."""
    slope = (q.height - p.height) / (q.along - p.along)
    free = True
    for k in range(begin, end):
        free &= cut[k].height <= p.height + slope * (cut[k].along - p.along) + TOUCH_M
    return free


@njit(cache=True, nogil=True)
def insert_lit(cut, lit, way, size, more):
    """Write way[:size] with the edges that `lit` names put in; return the size."""
    put = 0
    for k in range(size):
        more[put] = way[k]
        put += 1
        if k == lit.gap:
            more[put] = cut[lit.edge]
            put += 1
            if lit.other >= 0:
                more[put] = cut[lit.other]
                put += 1
    return put
