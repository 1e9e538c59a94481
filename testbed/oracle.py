"""Oracles: what a detector would be told if one of its stages made no mistake. They see the truth, and say so.

Nothing here is a detector: `testbed.error_budget` uses it to ask what each stage of the real one costs.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site
from scenes.sensor import Clock
from sim.clock import sensor_time
from testbed.cause import AUDIBLE_DB, LEAST_SENSORS
from testbed.truth import Hearing, Truth, TruthEvent

# What is left of a perfect pulse's error: a sample's worth.
PERFECT_SIGMA_S = 0.1e-3
# A pulse so much before a first arrival, or after it, is taken as that arrival.
EARLY_S, LATE_S = 0.005, 0.05


def perfect_pulses(site: Site, truth: Truth, clocks: Mapping[str, Clock]) -> Pulses:
    """Return one pulse for each first arrival that stands out of the noise, at its exact time, and nothing else.

    Parameters
    ----------
    site : Site
        As the operator knows it; its stations are in the order that the pulses' indices mean.
    truth : Truth
        With who heard what.
    clocks : mapping of sensor id to Clock
        Pulses are stamped by them: a clock's error is not the pulse stage's.

    Returns
    -------
    Pulses
        Without features.
    """
    index = {station.id: i for i, station in enumerate(site.stations)}
    floor = noise_floor_db(truth)
    found = [
        (sensor_time(clocks[name], hearing.time_s), index[name], hearing)
        for event in truth.events
        for name, hearing in audible(event, floor)
        if name in index
    ]
    found.sort(key=lambda one: one[:2])
    count = len(found)
    level = np.array([hearing.level_db for _, _, hearing in found])
    return Pulses(
        np.array([station for _, station, _ in found], dtype=np.int32),
        np.array([time for time, _, _ in found], dtype=np.float64),
        np.full(count, PERFECT_SIGMA_S),
        level,
        level - (floor - AUDIBLE_DB),
        np.array([hearing.clipped for _, _, hearing in found], dtype=np.bool_),
        np.zeros((count, 0)),
    )


def perfect_incidents(
    site: Site, pulses: Pulses, truth: Truth, clocks: Mapping[str, Clock]
) -> tuple[Incident, ...]:
    """Return the incidents that a flawless association would make of these pulses.

    Parameters
    ----------
    site, truth, clocks
        As in `perfect_pulses`.
    pulses : Pulses
        Heard or perfect ones.

    Returns
    -------
    tuple of Incident
        In order of their first rounds; only those that three stations heard, with the rounds that anyone heard.
    """
    acts: dict[str, list[TruthEvent]] = {}
    for event in truth.events:
        acts.setdefault(event.incident, []).append(event)
    claims = sorted(_claims(site, pulses, truth, clocks), key=lambda claim: claim[0])
    pulse_of: dict[tuple[str, int], int] = {}
    taken: set[int] = set()
    for _, event, station, pulse in claims:
        if pulse not in taken and (event, station) not in pulse_of:
            pulse_of[event, station] = pulse
            taken.add(pulse)
    made = (_incident(rounds, pulse_of, pulses) for rounds in acts.values())
    return tuple(sorted((i for i in made if i is not None), key=lambda i: float(i.round_times_s[0])))


def noise_floor_db(truth: Truth) -> float:
    """Return the level above which an arrival stands out, dB re 20 uPa; minus infinity where no noise is stated."""
    noise = truth.watch.noise_db_rms
    return -np.inf if noise is None else noise + AUDIBLE_DB


def audible(event: TruthEvent, floor_db: float) -> Sequence[tuple[str, Hearing]]:
    """Return the sensors at which an event stands out, with what arrives there."""
    return [(name, h) for name, h in (event.heard or {}).items() if h.level_db >= floor_db]


def _claims(
    site: Site, pulses: Pulses, truth: Truth, clocks: Mapping[str, Clock]
) -> Iterator[tuple[float, str, int, int]]:
    """Yield every (distance in time, event, station, pulse) where a pulse may be an event's first arrival."""
    floor = noise_floor_db(truth)
    index = {station.id: i for i, station in enumerate(site.stations)}
    at: list[npt.NDArray[np.intp]] = [np.flatnonzero(pulses.station == i) for i in range(len(site.stations))]
    for event in truth.events:
        for name, hearing in audible(event, floor):
            station = index.get(name)
            if station is None:
                continue
            late = pulses.time_s[at[station]] - sensor_time(clocks[name], hearing.time_s)
            for i in np.flatnonzero((late >= -EARLY_S) & (late <= LATE_S)):
                yield abs(float(late[i])), event.id, station, int(at[station][i])


def _incident(
    rounds: Sequence[TruthEvent], pulse_of: Mapping[tuple[str, int], int], pulses: Pulses
) -> Incident | None:
    heard = [[pulse for (event, _), pulse in pulse_of.items() if event == r.id] for r in rounds]
    kept = [(r, sorted(own)) for r, own in zip(rounds, heard, strict=True) if own]
    pulse = np.array([p for _, own in kept for p in own], dtype=np.int64)
    if len(np.unique(pulses.station[pulse])) < LEAST_SENSORS:
        return None
    return Incident(
        np.array(rounds[0].position_m[:2], dtype=np.float64),
        np.array([r.time_s for r, _ in kept]),
        pulse,
        np.repeat(np.arange(len(kept)), [len(own) for _, own in kept]),
        np.inf,
    )
