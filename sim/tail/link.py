"""Links between what a source has lit and what a receiver looks at: each is one way for scattered sound."""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS
from sim.propagation.grid import BOTH, HIT, crossings
from sim.propagation.hull import EDGES_MAX, climb_hull, hull_length
from sim.propagation.span import span

# From this many facades on, mirrors count as scatterers: the search for paths does not follow them further.
MIRRORS_MAX = 2
# Patches nearer to each other than this are one, m.
NEAREST_M = 1.0
_CROSSINGS_MAX = 4096

# One way: its length, m; its energy re the free field at 1 m in each band; the direction in which sound arrives.
# A draw: which patch, and the chance of drawing it.
DRAWN = np.dtype([("patch", np.int64), ("chance", np.float64)])
LINK = np.dtype([("length", np.float64), ("power", np.float64, (BANDS,)), ("arrival", np.float64, (3,))])


@njit(cache=True, nogil=True)
def link_patches(
    walls, grid, wavelengths, ground, bow, lit, seen, drawn_lit, drawn_seen, aimed, tries, links
):
    """Link patches of a source to those of a receiver, drawn by their power; return how many links carry sound.

    Parameters
    ----------
    walls, grid
        Of `sim.propagation.city.Plan`.
    wavelengths, ground : ndarray, shape (bands,)
        m; what a bounce on the ground leaves of the energy.
    bow : ndarray, shape (3,)
        From `sim.bowing.bow_of`: rays that bend down have shorter detours.
    lit, seen : ndarray of PATCH
        From `walk_streets`, from the source and from the receiver.
    drawn_lit, drawn_seen : ndarray of DRAWN, shape (n,)
        Which patches each try links.
    aimed : ndarray, shape (patches seen,)
        Power that the source itself sends towards each of the receiver's patches.
    tries : ndarray, shape (n,)
        Written: what each try would carry at most.
    links : ndarray of LINK
        As many of these as there is room for are followed past roofs, drawn once more by what they would carry, so
        that all stand for the same energy (sampling importance resampling; Talbot et al. 2005, Eurographics Symposium
        on Rendering).

    Between the patches sound goes straight or over roofs, losing 10 lg(3 + 20 N) dB at every edge of the hull, N the
    Fresnel number of the detour by it between its neighbours (Maekawa 1968, Applied Acoustics 1, 157; edge after edge,
    Epstein and Peterson 1953, Proc. IRE 41, 595), those that are grazed less than that, as in
    `sim.propagation.edge_chain`: within 4 dB of the wedges of `sim.propagation.roof`, and quick.
    """
    hits, edges = np.empty(_CROSSINGS_MAX, HIT), np.empty(EDGES_MAX, np.int64)
    detours = np.empty(EDGES_MAX)
    step = _weigh_tries(ground, lit, seen, drawn_lit, drawn_seen, aimed, tries) / len(links)
    count, past, lot = 0, 0.0, 0.5 * step
    for number in range(len(tries)):
        past += tries[number]
        drawn = 0
        while lot < past:
            drawn += 1
            lot += step
        if drawn == 0:
            continue
        i, j = drawn_lit[number].patch, drawn_seen[number].patch
        x0, y0, z0, x1, y1, z1 = lit[i].x, lit[i].y, lit[i].z, seen[j].x, seen[j].y, seen[j].z
        across = span(x1 - x0, y1 - y0)
        crossed = crossings(walls, grid, x0, y0, x1, y1, hits)
        found = climb_hull(walls, hits, crossed, BOTH, z0, z1, across, edges) if crossed else 0
        if count == len(links):
            continue
        bend = max(bow[0] + (bow[1] * (x1 - x0) + bow[2] * (y1 - y0)) / max(across, NEAREST_M), 0.0)
        _find_detours(walls, hits, edges, found, z0, z1, across, bend, detours)
        link = links[count]
        link.length = lit[i].way + hull_length(walls, hits, edges, found, z0, z1, across) + seen[j].way
        factor = (
            drawn * step / tries[number] * _density(lit, seen, drawn_lit[number], drawn_seen[number], aimed)
        )
        for band in range(BANDS):
            power = factor / len(tries) * (1.0 + ground[band]) * lit[i].power[band] * seen[j].power[band]
            power *= _over_edges(detours[:found], wavelengths[band])
            if found == 0 and lit[i].met + seen[j].met <= MIRRORS_MAX:
                power *= 1.0 - lit[i].mirrored[band] * seen[j].mirrored[band]
            link.power[band] = power
        _arrive(link, seen[j] if j > 0 else lit[i], seen[0])
        count += 1
    return count


