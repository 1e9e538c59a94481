"""From a source to many receivers: the paths that can be heard."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.bag import Medium, Rules, new_bag
from sim.propagation.city import City
from sim.propagation.collect import collect_all
from sim.propagation.paths import BANDS_HZ, Paths
from sim.propagation.places import check_places

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PathOptions:
    """What to look for, and how much of it to keep.

    Attributes
    ----------
    reflection_order : int
        Facade reflections on one path, 0 to 3.
    corner_count : int
        Vertical edges on one path, 0 to 8.
    reflected_diffraction : bool
        Paths with one reflection and one vertical edge.
    roofs, ground : bool
        Diffraction over roofs; ground reflections.
    materials : bool
        Absorption and scattering of facades and the impedance of the ground; otherwise all is rigid.
    floor_db : float
        Paths whose power, summed over the octave bands with air absorption, lies further below that of the pair's
        strongest are left out.
    paths_max : int
        Number of paths of a pair, 1 or more: the strongest. The earliest is kept in any case.
    """

    reflection_order: int = 2
    corner_count: int = 4
    reflected_diffraction: bool = True
    roofs: bool = True
    ground: bool = True
    materials: bool = True
    floor_db: float = 40.0
    paths_max: int = 48


def trace_paths(
    city: City, air: Air, source: npt.ArrayLike, receivers: npt.ArrayLike, options: PathOptions | None = None
) -> list[Paths]:
    """Find the paths from one point to many.

    Parameters
    ----------
    city : City
        From `sim.propagation.city.index_block`.
    air : Air
    source : array_like, shape (3,)
        m.
    receivers : array_like, shape (m, 3)
        m.
    options : PathOptions, optional

    Returns
    -------
    list of Paths
        One per receiver, none of them empty while roofs are looked for.

    Raises
    ------
    BadInput
        When a point lies inside a building or under the ground, one line each.
    """
    options = options or PathOptions()
    start = check_places(city, source, "source")[0]
    ends = check_places(city, receivers, "receiver") if np.size(receivers) else np.empty((0, 3))
    plan = city.plan if options.materials else city.plan._replace(facades=np.ones_like(city.plan.facades))
    bag = new_bag(plan.grid.nx, plan.grid.ny, len(BANDS_HZ))
    found = collect_all(
        plan,
        medium_of(air),
        rules_of(options),
        bag,
        start,
        ends,
        air.sound_speed_mps,
        float(air.wind_mps[0]),
        float(air.wind_mps[1]),
        options.paths_max,
    )
    return _split(*found)


def medium_of(air: Air) -> Medium:
    """Return what the air does at the band centres."""
    bands = np.array(BANDS_HZ)
    loss = attenuation_db_per_m(bands, air.temperature_c, air.humidity, air.pressure_pa)
    return Medium(bands, 2.0 * np.pi * bands / air.sound_speed_mps, 10.0 ** (-loss / 10.0))


def rules_of(options: PathOptions) -> Rules:
    """Return the options as compiled code takes them."""
    return Rules(
        options.reflection_order,
        options.corner_count,
        10.0 ** (-options.floor_db / 10.0),
        options.ground,
        options.corner_count > 0,
        options.roofs,
        options.reflected_diffraction,
        not options.materials,
    )


def _split(
    per_pair: npt.NDArray[np.int64],
    delay: Floats,
    label: npt.NDArray[np.int64],
    length: Floats,
    gain: npt.NDArray[np.complex128],
    size: npt.NDArray[np.int64],
    points: Floats,
) -> list[Paths]:
    """Cut the joined arrays into one `Paths` per receiver."""
    ends = np.cumsum(per_pair)
    vertex = np.concatenate([[0], np.cumsum(size)])
    small = label.astype(np.int8)
    real = np.where(gain.real < 0.0, -1.0, 1.0) * np.abs(gain)
    phase = np.unwrap(np.angle(gain), axis=1) if len(gain) else np.zeros((0, len(BANDS_HZ)))
    departure = _directions(points, vertex[:-1], vertex[:-1] + 1)
    arrival = _directions(points, vertex[1:] - 2, vertex[1:] - 1)
    result = []
    for last, count in zip(ends, per_pair, strict=True):
        rows = slice(last - count, last)
        begin, end = vertex[last - count], vertex[last]
        result.append(
            Paths(
                delay_s=delay[rows],
                gain=real[rows],
                length_m=length[rows],
                kind=small[rows, 0],
                order=small[rows, 1],
                ground_bounces=small[rows, 2],
                departure=departure[rows],
                arrival=arrival[rows],
                vertices_m=points[begin:end],
                vertex_start=vertex[last - count : last + 1] - begin,
                phase_rad=phase[rows],
            )
        )
    return result


def _directions(points: Floats, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Floats:
    """Return unit vectors from points[start] to points[end]; down where they coincide (a bounce at the source)."""
    step = points[end] - points[start]
    norm = np.linalg.norm(step, axis=1, keepdims=True)
    return np.where(norm > 1e-9, step / np.maximum(norm, 1e-9), [0.0, 0.0, -1.0])
