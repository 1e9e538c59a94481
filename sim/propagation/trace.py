"""From a source to many receivers: the paths that can be heard."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.bag import CANDIDATE, MEDIUM, VERTICES_MAX, Bag, Rules, new_bag, pick_paths
from sim.propagation.chain import ALL_UP_TO, list_shortest, list_strings, string_out
from sim.propagation.city import City, Plan, rigid
from sim.propagation.corner import list_corners
from sim.propagation.line import LINE, weigh_lines
from sim.propagation.paths import BANDS_HZ, Paths
from sim.propagation.places import check_places
from sim.propagation.reflection import list_reflections
from sim.propagation.roof import weigh_roofs
from sim.propagation.view import View, steepest, view_from

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

# Candidates of one pair; when there are more, the weakest make room.
ROOM = 512
FIRST_ROOM = 60_000
# Strings round corners longer than this times the longest distance in plan are not looked for.
DETOUR_MAX = 3.0


@dataclass(frozen=True)
class PathOptions:
    """What to look for, and how much of it to keep.

    Attributes
    ----------
    reflection_order : int
        Facade reflections on one path, 0 to 2.
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
    tail : bool
        What facades scatter (`sim.tail`), beside the paths.
    """

    reflection_order: int = 2
    corner_count: int = 4
    reflected_diffraction: bool = True
    roofs: bool = True
    ground: bool = True
    materials: bool = True
    floor_db: float = 30.0
    paths_max: int = 48
    tail: bool = True


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
    plan = city.plan if options.materials else rigid(city.plan)
    rules, medium, bag = rules_of(options), medium_of(air), new_bag(len(ends), ROOM)
    mine = view_from(plan, start[None], steepest(start[None], ends))
    theirs = view_from(plan, ends, steepest(ends, start[None]))
    lines = _listed(list_reflections, plan, rules, start, ends, mine, theirs, bag)
    weigh_lines(plan, medium, rules, start, ends, lines, len(lines), bag)
    if options.roofs:
        weigh_roofs(plan, medium, rules, start, ends, bag)
    for lines in _round_corners(plan, rules, options, start, ends, mine, theirs, bag):
        weigh_lines(plan, medium, rules, start, ends, lines, len(lines), bag)
    out = np.empty((len(ends), options.paths_max), CANDIDATE)
    number = pick_paths(bag, rules.floor, np.array([air.sound_speed_mps, *air.wind_mps]), out)
    return paths_of(number, out)


def _listed(lister: Callable[..., int], *arguments: object) -> Records:
    """Return all ways that a lister (arguments..., lines, bag) finds: again with more room where it was too small."""
    *given, bag = arguments
    lines = np.empty(FIRST_ROOM, LINE)
    count = lister(*given, lines, bag)
    if count > len(lines):
        lines = np.empty(count, LINE)
        count = lister(*given, lines, bag)
    return lines[:count]


def _round_corners(
    plan: Plan,
    rules: Rules,
    options: PathOptions,
    start: Floats,
    ends: Floats,
    mine: View,
    theirs: View,
    bag: Bag,
) -> Iterator[Records]:
    """Yield the ways round corners, the strongest kinds first."""
    if options.corner_count < 1:
        return
    sees = np.zeros(len(plan.corners), np.bool_)
    sees[mine.corner] = True
    reflected = options.reflected_diffraction and options.reflection_order > 0
    yield _listed(list_corners, plan, rules, reflected, start, ends, mine, theirs, sees, bag)
    if options.corner_count > 1:
        yield _listed(list_strings, plan, rules, start, ends, theirs, sees, bag)
    if options.corner_count > ALL_UP_TO:
        strings = np.empty((options.corner_count, len(plan.corners)))
        parent = np.empty(strings.shape, np.int64)
        reach = DETOUR_MAX * float(np.hypot(*(ends - start)[:, :2].T).max(initial=0.0))
        string_out(plan.corners, plan.graph, start, mine.corner, reach, strings, parent)
        lines = np.empty(len(ends), LINE)
        yield lines[: list_shortest(plan, start, ends, theirs, strings, parent, ALL_UP_TO + 1, lines)]


def medium_of(air: Air) -> npt.NDArray[np.void]:
    """Return what the air does at the band centres, records (bands,) of MEDIUM."""
    medium = np.empty(len(BANDS_HZ), MEDIUM)
    medium["frequency"] = BANDS_HZ
    medium["wavenumber"] = 2.0 * np.pi * medium["frequency"] / air.sound_speed_mps
    loss = attenuation_db_per_m(BANDS_HZ, air.temperature_c, air.humidity, air.pressure_pa)
    medium["log_power_per_m"] = -loss * np.log(10.0) / 10.0
    return medium


def rules_of(options: PathOptions) -> Rules:
    """Return the options as compiled code takes them."""
    return Rules(
        options.reflection_order,
        options.corner_count,
        10.0 ** (-options.floor_db / 10.0),
        options.ground,
        not options.materials,
    )


def paths_of(number: npt.NDArray[np.int64], out: npt.NDArray[np.void]) -> list[Paths]:
    """Return one `Paths` per receiver, each in order of delay, from the first `number` (m,) of `out` (m, paths)."""
    owner = np.repeat(np.arange(len(number)), number)
    found = out[np.arange(out.shape[1]) < number[:, None]]
    found = found[np.lexsort((found["delay"], owner))]
    size = found["size"]
    points = found["points"][np.arange(VERTICES_MAX) < size[:, None]]
    vertex = np.concatenate([[0], np.cumsum(size)])
    gain = np.asarray(found["gain"], dtype=np.complex128)
    phase = np.unwrap(np.angle(gain), axis=1)
    fields = {
        "delay_s": found["delay"].copy(),
        "gain": _signs(np.abs(gain), phase) * np.abs(gain),
        "length_m": found["length"].copy(),
        "kind": found["kind"].astype(np.int8),
        "order": found["order"].astype(np.int8),
        "ground_bounces": found["bounces"].astype(np.int8),
        "departure": _directions(points, vertex[:-1], vertex[:-1] + 1),
        "arrival": _directions(points, vertex[1:] - 2, vertex[1:] - 1),
        "phase_rad": phase,
    }
    result, begin = [], 0
    for end in np.cumsum(number):
        rows = {name: values[begin:end] for name, values in fields.items()}
        start = vertex[begin : end + 1] - vertex[begin]
        result.append(Paths(**rows, vertices_m=points[vertex[begin] : vertex[end]], vertex_start=start))
        begin = end
    return result


def _signs(magnitude: Floats, phase: Floats) -> Floats:
    """Return the sign of each path, shape (n, 1), with which the minimum phase of its magnitude is nearest its phase.

    Bands count by their energy. The minimum phase is pi / 2 times the slope of log magnitude over log frequency (Bode
    1945, Network Analysis, ch. 14, for slopes that change slowly).
    """
    slope = np.gradient(np.log(np.maximum(magnitude, 1e-300)), np.log(BANDS_HZ), axis=1)
    agreement = np.sum(magnitude**2 * np.cos(phase - 0.5 * np.pi * slope), axis=1, keepdims=True)
    return np.where(agreement < 0.0, -1.0, 1.0)


def _directions(points: Floats, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Floats:
    """Return unit vectors from points[start] to points[end]; down where they coincide (a bounce at the source)."""
    step = points[end] - points[start]
    norm = np.linalg.norm(step, axis=1, keepdims=True)
    return np.where(norm > 1e-9, step / np.maximum(norm, 1e-9), [0.0, 0.0, -1.0])
