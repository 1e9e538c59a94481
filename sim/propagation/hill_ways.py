"""What uneven ground makes of ways: hills in them, bounces on the ground below their ends, detours over hilltops."""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.terrain import Terrain
from sim.propagation.bag import VERTICES_MAX
from sim.propagation.city import City, Plan
from sim.propagation.grid import clearance
from sim.propagation.ground import ground_gains
from sim.propagation.hills import OFF_PLANE, UNSURE_M, Cut, cut_between, diffract, edges_over, is_hilly
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Way:
    """One path: kind, facades and edges, ground bounces, vertices (k, 3), length m, complex gain (bands,)."""

    kind: int
    order: int
    bounces: int
    vertices: Floats
    length: float
    gain: npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Hills:
    """What a search shares: terrain, city in true heights and raised, the plan to weigh with, air, medium, options."""

    terrain: Terrain
    city: City
    raised: City
    plan: Plan
    air: Air
    medium: npt.NDArray[np.void]
    options: PathOptions


@dataclass(frozen=True, eq=False)
class End:
    """A source or a receiver: its place (3,), the ground below it and its height above that, m; whether over a roof."""

    place: Floats
    ground: float
    above: float
    roofed: bool

    @property
    def image(self) -> Floats:
        """The image in the level ground below."""
        return np.array([*self.place[:2], self.ground - self.above])


def ways_in_plan(
    hills: Hills, start: End, end: End, ways: Iterable[Way], too_high: Iterable[Way]
) -> Iterator[Way]:
    """Yield ways past facades and corners, each with its variant by way of the ground.

    Of those that pass `too_high` over what they should meet, only that variant.
    """
    for way, fits in itertools.chain(
        zip(ways, itertools.repeat(True)), zip(too_high, itertools.repeat(False))
    ):
        if fits:
            yield way
        bounced = _bounced(hills, start, end, way) if hills.options.ground else None
        if bounced is not None:
            yield bounced


def in_plan(way: Way) -> tuple[float, ...]:
    """Return what tells a way from others in plan: its kind and its vertices, to the millimetre."""
    return way.kind, *np.round(way.vertices[:, :2], 3).ravel().tolist()


def between(way: Way, start: End, end: End) -> Way:
    """Return a way from or to an image as it runs between the ends themselves, its length and spreading with it."""
    share = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way.vertices[:, :2], axis=0).T))])
    vertices = way.vertices.copy()
    vertices[:, 2] = np.interp(share, share[[0, -1]], [start.place[2], end.place[2]])
    length = math.hypot(share[-1], end.place[2] - start.place[2])
    return dataclasses.replace(way, vertices=vertices, length=length, gain=way.gain * (way.length / length))


def clear_ways(terrain: Terrain, found: Sequence[Sequence[Way]]) -> list[list[Way]]:
    """Return of each pair's ways those past facades and corners that no hill rises above."""
    flat = [way for ways in found for way in ways if way.kind != PathKind.ROOF]
    bent = [way.vertices for way in flat if len(way.vertices) > 2]
    over = iter(_are_over_ground(terrain, bent) if bent else ())
    clear = {
        id(way)
        for way in flat
        if (next(over) if len(way.vertices) > 2 else _is_over_ground(terrain, way.vertices))
    }
    return [[way for way in ways if id(way) in clear] for ways in found]


def _is_over_ground(terrain: Terrain, line: Floats) -> bool:
    """Tell whether no hill rises above a straight line (2, 3), m.

    Exactly as `is_hilly` sees it: the way over the hill takes its place.
    """
    share, ground = terrain.profile(*line)
    return bool(np.max(ground - line[0, 2] - share * (line[1, 2] - line[0, 2])) <= UNSURE_M)


def _are_over_ground(terrain: Terrain, lines: Sequence[Floats]) -> npt.NDArray[np.bool_]:
    """Tell of which lines of several points (k, 3), m, no hill rises above any; all lines are laid end to end."""
    points = np.concatenate(lines)
    last = np.cumsum([len(line) for line in lines]) - 1
    leg = np.hypot(*np.diff(points[:, :2], axis=0).T)
    leg[last[:-1]] = 1.0  # from the end of a line to the start of the next
    done = np.concatenate([[0.0], np.cumsum(leg)])
    begin, end = done[np.concatenate([[0], last[:-1] + 1])], done[last]
    count = (2.0 * (end - begin) / min(terrain.step_m)).astype(np.int64) + 2
    first = np.cumsum(count) - count
    share = (np.arange(count.sum()) - np.repeat(first, count)) / np.repeat(count - 1, count)
    along = np.repeat(begin, count) + share * np.repeat(end - begin, count)
    x, y, z = (np.interp(along, done, points[:, axis]) for axis in range(3))
    above = terrain.height_at(np.column_stack([x, y])) - z
    return np.maximum.reduceat(above, first) <= UNSURE_M


