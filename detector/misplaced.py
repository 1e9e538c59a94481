"""Sensors that hang elsewhere than their address says, and sensors whose clock is off or has stepped.

For each sensor, three accounts of when it heard the incidents that the others placed: it is right, and its sound now
and then late; it hangs up to `FARTHEST_M` off; its clock is off by one time from some incident on. Each is weighed by
its evidence, averaged over all that it leaves open (MacKay 1992, ch. 28), so that the freer account must pay for its
freedom: three incidents in different directions may suffice, fewer never do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detector.ears import Noise
from detector.fix import Fix
from detector.health import Trouble
from detector.incident import Incident
from detector.influence import Shift
from detector.lateness import mixture
from detector.pulse import Pulses
from detector.site import Site

FARTHEST_M, NEAREST_M, STEP_M = 120.0, 15.0, 5.0
LONGEST_S, LEAST_LATE_S, LEAST_EARLY_S, STEP_S = 1.5, 0.06, 0.03, 5e-3
PATH_SIGMA_S = 5e-3  # between paths at least, whatever an incident learned
LATE_SHARES = (0.2, 0.9)  # of a sensor in the open, and of one that hangs behind a corner
LATE_MEAN_S = 0.053
CLUTTER_HZ = 0.5
HEARD = 0.7  # chance that a sensor in range reports a round
PRIOR = 0.05  # share of sensors that are off: 2 to 10 % of a network is usual
SURE = 5.0  # odds asked: to do without a sensor costs less than to believe a wrong one
LEAST_INCIDENTS = 3  # two fix a displacement and leave nothing to check it by
TABLE_S, FINE_S = 2.0, 1e-3
Array = npt.NDArray[np.float64]


class Off(NamedTuple):
    """What is wrong: "address" or "clock", in words, and the log odds that it is."""

    kind: str
    detail: str
    log_odds: float


class Account(NamedTuple):
    """What one incident says of a sensor: direction (2,) to it, distance m, and its residuals, one array a round."""

    away: Array
    distance_m: float
    late_s: list[Array]


def name_misplaced(
    site: Site,
    pulses: Pulses,
    incidents: Sequence[Incident],
    fixes: Sequence[Fix],
    shifts: Sequence[dict[str, Shift]],
) -> tuple[Trouble, ...]:
    """Name the sensors that are more likely off than right.

    Parameters
    ----------
    site, pulses, incidents, fixes
    shifts : sequence of dict
        For each incident, how its place moves without each of its sensors (`Detector.leave_each_out`).

    Returns
    -------
    tuple of Trouble
        In the order of the site; none while incidents are few.
    """
    order = np.argsort([fix.round_times_s[0] for fix in fixes], kind="stable")
    found: list[Trouble] = []
    if len(order) < LEAST_INCIDENTS:
        return ()
    table = _table(incidents)
    for i in range(len(site.stations)):
        own = pulses.time_s[pulses.station == i]
        said = [_account(site, pulses, i, own, incidents[k], fixes[k], shifts[k]) for k in order]
        heard = [a for a in said if a is not None]
        off = _judge(heard, table) if len(heard) >= LEAST_INCIDENTS and len(own) else None
        if off is not None:
            found.append(Trouble(site.stations[i].id, off.kind, off.detail))
    return tuple(found)


def _account(
    site: Site, pulses: Pulses, i: int, own_s: Array, incident: Incident, fix: Fix, shift: dict[str, Shift]
) -> Account | None:
    """Return how late sensor i heard an incident, placed without it; None out of range or where the others do not."""
    xy, speed = site.positions_m[:, :2], site.air.sound_speed_mps
    station = pulses.station[incident.pulse]
    others = station != i
    moved = shift.get(site.stations[i].id, (0.0, 0.0))
    if moved is None or len(np.unique(station[others])) < 3:
        return None
    place = np.array(fix.position_m)
    without = place + moved
    later = (np.hypot(*(xy - without).T) - np.hypot(*(xy - place).T)) / speed
    away = xy[i] - without
    distance = float(np.hypot(*away))
    if distance > np.hypot(*(xy[station[others]] - without).T).max():
        return None
    late = []
    for k, time_s in enumerate(fix.round_times_s):
        mine = station[others & (incident.round == k)]
        expected = time_s - (later[mine].mean() if len(mine) else 0.0) + distance / speed
        residual = own_s - expected
        late.append(residual[np.abs(residual) < LONGEST_S + TABLE_S / 4.0])
    return Account(away / max(distance, 1.0) / speed, distance, late)


def _table(incidents: Sequence[Incident]) -> Array:
    """Odds (2, t) of a pulse against clutter by its residual, 0 in the middle, for each of `LATE_SHARES`."""
    learned = [i.noise.path_sigma_s for i in incidents if isinstance(i.noise, Noise)]
    sigma = max(PATH_SIGMA_S, float(np.median(learned)) if learned else 0.0)
    grid = np.arange(-TABLE_S, TABLE_S + FINE_S, FINE_S)
    return np.array(
        [
            [HEARD * mixture(float(r), sigma, share, LATE_MEAN_S) / CLUTTER_HZ for r in grid]
            for share in LATE_SHARES
        ]
    )


def _worth(account: Account, shift_s: Array, odds: Array) -> Array:
    """Log-likelihood ratio (m,) of an incident's rounds if the sensor's sound is late by each shift (m,).

    Rounds of one incident share their path but not their chance neighbours: they count as the root of their number.
    """
    total = np.zeros(len(shift_s))
    for residual in account.late_s:
        index = np.rint((residual - shift_s[:, None] + TABLE_S) / FINE_S).astype(np.int64)
        found = np.where((index >= 0) & (index < len(odds)), odds[np.clip(index, 0, len(odds) - 1)], 0.0)
        total += np.log(1.0 - HEARD + found.max(axis=1, initial=0.0))
    return total / np.sqrt(len(account.late_s))


def _judge(heard: list[Account], table: Array) -> Off | None:
    zero = np.zeros(1)
    right = float(np.logaddexp.reduce([sum(_worth(a, zero, row)[0] for a in heard) for row in table]))
    address = _weigh_address(heard, table[0])
    clock = _weigh_clock(heard, table[0])
    best = max(address, clock, key=lambda off: off.log_odds)
    odds = best.log_odds - right + np.log(PRIOR)
    return best._replace(log_odds=float(odds)) if odds > np.log(SURE) else None


def _weigh_address(heard: list[Account], odds: Array) -> Off:
    """Average over all displacements of the sensor."""
    axis = np.arange(-FARTHEST_M, FARTHEST_M + STEP_M, STEP_M)
    moves = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    length = np.hypot(*moves.T)
    moves = moves[(length >= NEAREST_M) & (length <= FARTHEST_M)]
    worth = np.zeros(len(moves))
    for a in heard:
        speed = 1.0 / max(float(np.hypot(*a.away)), 1e-9)
        there = np.hypot(*(a.away * speed * a.distance_m + moves).T)
        worth += _worth(a, (there - a.distance_m) / speed, odds)
    east, north = moves[int(np.argmax(worth))]
    words = (
        f"heard from about {abs(east):.0f} m {'east' if east >= 0 else 'west'} and "
        f"{abs(north):.0f} m {'north' if north >= 0 else 'south'} of its place"
    )
    return Off("address", words, float(np.logaddexp.reduce(worth) - np.log(len(moves))))


def _weigh_clock(heard: list[Account], odds: Array) -> Off:
    """Average over offsets and over the incident from which on they hold."""
    offset = np.arange(-LONGEST_S, LONGEST_S + STEP_S, STEP_S)
    offset = offset[(offset >= LEAST_LATE_S) | (offset <= -LEAST_EARLY_S)]
    off = np.array([_worth(a, offset, odds) for a in heard])
    right = np.array([_worth(a, np.zeros(1), odds)[0] for a in heard])
    before = np.concatenate([[0.0], np.cumsum(right)])
    since = np.cumsum(off[::-1], axis=0)[::-1]
    worth = before[: len(heard), None] + since
    step, at = np.unravel_index(int(np.argmax(worth)), worth.shape)
    word = "late" if offset[at] > 0.0 else "early"
    words = f"{abs(offset[at]):.2f} s {word}" + (f" since incident {step + 1}" if step else "")
    return Off("clock", words, float(np.logaddexp.reduce(worth.ravel()) - np.log(worth.size)))
