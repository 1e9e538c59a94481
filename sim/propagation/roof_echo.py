"""Ways over roofs and by a facade: what a reflection becomes where a building stands in its way.

Mirrored in the facade, the way is one over the roofs of a profile (`sim.propagation.roof`). Its facade is in sight of
one of its ends at least: that the sound went over roofs on both sides of it is left out. Towards a facade's vertical
edges such a way fades as it does towards its roof edge (`sim.propagation.upright`), to about half at the edge; what
goes round that edge and over the roof is left out too, so that the other half ends there.
"""

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS, may_matter
from sim.propagation.facade_width import facade_width
from sim.propagation.grid import BOTH, TOUCH_M, crossings
from sim.propagation.lit_edges import cut_through
from sim.propagation.reflection import is_behind, pierce
from sim.propagation.roof import new_profile, weigh_profile
from sim.propagation.roof_way import Fold
from sim.propagation.span import span
from sim.propagation.sweep import is_hidden


@njit(cache=True, nogil=True)
def weigh_roof_echoes(plan, medium, rules, source, mine, receivers, theirs, bag):
    """Keep the ways over roofs and by one facade that either end sees, from a source to all receivers."""
    walls, profile, facade = plan.walls, new_profile(), np.empty(BANDS, np.complex128)
    seen, behind = np.zeros(len(walls), np.bool_), np.empty(len(receivers), np.bool_)
    for k in range(len(mine.wall)):
        wall, ix, iy = mine.wall[k], mine.image[k, 0], mine.image[k, 1]
        seen[wall] = True
        if not is_behind(walls, wall, ix, iy, receivers, behind):
            continue
        for r in range(len(receivers)):
            if behind[r]:
                share = pierce(walls, wall, ix, iy, receivers[r, 0], receivers[r, 1])
                _weigh_echo(
                    plan, medium, rules, source, mine, receivers, theirs, r, wall, share, facade, profile, bag
                )
    for r in range(len(receivers)):
        for k in range(theirs.wall_start[r], theirs.wall_start[r + 1]):
            if not seen[theirs.wall[k]]:
                wall, jx, jy = theirs.wall[k], theirs.image[k, 0], theirs.image[k, 1]
                share = 1.0 - pierce(walls, wall, jx, jy, source[0], source[1])
                if share < 1.0:
                    _weigh_echo(
                        plan,
                        medium,
                        rules,
                        source,
                        mine,
                        receivers,
                        theirs,
                        r,
                        wall,
                        share,
                        facade,
                        profile,
                        bag,
                    )


@njit(cache=True, nogil=True)
def _weigh_echo(plan, medium, rules, source, mine, receivers, theirs, r, wall, share, facade, profile, bag):
    """Keep the ways to receiver r by a facade that they meet after a share of their straight length.

    `facade` (bands,) is scratch.
    """
    walls, there = plan.walls, receivers[r]
    if not 0.0 < share < 1.0:
        return
    ax, ay = walls.ax[wall], walls.ay[wall]
    ux, uy = walls.bx[wall] - ax, walls.by[wall] - ay
    wide = span(ux, uy)
    ux, uy = ux / wide, uy / wide
    near = (source[0] - ax) * uy - (source[1] - ay) * ux
    far = (there[0] - ax) * uy - (there[1] - ay) * ux
    begin = (source[0] - ax) * ux + (source[1] - ay) * uy
    end = (there[0] - ax) * ux + (there[1] - ay) * uy
    length, rise = span(end - begin, near + far), there[2] - source[2]
    if min(near, far) < TOUCH_M or not may_matter(bag, r, rules.floor, 1.0 / span(length, rise)):
        return
    met = begin + share * (end - begin)
    x, y = ax + met * ux, ay + met * uy
    hidden = is_hidden(mine.horizon[0], x - source[0], y - source[1])
    if hidden and is_hidden(theirs.horizon[r], x - there[0], y - there[1]):
        return
    fold = Fold(wall, share * length, x, y)
    count, shown = _cut_twice(walls, plan.grid, source, there, fold, length, profile)
    if count == 0:
        return
    facade_width(medium, near, far, begin, end, wide, facade)
    for band in range(BANDS):
        facade[band] *= walls.factor[wall, band]
    for variant in range(4 if rules.ground else 1):
        if (variant & 1 and mine.roofed[0]) or (variant & 2 and theirs.roofed[r]):
            continue
        heard = weigh_profile(
            plan, medium, rules, source, there, variant, fold, facade, length, count, shown, r, profile, bag
        )
        if not heard:  # from under the ground the way over is yet longer
            break


@njit(cache=True, nogil=True)
def _cut_twice(walls, grid, source, there, fold, length, profile):
    """Write the walls that a folded way meets and their edges in order; return how many of each.

    None where buildings stand in it on both sides of its facade.
    """
    bent = np.array([fold.x, fold.y])
    slope = (there[2] - source[2]) / length
    count = crossings(walls, grid, source[0], source[1], fold.x, fold.y, profile.hits)
    blocked = _is_blocked(walls, profile.hits, count, source[2], slope)
    shown = cut_through(walls, profile.hits, count, source, bent, profile.cut)
    hits, cut = profile.hits[count:], profile.cut[shown:]
    more = crossings(walls, grid, fold.x, fold.y, there[0], there[1], hits)
    if blocked and _is_blocked(walls, hits, more, source[2] + slope * fold.at, slope):
        return 0, 0
    later = cut_through(walls, hits, more, bent, there, cut)
    for k in range(more):
        hits[k].along += fold.at
        # Behind the mirror, left is right.
        hits[k].sides = (hits[k].sides >> 1) | ((hits[k].sides & 1) << 1)
    for k in range(later):
        cut[k].along += fold.at
    return count + more, shown + later


@njit(cache=True, nogil=True)
def _is_blocked(walls, hits, count, height, slope):
    """Tell whether a building stands in a straight line from a height, with a slope, on both of its sides."""
    high = 0
    for k in range(count):
        if walls.top[hits[k].wall] > height + slope * hits[k].along + TOUCH_M:
            high |= hits[k].sides
    return high == BOTH
