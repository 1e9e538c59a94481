"""How loud a source at one point is at many others, and by how much its sound is late: sums, no lists of paths.

Looked for are the line of sight, one facade, the hull over roofs and the shortest taut string round corners, each with
its ground reflections, and where wanted ways by a facade and over roofs. Weaker strings are left out, so that a million
pairs take minutes, and so is what facades scatter (`sim.tail.energy`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from scenes.air import Air
from scenes.errors import BadInput
from sim.propagation.bag import BANDS, Bag, Rules, new_bag
from sim.propagation.chain import list_shortest, string_out
from sim.propagation.city import City, Plan
from sim.propagation.ears import Ears, by_height, open_ears
from sim.propagation.grid import FREE, LEVEL
from sim.propagation.line import LINE, weigh_lines
from sim.propagation.places import check_places
from sim.propagation.reflection import list_reflections
from sim.propagation.roof import weigh_roofs
from sim.propagation.roof_echo import weigh_roof_echoes
from sim.propagation.trace import PathOptions, check_receivers, medium_of, rules_of
from sim.propagation.view import View, steepest, view_from

Floats = npt.NDArray[np.float64]

# Paths this far below the strongest of a pair neither add to its level nor can be heard first.
FLOOR_DB = 15.0
_ROOM = 12
_CORNERS = 4
# Strings longer than this times the longest distance in plan are not looked for.
_DETOUR_MAX = 2.0
_NOWHERE = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Listeners:
    """Receivers whose views of the corners are known: `ears` in groups of about one height, `count` in all."""

    ears: tuple[Ears, ...]
    count: int


def open_listeners(city: City, receivers: npt.ArrayLike, sources: npt.ArrayLike) -> Listeners:
    """Prepare receivers (m, 3), m, for levels from sources (n, 3), m, of about one height.

    Raises
    ------
    BadInput
        When a receiver lies inside a building or under the ground, one line each; when the block has hills.
    """
    if city.terrain is not None and not city.terrain.is_flat:
        raise BadInput("levels in one go want flat ground; hills want `sim.propagation.engines`")
    ends = check_receivers(city, receivers)
    starts = np.array(sources, dtype=np.float64, ndmin=2)
    groups = []
    for number in by_height(ends):
        places = ends[number]
        ceiling = float(max(starts[:, 2].max(), places[:, 2].max()))
        groups.append(open_ears(city.plan, number, places, ceiling, steepest(places, starts), _NOWHERE))
    return Listeners(tuple(groups), len(ends))


def sum_levels(
    city: City,
    air: Air,
    source: npt.ArrayLike,
    listeners: Listeners,
    weights: Floats,
    *,
    roof_echoes: bool = False,
) -> tuple[Floats, Floats]:
    """Sum what arrives of one source at all listeners.

    Parameters
    ----------
    city : City
        From `sim.propagation.city.index_block`.
    air : Air
        Its absorption counts, its wind does not.
    source : array_like, shape (3,)
        m.
    listeners : Listeners
    weights : ndarray, shape (8,)
        Share of the source's energy in each octave band.
    roof_echoes : bool
        Whether ways by a facade and over roofs count; they take as long as all others.

    Returns
    -------
    power : ndarray, shape (m,)
        Sum over bands and paths of weight times squared gain re 1 m, air absorption included; 0 where no way leads.
    late_m : ndarray, shape (m,)
        Length of the shortest way less the straight distance, m; 0 where no way leads.

    Raises
    ------
    BadInput
        When the source lies inside a building or under the ground.
    """
    start, plan = check_places(city, source, "source"), city.plan
    rules = rules_of(PathOptions(1, _CORNERS, False, floor_db=FLOOR_DB))
    power, late_m = np.zeros(listeners.count), np.zeros(listeners.count)
    medium = medium_of(air)
    strings = _strings_from(plan, start, listeners.ears)
    for ears in listeners.ears:
        bag = new_bag(len(ears.places), _ROOM)
        _fill_bag(plan, rules, medium, start, ears, strings, bag)
        if roof_echoes:
            weigh_roof_echoes(plan, medium, rules, start[0], strings.view, ears.places, ears.view, bag)
        power[ears.number], late_m[ears.number] = _sum_bag(
            bag, medium, rules.floor, weights, start[0], ears.places
        )
    return power, late_m


@dataclass(frozen=True, eq=False)
class _Strings:
    """What the source sees in the level, whether a roof is over it, and its strings to corners (hops, corners)."""

    view: View
    length: Floats
    parent: npt.NDArray[np.int64]


def _strings_from(plan: Plan, start: Floats, ears: Sequence[Ears]) -> _Strings:
    """Return the shortest strings from a source (1, 3) to all corners, first legs past walls of any height."""
    view = view_from(plan, start, np.zeros(1), float(start[0, 2]))
    length = np.empty((_CORNERS, len(plan.corners)))
    parent = np.empty(length.shape, np.int64)
    reach = max(float(np.hypot(*(e.places - start)[:, :2].T).max(initial=0.0)) for e in ears)
    string_out(plan.corners, plan.graph, start[0], view.corner, _DETOUR_MAX * reach, length, parent)
    return _Strings(view, length, parent)


def _fill_bag(
    plan: Plan,
    rules: Rules,
    medium: npt.NDArray[np.void],
    start: Floats,
    ears: Ears,
    strings: _Strings,
    bag: Bag,
) -> None:
    source, ends, theirs = start[0], ears.places, ears.view
    lines = np.empty(len(ends) * (1 + len(strings.view.wall)), LINE)
    count = list_reflections(plan, rules, source, ends, strings.view, theirs, lines, bag)
    weigh_lines(plan, medium, rules, source, ends, lines, count, bag)
    weigh_roofs(plan, medium, rules, source, strings.view.roofed[0], ends, theirs.roofed, bag)
    record = np.full(len(ends), np.inf)
    for clear in (FREE, LEVEL):
        count = list_shortest(
            plan, source, ends, theirs, clear, strings.length, strings.parent, 1, record, lines
        )
        weigh_lines(plan, medium, rules, source, ends, lines, count, bag)


@njit(cache=True, nogil=True)
def _sum_bag(bag, medium, floor, weights, source, receivers):
    """Return the weighted power and the lateness, m, of each pair."""
    power, late = np.zeros(len(receivers)), np.zeros(len(receivers))
    for pair in range(len(receivers)):
        shortest = np.inf
        for slot in range(int(bag.state[pair, 0])):
            path = bag.paths[slot, pair]
            if path.power < bag.state[pair, 1] * floor:
                continue
            shortest = min(shortest, path.length)
            for band in range(BANDS):
                g = path.gain[band]
                loss = np.exp(medium[band].log_power_per_m * path.length)
                power[pair] += weights[band] * loss * (g.real * g.real + g.imag * g.imag)
        if shortest < np.inf:
            straight = np.sqrt(np.sum((receivers[pair] - source) ** 2))
            late[pair] = max(shortest - straight, 0.0)
    return power, late
