"""The vendor's published detector (`detector=tn098`): Technical Note 098 and Calhoun et al. (2021, arXiv 2108.07377).

Step-kernel pulses of 73 dB and more; of all places the one whose arrivals agree within 40 ms at most sensors; there
the closed form of Mathias, Leonardi and Galati in a plane, round by round; straight paths in still air at the
temperature as read. Its own error model gives the region: arrivals err by 7.5 ms, the same for every path, so that
rounds of one place do not narrow it. What the vendor's people add by ear is not in the note and not here. How the
rounds of one act are gathered and how many sensors a round needs are ours: `sets`. Built from abstracts and excerpts:
that 40 ms is the whole width of the window and 73 dB a gate on each pulse is our reading (A).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detector.belief import BeliefOptions
from detector.ellipse import gaussian_fix, straight_covariance
from detector.fix import Fix
from detector.incident import Incident
from detector.influence import Shift, leave_each_out
from detector.largest_set import Heard
from detector.mlg import Solution, multilaterate
from detector.one_by_one import SetDetector, SetOptions, take_incidents
from detector.pulse import Pulses
from detector.recording import Recording
from detector.site import Site
from detector.step_pulses import StepOptions, find_step_pulses

WIDEST_M = 1000.0  # standard deviation of a place that geometry leaves open: it was heard


@dataclass(frozen=True)
class Tn098Options(SetDetector):
    """The vendor's published detector.

    Attributes
    ----------
    onset : StepOptions
    level_least_db : float
        Weaker pulses are left out, dB re 20 uPa; those without a level are kept.
    sets : SetOptions
    path_sigma_s : float
        Error of an arrival over a straight path, s.
    belief : BeliefOptions
    """

    onset: StepOptions = field(default_factory=StepOptions)
    level_least_db: float = 73.0
    sets: SetOptions = field(default_factory=SetOptions)
    path_sigma_s: float = 7.5e-3
    belief: BeliefOptions = field(default_factory=BeliefOptions)

    @property
    def delay_s(self) -> float:
        """The floor of a frame needs the frame after it, s."""
        return 2.0 * self.onset.floor_s

    def hear(
        self, recording: Recording, workers: int = 1, progress: Callable[[int, int], None] | None = None
    ) -> Pulses:
        """Find the pulses of a recording: `detector.step_pulses.find_step_pulses`."""
        return find_step_pulses(recording, self.onset, workers, progress)

    def associate(self, site: Site, pulses: Pulses) -> tuple[Incident, ...]:
        """Find the largest consistent sets: `detector.one_by_one.take_incidents`."""
        eligible = ~(pulses.level_db < self.level_least_db)
        return take_incidents(site, pulses, eligible, _refine, self.sets)

    def leave_each_out(self, site: Site, pulses: Pulses, incident: Incident, fix: Fix) -> dict[str, Shift]:  # noqa: ARG002 - others start from it
        """Locate anew without each sensor: `detector.influence.leave_each_out`."""
        return leave_each_out(
            site, pulses, incident, lambda part: np.array(self.locate(site, pulses, part).position_m)
        )

    def locate(self, site: Site, pulses: Pulses, incident: Incident) -> Fix:
        """Locate each round in closed form; the incident lies at the mean of those that most sensors heard.

        Of two places that fit a round alike (three sensors) both are listed.
        """
        speed = site.air.sound_speed_mps
        xy = site.positions_m[pulses.station[incident.pulse], :2]
        time_s = pulses.time_s[incident.pulse]
        rounds = [incident.round == k for k in range(len(incident.round_times_s))]
        found = [multilaterate(xy[r], time_s[r], speed) for r in rounds]
        most = max(np.count_nonzero(r) for r in rounds)
        best = [k for k, r in enumerate(rounds) if np.count_nonzero(r) == most]
        place = np.mean([found[k][0].place if found[k] else incident.position_m for k in best], axis=0)
        others, shares = self._others(found[best[0]])
        places = [place, *others]
        widest = rounds[best[0]]
        spread = [straight_covariance(p, xy[widest], self.path_sigma_s, speed, WIDEST_M) for p in places]
        emitted = time_s - np.hypot(*(xy - place).T) / speed
        times = np.array([emitted[r].mean() for r in rounds])
        return gaussian_fix(places, spread, shares, times, emitted - times[incident.round])

    def _others(self, found: list[Solution]) -> tuple[list[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
        """Return the places besides the best that fit nearly as well, and the share of every place."""
        misfit = np.array([0.5 * (s.rms_s / self.path_sigma_s) ** 2 for s in found[:2]])
        share = np.exp(-(misfit - misfit.min(initial=np.inf)))
        share = share / share.sum() if len(share) else np.ones(1)
        if len(share) < 2 or share[1] < 0.05:
            return [], np.ones(1)
        return [found[1].place], share


def _refine(
    heard: Heard, members: npt.NDArray[np.int64], place: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Place a round in closed form; where two places fit, the one that the search was nearer to."""
    found = multilaterate(heard.xy[heard.station[members]], heard.time[members], heard.speed_mps)
    if not found:
        return place
    alike = [s for s in found if s.rms_s <= found[0].rms_s + 1e-6]
    return min(alike, key=lambda s: float(np.hypot(*(s.place - place)))).place
