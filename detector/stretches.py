"""Long recordings, searched stretch by stretch; a station that reports without end is left out of a stretch."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detector.site import Site

LISTENED_AROUND_S = 30.0  # silence further from the pulses than this says nothing of the clutter among them
MANY = 50  # pulses that a station may report in any stretch, however short


class Stretch(NamedTuple):
    """Pulses from `start_s` up to `stop_s` belong to it; what began before `settled_s` needs no later stretch."""

    start_s: float
    stop_s: float
    settled_s: float


def cut_into_stretches(
    time_s: npt.NDArray[np.float64], stretch_s: float, overlap_s: float
) -> tuple[Stretch, ...]:
    """Cut the time that pulses span into stretches of equal length that overlap.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Of all pulses, at least one, in any order.
    stretch_s, overlap_s : float
        A stretch is `stretch_s` long with an overlap on both sides, s.

    Returns
    -------
    tuple of Stretch
        In order of time; every pulse is in one or two. Hours or years without a pulse (a clock that was set between
        two pieces) have no stretches.
    """
    begin, end = float(time_s.min()), float(time_s.max())
    step, origin = stretch_s + overlap_s, begin - overlap_s
    number = np.unique(np.floor((time_s - origin) / step))
    number = np.unique(
        np.concatenate([number, number - 1.0])
    )  # what a stretch ends with, the next begins with
    found = []
    for start in (origin + number[number >= 0.0] * step).tolist():
        stop = start + stretch_s + 2.0 * overlap_s
        found.append(Stretch(start, stop, np.inf if stop > end else stop - overlap_s))
    return tuple(found)


def find_loud_stations(
    station: npt.NDArray[np.integer], stations: int, duration_s: float, pulses_most_hz: float
) -> npt.NDArray[np.bool_]:
    """Mark the stations (stations,) that report more than `pulses_most_hz` over a stretch of `duration_s`.

    Parameters
    ----------
    station : ndarray of int, shape (m,)
        Of each of the stretch's pulses.
    """
    counts = np.bincount(station, minlength=stations)
    return counts > max(pulses_most_hz * duration_s, float(MANY))


def listened_s(site: Site, begin_s: float, end_s: float) -> float:
    """How long stations listened around a stretch of pulses, s: by their audio where there is any.

    Silence before and after the pulses tells how rare false pulses are; a pulse table does not say how long it was.
    """
    shown = end_s - begin_s + 1.0
    pieces = [
        (p.start_s, p.start_s + p.samples / s.rate_hz)
        for s in site.stations
        for p in s.audio
        if s.rate_hz > 0.0
    ]
    if not pieces:
        return shown
    begin, end = begin_s - LISTENED_AROUND_S, end_s + LISTENED_AROUND_S
    heard = sum(max(min(stop, end) - max(start, begin), 0.0) for start, stop in pieces)
    return max(heard / len({s.id for s in site.stations if s.audio}), shown)