def _bounced(hills: Hills, start: End, end: End, way: Way) -> Way | None:
    """Return a way by way of the plane through the ground at both ends.

    None where a building is in the way, or the ground at the bounce lies far off that plane.
    """
    done = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way.vertices[:, :2], axis=0).T))])
    across, climb = float(done[-1]), end.ground - start.ground
    where = start.above / (start.above + end.above)
    share = done / across if across > 0.0 else np.linspace(0.0, 1.0, len(done))
    k = int(np.searchsorted(share, where))
    x, y = (float(np.interp(where, share, way.vertices[:, axis])) for axis in (0, 1))
    vertices = np.insert(way.vertices, k, [x, y, 0.0], axis=0)
    share = np.insert(share, k, where)
    vertices[:, 2] = start.ground + share * climb + np.abs(share * (start.above + end.above) - start.above)
    level = across**2 / (across**2 + climb**2) if climb else 1.0
    length = math.sqrt(way.length**2 + 4.0 * start.above * end.above * level)
    off_plane_m = abs(float(hills.terrain.height_at((x, y))) - (start.ground + where * climb))
    if off_plane_m > max(UNSURE_M, OFF_PLANE * across) or not _is_free(hills, vertices):
        return None
    gain = way.gain * (way.length / length)
    if hills.options.materials:
        cosine = (start.above + end.above) * math.sqrt(level) / length
        ground_gains(hills.plan.surfaces, hills.medium, x, y, length, cosine, gain)
    return Way(way.kind, way.order, 1, vertices, length, gain)


def _is_free(hills: Hills, vertices: Floats) -> bool:
    walls, grid = hills.plan.walls, hills.plan.grid
    legs = itertools.pairwise(vertices)
    return all(clearance(walls, grid, a[0], a[1], a[2], b[0], b[1], b[2], math.inf) for a, b in legs)


def ways_in_cut(hills: Hills, start: End, end: End, ways: Iterable[Way]) -> Iterator[Way]:
    """Yield the ways over roofs, or those over hills and roofs where a hill is in the way."""
    cut = cut_between(hills.terrain, hills.plan.walls, start.place, end.place)
    if not is_hilly(cut, float(start.place[2]), float(end.place[2])):
        yield from (way for way in ways if way.kind == PathKind.ROOF)
    elif hills.options.roofs:
        yield from _over_hills(hills, cut, start, end)


def _over_hills(hills: Hills, cut: Cut, start: End, end: End) -> Iterator[Way]:
    """Yield the way over hills and roofs, and by way of the ground at each end that stands on it."""
    edges, points = edges_over(cut, float(start.place[2]), float(end.place[2]), hills.plan.walls["factor"])
    u = (end.place[:2] - start.place[:2]) / cut.length_m
    between = np.array([(*(start.place[:2] + t * u), z) for t, z in points])
    shown = np.unique(np.linspace(0, len(between) - 1, VERTICES_MAX - 4).astype(np.int64))
    # An end on the slope of the hill that it faces has its reflection in the hill's edge.
    mirrors = hills.options.ground and not (start.roofed or edges[0].has_on_slope(0.0, start.ground))
    mirrors_far = hills.options.ground and not (
        end.roofed or edges[-1].has_on_slope(cut.length_m, end.ground)
    )
    for near in (False, True) if mirrors else (False,):
        for far in (False, True) if mirrors_far else (False,):
            first, last = start.image if near else start.place, end.image if far else end.place
            whole = np.array([first, *between, last])
            length = float(np.sum(np.linalg.norm(np.diff(whole, axis=0), axis=1)))
            gain = diffract(edges, float(first[2]), (cut.length_m, float(last[2])), length, hills.medium)
            vertices = np.array([first, *between[shown], last])
            way = fold(
                hills, Way(PathKind.ROOF, len(edges), 0, vertices, length, gain), start, end, near, far
            )
            if way is not None:
                yield way


def fold(hills: Hills, way: Way, start: End, end: End, near: bool, far: bool) -> Way | None:
    """Return a way from or to an image under the ground with its bounces; None where its next point is no higher."""
    vertices, gain = way.vertices, way.gain.copy()
    for wanted, place in ((near, start), (far, end)):
        if wanted:
            image, edge = vertices[0], vertices[1]
            if edge[2] <= place.ground:
                return None
            leg, rise = float(np.linalg.norm(edge - image)), float(edge[2] - image[2])
            bounce = image + (place.ground - image[2]) / rise * (edge - image)
            if hills.options.materials:
                ground_gains(hills.plan.surfaces, hills.medium, bounce[0], bounce[1], leg, rise / leg, gain)
            vertices = np.array([place.place, bounce, *vertices[1:]])
        vertices = vertices[::-1]  # twice in all
    return dataclasses.replace(way, bounces=near + far, vertices=vertices, gain=gain)
