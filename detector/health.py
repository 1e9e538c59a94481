"""Sensors that cannot be right: one that screams, one whose clock or address is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.fix import Fix
from detector.pulse import Pulses
from detector.site import Site

SCREAM_HZ = 20.0  # automatic fire of one weapon is 20 a second, and never for so long
SCREAM_S = 20.0
LONGEST_S = 3.0  # clocks further off than this are not looked for
ALIKE_S = 0.03  # offsets within this are one
LEAST_S = 0.06  # sound that bends round a corner is late by less
APART_M = 50.0  # echoes of places further apart than this are not late by the same time
CANDIDATES_MOST = 4000  # a sensor with more pulses around the rounds than this screams
SHARE = 0.7  # of the rounds whose sound must have come by the same offset


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a sensor: "screams", "clock or address", "clock" or "address", and by how much in words."""

    sensor: str
    kind: str
    detail: str


def find_screams(site: Site, pulses: Pulses) -> tuple[Trouble, ...]:
    """Return the sensors that report more than `SCREAM_HZ` over `SCREAM_S`; association does without them then."""
    found = []
    most = int(SCREAM_HZ * SCREAM_S)
    for i, station in enumerate(site.stations):
        time_s = np.sort(pulses.time_s[pulses.station == i])
        if len(time_s) <= most:
            continue
        shortest = float(np.min(time_s[most:] - time_s[:-most]))
        if shortest < SCREAM_S:
            detail = f"{most} pulses in {shortest:.2f} s"
            found.append(Trouble(station.id, "screams", detail))
    return tuple(found)


def find_wrong_clocks(site: Site, pulses: Pulses, fixes: Sequence[Fix]) -> tuple[Trouble, ...]:
    """Return the sensors whose pulses come by one offset too early or late from incidents at several places.

    Parameters
    ----------
    site : Site
    pulses : Pulses
    fixes : sequence of Fix
        Of all incidents.

    Returns
    -------
    tuple of Trouble
        In the order of the site. An echo is late too, but not by the same time from places more than `APART_M` apart.
    """
    found = []
    places = [np.array(fix.position_m) for fix in fixes]
    for i, station in enumerate(site.stations):
        own = np.sort(pulses.time_s[pulses.station == i])
        offset = _common_offset([_offsets(own, site, i, fix) for fix in fixes], places)
        if offset is not None:
            word = "late" if offset > 0.0 else "early"
            found.append(Trouble(station.id, "clock or address", f"{abs(offset):.2f} s {word}"))
    return tuple(found)


def _offsets(own_s: npt.NDArray[np.float64], site: Site, i: int, fix: Fix) -> list[npt.NDArray[np.float64]]:
    """Return for each round how late the sensor's pulses (sorted, s) are, those within `LONGEST_S`."""
    away = float(np.hypot(*(site.positions_m[i, :2] - fix.position_m)))
    expected = fix.round_times_s + away / site.air.sound_speed_mps
    low = np.searchsorted(own_s, expected - LONGEST_S)
    high = np.searchsorted(own_s, expected + LONGEST_S)
    return [own_s[a:b] - e for a, b, e in zip(low, high, expected, strict=True)]


def _common_offset(
    offsets: Sequence[list[npt.NDArray[np.float64]]], places: Sequence[npt.NDArray[np.float64]]
) -> float | None:
    """Return the offset (s) by which most rounds of two or more places came, or None."""
    rounds = [late for its in offsets for late in its]
    spread = max((float(np.hypot(*(p - q))) for p in places for q in places), default=0.0)
    if len(rounds) < 3 or spread < APART_M:
        return None
    value = np.concatenate(rounds)
    number = np.repeat(np.arange(len(rounds)), [len(late) for late in rounds])
    if len(value) > CANDIDATES_MOST or len(np.unique(number[np.abs(value) < LEAST_S])) > (1.0 - SHARE) * len(
        rounds
    ):
        return None
    owner = np.repeat(np.arange(len(offsets)), [len(its) for its in offsets])
    best, most = 0.0, 0
    for candidate in value[np.abs(value) > LEAST_S]:
        heard = np.unique(number[np.abs(value - candidate) < ALIKE_S])
        if len(heard) > most and len(np.unique(owner[heard])) == len(offsets):
            best, most = float(candidate), len(heard)
    return best if most >= max(3.0, SHARE * len(rounds)) else None
