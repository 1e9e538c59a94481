"""What receivers make of the block before any source is known: their views, and the echoes at corners."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.propagation.city import Plan
from sim.propagation.echo import Echoes, find_echoes
from sim.propagation.view import ANY_SLOPE, View, view_from

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Receivers are taken together up to this height, m, and between its doubles: a view from the street under the ceiling
# of a tower's sensor would take in every roof.
LOW_M = 8.0


@dataclass(frozen=True, eq=False)
class Ears:
    """Receivers of about one height.

    Attributes
    ----------
    number : ndarray of int64, shape (n,)
        Which of all receivers they are.
    places : ndarray, shape (n, 3)
        m.
    ceiling_m : float
        Neither they nor the sources that they are for lie higher.
    view : View
    echoes : Echoes
    """

    number: Ints
    places: Floats
    ceiling_m: float
    view: View
    echoes: Echoes

    @cached_property
    def corners(self) -> Ints:
        """The corners that any of them sees, in order."""
        return np.unique(self.view.corner)


def by_height(places: Floats) -> list[Ints]:
    """Return the numbers of points (n, 3) that are taken together."""
    level = np.ceil(np.log2(np.maximum(places[:, 2] / LOW_M, 1.0)))
    return [np.flatnonzero(level == one) for one in np.unique(level)]


def open_ears(
    plan: Plan, number: Ints, places: Floats, ceiling_m: float, slopes: Floats, sought: Ints
) -> Ears:
    """Return `Ears` of receivers `number` (n,) at `places` (n, 3), m, with echoes at the corners `sought`.

    They serve sources below `ceiling_m` towards which the receivers' sound rises by at most `slopes` (n,), m/m.
    """
    view = view_from(plan, places, slopes, ceiling_m)
    return Ears(number, places, ceiling_m, view, find_echoes(plan, places, slopes, ceiling_m, view, sought))


def open_all_ears(plan: Plan, places: Floats, highest_m: float, *, echoes: bool) -> tuple[Ears, ...]:
    """Return the `Ears` of receivers (n, 3), m, for any source up to `highest_m`; with `echoes` at all corners."""
    sought = np.arange(len(plan.corners) if echoes else 0)
    hearing = []
    for number in by_height(places):
        here = places[number]
        ceiling = max(highest_m, float(here[:, 2].max()))
        hearing.append(open_ears(plan, number, here, ceiling, np.full(len(here), ANY_SLOPE), sought))
    return tuple(hearing)
