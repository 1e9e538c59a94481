"""The native search over hills: everything in its true height, the ground reflecting where it is.

Ways in plan (direct, facades, corners) are searched without a ground and dropped where a hill cuts them; each then has
a variant by way of the ground, the plane through the ground below both ends (its mirror image shifts heights h and h'
above that plane by 4 h h' cos^2(slope) in length squared). Ways over roofs are searched from both ends and from their
images in the level ground below each. Where a hill stands between the ends, `sim.propagation.hills` gives the way over
it and over the roofs instead. On flat ground all this is the flat search (tests hold that).

Not modelled: where the ground at a bounce lies further off that plane than 2 % of the way's length there is none, bumps
do not scatter, and no hill diffracts below a free line of sight, so that the level steps by up to
6 dB where a hill comes into the way; a way round a corner keeps its coefficients when it bounces.
"""

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.errors import BadInput
from sim.propagation.bag import CANDIDATE, new_bag, pick_paths
from sim.propagation.city import City, rigid
from sim.propagation.ears import Ears, open_ears
from sim.propagation.hill_ways import (
    End,
    Hills,
    Way,
    between,
    clear_ways,
    fold,
    in_plan,
    ways_in_cut,
    ways_in_plan,
)
from sim.propagation.paths import Paths, travel_time
from sim.propagation.pick import paths_of
from sim.propagation.places import building_over, check_places
from sim.propagation.roof import weigh_roofs
from sim.propagation.trace import ROOM, PathOptions, medium_of, rules_of, seeks_echoes, trace_to_ears
from sim.propagation.view import steepest, view_from

Floats = npt.NDArray[np.float64]

# Images under the ground must lie above the flat search's own: all heights are raised by this, m.
_RAISED_M = 10_000.0
_UP_M = np.array([0.0, 0.0, _RAISED_M])
_ROUNDED_M = 0.011
_ON_GROUND_M = 1e-6


def open_relief(city: City, air: Air, options: PathOptions) -> Callable[..., list[Paths]]:
    """Return the search over a city with terrain: (source, receivers) -> one `Paths` per receiver."""
    if city.terrain is None:
        msg = "the city has no terrain"
        raise ValueError(msg)
    walls, corners = city.plan.walls.copy(), city.plan.corners.copy()
    walls["top"] += _RAISED_M
    corners["high"] += _RAISED_M
    corners["low"][corners["low"] > 0.0] += _RAISED_M
    raised = dataclasses.replace(city, plan=city.plan._replace(walls=walls, corners=corners))
    plan = city.plan if options.materials else rigid(city.plan)
    return partial(_trace, Hills(city.terrain, city, raised, plan, air, medium_of(air), options))


def _trace(hills: Hills, source: npt.ArrayLike, receivers: npt.ArrayLike) -> list[Paths]:
    """Find the paths from one point to many (see `sim.propagation.engines`)."""
    start = _ends(hills, source, "source")[0]
    ends = _ends(hills, receivers, "receiver") if np.size(receivers) else []
    hearing = _open_ears(hills, start, ends)
    found = _native(hills, start.place, hearing, hills.options)
    high = _too_high(hills, start, ends, found, hearing)
    over = _over_roofs(hills, start, ends) if hills.options.roofs else [[] for _ in ends]
    past = zip(clear_ways(hills.terrain, found), clear_ways(hills.terrain, high), strict=True)
    picked = [
        _pick(
            hills,
            [*ways_in_plan(hills, start, end, *clear), *ways_in_cut(hills, start, end, [*ways, *more])],
        )
        for end, ways, clear, more in zip(ends, found, past, over, strict=True)
    ]
    out = np.zeros((len(ends), max(map(len, picked), default=0)), CANDIDATE)
    for row, ways in zip(out, picked, strict=True):
        for candidate, way in zip(row, ways, strict=False):
            _write(hills.air, way, candidate)
    return paths_of(np.array([len(ways) for ways in picked], dtype=np.int64), out)


def _ends(hills: Hills, points: npt.ArrayLike, noun: str) -> list[End]:
    places = check_places(hills.city, points, noun)
    grounds = hills.terrain.height_at(places)
    mistakes = [
        f"{noun} {k} at [{x:.2f}, {y:.2f}, {z:.2f}] m lies under the ground; up must be {ground:.2f} or more there"
        for k, ((x, y, z), ground) in enumerate(zip(places.tolist(), grounds.tolist(), strict=True))
        if z < ground - _ROUNDED_M
    ]
    if mistakes:
        raise BadInput("\n".join(mistakes))
    walls, grid = hills.city.plan.walls, hills.city.plan.grid
    roofed = [building_over(walls, grid, x, y, 0.0) >= 0 for x, y, _ in places.tolist()]
    above = np.maximum(places[:, 2] - grounds, _ON_GROUND_M)
    return [End(*one) for one in zip(places, grounds.tolist(), above.tolist(), roofed, strict=True)]


def _open_ears(hills: Hills, start: End, ends: list[End], *, images: bool = False) -> tuple[Ears, ...]:
    """Return what receivers, or their images, see of what comes from the source or, lower, from its image."""
    if not ends:
        return ()
    places = np.array([end.image if images else end.place for end in ends]) + _UP_M
    sources = np.array([start.place, start.image]) + _UP_M
    ceiling = float(max(sources[0, 2], places[:, 2].max()))
    plan = hills.raised.plan if hills.options.materials else rigid(hills.raised.plan)
    sought = np.empty(0, np.int64)
    if seeks_echoes(hills.options):
        sought = np.unique(view_from(plan, sources, steepest(sources, places), ceiling).corner)
    return (open_ears(plan, np.arange(len(ends)), places, ceiling, steepest(places, sources[:1]), sought),)


