"""Fixes with Gaussian errors: ellipses as regions."""

import numpy as np
import numpy.typing as npt
import shapely

from detector.fix import Alternative, Fix, MultiPolygon
from detector.region import LEVELS

CORNERS = 72


def ellipse(
    place: npt.NDArray[np.float64], covariance_m2: npt.NDArray[np.float64], probability: float
) -> shapely.Polygon:
    """Return the ellipse that holds a share of a plane Gaussian: radius^2 = -2 ln(1 - p) (chi-square, 2 d.o.f.)."""
    values, axes = np.linalg.eigh(covariance_m2)
    angle = 2.0 * np.pi * np.arange(CORNERS) / CORNERS
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    radius = np.sqrt(-2.0 * np.log(1.0 - probability))
    return shapely.Polygon(place + radius * (circle * np.sqrt(np.maximum(values, 1e-6))) @ axes.T)


def straight_covariance(
    place: npt.NDArray[np.float64],
    xy: npt.NDArray[np.float64],
    sigma_s: float,
    speed_mps: float,
    widest_m: float,
) -> npt.NDArray[np.float64]:
    """Return sigma^2 (J^T J)^-1 (2, 2), m2, of a place located by straight arrivals whose emission time is unknown.

    Parameters
    ----------
    place : ndarray, shape (2,)
    xy : ndarray, shape (m, 2)
        Stations, m.
    sigma_s : float
        Error of each arrival, s.
    speed_mps : float
    widest_m : float
        No axis is longer than this, m: where geometry leaves a direction open, what is known is that it was heard.
    """
    away = place - xy
    slope = away / np.maximum(np.hypot(*away.T), 0.1)[:, None] / speed_mps
    slope = slope - slope.mean(axis=0)
    values, axes = np.linalg.eigh(slope.T @ slope / sigma_s**2)
    return (axes / np.maximum(values, widest_m**-2.0)) @ axes.T


def gaussian_fix(
    places: list[npt.NDArray[np.float64]],
    covariances: list[npt.NDArray[np.float64]],
    shares: npt.NDArray[np.float64],
    round_times_s: npt.NDArray[np.float64],
    residuals_s: npt.NDArray[np.float64],
) -> Fix:
    """Return the fix of one or more Gaussian modes, the main one first; each mode's ellipse holds each level."""
    regions: dict[str, MultiPolygon] = {}
    for name, probability in LEVELS.items():
        modes = [ellipse(p, c, probability) for p, c in zip(places, covariances, strict=True)]
        regions[name] = rings(shapely.union_all(modes))
    return Fix(
        (float(places[0][0]), float(places[0][1])),
        None,
        round_times_s,
        covariances[0],
        regions,
        tuple(
            Alternative((float(p[0]), float(p[1])), float(w))
            for p, w in zip(places[1:], shares[1:], strict=True)
        ),
        residuals_s,
    )


def rings(shape: shapely.Geometry) -> MultiPolygon:
    """Return closed rings in mm steps, the largest polygon first."""
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, shapely.Polygon) and p.area > 0.0]
    return tuple(
        tuple(
            tuple((round(float(x), 3), round(float(y), 3)) for x, y in ring.coords)
            for ring in (p.exterior, *p.interiors)
        )
        for p in sorted(parts, key=lambda p: -p.area)
    )
