"""Turns a scene into what its sensors record."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from scenes.errors import BadInput
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from sim.ambient import design_noise
from sim.arrivals import Arrivals, open_street, trace_event
from sim.band_filter import ShelfDesign, design_shelves
from sim.capture import Capture
from sim.microphone import REFERENCE_PA
from sim.propagation.city import index_block
from sim.propagation.engines import EngineOptions
from sim.propagation.trace import PathOptions
from sim.pulse_table import design_filters
from sim.recorder import Pressure, add_event, capture_of, quiet_pressure
from sim.sources import SOURCES

# A level must be a number; this is -100 dB, which nothing hears.
SILENCE_PA = 2e-10

Progress = Callable[[int, int], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Heard:
    """What one event alone amounted to at one sensor, audible or not.

    Attributes
    ----------
    event, sensor : str
        Their names.
    time_s : float
        True time of the first arrival, s.
    level_db : float
        Peak level at the first microphone in its band of frequencies, dB re 20 uPa.
    path : str
        `PathKind` of the first arrival, in small letters.
    clipped : bool
        Whether the event alone exceeds the sensor's full scale.
    """

    event: str
    sensor: str
    time_s: float
    level_db: float
    path: str
    clipped: bool


@dataclass(frozen=True)
class Simulation:
    """What all sensors recorded, in the scene's order, and what each event was at each sensor that it reached."""

    captures: tuple[Capture, ...]
    heard: tuple[Heard, ...]


def simulate(
    scene: Scene, options: EngineOptions | None = None, workers: int = 1, progress: Progress | None = None
) -> Simulation:
    """Simulate a scene.

    Parameters
    ----------
    scene : Scene
    options : options of an engine, optional
        Which engine looks for paths, and for which.
    workers : int
        Number of threads; changes no byte of the result.
    progress : callable, optional
        Called with (parts done, parts in all); a part is an event or a sensor.

    Returns
    -------
    Simulation

    Raises
    ------
    BadInput
        When an event is of a kind that is no source, or has traits that cannot be; one line a mistake.
    """
    _check_events(scene)
    samplings = sorted({s.microphone.sampling for s in scene.sensors})
    filters = {sampling: design_filters(scene.air, *sampling) for sampling in samplings}
    receivers = np.array([s.position_m for s in scene.sensors], dtype=np.float64).reshape(-1, 3)
    street = open_street(index_block(scene.block), scene, receivers, filters, options or PathOptions())
    shelves = {rate: design_shelves(rate) for rate, _ in samplings}
    responses = {(s.microphone.high_pass_hz, s.microphone.rate_hz) for s in scene.sensors}
    noises = {response: design_noise(*response) for response in responses}
    heard: list[Heard] = []

    def quiet(sensor: Sensor) -> Pressure:
        return quiet_pressure(
            scene, sensor, noises[sensor.microphone.high_pass_hz, sensor.microphone.rate_hz]
        )

    parts = 2 * len(scene.sensors) + len(scene.events)
    with ThreadPoolExecutor(workers) as pool:
        pressures = _counted(pool.map(quiet, scene.sensors), progress, 0, parts)
        for number, event in enumerate(scene.events):
            arrivals = trace_event(event, scene.seed, receivers, street)
            rows = pool.map(partial(_hear, scene, shelves, event), scene.sensors, pressures, arrivals)
            heard.extend(row for row in rows if row is not None)
            if progress is not None:
                progress(len(scene.sensors) + number + 1, parts)
        captures = _counted(
            pool.map(capture_of, scene.sensors, pressures), progress, parts - len(scene.sensors), parts
        )
    return Simulation(tuple(captures), tuple(heard))


def _check_events(scene: Scene) -> None:
    """Refuse unknown kinds, and what sources say of traits that they do not share with every drawn event."""
    kinds = ", ".join(SOURCES)
    mistakes = [
        f"event {e.id}: kind {e.kind!r} is none of {kinds}" for e in scene.events if e.kind not in SOURCES
    ]
    for event in scene.events:
        if event.kind in SOURCES and (event.traits or event.kind == "file"):
            try:
                SOURCES[event.kind](event, draw_stream(scene.seed, "emission", event.id))
            except BadInput as error:
                mistakes.append(str(error))
    if mistakes:
        raise BadInput("\n".join(mistakes))


def _counted(results: Iterable[T], progress: Progress | None, done: int, parts: int) -> list[T]:
    """Collect results and report each as it comes."""
    collected: list[T] = []
    for result in results:
        collected.append(result)
        if progress is not None:
            progress(done + len(collected), parts)
    return collected


def _hear(
    scene: Scene,
    shelves: Mapping[int, ShelfDesign],
    event: Event,
    sensor: Sensor,
    pressure: Pressure,
    arrivals: list[Arrivals],
) -> Heard | None:
    """Add an event to a sensor's pressure; return what it was there, None where no path leads."""
    if not arrivals:
        return None
    jitter_s = sensor.clock.jitter_s
    if jitter_s > 0.0:
        jitter_s *= draw_stream(scene.seed, "jitter", f"{sensor.id}\0{event.id}").standard_normal()
    shelf = shelves[sensor.microphone.rate_hz]
    peak_pa, clipped = add_event(pressure, sensor, arrivals, scene.air.sound_speed_mps, jitter_s, shelf)
    first = min(arrivals, key=lambda a: a.time_s.min())
    level = 20.0 * np.log10(max(peak_pa, SILENCE_PA) / REFERENCE_PA)
    return Heard(event.id, sensor.id, float(first.time_s.min()), float(level), first.first_kind, clipped)
