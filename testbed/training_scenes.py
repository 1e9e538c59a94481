"""Scenes to train on: worlds drawn at random, each incident's sound as the detector would hear it, with its label."""

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.class_evidence import gather_evidence
from detector.incident import Incident
from detector.onset import find_pulses
from detector.pulse import Pulses
from detector.recording import open_recording
from detector.site import Site
from scenes.air import Air
from scenes.ambient import Ambient
from scenes.blocks.crossroads import Crossroads
from scenes.blocks.grid import Grid
from scenes.layouts.random import RandomLayout
from scenes.schedules.rates import Rates
from scenes.streams import draw_stream
from sim.clock import CLOCKS
from sim.microphone import MicrophoneModel
from sim.propagation.trace import PathOptions
from sim.simulate import simulate
from testbed.config import SceneSettings
from testbed.labels import label_of
from testbed.survey import Survey
from testbed.truth import Truth, TruthEvent
from testbed.truth_of import truth_of
from testbed.wire import write_recording
from testbed.world import build_scene

EARLY_S, LATE_S = 0.003, 0.060  # a pulse within this of a first arrival counts as that sound
STATIONS_LEAST = 2
POSITION_ERROR_M = 10.0  # of the places that stand for what the locator would say
DURATION_S = 45.0
RATES_HZ = (12_000, 24_000, 48_000)


@dataclass(frozen=True, eq=False)
class Example:
    """One incident: its evidence (`detector.class_evidence.EVIDENCE`), label, kind of its loudest bang, and world."""

    evidence: npt.NDArray[np.float64]
    label: str
    kind: str
    world: str


def draw_settings(seed: int, number: int) -> SceneSettings:
    """Draw the world of one training scene: block, layout, weather, noise, microphones.

    Parameters
    ----------
    seed : int
        Of the whole training.
    number : int
        Of the scene.
    """
    rng = draw_stream(seed, "training scene", str(number))
    block = Crossroads() if rng.uniform() < 0.25 else _draw_grid(rng)
    louder_db = rng.uniform(-3.0, 14.0)
    octaves = tuple(float(level + louder_db) for level in Ambient().octave_db_rms)
    return SceneSettings(
        scene=block,
        schedule=Rates(gunshots=2, fireworks=2, backfires=2),
        layout=RandomLayout(
            int(rng.integers(8, 17)), min_distance_m=40.0, height_m=float(rng.uniform(4.0, 9.0))
        ),
        ambient=Ambient(octaves, spread_db=float(rng.uniform(1.0, 5.0))),
        weather=Air(
            float(rng.uniform(-5.0, 30.0)),
            float(rng.uniform(30.0, 95.0)),
            wind_mps=(float(rng.normal(0.0, 3.0)), float(rng.normal(0.0, 3.0))),
        ),
        clock=CLOCKS["gps"],
        sensor=MicrophoneModel(
            full_scale_db=float(rng.choice([93.0, 100.0, 110.0, 120.0])), bits=int(rng.choice([16, 24]))
        ),
        survey=Survey(),
        propagation=PathOptions(),
        duration_s=DURATION_S,
        rate_hz=int(rng.choice(RATES_HZ)),
        seed=int(rng.integers(2**31)),
        workers=1,
    )


def _draw_grid(rng: np.random.Generator) -> Grid:
    return Grid(
        blocks_x=int(rng.integers(3, 7)),
        blocks_y=int(rng.integers(3, 7)),
        block_x_m=float(rng.uniform(50.0, 110.0)),
        block_y_m=float(rng.uniform(40.0, 80.0)),
        street_m=float(rng.uniform(12.0, 28.0)),
        height_low_m=6.0,
        height_high_m=float(rng.choice([9.0, 15.0, 30.0])),
        seed=int(rng.integers(2**31)),
    )


def hear_scene(settings: SceneSettings) -> list[Example]:
    """Simulate a scene, find its pulses, and describe every incident that at least two stations heard."""
    scene, _ = build_scene(settings)
    simulation = simulate(scene, settings.propagation, settings.workers)
    truth = truth_of(scene, simulation.heard)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        write_recording(path, scene, simulation.captures, settings.survey, settings.clock.sigma_s)
        recording = open_recording(path)
        pulses = find_pulses(recording)
    rng = draw_stream(settings.seed, "training places")
    examples = [
        _describe(events, recording.site, pulses, scene.block.name, rng)
        for events in _group_by_incident(truth)
    ]
    return [example for example in examples if example is not None]


def _group_by_incident(truth: Truth) -> list[list[TruthEvent]]:
    groups: dict[str, list[TruthEvent]] = defaultdict(list)
    for event in truth.events:
        groups[event.incident].append(event)
    return list(groups.values())


def _describe(
    events: list[TruthEvent], site: Site, pulses: Pulses, world: str, rng: np.random.Generator
) -> Example | None:
    """Return an incident as association would hand it on, were it perfect; None where too few heard it."""
    error_m = rng.normal(0.0, POSITION_ERROR_M, 2)
    heard = [
        (event, index) for event in events if len(index := _pulses_of(event, site, pulses)) >= STATIONS_LEAST
    ]
    label = label_of(events[0].kind, events[0].traits)
    if not heard or label is None:
        return None
    place = np.array(heard[0][0].position_m[:2]) + error_m
    incident = Incident(
        place,
        np.array([event.time_s for event, _ in heard]),
        np.concatenate([index for _, index in heard]),
        np.repeat(np.arange(len(heard)), [len(index) for _, index in heard]),
        0.0,
    )
    evidence = gather_evidence(site, pulses, incident, place)
    kind = max(heard, key=lambda pair: len(pair[1]))[0].kind
    return None if evidence is None else Example(evidence, label, kind, world)


def _pulses_of(event: TruthEvent, site: Site, pulses: Pulses) -> npt.NDArray[np.int64]:
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
    return np.array(found, dtype=np.int64)
