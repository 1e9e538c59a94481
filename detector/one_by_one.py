"""Rounds taken one by one, the most widely heard first, each with its pulses: how published detectors associate."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.errors import BadInput
from detector.incident import Incident
from detector.largest_set import Heard, densest_window, emission_times, largest_set, members_within
from detector.pulse import Pulses, check_pulses, first_of_each
from detector.site import Site
from detector.stretches import cut_into_stretches, find_loud_stations


@dataclass(frozen=True)
class SetOptions:
    """How sets of consistent pulses become incidents.

    Attributes
    ----------
    window_s : float
        A round's emission times, computed back from its arrivals, lie within so long, s.
    stations_least : int
        A round is heard by at least so many stations: three always agree somewhere.
    share_least : float
        And by at least this share of the stations that are no farther from it than the farthest of those: a sound that
        most nearer stations missed is a chance meeting of pulses.
    margin_m : float
        Rounds are looked for so far outside the rectangle of the stations, m.
    finest_m : float
        Resolution of the search, m.
    cells_most : int
        Most cells searched for one round.
    apart_m, pause_s : float
        Rounds within this distance and this time of each other are one incident.
    rounds_most : int
        Most rounds in one stretch.
    stretch_s, overlap_s : float
        Long recordings are searched stretch by stretch, s; the overlap lets a stretch's last sounds arrive.
    duplicate_s : float
        A station's pulses closer than this are one, s.
    pulses_most_hz : float
        A station that reports more than this over a whole stretch is left out of it, 1/s.
    """

    window_s: float = 0.040
    stations_least: int = 4
    share_least: float = 0.5
    margin_m: float = 500.0
    finest_m: float = 2.0
    cells_most: int = 40_000
    apart_m: float = 25.0
    pause_s: float = 5.0
    rounds_most: int = 40
    stretch_s: float = 20.0
    overlap_s: float = 6.0
    duplicate_s: float = 1.5e-3
    pulses_most_hz: float = 20.0


class SetDetector:
    """What the published detectors share: their incidents end as their sets say."""

    sets: SetOptions

    @property
    def pause_s(self) -> float:
        """Pause that ends an incident, s."""
        return self.sets.pause_s


@dataclass(frozen=True, eq=False)
class Round:
    """One round: place (2,) m and time s as far as association knows them, and its pulses as indices (m,)."""

    place: npt.NDArray[np.float64]
    time_s: float
    pulse: npt.NDArray[np.int64]


Refine = Callable[[Heard, npt.NDArray[np.int64], npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""Gives a round's place (2,) from the pulses, its members and a first guess (2,)."""


def check_set_options(options: SetOptions) -> None:
    """Say what is wrong with the options.

    Raises
    ------
    BadInput
        A window, resolution, stretch or pause that is not positive; fewer than three stations.
    """
    positive = ("window_s", "finest_m", "apart_m", "pause_s", "stretch_s", "pulses_most_hz")
    wrong = [
        f"sets.{name} is {getattr(options, name):g}; accepted is more than 0"
        for name in positive
        if not getattr(options, name) > 0.0
    ]
    if options.stations_least < 3:
        wrong.append(
            f"sets.stations_least is {options.stations_least}; accepted is 3 or more: fewer fix no place"
        )
    if not 0.0 <= options.share_least <= 1.0:
        wrong.append(f"sets.share_least is {options.share_least:g}; accepted is 0 to 1")
    if wrong:
        raise BadInput("\n".join(wrong))


def take_incidents(
    site: Site, pulses: Pulses, eligible: npt.NDArray[np.bool_], refine: Refine, options: SetOptions
) -> tuple[Incident, ...]:
    """Find incidents among the eligible pulses.

    Parameters
    ----------
    site : Site
    pulses : Pulses, n of them
    eligible : ndarray of bool, shape (n,)
    refine : Refine
        Places a round once its pulses are known.
    options : SetOptions

    Returns
    -------
    tuple of Incident
        In order of their first rounds; no pulse belongs to two rounds.

    Raises
    ------
    BadInput
        For pulses or options that cannot be.
    """
    check_set_options(options)
    check_pulses(site, pulses)
    free = eligible & first_of_each(pulses, options.duplicate_s) if len(pulses) else eligible
    if not free.any() or len(site.stations) < options.stations_least:
        return ()
    rounds: list[Round] = []
    for stretch in cut_into_stretches(pulses.time_s[free], options.stretch_s, options.overlap_s):
        inside = np.flatnonzero(free & (pulses.time_s >= stretch.start_s) & (pulses.time_s < stretch.stop_s))
        inside = _without_screams(site, pulses, inside, options)
        for found in _take_rounds(site, pulses, inside, refine, options):
            if found.time_s < stretch.settled_s:
                rounds.append(found)
                free[found.pulse] = False
    incidents = [_join(group) for group in _group(rounds, options)]
    return tuple(sorted(incidents, key=lambda a: float(a.round_times_s[0])))