def _native(hills: Hills, source: Floats, hearing: tuple[Ears, ...], options: PathOptions) -> list[list[Way]]:
    """Return the ways that the flat search finds without a ground."""
    options = dataclasses.replace(options, ground=False, fading=False)
    return [
        _ways(paths) for paths in trace_to_ears(hills.raised, hills.air, source + _UP_M, hearing, options)
    ]


def _ways(paths: Paths) -> list[Way]:
    vertices = paths.vertices_m - _UP_M
    gain = np.abs(paths.gain) * np.exp(1j * paths.phase_rad)  # pyright: ignore[reportOperatorIssue] - it knows the phase
    start = paths.vertex_start
    return [
        Way(
            int(paths.kind[i]),
            int(paths.order[i]),
            0,
            vertices[start[i] : start[i + 1]],
            float(paths.length_m[i]),
            gain[i],
        )
        for i in range(len(paths))
    ]


def _too_high(
    hills: Hills, start: End, ends: list[End], found: list[list[Way]], hearing: tuple[Ears, ...]
) -> list[list[Way]]:
    """Return the ways that pass over a facade or a corner but would meet it by way of the ground.

    They show from the image of the lower end, which leaves the least of a way under the ground.
    """
    low = dataclasses.replace(hills.options, roofs=False)
    lowest = hills.plan.walls["top"].min(initial=np.inf)
    ways: list[list[Way]] = [[] for _ in ends]
    for mirrored in (True, False) if hills.options.ground else ():  # the source or the receiver
        chosen = [
            k
            for k, end in enumerate(ends)
            if max(start.place[2], end.place[2]) > lowest
            and (start.above <= end.above) is mirrored
            and not (start if mirrored else end).roofed
        ]
        if not chosen:
            continue
        if mirrored:
            seen = _native(hills, start.image, hearing, low)
        else:
            seen = _native(hills, start.place, _open_ears(hills, start, ends, images=True), low)
        for k in chosen:
            familiar = {in_plan(way) for way in found[k]}
            ways[k] = [between(way, start, ends[k]) for way in seen[k] if in_plan(way) not in familiar]
    return ways


def _over_roofs(hills: Hills, start: End, ends: list[End]) -> list[list[Way]]:
    """Return the ways over roofs that bounce off the ground at the source, at the receiver or at both."""
    found: list[list[Way]] = [[] for _ in ends]
    plan = hills.raised.plan if hills.options.materials else rigid(hills.raised.plan)
    rules = rules_of(dataclasses.replace(hills.options, ground=False, fading=False))
    for near, far in ((True, False), (False, True), (True, True)) if hills.options.ground else ():
        if near and start.roofed:  # the bounce would be indoors
            continue
        chosen = [k for k, end in enumerate(ends) if not (far and end.roofed)]
        images = np.array([ends[k].image if far else ends[k].place for k in chosen]).reshape(-1, 3) + _UP_M
        bag, nobody = new_bag(len(chosen), ROOM), np.zeros(len(chosen), np.bool_)
        source = (start.image if near else start.place) + _UP_M
        weigh_roofs(plan, hills.medium, rules, source, False, images, nobody, bag)
        out = np.empty((len(chosen), hills.options.paths_max), CANDIDATE)
        number = pick_paths(bag, rules.floor, np.array([hills.air.sound_speed_mps, *hills.air.wind_mps]), out)
        for k, bent in zip(chosen, map(_ways, paths_of(number, out)), strict=True):
            found[k] += filter(None, (fold(hills, way, start, ends[k], near, far) for way in bent))
    return found


def _pick(hills: Hills, ways: list[Way]) -> list[Way]:
    """Return the ways above the floor, the strongest if there are too many, and the shortest in any case."""
    if not ways:
        return []
    power = [
        float(np.sum(np.abs(w.gain) ** 2 * np.exp(hills.medium["log_power_per_m"] * w.length))) for w in ways
    ]
    floor = max(power) * 10.0 ** (-hills.options.floor_db / 10.0)
    ranked = sorted(range(len(ways)), key=lambda k: -power[k])
    kept = [k for k in ranked if power[k] >= floor][: hills.options.paths_max]
    shortest = min(range(len(ways)), key=lambda k: ways[k].length)
    if shortest not in kept:
        kept = [*kept[: hills.options.paths_max - 1], shortest]
    return [ways[k] for k in kept]


def _write(air: Air, way: Way, row: np.void) -> None:
    """Write a way as a record of CANDIDATE."""
    drawn = float(np.sum(np.linalg.norm(np.diff(way.vertices, axis=0), axis=1)))
    row["delay"] = travel_time(air, way.vertices) * (way.length / drawn if drawn > 0.0 else 1.0)
    row["length"], row["gain"] = way.length, way.gain
    row["kind"], row["order"], row["bounces"] = way.kind, way.order, way.bounces
    row["size"] = len(way.vertices)
    row["points"][: len(way.vertices)] = way.vertices
