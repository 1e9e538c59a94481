"""From an image source to the path that it stands for: which facets it met, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.propagation.facets import Facet

Floats = npt.NDArray[np.float64]
Met = tuple[int, ...]

# What an image in single precision may be off, m: over a kilometre, mirrored three times.
_SAME_IMAGE_M = 0.05


@dataclass(frozen=True, eq=False)
class Mirrors:
    """The facets of a block, and a point and the normal of each one's plane, both (n, 3)."""

    facets: Sequence[Facet]
    origin: Floats
    normal: Floats


def mirrors_of(facets: Sequence[Facet]) -> Mirrors:
    """Return facets as mirrors."""
    origin = np.array([facet.corners[0] for facet in facets]).reshape(-1, 3)
    return Mirrors(facets, origin, np.array([facet.normal for facet in facets]).reshape(-1, 3))


def way_of(
    mirrors: Mirrors, source: Floats, receiver: Floats, image: Floats, order: int, last: int
) -> Floats:
    """Return the vertices (order + 2, 3) of the path from a source to a receiver by way of an image.

    Parameters
    ----------
    mirrors : Mirrors
    source, receiver, image : ndarray, shape (3,)
        m; the image may be off by some centimetres.
    order : int
        How many facets the path meets.
    last : int
        The facet before the receiver; of no meaning at order 0.

    Raises
    ------
    ValueError
        When no facets make such an image.
    """
    if order == 0:
        return np.array([source, receiver])
    before = _mirrored(image, mirrors.origin[last], mirrors.normal[last])
    ways = [_fold(mirrors, source, receiver, met) for met in _chains(mirrors, source, before, (last,), order)]
    if not ways:
        msg = f"no {order} facets mirror {source.tolist()} to {image.tolist()}"
        raise ValueError(msg)
    # Facets in one plane have the same image: the way goes through one of them.
    return min(ways, key=lambda way: way[0])[1]


def _chains(mirrors: Mirrors, source: Floats, image: Floats, met: Met, order: int) -> Iterator[Met]:
    """Yield the sequences of `order` facets, ending with those met, that lead to an image before the first of these."""
    if len(met) == order:
        if np.linalg.norm(image - source) < _SAME_IMAGE_M:
            yield met
        return
    images = _mirrored(image, mirrors.origin, mirrors.normal)
    if len(met) + 1 == order:
        near = np.linalg.norm(images - source, axis=1) < _SAME_IMAGE_M
        yield from ((int(facet), *met) for facet in np.flatnonzero(near))
        return
    for facet, before in enumerate(images):
        if facet != met[0]:
            yield from _chains(mirrors, source, before, (facet, *met), order)


def _fold(mirrors: Mirrors, source: Floats, receiver: Floats, met: Met) -> tuple[float, Floats]:
    """Return how far a way goes past its facets in all, m, and its vertices."""
    images = [source]
    for facet in met:
        images.append(_mirrored(images[-1], mirrors.origin[facet], mirrors.normal[facet]))
    missed, points = 0.0, [receiver]
    for facet, image in zip(reversed(met), reversed(images), strict=False):
        step = image - points[-1]
        share = np.dot(mirrors.origin[facet] - points[-1], mirrors.normal[facet]) / np.dot(
            step, mirrors.normal[facet]
        )
        points.append(points[-1] + share * step)
        missed += mirrors.facets[facet].missed_by(points[-1])
    return missed, np.array([source, *reversed(points)])


def _mirrored(points: Floats, origin: Floats, normal: Floats) -> Floats:
    """Return the images of points (..., 3) in planes (..., 3)."""
    return points - 2.0 * np.sum((points - origin) * normal, axis=-1, keepdims=True) * normal
