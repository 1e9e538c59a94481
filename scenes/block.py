"""The built world: vertical prisms on a ground."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scenes.terrain import Terrain

Outline = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Building:
    """A vertical prism.

    Two buildings never overlap in plan. They may touch along a party wall, where their heights (or facades) differ:
    the wall is then part of both outlines with exactly equal vertices (each vertex of one that lies on the other's
    wall is a vertex of the other too), run in opposite directions. Below the lower of the two roofs such a wall is
    interior: no sound meets it there, and its vertices are no corners; between the two roofs it is a facade of the
    higher building. Two buildings, or a courtyard and its outer ring, may also touch in a single vertex.

    Attributes
    ----------
    id : str
        Name, unique in the block (an OpenStreetMap id, or "a+b" for footprints that were united).
    outline : ndarray, shape (n, 2)
        Outer ring, m, counter-clockwise, first point not repeated, no self-intersection.
    height_m, base_m : float
        Height of the roof above the base; height of the base above the datum, that of the lowest ground at the walls.
    facade : str
        Name of a material (`scenes.material`).
    courtyards : tuple of ndarray, each (m, 2)
        Open-air inner rings, m, clockwise.
    height_guessed : bool
        Whether the height is a default, not a measurement.
    """

    id: str
    outline: Outline
    height_m: float
    base_m: float = 0.0
    facade: str = "brick_wall_rough"
    courtyards: tuple[Outline, ...] = ()
    height_guessed: bool = False

    @property
    def top_m(self) -> float:
        """Height of the roof above the datum, m."""
        return self.base_m + self.height_m


@dataclass(frozen=True, eq=False)
class Patch:
    """A piece of ground of another surface: outline (n, 2) m and the surface's name (`scenes.material`)."""

    outline: Outline
    surface: str


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground: one surface with patches of others, a later one over an earlier; its relief, None where flat."""

    surface: str = "asphalt"
    patches: tuple[Patch, ...] = ()
    terrain: Terrain | None = None

    def height_at(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the height of the ground at points (..., 2 or more) above the local datum, m."""
        if self.terrain is None:
            return np.zeros(np.shape(points)[:-1])
        return self.terrain.height_at(points)


@dataclass(frozen=True)
class Origin:
    """Where the local frame's (0, 0) lies on WGS84, degrees."""

    lon: float
    lat: float


@dataclass(frozen=True, eq=False)
class Block:
    """A built area.

    Attributes
    ----------
    name : str
        Carries a version ("crossroads-v1"): a published score always means the same world.
    buildings : tuple of Building
        No two overlap. Touching footprints of equal height and facade are united; others share party walls
        (see `Building`).
    ground : Ground
    bounds_m : tuple of float
        (west, south, east, north), m, the area that the block describes.
    origin : Origin or None
        None for worlds that lie nowhere.
    """

    name: str
    buildings: tuple[Building, ...]
    bounds_m: tuple[float, float, float, float]
    ground: Ground = field(default_factory=Ground)
    origin: Origin | None = None

    @property
    def area_km2(self) -> float:
        """Area within the bounds, km2."""
        west, south, east, north = self.bounds_m
        return (east - west) * (north - south) / 1e6
