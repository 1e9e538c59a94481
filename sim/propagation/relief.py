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
from sim.propagation.bag import CANDIDATE
from sim.propagation.city import City, rigid
from sim.propagation.hill_ways import End, Hills, Way, between, fold, in_plan, ways_in_cut, ways_in_plan
from sim.propagation.paths import PathKind, Paths, travel_time
from sim.propagation.pick import paths_of
from sim.propagation.places import building_over, check_places
from sim.propagation.trace import PathOptions, medium_of, trace_paths

Floats = npt.NDArray[np.float64]

# Images under the ground must lie above the flat search's own: all heights are raised by this, m.
_RAISED_M = 10_000.0
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
    options = dataclasses.replace(hills.options, ground=False)
    found = _native(hills, start.place, [end.place for end in ends], options)
    high = _too_high(hills, start, ends, found, options)
    over = _over_roofs(hills, start, ends, options) if options.roofs else [[] for _ in ends]
    picked = [
        _pick(
            hills,
            [*ways_in_plan(hills, start, end, ways, higher), *ways_in_cut(hills, start, end, [*ways, *more])],
        )
        for end, ways, higher, more in zip(ends, found, high, over, strict=True)
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


def _native(hills: Hills, source: Floats, receivers: list[Floats], options: PathOptions) -> list[list[Way]]:
    """Return the ways that the flat search finds without a ground."""
    up = np.array([0.0, 0.0, _RAISED_M])
    traced = trace_paths(
        hills.raised, hills.air, source + up, np.array(receivers).reshape(-1, 3) + up, options
    )
    return [
        [
            Way(
                int(paths.kind[i]),
                int(paths.order[i]),
                0,
                paths.vertices_m[paths.vertex_start[i] : paths.vertex_start[i + 1]] - up,
                float(paths.length_m[i]),
                np.abs(paths.gain[i]) * np.exp(1j * paths.phase_rad[i]),  # pyright: ignore[reportOptionalSubscript] - it knows the phase
            )
            for i in range(len(paths))
        ]
        for paths in traced
    ]


def _too_high(
    hills: Hills, start: End, ends: list[End], found: list[list[Way]], options: PathOptions
) -> list[list[Way]]:
    """Return the ways that pass over a facade or a corner but would meet it by way of the ground.

    They show from the image of the lower end, which leaves the least of a way under the ground.
    """
    low = dataclasses.replace(options, roofs=False)
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
        places = [ends[k].place if mirrored else ends[k].image for k in chosen]
        traced = _native(hills, start.image if mirrored else start.place, places, low)
        for k, seen in zip(chosen, traced, strict=True):
            known = {in_plan(way) for way in found[k]}
            ways[k] = [between(way, start, ends[k]) for way in seen if in_plan(way) not in known]
    return ways


def _over_roofs(hills: Hills, start: End, ends: list[End], options: PathOptions) -> list[list[Way]]:
    """Return the ways over roofs that bounce off the ground at the source, at the receiver or at both."""
    found: list[list[Way]] = [[] for _ in ends]
    roofs = dataclasses.replace(options, reflection_order=0, corner_count=0, reflected_diffraction=False)
    for near, far in ((True, False), (False, True), (True, True)) if hills.options.ground else ():
        if near and start.roofed:  # the bounce would be indoors
            continue
        chosen = [k for k, end in enumerate(ends) if not (far and end.roofed)]
        images = [ends[k].image if far else ends[k].place for k in chosen]
        traced = _native(hills, start.image if near else start.place, images, roofs)
        for k, ways in zip(chosen, traced, strict=True):
            bent = (way for way in ways if way.kind == PathKind.ROOF)
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
