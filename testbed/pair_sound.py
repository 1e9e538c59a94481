"""What one bang sends to one sensor, path by path."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Sensor
from sim.arrivals import Arrivals, open_street, trace_event
from sim.band_filter import ShelfDesign, design_shelves
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.city import City, index_block
from sim.propagation.engines import EngineOptions, open_engine
from sim.propagation.paths import BANDS_HZ, PathKind
from sim.propagation.trace import PathOptions
from sim.pulse_table import design_filters
from sim.recorder import add_event

REFERENCE_PA = 20e-6
# The picture goes on for this long after the last arrival, s.
AFTER_S = 0.05
_SILENCE_PA = 2e-10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeardPath:
    """One path, and what it alone amounts to at the sensor.

    Attributes
    ----------
    number : int
        1 for the first to arrive.
    part : int
        Which emission of the bang took it: 1, or more where a bang has several (a rifle's blast and shock).
    kind : PathKind
    order, ground_bounces : int
        Facade reflections and edges; ground reflections.
    delay_s, length_m : float
        Arrival after the bang, s; way through the air, m.
    level_db : float
        Peak level of this path alone, dB re 20 uPa, before the microphone.
    gain_db : ndarray, shape (8,)
        Level in each octave band re the free field at 1 m on the source's axis: directivity, spreading, walls, ground,
        edges and air, dB.
    vertices_m : ndarray, shape (k, 3)
        Source first, sensor last.
    """

    number: int
    part: int
    kind: PathKind
    order: int
    ground_bounces: int
    delay_s: float
    length_m: float
    level_db: float
    gain_db: Floats
    vertices_m: Floats


@dataclass(frozen=True, eq=False)
class PairSound:
    """All that a sensor hears of one bang.

    Attributes
    ----------
    paths : tuple of HeardPath
        In order of arrival.
    roof_m : ndarray, shape (k, 3)
        The taut string over roofs and hills from source to sensor; the straight line where nothing is in the way.
    pressure_pa : ndarray of float32, shape (n,)
        Behind the microphone's high-pass, without noise, sampled from `start_s` after the bang on, true time.
    start_s, rate_hz : float
    level_db, paths_db : float
        Peak level of all sound together and of the paths without what facades scatter (the tail), dB re 20 uPa, before
        the microphone.
    """

    paths: tuple[HeardPath, ...]
    roof_m: Floats
    pressure_pa: npt.NDArray[np.float32]
    start_s: float
    rate_hz: int
    level_db: float
    paths_db: float


def hear_pair(scene: Scene, event: Event, sensor: Sensor, options: EngineOptions) -> PairSound:
    """Trace and render one bang to one sensor.

    Parameters
    ----------
    scene : Scene
        Its block, air and seed count; its events and other sensors do not.
    event : Event
        At time 0.
    sensor : Sensor
        Its clock is taken as perfect; of several capsules the first is heard.
    options : options of an engine

    Raises
    ------
    BadInput
        When the source or the sensor is in a wall, or a trait of the event is not a number.
    """
    rate = sensor.microphone.rate_hz
    one_capsule = dataclasses.replace(sensor.microphone, capsules_m=sensor.microphone.capsules_m[:1])
    ideal = dataclasses.replace(sensor, clock=Clock(), microphone=one_capsule)
    city = index_block(scene.block)
    filters = {sensor.microphone.sampling: design_filters(scene.air, *sensor.microphone.sampling)}
    place = np.array([sensor.position_m], dtype=np.float64)
    street = open_street(city, scene, place, filters, options)
    arrivals = trace_event(event, scene.seed, place, street)[0]
    shelves, speed = design_shelves(rate), scene.air.sound_speed_mps
    last = max((float(a.time_s.max()) for a in arrivals), default=0.0)
    pressure = np.zeros((1, round((last + AFTER_S) * rate) + 1), dtype=np.float32)
    peak = add_event(pressure, ideal, arrivals, speed, 0.0, shelves)[0] if arrivals else 0.0
    loss = attenuation_db_per_m(BANDS_HZ, scene.air.temperature_c, scene.air.humidity, scene.air.pressure_pa)
    paths = _number(
        [p for part, a in enumerate(arrivals, 1) for p in _paths(part, a, ideal, speed, shelves, loss)]
    )
    first = max(0, round((paths[0].delay_s - 0.4 * AFTER_S) * rate)) if paths else 0
    roof = _over_roofs(city, scene, event, place)
    specular = [dataclasses.replace(a, tail=None) for a in arrivals]
    bare = np.zeros((1, 0), dtype=np.float32)
    alone = add_event(bare, ideal, specular, speed, 0.0, shelves)[0] if arrivals else 0.0
    return PairSound(paths, roof, pressure[0, first:], first / rate, rate, level(peak), level(alone))


def level(peak_pa: float) -> float:
    """Return a pressure as a level, dB re 20 uPa; -100 dB for silence."""
    return float(20.0 * np.log10(max(peak_pa, _SILENCE_PA) / REFERENCE_PA))


def _paths(
    part: int, arrivals: Arrivals, sensor: Sensor, speed: float, shelves: ShelfDesign, loss_db_per_m: Floats
) -> list[HeardPath]:
    found = arrivals.paths
    heard = []
    for i in range(len(found)):
        peak, _ = add_event(
            np.zeros((1, 0), dtype=np.float32), sensor, [_alone(arrivals, i)], speed, 0.0, shelves
        )
        gain = 20.0 * np.log10(np.maximum(np.abs(arrivals.gain[i]), 1e-12))
        heard.append(
            HeardPath(
                0,
                part,
                PathKind(int(found.kind[i])),
                int(found.order[i]),
                int(found.ground_bounces[i]),
                float(arrivals.time_s[i]),
                float(found.length_m[i]),
                level(peak),
                gain - loss_db_per_m * found.length_m[i],
                found.vertices_m[found.vertex_start[i] : found.vertex_start[i + 1]],
            )
        )
    return heard


def _alone(arrivals: Arrivals, i: int) -> Arrivals:
    """Return what arrives along one path."""
    one = slice(i, i + 1)
    return dataclasses.replace(
        arrivals,
        time_s=arrivals.time_s[one],
        gain=arrivals.gain[one],
        length_m=arrivals.length_m[one],
        direction=arrivals.direction[one],
        kind=arrivals.kind[one],
        tail=None,
    )


def _number(paths: list[HeardPath]) -> tuple[HeardPath, ...]:
    ordered = sorted(paths, key=lambda path: path.delay_s)
    return tuple(dataclasses.replace(path, number=n) for n, path in enumerate(ordered, 1))


def _over_roofs(city: City, scene: Scene, event: Event, place_m: Floats) -> Floats:
    """Return the vertices of the way over roofs, whether or not it is loud enough to be kept among the others."""
    roofs = PathOptions(reflection_order=0, corner_count=0, reflected_diffraction=False, ground=False)
    found = open_engine(city, scene.air, roofs)(event.position_m, place_m)[0]
    shortest = int(np.argmin(found.length_m))
    return found.vertices_m[found.vertex_start[shortest] : found.vertex_start[shortest + 1]]
