"""Simulated scenes as the classifier meets them: what the detector made of every act, with what it truly was."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.onset import find_pulses
from detector.options import DetectorOptions
from detector.pulse import Pulses
from detector.recording import open_recording
from detector.site import Site
from scenes.errors import BadInput
from scenes.scene import Scene
from scenes.streams import draw_stream
from sim.simulate import Simulation, simulate
from testbed.config import SceneSettings
from testbed.labels import label_of
from testbed.training_acts import (
    Act,
    Groups,
    describe_act,
    follow_bangs,
    group_bangs,
    mark_strangers,
    number_bangs,
    of_same_shooters,
    tell_real,
)
from testbed.truth import TruthEvent
from testbed.truth_of import truth_of
from testbed.wire import write_recording
from testbed.world import build_scene

STATIONS_LEAST = 3  # a place needs so many
POSITION_ERROR_M = (4.0, 8.0, 20.0)  # of the places of acts that the detector did not find
OWN_SHARE, OWN_LEAST = (
    0.35,
    2,
)  # an incident is an act's when so many of its pulses are that act's first sound
ECHOING_S = (0.5, 3.0)  # before and after a round: what is found then and is no act's may be its echoes
TRIES = 5
STRANGER = "stranger"  # kind of an incident that is no act's


@dataclass(frozen=True, eq=False)
class HeardIncident:
    """One incident and the act behind it.

    Attributes
    ----------
    incident : Incident
        With the place that the locator gives; of acts not found, their sounds with a place that errs.
    act : Act
    real : ndarray of bool, shape (k,)
        Which of its rounds were fired: each is the round of another bang of the act.
    found : bool
        Whether the detector found it; else it is what association would hand on, were it perfect.
    """

    incident: Incident
    act: Act
    real: npt.NDArray[np.bool_]
    found: bool


@dataclass(frozen=True, eq=False)
class HeardScene:
    """A scene's site, pulses and incidents.

    `pulse_label` (n,) is the label that a pulse is known to have, or ""; `ghosts` counts incidents that were left out,
    for they are no act's and may be echoes of gunfire.
    """

    site: Site
    pulses: Pulses
    pulse_label: npt.NDArray[np.str_]
    incidents: tuple[HeardIncident, ...]
    world: str
    ghosts: int = 0


def hear_scene(settings: SceneSettings) -> HeardScene:
    """Simulate a scene, hear it as the detector does, and say what each of its incidents truly was."""
    scene, simulation = _simulate_some(settings)
    truth = truth_of(scene, simulation.heard)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        write_recording(
            path, scene, simulation.captures, settings.survey, settings.clock.sigma_s, faults=settings.faults
        )
        recording = open_recording(path)
        pulses = find_pulses(recording)
    site = recording.site
    groups = group_bangs(truth)
    event_of = follow_bangs(groups, site, pulses)
    rng = draw_stream(settings.seed, "training places")
    found, ghosts = _find(site, pulses, event_of, groups)
    missed = [
        _collect(name, groups, event_of, site, rng)
        for name in groups
        if name not in {owner for owner, _ in found}
    ]
    incidents = (*(heard for _, heard in found), *(heard for heard in missed if heard is not None))
    label = mark_strangers(truth, site, pulses)
    labels = np.array([label_of(e.kind, e.traits) or "" for _, e in number_bangs(groups)] or [""])
    known = event_of >= 0
    label[known] = labels[event_of[known]]
    return HeardScene(site, pulses, label, incidents, scene.block.name, ghosts)


def _simulate_some(settings: SceneSettings) -> tuple[Scene, Simulation]:
    """Simulate the scene, with the next seed where a bullet or a car meets what it cannot be in."""
    for attempt in range(TRIES):
        try:
            scene = build_scene(replace(settings, seed=settings.seed + attempt))[0]
            return scene, simulate(scene, settings.propagation, settings.workers)
        except BadInput:
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def _find(
    site: Site, pulses: Pulses, event_of: npt.NDArray[np.int64], groups: Groups
) -> tuple[list[tuple[str, HeardIncident]], int]:
    """Let the detector find and locate incidents; say whose each is, and how many are nobody's."""
    options = DetectorOptions()
    numbered = number_bangs(groups)
    names = np.array([name for name, _ in numbered] or [""])
    found: list[tuple[str, HeardIncident]] = []
    ghosts = 0
    for incident in options.associate(site, pulses):
        events = event_of[incident.pulse]
        owners, count = np.unique(names[events[events >= 0]], return_counts=True)
        least = max(OWN_LEAST, OWN_SHARE * len(events))
        owner = str(owners[np.argmax(count)]) if count.max(initial=0) >= least else ""
        events = np.where(np.isin(events, np.flatnonzero(names == owner)), events, -1)
        # Of two shooters found apart, each alert is to count its own rounds.
        heard = [numbered[e][1] for e in events[events >= 0]]
        bangs = of_same_shooters(groups[owner], heard) if owner else []
        act = describe_act(bangs, site) if owner else _name_stranger(incident, numbered)
        if act is None:
            ghosts += not owner
            continue
        place = np.array(options.locate(site, pulses, incident).position_m[:2])
        real = tell_real(incident, events)
        found.append((owner, HeardIncident(replace(incident, position_m=place, rivals=()), act, real, True)))
    return found, ghosts


def _name_stranger(incident: Incident, numbered: list[tuple[str, TruthEvent]]) -> Act | None:
    """Return "other" for an incident that is no act's; None where it may be the echoes of gunfire."""
    shots_s = np.array([e.time_s for _, e in numbered if label_of(e.kind, e.traits) == "gunshot"])
    after_s = incident.round_times_s[:, None] - shots_s[None, :]
    if ((after_s > -ECHOING_S[0]) & (after_s < ECHOING_S[1])).any():
        return None
    return Act("other", STRANGER, 0, 1, False, float("inf"))


def _collect(
    name: str,
    groups: Groups,
    event_of: npt.NDArray[np.int64],
    site: Site,
    rng: np.random.Generator,
) -> HeardIncident | None:
    """Return what stations heard of an act that the detector did not find; None where too few did, or no label."""
    error_m = rng.choice(POSITION_ERROR_M) * rng.standard_normal(2)
    heard = [
        (event, np.flatnonzero(event_of == number))
        for number, (owner, event) in enumerate(number_bangs(groups))
        if owner == name
    ]
    rounds = [(event, mine) for event, mine in heard if len(mine) >= STATIONS_LEAST]
    act = describe_act(groups[name], site)
    if not rounds or act is None:
        return None
    loudest = max(rounds, key=lambda pair: len(pair[1]))[0]
    incident = Incident(
        np.array(loudest.position_m[:2]) + error_m,
        np.array([event.time_s for event, _ in rounds]),
        np.concatenate([mine for _, mine in rounds]),
        np.repeat(np.arange(len(rounds)), [len(mine) for _, mine in rounds]),
        0.0,
    )
    return HeardIncident(incident, act, np.ones(len(rounds), dtype=bool), False)