def _without_screams(site: Site, pulses: Pulses, inside: npt.NDArray[np.int64], options: SetOptions):
    if not len(inside):
        return inside
    duration_s = float(np.ptp(pulses.time_s[inside])) + 1.0
    loud = find_loud_stations(pulses.station[inside], len(site.stations), duration_s, options.pulses_most_hz)
    return inside[~loud[pulses.station[inside]]]


def _take_rounds(
    site: Site, pulses: Pulses, inside: npt.NDArray[np.int64], refine: Refine, options: SetOptions
) -> list[Round]:
    """Take the largest set, set its pulses aside, and go on until no set is large enough."""
    xy = site.positions_m[:, :2]
    low, high = xy.min(axis=0), xy.max(axis=0)
    square = np.array([*(low + high) / 2.0, (high - low).max() / 2.0 + options.margin_m])
    rounds: list[Round] = []
    while len(inside) >= options.stations_least and len(rounds) < options.rounds_most:
        heard = Heard(
            np.ascontiguousarray(xy - square[:2]),
            pulses.station[inside].astype(np.int64),
            pulses.time_s[inside].astype(np.float64),
            site.air.sound_speed_mps,
        )
        around = np.array([0.0, 0.0, square[2]])
        count, x, y, begin = largest_set(
            heard, options.window_s, around, options.stations_least, options.finest_m, options.cells_most
        )
        if count == 0:
            break
        members = members_within(heard, x, y, begin, options.window_s)
        members, place, time_s = _settle(heard, members, np.array([x, y]), refine, options)
        if _share(heard, members, place) < options.share_least:
            break
        rounds.append(Round(place + square[:2], time_s, inside[members]))
        inside = np.delete(inside, members)
    return rounds


def _share(heard: Heard, members: npt.NDArray[np.int64], place: npt.NDArray[np.float64]) -> float:
    """Return the share of members among the stations no farther from the place than the farthest member."""
    away = np.hypot(*(heard.xy - place).T)
    return len(members) / np.count_nonzero(away <= away[heard.station[members]].max())


def _settle(heard: Heard, members, place, refine: Refine, options: SetOptions):
    """Place the round and gather its pulses anew until the set no longer grows."""
    place = refine(heard, members, place)
    for _ in range(4):
        emitted = emission_times(float(place[0]), float(place[1]), heard)
        count, begin, _spread = densest_window(emitted, heard.station, len(heard.xy), options.window_s)
        more = members_within(heard, float(place[0]), float(place[1]), begin, options.window_s)
        if count < len(members) or np.array_equal(more, members):
            break
        members = more
        place = refine(heard, members, place)
    emitted = emission_times(float(place[0]), float(place[1]), heard)
    return members, place, float(emitted[members].mean())


def _group(rounds: list[Round], options: SetOptions) -> list[list[Round]]:
    groups: list[list[Round]] = []
    for shot in sorted(rounds, key=lambda r: r.time_s):
        for group in groups:
            near = np.hypot(*(np.mean([r.place for r in group], axis=0) - shot.place)) <= options.apart_m
            if near and shot.time_s - group[-1].time_s <= options.pause_s:
                group.append(shot)
                break
        else:
            groups.append([shot])
    return groups


def _join(group: list[Round]) -> Incident:
    number = np.concatenate([np.full(len(r.pulse), k) for k, r in enumerate(group)])
    return Incident(
        np.mean([r.place for r in group], axis=0),
        np.array([r.time_s for r in group]),
        np.concatenate([r.pulse for r in group]).astype(np.int64),
        number.astype(np.int64),
        float(sum(len(r.pulse) for r in group)),
    )
