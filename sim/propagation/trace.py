"""From a source to many receivers: the paths that can be heard."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.errors import BadInput
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.bag import CANDIDATE, MEDIUM, Rules, new_bag, pick_paths
from sim.propagation.beam import find_beams, list_triple_reflections
from sim.propagation.city import City, Plan, rigid
from sim.propagation.ears import Ears, by_height, open_all_ears, open_ears
from sim.propagation.line import weigh_lines
from sim.propagation.paths import BANDS_HZ, Paths
from sim.propagation.pick import paths_of
from sim.propagation.places import check_places
from sim.propagation.reflection import list_reflections
from sim.propagation.roof import weigh_roofs
from sim.propagation.roof_echo import weigh_roof_echoes
from sim.propagation.round_corners import listed, round_corners
from sim.propagation.view import View, steepest, view_from

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

# Candidates of one pair; when there are more, the weakest make room.
ROOM = 512
# What further facades send on is the tail's (`sim.tail`).
ORDER_MOST = 3
# So many facades on one path are found from both ends alone.
PAIRS_UP_TO = 2


@dataclass(frozen=True)
class PathOptions:
    """What to look for, and how much of it to keep.

    Attributes
    ----------
    reflection_order : int
        Facade reflections on one path, 0 to 3. The tail takes in paths by three mirrors in any case: at 3 they are
        in both.
    corner_count : int
        Vertical edges on one path, 0 to 8.
    reflected_diffraction : bool
        Paths with one reflection and one vertical edge; with one reflection and roofs where `fading` lets facades fade.
    lit_corners : bool
        Ways round two and three corners, and by one facade and round two, that are no taut strings
        (`sim.propagation.lit_corners`). With them the wave of a corner ends nowhere in a step of the first order.
    roofs, ground : bool
        Diffraction over roofs; ground reflections.
    fading : bool
        Facades and corners fade at their roof edges as the way over the roof grows (`sim.propagation.upright`); without
        it, without roofs, and over terrain they end there in a step.
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
    lit_corners: bool = False
    roofs: bool = True
    ground: bool = True
    fading: bool = True
    materials: bool = True
    floor_db: float = 30.0
    paths_max: int = 48
    tail: bool = True

    def __post_init__(self) -> None:
        """Refuse what this search does not look for.

        Raises
        ------
        BadInput
            For more than three facade reflections on one path.
        """
        if self.reflection_order > ORDER_MOST:
            raise BadInput(
                f"reflection_order={self.reflection_order}: accepted is 0 to {ORDER_MOST}; a path by four facades and"
                " more is part of the tail, or, in a small block, found by propagation=pyroomacoustics"
            )


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
    start, ends = check_places(city, source, "source"), check_receivers(city, receivers)
    plan = _plan_of(city, options)
    found: dict[int, Paths] = {}
    for number in by_height(ends):
        places = ends[number]
        ceiling = float(max(start[0, 2], places[:, 2].max()))
        mine = view_from(plan, start, steepest(start, places), ceiling)
        sought = _echoing(plan, options, mine.corner)
        ears = open_ears(plan, number, places, ceiling, steepest(places, start), sought)
        found.update(zip(number, _hear(plan, air, start, mine, ears, options), strict=True))
    return [found[k] for k in range(len(ends))]


def trace_to_ears(
    city: City, air: Air, source: npt.ArrayLike, hearing: Sequence[Ears], options: PathOptions | None = None
) -> list[Paths]:
    """Find the paths from one point to receivers whose views are known: `trace_paths` for many sources in turn.

    Parameters
    ----------
    city, air, source, options
        As of `trace_paths`.
    hearing : sequence of Ears
        From `prepare_ears`, with the same options, for sources as high as this one.

    Returns
    -------
    list of Paths
        One per receiver, those of `trace_paths`.

    Raises
    ------
    BadInput
        When the source lies inside a building or under the ground.
    """
    options = options or PathOptions()
    start, plan = check_places(city, source, "source"), _plan_of(city, options)
    found: dict[int, Paths] = {}
    for ears in hearing:
        mine = view_from(plan, start, steepest(start, ears.places), ears.ceiling_m)
        found.update(zip(ears.number, _hear(plan, air, start, mine, ears, options), strict=True))
    return [found[k] for k in range(len(found))]


def prepare_ears(
    city: City, receivers: npt.ArrayLike, options: PathOptions, highest_m: float
) -> tuple[Ears, ...]:
    """Find once what receivers (m, 3), m, see, for all sources up to `highest_m`.

    Raises
    ------
    BadInput
        When a receiver lies inside a building or under the ground, one line each.
    """
    ends = check_receivers(city, receivers)
    return open_all_ears(city.plan, ends, highest_m, echoes=seeks_echoes(options))


def check_receivers(city: City, receivers: npt.ArrayLike) -> Floats:
    """Return receivers (m, 3) as `check_places` does, none as an empty array."""
    return check_places(city, receivers, "receiver") if np.size(receivers) else np.empty((0, 3))


def seeks_echoes(options: PathOptions) -> bool:
    """Tell whether paths with one facade and one corner are wanted."""
    return options.reflected_diffraction and options.reflection_order > 0 and options.corner_count > 0


def _plan_of(city: City, options: PathOptions) -> Plan:
    plan = city.lit_plan if options.lit_corners else city.plan
    return plan if options.materials else rigid(plan)


def _hear(plan: Plan, air: Air, start: Floats, mine: View, ears: Ears, options: PathOptions) -> list[Paths]:
    """Return the paths from a source (1, 3) with its view to receivers, one `Paths` each."""
    source, ends, theirs = start[0], ears.places, ears.view
    rules, medium, bag = rules_of(options), medium_of(air), new_bag(len(ends), ROOM)
    lines = listed(list_reflections, plan, rules, source, ends, mine, theirs, bag)
    weigh_lines(plan, medium, rules, source, ends, lines, len(lines), bag)
    if options.roofs:
        weigh_roofs(plan, medium, rules, source, mine.roofed[0], ends, theirs.roofed, bag)
    if rules.fading and seeks_echoes(options):
        weigh_roof_echoes(plan, medium, rules, source, mine, ends, theirs, bag)
    sought = _echoing(plan, options, ears.corners)
    for lines in round_corners(plan, rules, sought, start, mine, ears, bag, lit=options.lit_corners):
        weigh_lines(plan, medium, rules, source, ends, lines, len(lines), bag)
    if options.reflection_order > PAIRS_UP_TO:
        beams = find_beams(plan, source, steepest(start, ends)[0], ears.ceiling_m, mine)
        lines = listed(list_triple_reflections, plan, rules, source, ends, mine, theirs, beams, bag)
        weigh_lines(plan, medium, rules, source, ends, lines, len(lines), bag)
    out = np.empty((len(ends), options.paths_max), CANDIDATE)
    number = pick_paths(bag, rules.floor, np.array([air.sound_speed_mps, *air.wind_mps]), out)
    return paths_of(number, out)


def _echoing(plan: Plan, options: PathOptions, seen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the corners at which echoes are looked for: those that the other side sees, or may see round another."""
    if not seeks_echoes(options):
        return seen[:0]
    return np.arange(len(plan.corners)) if options.lit_corners else seen


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
        options.roofs and options.fading,
    )
