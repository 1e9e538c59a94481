"""A second engine: the image sources of pyroomacoustics (Scheibler, Bezzam and Dokmanic 2018), for small blocks.

It finds what mirrors give (direct, facades, roofs, ground) and nothing that bends round an edge: a pair without any
such path is silent. Which images there are, who sees them and what walls take from them is its word; where exactly a
path runs is worked out here in double precision, since it reckons in single.

What it is spared: `Room` takes walls on the convex hull for ones that hide nothing, which holds indoors alone; its
test of what is inside fails without a floor; its impulse responses fail for pairs without an image, come 40 samples
late through a high-pass, and have a speed of sound of their own. So its search is called with all walls in the way,
and no response is made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.errors import BadInput
from sim.propagation.bag import CANDIDATE, mirror_height
from sim.propagation.city import City, Plan, rigid
from sim.propagation.facets import Facet, facets_of
from sim.propagation.ground import ground_gains
from sim.propagation.image_paths import Mirrors, mirrors_of, way_of
from sim.propagation.paths import BANDS_HZ, PathKind, Paths, travel_time
from sim.propagation.pick import paths_of
from sim.propagation.places import check_places
from sim.propagation.trace import medium_of

Floats = npt.NDArray[np.float64]

# Whether a facet hides an image from a sensor is tested this many times a pair at most; a test takes some 25 ns.
TESTS_MAX = 2e8
_SAME_VERTEX_M = 1e-4


@dataclass(frozen=True)
class ImageOptions:
    """What to look for.

    Attributes
    ----------
    reflection_order : int
        Reflections by facades and roofs on one path; that by the ground is not counted.
    ground : bool
        Reflections by the ground.
    materials : bool
        Absorption and scattering of facades and the impedance of the ground; otherwise all is rigid.
    tail : bool
        What facades scatter (`sim.tail`), beside the paths; off, since this engine is there to compare paths.
    """

    reflection_order: int = 2
    ground: bool = True
    materials: bool = True
    tail: bool = False


@dataclass(frozen=True, eq=False)
class _Image:
    """An image that a receiver sees: its place (3,), order, the facet that made it, what facets left (bands,)."""

    place: Floats
    order: int
    facet: int
    left: Floats


@dataclass(frozen=True, eq=False)
class _Model:
    """A block for the search: its plan, facets as mirrors, what makes a room of them, and its centre (3,)."""

    plan: Plan
    mirrors: Mirrors
    new_room: Callable[[], Any]
    centre: Floats


def open_image_sources(city: City, air: Air, options: ImageOptions) -> Callable[..., list[Paths]]:
    """Return the search of a block: (source, receivers) -> one `Paths` per receiver, empty where no image is seen.

    Raises
    ------
    BadInput
        When the block is too large for the order.
    """
    plan = city.plan if options.materials else rigid(city.plan)
    facets = facets_of(plan.walls)
    _check_cost(len(facets), options.reflection_order)
    return partial(_trace, city, _model_of(plan, facets, options.reflection_order), air, options)


def _check_cost(facets: int, order: int) -> None:
    # Half of the facets face an image, and each makes a further one; all may hide it.
    tests = facets * sum((0.5 * facets) ** k for k in range(order + 1))
    if tests > TESTS_MAX:
        raise BadInput(
            f"propagation=pyroomacoustics: {facets} facets at reflection_order={order} take {tests:.0e} tests of"
            f" visibility a pair, and {TESTS_MAX:.0e} (some 5 s) are the most: lower"
            " propagation.reflection_order, take fewer buildings, or propagation=native"
        )


def _model_of(plan: Plan, facets: list[Facet], order: int) -> _Model:
    # A second of import: only those pay who choose the engine.
    import pyroomacoustics as pra  # noqa: PLC0415

    corners = np.concatenate([np.zeros((1, 3)), *(facet.corners for facet in facets)])
    centre = 0.5 * (corners.min(axis=0) + corners.max(axis=0))  # single precision is finest near 0
    walls = [
        # Its walls lose a share of energy; scattering it leaves out of images.
        pra.wall_factory((facet.corners - centre).T, 1.0 - facet.factor**2, np.zeros(len(BANDS_HZ)))
        for facet in facets
    ]
    # All walls may hide; speed of sound and what follows the order matter to its other methods only.
    settings = (list(range(len(walls))), [], 340.0, order, 1e-7, 1.0, 0.5, 0.01, False)
    return _Model(plan, mirrors_of(facets), partial(pra.libroom.Room, walls, *settings), centre)


def _trace(
    city: City,
    model: _Model,
    air: Air,
    options: ImageOptions,
    source: npt.ArrayLike,
    receivers: npt.ArrayLike,
) -> list[Paths]:
    """Find the paths from one point to many (see `sim.propagation.engines`)."""
    start = check_places(city, source, "source")[0]
    ends = check_places(city, receivers, "receiver") if np.size(receivers) else np.empty((0, 3))
    medium = medium_of(air) if options.materials else None
    found: list[list[np.void]] = [[] for _ in ends]
    for mirrored in (False, True) if options.ground else (False,):
        origin = np.array([*start[:2], mirror_height(start[2])]) if mirrored else start
        for end, rows, images in zip(ends, found, _seen(model, origin, ends), strict=True):
            met = set()
            for image in images:
                way = way_of(model.mirrors, origin, end, image.place, image.order, image.facet)
                if (name := tuple(np.round(way / _SAME_VERTEX_M).ravel())) not in met:
                    met.add(name)  # where two facets join, it sees the image in both
                    rows.append(_weigh(model.plan, air, medium, way, image))
    out = np.zeros((len(ends), max(map(len, found), default=0)), CANDIDATE)
    for row, rows in zip(out, found, strict=True):
        row[: len(rows)] = rows
    return paths_of(np.array([len(rows) for rows in found], dtype=np.int64), out)


def _seen(model: _Model, source: Floats, receivers: Floats) -> Iterator[list[_Image]]:
    """Yield the images of a source that each receiver sees."""
    if not model.mirrors.facets:  # it takes no room without walls
        yield from ([_Image(source, 0, -1, np.ones(len(BANDS_HZ)))] for _ in receivers)
        return
    room = model.new_room()
    for receiver in receivers:
        room.add_mic(receiver - model.centre)
    count = room.image_source_model(source - model.centre) if len(receivers) else 0
    for number in range(len(receivers)):
        yield [
            _Image(
                np.asarray(room.sources[:, k], np.float64) + model.centre,
                int(room.orders[k]),
                int(room.gen_walls[k]),
                np.asarray(room.attenuations[:, k], np.float64),
            )
            for k in (np.flatnonzero(room.visible_mics[number]) if count else ())
        ]


def _weigh(plan: Plan, air: Air, medium: npt.NDArray[np.void] | None, way: Floats, image: _Image) -> np.void:
    """Return a path, record of CANDIDATE, from its vertices (k, 3); those under the ground are folded up.

    Without `medium` the ground is rigid.
    """
    row = np.zeros(1, CANDIDATE)[0]
    row["length"] = length = max(float(np.sum(np.linalg.norm(np.diff(way, axis=0), axis=1))), 1e-3)
    row["delay"] = travel_time(air, way)
    row["kind"] = PathKind.REFLECTED if image.order else PathKind.DIRECT
    row["order"] = image.order
    gain = np.asarray(image.left / length, np.complex128)
    if way[0, 2] < 0.0:
        row["bounces"] = 1
        k = int(np.flatnonzero(way[:, 2] >= 0.0)[0])
        share = way[k - 1, 2] / (way[k - 1, 2] - way[k, 2])
        bounce = way[k - 1] + share * (way[k] - way[k - 1])
        if medium is not None:
            rise = way[-1, 2] - way[0, 2]
            ground_gains(plan.surfaces, medium, bounce[0], bounce[1], length, rise / length, gain)
        way = np.insert(way, k, [bounce[0], bounce[1], 0.0], axis=0)
        way[:, 2] = np.abs(way[:, 2])
    row["gain"], row["size"] = gain, len(way)
    row["points"][: len(way)] = way
    return row
