"""Simulated scenes as the classifier meets them: what was heard of every incident, with its label."""

import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.onset import find_pulses
from detector.pulse import Pulses
from detector.recording import open_recording
from detector.site import Site
from scenes.errors import BadInput
from scenes.scene import Scene
from scenes.streams import draw_stream
from sim.simulate import Simulation, simulate
from testbed.config import SceneSettings
from testbed.labels import label_of
from testbed.truth import Truth, TruthEvent
from testbed.truth_of import truth_of
from testbed.wire import write_recording
from testbed.world import build_scene

EARLY_S, LATE_S = 0.003, 0.060  # a pulse within this of a first arrival counts as that sound
STATIONS_LEAST = 3  # a place needs so many
POSITION_ERROR_M = (4.0, 8.0, 20.0)  # of the places that stand for what the locator would say
TRIES = 20
STILL = {"backfire": {"speed_mps": 0.0, "engine_s": 0.0}, "siren": {"speed_mps": 0.0}}
UNSOUGHT_S = 1.5  # a pulse so long after every first arrival at its station is nobody's


@dataclass(frozen=True, eq=False)
class HeardIncident:
    """One incident as association would hand it on, were it perfect.

    Attributes
    ----------
    incident : Incident
        With a place that errs as the locator's does.
    label, kind : str
        Label, and the truth's kind of the bang that most stations heard.
    rounds : int
        Bangs that happened, heard or not.
    nearest_m : float
        From the true place to the nearest station that works, m.
    """

    incident: Incident
    label: str
    kind: str
    rounds: int
    nearest_m: float


@dataclass(frozen=True, eq=False)
class HeardScene:
    """A scene's site, pulses and incidents; `pulse_label` (n,) is the label that a pulse is known to have, or ""."""

    site: Site
    pulses: Pulses
    pulse_label: npt.NDArray[np.str_]
    incidents: tuple[HeardIncident, ...]
    world: str


def hear_scene(settings: SceneSettings) -> HeardScene:
    """Simulate a scene, find its pulses, and put together what stations heard of each incident."""
    scene, simulation = _simulate_some(settings)
    truth = truth_of(scene, simulation.heard)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        write_recording(
            path, scene, simulation.captures, settings.survey, settings.clock.sigma_s, faults=settings.faults
        )
        recording = open_recording(path)
        pulses = find_pulses(recording)
    rng = draw_stream(settings.seed, "training places")
    label = _mark_strangers(truth, recording.site, pulses)
    incidents = []
    for events in _group_by_incident(truth):
        heard = _hear(events, recording.site, pulses, rng)
        if heard is not None:
            incidents.append(heard)
            label[heard.incident.pulse] = heard.label
    return HeardScene(recording.site, pulses, label, tuple(incidents), scene.block.name)


def _simulate_some(settings: SceneSettings) -> tuple[Scene, Simulation]:
    """Simulate the scene, with the next seed where a bullet or a car meets what it cannot be in."""
    for attempt in range(TRIES):
        scene = _stand_still(build_scene(replace(settings, seed=settings.seed + attempt))[0])
        try:
            return scene, simulate(scene, settings.propagation, settings.workers)
        except BadInput:
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def _stand_still(scene: Scene) -> Scene:
    """Let nothing move while it sounds: its straight way would lead through houses. Between bangs it does."""
    return replace(
        scene,
        events=tuple(
            replace(e, traits={**e.traits, **STILL[e.kind]}) if e.kind in STILL else e for e in scene.events
        ),
    )


def _group_by_incident(truth: Truth) -> list[list[TruthEvent]]:
    groups: dict[str, list[TruthEvent]] = defaultdict(list)
    for event in truth.events:
        groups[event.incident].append(event)
    return list(groups.values())


def _hear(
    events: list[TruthEvent], site: Site, pulses: Pulses, rng: np.random.Generator
) -> HeardIncident | None:
    """Return what stations heard of an incident; None where too few heard it, or it has no label."""
    error_m = rng.choice(POSITION_ERROR_M) * rng.standard_normal(2)
    label = label_of(events[0].kind, events[0].traits)
    taken: set[int] = set()
    rounds: list[tuple[TruthEvent, list[int]]] = []
    for event in sorted(events, key=lambda e: e.time_s):
        mine = [i for i in _pulses_of(event, site, pulses) if i not in taken]
        if len(mine) >= STATIONS_LEAST:
            rounds.append((event, mine))
            taken.update(mine)
    if not rounds or label is None:
        return None
    loudest = max(rounds, key=lambda pair: len(pair[1]))[0]
    true_m = np.array(loudest.position_m[:2])
    away_m = np.linalg.norm(site.positions_m[:, :2] - true_m, axis=1)
    incident = Incident(
        true_m + error_m,
        np.array([event.time_s for event, _ in rounds]),
        np.array([i for _, mine in rounds for i in mine], dtype=np.int64),
        np.repeat(np.arange(len(rounds)), [len(mine) for _, mine in rounds]),
        0.0,
    )
    return HeardIncident(incident, label, loudest.kind, len(events), float(away_m.min()))


def _pulses_of(event: TruthEvent, site: Site, pulses: Pulses) -> list[int]:
    """Return the first pulse near the true first arrival at each station that has one."""
    found = []
    for station, record in enumerate(site.stations):
        hearing = (event.heard or {}).get(record.id)
        if hearing is None:
            continue
        late = pulses.time_s - hearing.time_s
        near = np.flatnonzero((pulses.station == station) & (late >= -EARLY_S) & (late <= LATE_S))
        if len(near):
            found.append(int(near[0]))
    return found


def _mark_strangers(truth: Truth, site: Site, pulses: Pulses) -> npt.NDArray[np.str_]:
    """Label the pulses "other" that follow no first arrival: vehicles, wind, the converter."""
    label = np.full(len(pulses), "other", dtype="<U8")
    for station, record in enumerate(site.stations):
        arrivals = [h.time_s for e in truth.events if (h := (e.heard or {}).get(record.id)) is not None]
        mine = np.flatnonzero(pulses.station == station)
        late = pulses.time_s[mine][:, None] - np.array(arrivals)[None, :]
        label[mine[((late > -0.5) & (late < UNSOUGHT_S)).any(axis=1)]] = ""
    return label
