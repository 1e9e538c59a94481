"""Regions of highest posterior density, as polygons (Hyndman 1996)."""

from dataclasses import dataclass, replace
from itertools import pairwise

import contourpy
import numpy as np
import numpy.typing as npt
import shapely

from detector.fix import MultiPolygon

LEVELS = {"50": 0.50, "80": 0.80, "95": 0.95}
NOTHING = -1e6  # log density where there is none, nats


@dataclass(frozen=True, eq=False)
class Patch:
    """A posterior on a grid that may lie askew.

    Attributes
    ----------
    centre : ndarray, shape (2,)
        m.
    axes : ndarray, shape (2, 2)
        Columns: unit vectors of the grid's axes u and v.
    u, v : ndarray, shape (nu,), (nv,)
        Grid coordinates, m, evenly spaced.
    log_density : ndarray, shape (nv, nu)
        Log posterior density, nats, on a scale common to all patches of a fix.
    """

    centre: npt.NDArray[np.float64]
    axes: npt.NDArray[np.float64]
    u: npt.NDArray[np.float64]
    v: npt.NDArray[np.float64]
    log_density: npt.NDArray[np.float64]

    @property
    def cell_m2(self) -> float:
        """Area of a cell, m2."""
        return float((self.u[1] - self.u[0]) * (self.v[1] - self.v[0]))

    def covers(self, places: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Tell which of some places (n, 2) lie on the grid."""
        at = (places - self.centre) @ self.axes
        return (np.abs(at[:, 0]) <= self.u[-1]) & (np.abs(at[:, 1]) <= self.v[-1])

    @property
    def places(self) -> npt.NDArray[np.float64]:
        """Places of the grid, shape (nv * nu, 2), m."""
        gu, gv = np.meshgrid(self.u, self.v)
        return self.centre + np.column_stack([gu.ravel(), gv.ravel()]) @ self.axes.T


def log_mass(patch: Patch) -> float:
    """Log of a patch's probability mass, nats."""
    return float(np.logaddexp.reduce(patch.log_density.ravel()) + np.log(patch.cell_m2))


def density_level(patches: list[Patch], probability: float) -> float:
    """Log density above which the patches hold a share of their mass."""
    density = np.concatenate([p.log_density.ravel() for p in patches])
    mass = np.concatenate([(p.log_density + np.log(p.cell_m2)).ravel() for p in patches])
    order = np.argsort(-density, kind="stable")
    held = np.cumsum(np.exp(mass[order] - mass.max()))
    return float(density[order[np.searchsorted(held, probability * held[-1])]])


def _outline(patch: Patch, level: float) -> list[shapely.Polygon]:
    """Polygons of a patch above a level; the border counts as outside, so that rings close."""
    low = patch.log_density.max() - 60.0
    z = np.pad(np.maximum(patch.log_density, low), 1, constant_values=low)
    step_u, step_v = patch.u[1] - patch.u[0], patch.v[1] - patch.v[0]
    u = np.concatenate([[patch.u[0] - step_u], patch.u, [patch.u[-1] + step_u]])
    v = np.concatenate([[patch.v[0] - step_v], patch.v, [patch.v[-1] + step_v]])
    made = contourpy.contour_generator(u, v, z, fill_type="OuterOffset").filled(level, 1e9)
    polygons = []
    for points, offsets in zip(made[0], made[1], strict=True):
        if points is None or offsets is None:
            continue
        world = patch.centre + np.asarray(points) @ patch.axes.T
        rings = [world[a:b] for a, b in pairwise(offsets)]
        polygon = shapely.make_valid(shapely.Polygon(rings[0], rings[1:]))
        polygons += [p for p in shapely.get_parts(polygon) if p.geom_type == "Polygon" and p.area > 0.0]
    return polygons


def _coordinates(shape: shapely.Geometry) -> MultiPolygon:
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and p.area > 0.0]
    parts.sort(key=lambda p: -p.area)
    return tuple(
        tuple(
            tuple((round(float(x), 3), round(float(y), 3)) for x, y in ring.coords)
            for ring in (p.exterior, *p.interiors)
        )
        for p in parts
    )


def highest_regions(patches: list[Patch], under: Patch | None = None) -> dict[str, MultiPolygon]:
    """Return the smallest regions that hold 50, 80 and 95 % of the posterior.

    Parameters
    ----------
    patches : list of Patch
        Together they hold the posterior; they may overlap only where it is negligible.
    under : Patch, optional
        A wider part of the posterior. Where it lies under a patch, that patch's density has it in it.
    """
    spread = [] if under is None else [under]
    counted = patches + [_beside(p, patches) for p in spread]
    regions = {}
    for name, probability in LEVELS.items():
        level = density_level(counted, probability)
        polygons = [q for p in patches + spread if p.log_density.max() > level for q in _outline(p, level)]
        regions[name] = _coordinates(shapely.union_all(polygons))
    return regions


def _beside(patch: Patch, others: list[Patch]) -> Patch:
    """Return a patch without what lies under others."""
    hidden = np.any([p.covers(patch.places) for p in others], axis=0).reshape(patch.log_density.shape)
    return replace(patch, log_density=np.where(hidden, NOTHING, patch.log_density))


def region_area_m2(region: MultiPolygon) -> float:
    """Area of a region, m2."""
    return float(sum(shapely.Polygon(rings[0], rings[1:]).area for rings in region))
