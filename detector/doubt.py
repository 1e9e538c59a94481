"""Doubt about the pulses themselves: how surely they are an incident's first arrivals, and what that costs its region.

The posterior of a place takes its pulses for granted. Where echoes agree with each other at many stations they fit
well, and nothing in their times tells. What tells is how much better than chance a round is explained: first arrivals
are loud for their distance, come together within a millisecond or two, and no station between them is silent. Beyond
the .05 that any region may miss, regions of 166 incidents told in simulated streets of series 77,001 missed the truth
by a logistic function of that evidence (.25 of them under 44 nats, .02 over 90), and by a Gaussian of 15 m in each
coordinate; `tests.bench.streets_bench` scores another series. Of those incidents 163 were heard by nine stations or
more. Fewer bring less evidence by their number alone: of them nothing was learned, and no doubt is added.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from detector.incident import Incident
from detector.region import Patch

HALF_NATS = 4.0  # evidence of a round at which one place in two is astray, nats
SCALE_NATS = 22.5  # how slowly that falls
ASTRAY_M = 15.0
STATIONS_LEAST = 9  # that heard a round: what doubt was learned on
_REACH, _CELLS = 4.0, 41


def astray_probability(incident: Incident) -> float:
    """Return the probability that an incident's pulses lead astray.

    0 where nobody had to find out whose they are, and where too few stations heard them.
    """
    if incident.noise is None or len(incident.pulse) == 0:
        return 0.0
    if np.bincount(incident.round).max() < STATIONS_LEAST:
        return 0.0
    of_a_round = incident.log_likelihood_ratio / len(incident.round_times_s)
    return float(expit((HALF_NATS - of_a_round) / SCALE_NATS))


def astray_patch(place: npt.NDArray[np.float64], log_mass: float) -> Patch:
    """Return the patch of a shooter who is somewhere around a place (2,), with a log mass, nats."""
    u = np.linspace(-_REACH * ASTRAY_M, _REACH * ASTRAY_M, _CELLS)
    square = (u[:, None] ** 2 + u[None, :] ** 2) / ASTRAY_M**2
    log_density = log_mass - 0.5 * square - np.log(2.0 * np.pi * ASTRAY_M**2)
    return Patch(place, np.eye(2), u, u.copy(), log_density)
