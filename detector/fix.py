"""A fix: where and when an incident was, with an honest region."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ring = tuple[tuple[float, float], ...]
MultiPolygon = tuple[tuple[Ring, ...], ...]


@dataclass(frozen=True)
class Alternative:
    """Another place that the pulses allow, with its share of the probability."""

    position_m: tuple[float, float]
    probability: float


@dataclass(frozen=True, eq=False)
class Fix:
    """The posterior of an incident's place and times.

    Attributes
    ----------
    position_m : tuple of float
        Most probable place [east, north], m.
    height_m : float or None
        Height where the evidence speaks for an elevated source, else None (street).
    round_times_s : ndarray, shape (k,)
        Emission times given the place, s.
    covariance_m2 : ndarray, shape (2, 2)
        Of the main mode, m2.
    regions : dict of str to MultiPolygon
        "50", "80", "95": the smallest region with that probability, closed rings in site metres.
    alternatives : tuple of Alternative
        The other modes, most probable first.
    residuals_s : ndarray, shape (m,)
        Of the incident's pulses, s, in the incident's order.
    """

    position_m: tuple[float, float]
    height_m: float | None
    round_times_s: npt.NDArray[np.float64]
    covariance_m2: npt.NDArray[np.float64]
    regions: dict[str, MultiPolygon]
    alternatives: tuple[Alternative, ...]
    residuals_s: npt.NDArray[np.float64]
