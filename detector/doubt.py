"""Doubt about the pulses themselves: how surely they are an incident's first arrivals, and what that costs its region.

The posterior of a place takes its pulses for granted. Where echoes agree with each other at many stations they fit
well, and nothing in their times tells. What tells is how much better than chance a round is explained: first arrivals
are loud for their distance, come together within a millisecond or two, and no station between them is silent.

The true place is therefore drawn from a mixture: with the probability `astray_probability` from a wide density around
the place found, else from the posterior. The wide one is Student's t with two degrees of freedom: most pulses that lead
astray lead a few metres off, some lead to the next street, and no one width is right for both. `python -m tests.bench
doubt` fits the three numbers below, by the density at the true place, to streets of series 77,001, heard by all
stations and by five to eight of them; `tests.bench.streets_bench` scores another series.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from detector.incident import Incident
from detector.region import Patch

HALF_NATS = 8.0  # evidence of a round at which one place in two is astray, nats
SCALE_NATS = 25.0  # how slowly that falls
ASTRAY_M = 5.0  # scale of the wide density beyond the posterior's own width
_REACH, _CELLS = 16.0, 97


def astray_probability(incident: Incident) -> float:
    """Return the probability that an incident's pulses lead astray; 0 where nobody had to find out whose they are."""
    if incident.noise is None or len(incident.pulse) == 0:
        return 0.0
    of_a_round = incident.log_likelihood_ratio / len(incident.round_times_s)
    return float(expit((HALF_NATS - of_a_round) / SCALE_NATS))


def log_astray(
    offset_m: npt.NDArray[np.float64], covariance_m2: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the log density (n,), nats, at offsets (n, 2) from a place found with a covariance (2, 2).

    Bivariate Student's t with two degrees of freedom: (1 + q / 2)^-2 / (2 pi |S|^(1/2)), S the scale matrix.
    """
    scale = covariance_m2 + ASTRAY_M**2 * np.eye(2)
    q = np.sum(offset_m * np.linalg.solve(scale, offset_m.T).T, axis=1)
    return -2.0 * np.log1p(0.5 * q) - np.log(2.0 * np.pi) - 0.5 * np.linalg.slogdet(scale)[1]


def doubted(
    patches: list[Patch], main: int, covariance_m2: npt.NDArray[np.float64], log_mass: float
) -> tuple[list[Patch], Patch]:
    """Lay doubt around the main one of some patches.

    Parameters
    ----------
    patches : list of Patch
    main : int
    covariance_m2 : ndarray, shape (2, 2)
        Of the main patch, m2.
    log_mass : float
        Of the doubt, nats.

    Returns
    -------
    patches : list of Patch
        The same, the doubt's density added to theirs.
    doubt : Patch
        The doubt alone, wherever it is: also under the others.
    """
    place = patches[main].centre

    def density(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return log_mass + log_astray(at - place, covariance_m2)

    raised = [
        replace(p, log_density=np.logaddexp(p.log_density, density(p.places).reshape(p.log_density.shape)))
        for p in patches
    ]
    values, axes = np.linalg.eigh(covariance_m2)
    half = _REACH * np.sqrt(values + ASTRAY_M**2)
    u, v = (np.linspace(-h, h, _CELLS) for h in half)
    empty = Patch(place, axes, u, v, np.zeros((_CELLS, _CELLS)))
    return raised, replace(empty, log_density=density(empty.places).reshape(_CELLS, _CELLS))
