"""Which search finds the paths: the engines behind `propagation=`, one interface for all."""

import math
from collections.abc import Callable
from functools import cache, lru_cache, partial

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.errors import BadInput
from sim.propagation.city import City
from sim.propagation.ears import Ears
from sim.propagation.image_sources import ImageOptions, open_image_sources
from sim.propagation.paths import Paths
from sim.propagation.relief import open_relief
from sim.propagation.trace import PathOptions, prepare_ears, trace_paths, trace_to_ears

EngineOptions = PathOptions | ImageOptions
ENGINES: dict[str, type[EngineOptions]] = {"native": PathOptions, "pyroomacoustics": ImageOptions}

Trace = Callable[[npt.ArrayLike, npt.ArrayLike], list[Paths]]


# Receivers are prepared for sources up to this height, m, or to the next of its doublings.
STREET_M = 2.5
# Places whose paths are kept.
STILL_MAX = 4


def open_engine(
    city: City,
    air: Air,
    options: EngineOptions | None = None,
    receivers: npt.NDArray[np.float64] | None = None,
) -> Trace:
    """Return the search for paths that the options name.

    Parameters
    ----------
    city : City
        From `sim.propagation.city.index_block`.
    air : Air
    options : options of an engine, optional
        `PathOptions`, the default, are those of the native one.
    receivers : ndarray, shape (m, 3), optional
        Those that many sources will be traced to, m: what they see is found once. Given this very array, the search
        finds what it finds without, several times faster.

    Returns
    -------
    callable
        Takes a source, shape (3,), and receivers, shape (m, 3), m; returns one `Paths` per receiver. It raises
        `BadInput` when a point lies inside a building or under the ground.

    Raises
    ------
    BadInput
        When the block is too large for the engine, or it takes no hills.
    """
    chosen = options or PathOptions()
    hilly = city.terrain is not None and not city.terrain.is_flat
    if isinstance(chosen, ImageOptions):
        if hilly:
            raise BadInput(
                "propagation=pyroomacoustics takes flat ground; scene.terrain wants propagation=native"
            )
        return open_image_sources(city, air, chosen)
    anew = open_relief(city, air, chosen) if hilly else partial(trace_paths, city, air, options=chosen)
    if receivers is None:
        return anew
    known = receivers

    @cache
    def ears(doublings: int) -> tuple[Ears, ...]:
        return prepare_ears(city, known, chosen, STREET_M * 2.0**doublings)

    # Who stands still and fires again is heard along the same paths.
    @lru_cache(STILL_MAX)
    def from_place(place: tuple[float, ...]) -> tuple[Paths, ...]:
        if hilly:
            return tuple(anew(np.array(place), known))
        doublings = math.ceil(math.log2(max(place[-1] / STREET_M, 1.0)))
        return tuple(trace_to_ears(city, air, np.array(place), ears(doublings), chosen))

    def trace(source: npt.ArrayLike, ends: npt.ArrayLike) -> list[Paths]:
        place = tuple(np.asarray(source, dtype=np.float64).ravel().tolist())
        if ends is not known or not 0.0 <= place[-1] < math.inf:
            return anew(source, ends)
        return list(from_place(place))

    return trace
