"""What one event sends to every sensor: emissions, the paths they take, and the pulses that they become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.event import Event
from scenes.scene import Scene
from scenes.streams import draw_stream
from scenes.terrain import Terrain
from sim.impact import Facades, facades_of, free_length
from sim.propagation.city import City
from sim.propagation.engines import EngineOptions, Trace, open_engine
from sim.propagation.paths import PathKind, Paths
from sim.pulse_table import PulseTable, RateFilters, pulse_tables
from sim.shock_echoes import shock_echoes
from sim.sources import SOURCES
from sim.sources.emission import Emission, Shock
from sim.tail.field import ScatteredField, links_from, open_field
from sim.tail.tail import Tail, draw_tail
from sim.turbulence import Eddies, draw_eddies
from sim.weathering import weather

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Arrivals:
    """One emission on its way to one sensor.

    Attributes
    ----------
    time_s : ndarray, shape (k,)
        True time at which the waveform's start arrives along each path, s.
    gain : ndarray, shape (k, 8)
        Pressure gain per octave band re 1 m, directivity included, one sign a path.
    length_m : ndarray, shape (k,)
        Length of air, m.
    direction : ndarray, shape (k, 3)
        In which the sound travels when it arrives, unit vectors.
    kind : ndarray of int8, shape (k,)
        `PathKind`.
    tables : mapping to tuple of (float, PulseTable)
        For each sampling (`scenes.sensor.Microphone`) the pulses of the emission's pieces, each with its start in the
        waveform, s.
    paths : Paths
        The k paths themselves, in the same order.
    tail : Tail or None
        What facades scatter.
    """

    time_s: Floats
    gain: Floats
    length_m: Floats
    direction: Floats
    kind: npt.NDArray[np.int8]
    tables: Mapping[tuple[int, float], Sequence[tuple[float, PulseTable]]]
    paths: Paths
    tail: Tail | None = None

    @property
    def first_kind(self) -> str:
        """Name of the kind of the path that arrives first."""
        return PathKind(self.kind[np.argmin(self.time_s)]).name.lower()


@dataclass(frozen=True, eq=False)
class Street:
    """What all events share: the search for paths, walls that stop bullets, air, filters by sampling.

    `field` is what facades scatter to the receivers, None where that is left out.
    """

    trace: Trace
    facades: Facades
    air: Air
    filters: Mapping[tuple[int, float], RateFilters]
    field: ScatteredField | None = None
    terrain: Terrain | None = None


def open_street(
    city: City,
    scene: Scene,
    receivers_m: Floats,
    filters: Mapping[tuple[int, float], RateFilters],
    options: EngineOptions,
) -> Street:
    """Prepare what all events of a scene share.

    Parameters
    ----------
    city : City
        From `index_block` of the scene's block.
    scene : Scene
    receivers_m : ndarray, shape (m, 3)
        All receivers that events will be traced to, m.
    filters : mapping
        For each sampling, from `design_filters`.
    options : options of an engine

    Raises
    ------
    BadInput
        When the block is too large for the engine, or a receiver lies inside a building.
    """
    field = None
    if options.tail:
        field = open_field(city, scene.block, scene.air, receivers_m, rigid=not options.materials)
    return Street(
        open_engine(city, scene.air, options, receivers_m),
        facades_of(scene.block),
        scene.air,
        filters,
        field,
        scene.block.ground.terrain,
    )


def trace_event(event: Event, seed: int, receivers_m: Floats, street: Street) -> list[list[Arrivals]]:
    """Emit an event and trace it to all receivers.

    Parameters
    ----------
    event : Event
    seed : int
        The scene's; the event draws from its own stream.
    receivers_m : ndarray, shape (m, 3)
        m.
    street : Street

    Returns
    -------
    list of m lists of Arrivals
        Of each emission that reaches the receiver.
    """
    heard: list[list[Arrivals]] = [[] for _ in receivers_m]
    eddies = draw_eddies(draw_stream(seed, "eddies", event.id))
    for number, part in enumerate(SOURCES[event.kind](event, draw_stream(seed, "emission", event.id))):
        if isinstance(part, Emission):
            traced = street.trace(part.position_m, receivers_m)
            tails = _tails(event, number, part, receivers_m, seed, street)
            for receiver, arrivals in enumerate(_arrivals(event, part, traced, street, eddies, tails)):
                heard[receiver].extend(arrivals)
            continue
        free_m = free_length(street.facades, part.muzzle_m, part.direction, part.range_m)
        for receiver, place in enumerate(receivers_m):
            heard[receiver].extend(_shock_arrivals(event, part, free_m, place, street, eddies))
    return heard


def _shock_arrivals(
    event: Event, shock: Shock, free_m: float, receiver_m: Floats, street: Street, eddies: Eddies
) -> list[Arrivals]:
    """Trace each part of a shock from its own point of the trajectory to one receiver."""
    found: list[Arrivals] = []
    for echo in shock_echoes(shock, receiver_m, street.facades, street.air.sound_speed_mps, free_m):
        (paths,) = street.trace(echo.emission.position_m, receiver_m[None, :])
        traced = [paths.select(echo.serves(paths))]
        found += _arrivals(event, echo.emission, traced, street, eddies, [None])[0]
    return found


def _tails(
    event: Event, number: int, emission: Emission, receivers_m: Floats, seed: int, street: Street
) -> list[Tail | None]:
    """Draw what facades scatter of an emission to each receiver, from streams of their own."""
    if street.field is None:
        return [None] * len(receivers_m)
    start_s, speed = event.time_s + emission.delay_s, street.air.sound_speed_mps
    # What wind gives and takes on a way, leg by leg, adds up to its share along the straight line, whatever the way.
    early_s = (receivers_m - emission.position_m)[:, :2] @ np.array(street.air.wind_mps) / speed**2
    tails: list[Tail | None] = []
    for links, place, sooner_s in zip(
        links_from(street.field, emission.position_m, emission.directivity), receivers_m, early_s, strict=True
    ):
        key = f"{event.id}\0{number}\0{place[0]:.3f}\0{place[1]:.3f}\0{place[2]:.3f}"
        rng = draw_stream(seed, "tail", key)
        tails.append(draw_tail(links, start_s - sooner_s, speed, rng) if len(links) else None)
    return tails


def _arrivals(
    event: Event,
    emission: Emission,
    traced: list[Paths],
    street: Street,
    eddies: Eddies,
    tails: list[Tail | None],
) -> list[list[Arrivals]]:
    """Return for each receiver one `Arrivals`, or none where no path leads; the source may be mute towards some."""
    traced = [paths.select(emission.directivity(paths.departure) > 0.0) for paths in traced]
    lengths = np.concatenate([np.empty(0), *(paths.length_m for paths in traced)])
    if not len(lengths):
        return [[] for _ in traced]
    late = (tail.length_m for tail in tails if tail is not None)
    lengths = np.concatenate([lengths, *late])
    tables = {
        sampling: pulse_tables(emission.waveform, lengths, f, emission.ageing)
        for sampling, f in street.filters.items()
    }
    start_s = event.time_s + emission.delay_s
    return [
        [
            Arrivals(
                start_s + paths.delay_s + late_s,
                paths.gain * gain * emission.directivity(paths.departure)[:, None],
                paths.length_m,
                paths.arrival,
                paths.kind,
                tables,
                paths,
                tail,
            )
        ]
        if len(paths)
        else []
        for paths, tail, (late_s, gain) in zip(
            traced, tails, weather(street.air, eddies, traced, street.terrain), strict=True
        )
    ]
