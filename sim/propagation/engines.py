"""Which search finds the paths: the engines behind `propagation=`, one interface for all."""

from collections.abc import Callable

import numpy.typing as npt

from scenes.air import Air
from sim.propagation.city import City
from sim.propagation.image_sources import ImageOptions, open_image_sources
from sim.propagation.paths import Paths
from sim.propagation.trace import PathOptions, trace_paths

EngineOptions = PathOptions | ImageOptions
ENGINES: dict[str, type[EngineOptions]] = {"native": PathOptions, "pyroomacoustics": ImageOptions}

Trace = Callable[[npt.ArrayLike, npt.ArrayLike], list[Paths]]


def open_engine(city: City, air: Air, options: EngineOptions | None = None) -> Trace:
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

    Raises
    ------
    BadInput
        When the block is too large for the engine.
    """
    chosen = options or PathOptions()
    if isinstance(chosen, ImageOptions):
        return open_image_sources(city, air, chosen)
    return lambda source, receivers: trace_paths(city, air, source, receivers, chosen)
