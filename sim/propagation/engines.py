"""Which search finds the paths: the engines behind `propagation=`, one interface for all."""

from collections.abc import Callable

import numpy.typing as npt

from scenes.air import Air
from sim.propagation.city import City
from sim.propagation.paths import Paths
from sim.propagation.trace import PathOptions, trace_paths

Trace = Callable[[npt.ArrayLike, npt.ArrayLike], list[Paths]]


def open_engine(city: City, air: Air, options: PathOptions | None = None) -> Trace:
    """Return the search for paths that the options name.

    Parameters
    ----------
    city : City
        From `sim.propagation.city.index_block`.
    air : Air
    options : options of an engine, optional
        `PathOptions`, the default, are those of the native one.

    Returns
    -------
    callable
        Takes a source, shape (3,), and receivers, shape (m, 3), m; returns one `Paths` per receiver. It raises
        `BadInput` when a point lies inside a building or under the ground.
    """
    chosen = options or PathOptions()
    return lambda source, receivers: trace_paths(city, air, source, receivers, chosen)
