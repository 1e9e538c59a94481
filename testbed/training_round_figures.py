"""What counts of rounds are worth on gunfire that they were not learned from."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from testbed.training_figures import BINS
from testbed.training_intervals import Figure, draw_anew
from testbed.training_rounds import AT_LEAST, SHOOTERS_SHARE, CountedIncident


def measure_rounds(counted: Sequence[CountedIncident]) -> dict[str, Figure]:
    """Return the figures of counts, with intervals over scenes drawn anew.

    `rounds_in_range` is the share of true counts within the range (0.9 is asked of it), once more for one round, two to
    four, and more; the range's width; the calibration error of the beliefs that there were two rounds or more, three
    or more, up to ten, all together; how often automatic fire was flagged, and where there was none; the calibration
    error of the belief in several shooters, at their assumed share.
    """
    fired, low, high, said, were = (
        np.array([getattr(c, name) for c in counted])
        for name in ("fired", "low", "high", "several", "were_several")
    )
    inside = (low <= fired) & (fired <= high)
    exact = np.array([c.rounds == c.fired for c in counted])
    flagged, was = (np.array([getattr(c, n) for c in counted]) for n in ("automatic", "was_automatic"))
    scene = np.array([c.scene for c in counted])
    at_least = np.array([c.at_least for c in counted])
    were_more = fired[:, None] >= np.array(AT_LEAST)[None, :]
    every = np.ones(len(counted), dtype=bool)

    def figure(chosen: npt.NDArray[np.bool_], value: Callable[[npt.NDArray[np.int64]], float]) -> Figure:
        return draw_anew(scene, chosen, value)

    return {
        "rounds_in_range": figure(every, lambda i: inside[i].mean()),
        "rounds_in_range_of_1": figure(fired == 1, lambda i: inside[i].mean()),
        "rounds_in_range_of_2_to_4": figure((fired >= 2) & (fired <= 4), lambda i: inside[i].mean()),
        "rounds_in_range_of_5_or_more": figure(fired >= 5, lambda i: inside[i].mean()),
        "rounds_counted_right": figure(every, lambda i: exact[i].mean()),
        "range_width": figure(every, lambda i: (high[i] - low[i]).mean()),
        "rounds_calibration_error": figure(
            every, lambda i: _bin_error(at_least[i].ravel(), were_more[i].ravel(), np.ones(at_least[i].size))
        ),
        "automatic_flagged": figure(was, lambda i: flagged[i].mean()),
        "automatic_flagged_wrongly": figure(~was, lambda i: flagged[i].mean()),
        "shooters_calibration_error": figure(every, lambda i: _miscalibration(said[i], were[i])),
        "shooters_belief_of_two": figure(were, lambda i: said[i].mean()),
        "shooters_belief_of_one": figure(~were, lambda i: said[i].mean()),
    }


def _miscalibration(said: npt.NDArray[np.float64], were: npt.NDArray[np.bool_]) -> float:
    """Return the mean distance of belief and share over equal-mass bins, two shooters weighing their assumed share."""
    share = were.mean()
    if share in (0.0, 1.0):
        return float("nan")
    weight = np.where(were, SHOOTERS_SHARE / share, (1.0 - SHOOTERS_SHARE) / (1.0 - share))
    return _bin_error(said, were, weight)


def _bin_error(
    said: npt.NDArray[np.float64], was: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64]
) -> float:
    """Return the mean distance of belief and share over bins of equal mass."""
    order = np.argsort(said, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(weight[order])[:-1]]) / weight.sum()
    slot = np.minimum((BINS * before).astype(np.int64), BINS - 1)
    off = [abs((weight[m] * (said[m] - was[m])).sum()) for m in (order[slot == k] for k in np.unique(slot))]
    return float(sum(off) / weight.sum())
