"""What is told of an incident: the fix that its readings come to."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.doubt import doubted
from detector.fix import Alternative, Fix
from detector.modes import MERGE_M
from detector.patches import patch_covariance
from detector.posterior import settle
from detector.reading import Reading
from detector.region import highest_regions, log_mass


def sum_up(own: Reading, rivals: list[Reading], astray: float, centre: npt.NDArray[np.float64]) -> Fix:
    """Return the fix: the likeliest mode of the incident's own pulses, and regions over all readings.

    `astray` is the probability that the pulses are not what all readings take them for.
    """
    patches = [p for r in (own, *rivals) for p in r.patches]
    modes = [m for r in (own, *rivals) for m in r.modes]
    mass = np.array([log_mass(p) for p in patches])
    total = float(np.logaddexp.reduce(mass))
    share = (1.0 - astray) * np.exp(mass - total)
    main = int(np.argmax(share[: len(own.modes)]))
    place = modes[main].place
    terms = own.terms_at(place)
    times, value, residual = settle(place, own.heard, terms)
    covariance = patch_covariance(patches[main])
    patches = [replace(p, centre=p.centre + centre[:2]) for p in patches]
    doubt = None
    if astray > 0.0:
        log_odds = float(np.log(astray / (1.0 - astray)))
        patches, doubt = doubted(patches, main, covariance, total + log_odds)
    return Fix(
        (float(place[0] + centre[0]), float(place[1] + centre[1])),
        float(terms.height_m + value[0] + centre[2]) if own.elevated else None,
        times,
        covariance,
        highest_regions(patches, doubt),
        _list_alternatives(np.array([m.place for m in modes]), share, main, centre),
        residual,
    )


def _list_alternatives(
    places: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
    main: int,
    centre: npt.NDArray[np.float64],
) -> tuple[Alternative, ...]:
    """List the other places (p, 2), likeliest first; what several readings say of one place is one entry."""
    left = np.hypot(*(places - places[main]).T) > MERGE_M
    listed: list[Alternative] = []
    for i in np.argsort(-share, kind="stable"):
        if left[i]:
            same = left & (np.hypot(*(places - places[i]).T) <= MERGE_M)
            left &= ~same
            east, north = places[i] + centre[:2]
            listed.append(Alternative((float(east), float(north)), float(share[same].sum())))
    return tuple(sorted(listed, key=lambda a: -a.probability))
