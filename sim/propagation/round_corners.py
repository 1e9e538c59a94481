"""The ways round corners from one source to many receivers, kind by kind."""

from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import numpy.typing as npt

from sim.propagation.bag import Bag, Rules
from sim.propagation.chain import ALL_UP_TO, list_shortest, list_strings, string_out
from sim.propagation.city import Plan
from sim.propagation.corner import list_corners
from sim.propagation.ears import Ears
from sim.propagation.echo import Echoes, find_echoes
from sim.propagation.grid import FREE, LEVEL
from sim.propagation.line import LINE
from sim.propagation.lit_corners import list_echo_pairs, list_lit_pairs, list_lit_triples
from sim.propagation.view import View, steepest

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

# Ways of a pair that there is room for at first: nearly always enough.
WAYS_A_PAIR = 64
# Strings round corners longer than this times the longest distance in plan are not looked for.
DETOUR_MAX = 3.0


def listed(lister: Callable[..., int], *arguments: object) -> Records:
    """Return all ways that a lister (arguments..., lines, bag) finds: again with more room where it was too small."""
    *given, bag = arguments
    lines = np.empty(WAYS_A_PAIR * len(cast("Bag", bag).state), LINE)
    count = lister(*given, lines, bag)
    if count > len(lines):
        lines = np.empty(count, LINE)
        count = lister(*given, lines, bag)
    return lines[:count]


def round_corners(
    plan: Plan, rules: Rules, sought: Ints, start: Floats, mine: View, ears: Ears, bag: Bag, *, lit: bool
) -> Iterator[Records]:
    """Yield the ways round corners from a source (1, 3) to receivers, records of LINE, the strongest kinds first.

    By one facade as well they go to the corners `sought`; `lit` asks for those that are no taut strings.
    """
    if rules.corner_count < 1:
        return
    source, ends, theirs = start[0], ears.places, ears.view
    sees = np.zeros(len(plan.corners), np.int64)
    sees[mine.corner] = mine.clear
    echoes = find_echoes(plan, start, steepest(start, ends), ears.ceiling_m, mine, sought)
    yield listed(list_corners, plan, rules, source, ends, theirs, sees, echoes, ears.echoes, bag)
    if rules.corner_count > 1:
        yield listed(list_strings, plan, rules, source, ends, theirs, sees, bag)
    if rules.corner_count > ALL_UP_TO:
        strings = np.empty((rules.corner_count, len(plan.corners)))
        parent, record = np.empty(strings.shape, np.int64), np.full(len(ends), np.inf)
        reach = DETOUR_MAX * float(np.hypot(*(ends - source)[:, :2].T).max(initial=0.0))
        for clear in (FREE, LEVEL):  # past all buildings, then with first and last legs over low ones
            seen = mine.corner[mine.clear >= clear]
            string_out(plan.corners, plan.graph, source, seen, reach, strings, parent)
            lines = np.empty(len(ends), LINE)
            count = list_shortest(
                plan, source, ends, theirs, clear, strings, parent, ALL_UP_TO + 1, record, lines
            )
            yield lines[:count]
    if lit:
        yield from _round_lit_corners(plan, rules, start, sees, echoes, ears, bag)


def _round_lit_corners(
    plan: Plan,
    rules: Rules,
    start: Floats,
    sees: Ints,
    echoes: Echoes,
    ears: Ears,
    bag: Bag,
) -> Iterator[Records]:
    """Yield the ways round corners that are no taut strings."""
    source, ends, theirs = start[0], ears.places, ears.view
    if rules.corner_count > 1:
        yield listed(list_lit_pairs, plan, rules, source, ends, theirs, sees, bag)
        yield listed(list_echo_pairs, plan, rules, source, ends, theirs, sees, echoes, ears.echoes, bag)
    if rules.corner_count > 2:
        yield listed(list_lit_triples, plan, rules, source, ends, theirs, sees, bag)