@njit(cache=True, nogil=True)
def _density(lit, seen, from_lit, from_seen, aimed):
    """Return what gets from patch to patch, walls aside, over the chance that these are drawn."""
    i, j = from_lit.patch, from_seen.patch
    factor = _spread(lit[i], seen[j]) / (from_lit.chance * from_seen.chance)
    return factor * aimed[j] if i == 0 else factor


@njit(cache=True, nogil=True)
def _weigh_tries(ground, lit, seen, drawn_lit, drawn_seen, aimed, tries):
    """Write what each try would carry if no roof were in its way, over all bands; return the sum."""
    total = 0.0
    for number in range(len(tries)):
        density, power = _density(lit, seen, drawn_lit[number], drawn_seen[number], aimed) / len(tries), 0.0
        if density > 0.0:
            i, j = drawn_lit[number].patch, drawn_seen[number].patch
            for band in range(BANDS):
                power += (1.0 + ground[band]) * lit[i].power[band] * seen[j].power[band]
        tries[number] = density * power
        total += tries[number]
    return total


@njit(cache=True, nogil=True)
def _spread(lit, seen):
    """Return the share of the power at one patch that gets to the other per unit of both, walls aside.

    Lambert's cosine over pi at each patch (a point alone has none), over the square of the distance. Only the longest
    leg of a way may be a link: so each way has one link that stands for it.
    """
    dx, dy, dz = seen.x - lit.x, seen.y - lit.y, seen.z - lit.z
    direct = math.sqrt(dx * dx + dy * dy + dz * dz)
    if lit.met + seen.met == 0 or direct < max(lit.longest, seen.longest, NEAREST_M):
        return 0.0
    factor = 1.0 / (direct * direct)
    if lit.met > 0:
        factor *= max((lit.nx * dx + lit.ny * dy) / direct, 0.0) / math.pi
    if seen.met > 0:
        factor *= max(-(seen.nx * dx + seen.ny * dy) / direct, 0.0) / math.pi
    return factor


@njit(cache=True, nogil=True)
def _find_detours(walls, hits, edges, found, z0, z1, across, bend, detours):
    """Write for each edge how much longer the way over it is than past it, between its neighbours on the hull, m."""
    for e in range(found):
        t, z = hits[edges[e]].along, walls.top[hits[edges[e]].wall]
        t0, h0, t1, h1 = 0.0, z0, across, z1
        if e > 0:
            t0, h0 = hits[edges[e - 1]].along, walls.top[hits[edges[e - 1]].wall]
        if e + 1 < found:
            t1, h1 = hits[edges[e + 1]].along, walls.top[hits[edges[e + 1]].wall]
        z -= (t - t0) * (t1 - t) * bend
        if bend > 0.0 and z * (t1 - t0) <= h0 * (t1 - t) + h1 * (t - t0):
            detours[e] = 0.0
            continue
        over = span(t - t0, z - h0) + span(t1 - t, h1 - z)
        detours[e] = max(over - span(t1 - t0, h1 - h0), 0.0)


@njit(cache=True, nogil=True)
def _over_edges(detours, wavelength):
    """Return the share of power that edges leave, each with its detour, m; 1 without edges."""
    power, grazed = 1.0, 0.0
    for detour in detours:
        left = 1.0 / (3.0 + 40.0 * detour / wavelength)
        power *= left
        grazed += 3.0 * left
    # One that is grazed leaves a third, and m of them a third of what m leave over what one leaves.
    grazed = max(grazed, 1.0)
    return power * 3.0 ** (grazed - 1.0) * (2.0 / (grazed + 1.0)) ** 2


@njit(cache=True, nogil=True)
def _arrive(link, last, receiver):
    """Write the direction from the last patch to the receiver."""
    dx, dy, dz = receiver.x - last.x, receiver.y - last.y, receiver.z - last.z
    size = max(math.sqrt(dx * dx + dy * dy + dz * dz), 1e-6)
    link.arrival[0], link.arrival[1], link.arrival[2] = dx / size, dy / size, dz / size
