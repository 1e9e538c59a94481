"""What a count of evidence found can and cannot say of a detector's precision.

City of Chicago, Office of Inspector General, file 21-0707 (2021): 50,176 alerts from January 2020 to May 2021, of which
41,830 have a disposition and 4,556 of those show evidence of a gun offence. "No evidence found" is not "no gunfire".
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ALERTS, DISPOSITIONS, WITH_EVIDENCE = 50_176, 41_830, 4_556


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs that fit: at each precision, the recovery rate from the dispositions known, and the bounds of the unknown.

    Attributes
    ----------
    precision : ndarray, shape (n,)
    recovery : ndarray, shape (n,)
        P(evidence found | gunfire); above 1 where no rate fits.
    low, high : ndarray, shape (n,)
        If none, or all, of the alerts without a disposition had evidence.
    """

    precision: npt.NDArray[np.float64]
    recovery: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


def fit_pairs(
    alerts: int = ALERTS,
    dispositions: int = DISPOSITIONS,
    with_evidence: int = WITH_EVIDENCE,
    points: int = 200,
) -> Pairs:
    """Return the pairs (true precision, recovery rate) whose product is the share of alerts with evidence.

    Evidence is found only where there was gunfire, so precision x recovery = share; only the product can be known.
    """
    precision = np.linspace(0.02, 1.0, points)
    unknown = alerts - dispositions
    return Pairs(
        precision,
        with_evidence / dispositions / precision,
        with_evidence / alerts / precision,
        (with_evidence + unknown) / alerts / precision,
    )
