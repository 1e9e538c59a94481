"""One reading of an incident: the posterior of its place, given that certain pulses are its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detector.modes import Mode
from detector.posterior import Heard, Terms
from detector.region import Patch, log_mass


class Reading(NamedTuple):
    """The posterior of a place given that certain pulses are the incident's own: modes, each with its patch."""

    heard: Heard
    terms_at: Callable[[npt.NDArray[np.float64]], Terms]
    modes: list[Mode]
    patches: list[Patch]
    elevated: bool


def mass_of(reading: Reading) -> float:
    """Return the log of a reading's probability mass, nats."""
    return float(np.logaddexp.reduce([log_mass(p) for p in reading.patches]))


def scaled(reading: Reading, log_factor: float) -> Reading:
    """Return a reading with its density scaled."""
    return reading._replace(
        patches=[replace(p, log_density=p.log_density + log_factor) for p in reading.patches]
    )
