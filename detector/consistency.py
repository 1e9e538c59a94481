"""PinPtr's count of consistent detections (`detector=consistency`).

Ledeczi et al. (2005, "Countersniper system for urban warfare", ACM Transactions on Sensor Networks 1(2), 153-177) and
Simon et al. (2004, "Sensor network-based countersniper system", SenSys, 1-12): the shot is where and when the most
detections agree within a window as long as all their errors together; the maximum is found by generalised bisection;
its detections are set aside and the next shot is looked for. Echoes do not agree with each other anywhere, so they
hardly count. Detections are ours (`detector.onset`): theirs were made for the hardware of 2004. The window is four
standard deviations of the 7.5 ms by which straight paths err in a city (Calhoun et al. 2021); theirs was a parade
ground's.

Its own error model gives the region: every error up to the window is as likely as any other, so that the density of a
place is in proportion to how far the window can move there without losing a detection; it is 0 outside the set where
all agree. The answer is where that is most: the narrowest window.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detector.belief import BeliefOptions
from detector.fix import Fix
from detector.hearing import OnsetHearing
from detector.incident import Incident
from detector.influence import Shift, leave_each_out
from detector.largest_set import Heard, narrow, spreads_at
from detector.one_by_one import SetDetector, SetOptions, take_incidents
from detector.pulse import Pulses
from detector.region import Patch, highest_regions
from detector.site import Site

GRID = 61  # places along each side of a region's grid
REACH_M = (5.0, 2560.0)  # half widths tried


@dataclass(frozen=True)
class ConsistencyOptions(OnsetHearing, SetDetector):
    """PinPtr's consistency count: which pulses, how sets are found, how incidents are named."""

    sets: SetOptions = field(default_factory=lambda: SetOptions(window_s=0.030))
    belief: BeliefOptions = field(default_factory=BeliefOptions)

    def associate(self, site: Site, pulses: Pulses) -> tuple[Incident, ...]:
        """Find the largest consistent sets: `detector.one_by_one.take_incidents`."""
        return take_incidents(site, pulses, np.ones(len(pulses), bool), _refine, self.sets)

    def leave_each_out(self, site: Site, pulses: Pulses, incident: Incident, fix: Fix) -> dict[str, Shift]:  # noqa: ARG002 - others start from it
        """Locate anew without each sensor: `detector.influence.leave_each_out`."""
        return leave_each_out(
            site, pulses, incident, lambda part: np.array(self.locate(site, pulses, part).position_m)
        )

    def locate(self, site: Site, pulses: Pulses, incident: Incident) -> Fix:
        """Narrow the window until one place is left; the region is the set of places that the full window allows."""
        origin = site.positions_m[:, :2].mean(axis=0)
        heard = Heard(
            np.ascontiguousarray(site.positions_m[:, :2] - origin),
            pulses.station[incident.pulse].astype(np.int64),
            pulses.time_s[incident.pulse].astype(np.float64),
            site.air.sound_speed_mps,
        )
        members, number = np.arange(len(incident.pulse)), incident.round.astype(np.int64)
        rounds = len(incident.round_times_s)
        start = incident.position_m - origin
        place = np.array(narrow(float(start[0]), float(start[1]), heard, members, number, rounds))
        times = spreads_at(place[0], place[1], heard, members, number, rounds)[1]
        emitted = heard.time - np.hypot(*(heard.xy[heard.station] - place).T) / heard.speed_mps
        patch = _patch(place, heard, number, rounds, self.sets.window_s)
        weight = np.exp(patch.log_density - patch.log_density.max()).ravel()
        away = patch.places - np.average(patch.places, axis=0, weights=weight)
        moved = Patch(patch.centre + origin, patch.axes, patch.u, patch.v, patch.log_density)
        return Fix(
            (float(place[0] + origin[0]), float(place[1] + origin[1])),
            None,
            times,
            away.T @ (away * weight[:, None]) / weight.sum(),
            highest_regions([moved]),
            (),
            emitted - times[number],
        )


def _refine(
    heard: Heard, members: npt.NDArray[np.int64], place: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    number = np.zeros(len(members), np.int64)
    return np.array(narrow(float(place[0]), float(place[1]), heard, members, number, 1))


def _slack(places, heard: Heard, number, rounds: int, window_s: float) -> npt.NDArray[np.float64]:
    """Return how far the window can move at each place (p, 2), s: the mean over rounds, which share their paths."""
    members = np.arange(len(heard.time))
    return np.array(
        [
            np.maximum(window_s - spreads_at(x, y, heard, members, number, rounds)[0], 0.0).mean()
            for x, y in places
        ]
    )


def _patch(place, heard: Heard, number, rounds: int, window_s: float) -> Patch:
    """Grid the places that the window allows, as closely as a grid of that size can."""
    spread = spreads_at(place[0], place[1], heard, np.arange(len(heard.time)), number, rounds)[0]
    # A round whose window does not close is as if it just did: its place is no better known than that.
    window_s = max(window_s, 1.2 * float(spread.max()))
    centre, half = place, np.full(2, REACH_M[0])
    while True:
        u, v = np.linspace(-half[0], half[0], GRID), np.linspace(-half[1], half[1], GRID)
        patch = Patch(centre, np.eye(2), u, v, np.zeros((GRID, GRID)))
        slack = _slack(patch.places, heard, number, rounds, window_s).reshape(GRID, GRID)
        rim = max(slack[0].max(), slack[-1].max(), slack[:, 0].max(), slack[:, -1].max())
        if rim <= 0.0 or half[0] >= REACH_M[1]:
            break
        half = half * 2.0
    top = np.log(max(float(slack.max()), 1e-12))
    log_density = np.where(slack > 0.0, np.log(np.maximum(slack, 1e-300)), top - 100.0)
    return Patch(centre, patch.axes, u, v, log_density)
