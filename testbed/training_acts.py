"""What happened in a simulated scene, beside what was heard: whose sound a pulse is, which rounds were fired."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site
from testbed.labels import label_of
from testbed.truth import Truth, TruthEvent

EARLY_S, LATE_S = 0.003, 0.060  # a pulse within this of a first arrival counts as that sound
UNSOUGHT_S = 1.5  # a pulse so long after every first arrival at its station is nobody's
AUTOMATIC_S = 0.12  # two gaps on end below this are no finger's


Groups = dict[str, list[TruthEvent]]
"""Bangs in time order, by act."""


@dataclass(frozen=True)
class Act:
    """What happened: label, kind of the first bang, bangs, shooters, from the nearest working station m."""

    label: str
    kind: str
    rounds: int
    shooters: int
    automatic: bool
    nearest_m: float


def group_bangs(truth: Truth) -> Groups:
    """Return the acts' bangs in time order."""
    groups: Groups = defaultdict(list)
    for event in sorted(truth.events, key=lambda e: (e.time_s, e.id)):
        groups[event.incident].append(event)
    return groups


def number_bangs(groups: Groups) -> list[tuple[str, TruthEvent]]:
    """Return all bangs, act by act: `event_of` counts them so."""
    return [(name, event) for name, events in groups.items() for event in events]


def follow_bangs(groups: Groups, site: Site, pulses: Pulses) -> npt.NDArray[np.int64]:
    """Return for each pulse the bang (`number_bangs`) whose first arrival it is, or -1; a bang has one a station."""
    event_of = np.full(len(pulses), -1, dtype=np.int64)
    in_time = sorted(enumerate(number_bangs(groups)), key=lambda row: row[1][1].time_s)
    for station, record in enumerate(site.stations):
        mine = np.flatnonzero(pulses.station == station)
        for number, (_, event) in in_time:
            hearing = (event.heard or {}).get(record.id)
            if hearing is None:
                continue
            late = pulses.time_s[mine] - hearing.time_s
            near = np.flatnonzero((late >= -EARLY_S) & (late <= LATE_S) & (event_of[mine] < 0))
            if len(near):
                event_of[mine[near[0]]] = number
    return event_of


def tell_real(incident: Incident, events: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which rounds were fired: most of their known pulses are one bang's, which no better heard round has."""
    rounds = len(incident.round_times_s)
    real = np.zeros(rounds, dtype=bool)
    claims = []
    for k in range(rounds):
        own = events[(incident.round == k) & (events >= 0)]
        if len(own):
            bangs, count = np.unique(own, return_counts=True)
            claims.append((-int(count.max()), k, int(bangs[np.argmax(count)])))
    taken: set[int] = set()
    for _, k, bang in sorted(claims):
        real[k] = bang not in taken
        taken.add(bang)
    return real


def describe_act(events: list[TruthEvent], site: Site) -> Act | None:
    """Return what bangs were together; None where they have no label."""
    label = label_of(events[0].kind, events[0].traits)
    if label is None:
        return None
    away_m = np.linalg.norm(site.positions_m[:, :2] - np.array(events[0].position_m[:2]), axis=1)
    shooters = len({_shooter(event) for event in events})
    gaps = np.diff([e.time_s for e in events])
    automatic = label == "gunshot" and any(max(pair) <= AUTOMATIC_S for pair in pairwise(gaps))
    return Act(label, events[0].kind, len(events), shooters, automatic, float(away_m.min()))


def of_same_shooters(events: list[TruthEvent], heard: list[TruthEvent]) -> list[TruthEvent]:
    """Return the bangs of an act by those of its shooters of whom something was heard, in time order."""
    those = {_shooter(event) for event in heard}
    return [event for event in events if _shooter(event) in those] or events


def _shooter(event: TruthEvent) -> tuple[str, object]:
    """Tell shooters of one act apart: each has a weapon and fires one way. Other acts have one source."""
    gun = label_of(event.kind, event.traits) == "gunshot"
    return (event.kind, event.traits.get("azimuth_deg")) if gun else ("", None)


def mark_strangers(truth: Truth, site: Site, pulses: Pulses) -> npt.NDArray[np.str_]:
    """Label the pulses "other" that follow no first arrival: vehicles, wind, the converter."""
    label = np.full(len(pulses), "other", dtype="<U8")
    for station, record in enumerate(site.stations):
        arrivals = [h.time_s for e in truth.events if (h := (e.heard or {}).get(record.id)) is not None]
        mine = np.flatnonzero(pulses.station == station)
        late = pulses.time_s[mine][:, None] - np.array(arrivals)[None, :]
        label[mine[((late > -0.5) & (late < UNSOUGHT_S)).any(axis=1)]] = ""
    return label
