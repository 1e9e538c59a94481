"""Where on the trajectory the shock that is reflected to a receiver left: as for the receiver's mirror images."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.impact import Facades
from sim.propagation.paths import PathKind, Paths
from sim.sources.emission import Emission, Shock

Floats = npt.NDArray[np.float64]

# A reflected path is the image's where their lengths agree so far; ground bounces and slopes make small differences.
_LENGTH_M, _LENGTH_SHARE = 0.3, 0.01
_LEAST_M = 0.5
# Within 1 dB of the cone.
_ON_CONE = 0.9


@dataclass(frozen=True, eq=False)
class ShockEcho:
    """A part of a shock on its way to one receiver.

    Attributes
    ----------
    emission : Emission
        From the point of the trajectory that serves this part.
    kind : PathKind
        DIRECT (diffracted ways included) or REFLECTED.
    ground_bounces : int or None
        Which paths belong to it; None is any number.
    length_m : float
        Of the straight way to the mirror image, m.
    """

    emission: Emission
    kind: PathKind
    ground_bounces: int | None
    length_m: float

    def serves(self, paths: Paths) -> npt.NDArray[np.bool_]:
        """Tell which of the paths from the emission's point are this part's, shape (n,)."""
        if self.kind is PathKind.REFLECTED:
            near = np.abs(paths.length_m - self.length_m) < max(_LENGTH_M, _LENGTH_SHARE * self.length_m)
            return (paths.kind == PathKind.REFLECTED) & (paths.order == 1) & near
        straight = paths.kind == PathKind.DIRECT
        if self.ground_bounces:
            return straight & (paths.ground_bounces == self.ground_bounces)
        bounced = straight & (paths.ground_bounces > 0) & (self.ground_bounces is not None)
        return ~bounced & ~((paths.kind == PathKind.REFLECTED) & (paths.order == 1))


def shock_echoes(
    shock: Shock, receiver_m: Floats, facades: Facades, sound_mps: float, free_m: float
) -> list[ShockEcho]:
    """Find the parts of a shock that reach a receiver: straight, off the ground, off each facade.

    A reflected shock is that which would have reached the receiver's mirror image, and left elsewhere than the direct
    one does. Facades whose reflection would miss them are left out; whether something is in the way, the search for
    paths says.

    Parameters
    ----------
    shock : Shock
    receiver_m : ndarray, shape (3,)
        m.
    facades : Facades
        All walls and the relief.
    sound_mps, free_m : float
        Speed of sound, m/s; length of the trajectory until something stops the bullet, m.
    """
    ground_m = 0.0 if facades.terrain is None else float(facades.terrain.height_at(receiver_m))
    below = np.array([receiver_m[0], receiver_m[1], 2.0 * ground_m - receiver_m[2]])
    (straight,) = shock.trace(receiver_m[None, :], sound_mps, free_m)
    if straight is not None and _aims_at(straight, below):
        parts = [ShockEcho(straight, PathKind.DIRECT, None, _way_m(straight, receiver_m))]
    else:
        (bounced,) = shock.trace(below[None, :], sound_mps, free_m)
        parts = [
            ShockEcho(emission, PathKind.DIRECT, bounces, _way_m(emission, image))
            for emission, image, bounces in ((straight, receiver_m, 0), (bounced, below, 1))
            if emission is not None
        ]
    for image in _images(shock, receiver_m, facades, sound_mps, free_m):
        for emission in shock.trace(image[None, :], sound_mps, free_m):
            if emission is not None:
                parts.append(ShockEcho(emission, PathKind.REFLECTED, None, _way_m(emission, image)))
    return parts


def _way_m(emission: Emission, image_m: Floats) -> float:
    return float(np.linalg.norm(image_m - emission.position_m))


def _aims_at(emission: Emission, image_m: Floats) -> bool:
    """Tell whether an image lies on the Mach cone of the same point too, so that one search for paths serves both."""
    way = (image_m - emission.position_m) / max(_way_m(emission, image_m), 1e-9)
    return bool(emission.directivity(way[None, :])[0] > _ON_CONE)


def _images(
    shock: Shock, receiver_m: Floats, facades: Facades, sound_mps: float, free_m: float
) -> list[Floats]:
    """Return the mirror images of a receiver, shape (3,) each, in the facades that reflect the shock to it."""
    away = np.sum((receiver_m[:2] - facades.start) * facades.normal, axis=1)
    behind = np.flatnonzero((away < 0.0) & (facades.length_m > _LEAST_M))  # to the right of a wall
    mirrored = receiver_m[:2] - 2.0 * away[behind][:, None] * facades.normal[behind]
    mirrored = np.column_stack([mirrored, np.full(len(behind), receiver_m[2])])
    left = shock.left(mirrored, sound_mps, free_m)
    passes = ~np.isnan(left)
    n, mirrored = behind[passes], mirrored[passes]
    start, wall, normal = facades.start[n], facades.wall[n], facades.normal[n]
    point = shock.muzzle_m + left[passes][:, None] * shock.direction
    height = np.sum((point[:, :2] - start) * normal, axis=1)
    # The line to the image crosses the wall where this share of it is done.
    both = height + away[n]
    share = np.divide(height, both, out=np.zeros(len(n)), where=np.abs(both) > 1e-9)
    crossing = point + share[:, None] * (mirrored - point)
    along = np.sum((crossing[:, :2] - start) * wall, axis=1) / np.maximum(facades.length_m[n], 1e-9) ** 2
    hits = (height < 0.0) & (along >= 0.0) & (along <= 1.0)
    hits &= (crossing[:, 2] >= facades.base_m[n]) & (crossing[:, 2] <= facades.top_m[n])
    found: list[Floats] = []
    for image in mirrored[hits]:
        # Walls in one plane share an image.
        if all(np.linalg.norm(image - other) > _LENGTH_M for other in found):
            found.append(image)
    return found
