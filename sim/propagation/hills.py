"""Diffraction over hills and roofs in the vertical plane through source and receiver.

The way is the taut string over roofs and ground. A hill's edge is the wedge of its two slopes, rigid, taken as square
to the plane; a rounded top, which the string touches more than once, counts as one edge where the tangents from both
sides meet (Bullington 1947, Proc. IRE 35, 1122), while the way's length is along the ground. Several edges multiply
(successive UTD), those that are grazed less than that, as over roofs (`sim.propagation.edge_chain`).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.terrain import Terrain
from sim.propagation.edge_chain import grazing, mended
from sim.propagation.wedge import wedge_gains

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

# A hill that rises less than this above a line is not in its way, m: what a raster between its samples is worth (A).
UNSURE_M = 0.5
# Ground within this share of the distance of the line of a slope belongs to that slope (A).
OFF_PLANE = 0.02
_OFF_FACE_RAD = 2e-6


@dataclass(frozen=True, eq=False)
class Edge:
    """What a string bends over, in the vertical plane.

    Attributes
    ----------
    along_m, height_m : float
        Distance from the source; height.
    face_in, face_out : float
        Angles of the faces towards source and receiver, from straight down, rad.
    factor : ndarray, shape (bands,)
        Reflection factor of the faces.
    is_hill : bool
        Whether it stands for a hill.
    """

    along_m: float
    height_m: float
    face_in: float
    face_out: float
    factor: Floats
    is_hill: bool = False

    def has_on_slope(self, along_m: float, ground_m: float) -> bool:
        """Tell whether ground there is that of the edge's own face, whose reflection the edge accounts for."""
        if not self.is_hill:
            return False
        face = self.face_in if along_m < self.along_m else self.face_out
        away = abs(along_m - self.along_m)
        below = ground_m - (self.height_m - away / math.tan(face))
        return abs(below) <= max(UNSURE_M, OFF_PLANE * away)


@dataclass(frozen=True, eq=False)
class Cut:
    """The profile between two points: ground (n, 2) and roofs' edges, each by distance from the first, and its length.

    `roofs` holds (distance, height, whether the line enters the building there, number of the wall).
    """

    ground: Floats
    roofs: tuple[tuple[float, float, bool, int], ...]
    length_m: float


def cut_between(terrain: Terrain, walls: Records, source: Floats, receiver: Floats) -> Cut:
    """Cut terrain and buildings along the line in plan between two points (3,), m."""
    step = receiver[:2] - source[:2]
    length = float(np.hypot(*step))
    share, height = terrain.profile(source, receiver)
    ground = np.column_stack([share * length, height])
    ax, ay = walls["ax"] - source[0], walls["ay"] - source[1]
    bx, by = walls["bx"] - source[0], walls["by"] - source[1]
    a, b = step[0] * ay - step[1] * ax, step[0] * by - step[1] * bx
    met = np.flatnonzero((a >= 0.0) != (b >= 0.0))
    part = a[met] / (a[met] - b[met])
    x, y = ax[met] + part * (bx - ax)[met], ay[met] + part * (by - ay)[met]
    along = (x * step[0] + y * step[1]) / max(length, 1e-9)
    between = (along > 0.0) & (along < length)
    # A wall has its building on its left: the line enters where the wall runs from left to right across it.
    roofs = sorted(
        (float(t), float(walls["top"][w]), bool(a[w] > b[w]), int(w))
        for t, w in zip(along[between], met[between], strict=True)
    )
    return Cut(ground, tuple(roofs), length)


def string_over(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return which points (distance, height), distances ascending, the taut string from first to last touches."""
    kept: list[int] = []
    for k, (t, z) in enumerate(points):
        while len(kept) > 1:
            (t0, z0), (t1, z1) = points[kept[-2]], points[kept[-1]]
            if (z1 - z0) * (t - t0) > (z - z0) * (t1 - t0):
                break
            kept.pop()
        kept.append(k)
    return kept


def is_hilly(cut: Cut, start_m: float, end_m: float) -> bool:
    """Tell whether ground rises above the string over roofs alone between the heights at both ends, m."""
    points = [(0.0, start_m), *((t, z) for t, z, _, _ in cut.roofs), (cut.length_m, end_m)]
    string = np.array([points[k] for k in string_over(points)])
    clear = np.interp(cut.ground[:, 0], string[:, 0], string[:, 1])
    return bool((cut.ground[:, 1] - clear).max() > UNSURE_M)


def edges_over(
    cut: Cut, start_m: float, end_m: float, factors: Floats
) -> tuple[list[Edge], list[tuple[float, float]]]:
    """Return the edges that the string over roofs and ground bends over, and the points between its ends on it.

    Parameters
    ----------
    cut : Cut
    start_m, end_m : float
        Heights of the ends, m.
    factors : ndarray, shape (walls, bands)
        Reflection factors of the walls.
    """
    owned = [(t, z, -1 - k) for k, (t, z) in enumerate(cut.ground[1:-1].tolist(), start=1)]
    owned += [(t, z, k) for k, (t, z, _, _) in enumerate(cut.roofs)]
    owned.sort()
    points = [(0.0, start_m), *((t, z) for t, z, _ in owned), (cut.length_m, end_m)]
    touched = string_over(points)
    inner = touched[1:-1]
    edges = []
    for is_ground, run in itertools.groupby(inner, key=lambda k: owned[k - 1][2] < 0):
        members = list(run)
        if is_ground:
            before = points[touched[touched.index(members[0]) - 1]]
            after = points[touched[touched.index(members[-1]) + 1]]
            first, last = (-1 - owned[k - 1][2] for k in (members[0], members[-1]))
            edges.append(_hilltop(cut.ground, first, last, before, after, np.ones(factors.shape[1])))
            continue
        for k in members:
            t, z, enters, wall = cut.roofs[owned[k - 1][2]]
            faces = (0.0, 0.5 * math.pi) if enters else (0.5 * math.pi, 0.0)
            edges.append(Edge(t, z, *faces, factors[wall]))
    return edges, [points[k] for k in inner]


def _hilltop(
    ground: Floats,
    first: int,
    last: int,
    before: tuple[float, float],
    after: tuple[float, float],
    factor: Floats,
) -> Edge:
    """Return the edge that stands for the ground from sample `first` to `last`, between the string's points around."""
    (t0, z0), (t1, z1) = ground[first].tolist(), ground[last].tolist()
    up, down = (z0 - before[1]) / (t0 - before[0]), (after[1] - z1) / (after[0] - t1)
    t = t0 if first == last or up == down else (z1 - z0 + up * t0 - down * t1) / (up - down)
    faces = (
        math.atan2(*(ground[first] - ground[first - 1])),
        math.atan2(ground[last + 1, 0] - t1, z1 - ground[last + 1, 1]),
    )
    return Edge(t, z0 + up * (t - t0), *faces, factor, is_hill=True)


def diffract(
    edges: Sequence[Edge], start_m: float, end: tuple[float, float], total_m: float, medium: Records
) -> npt.NDArray[np.complex128]:
    """Return the complex pressure gain in each band of a way over edges, re the free field at 1 m.

    Parameters
    ----------
    edges : sequence of Edge
    start_m : float
        Height of the source or of its image under the ground, m.
    end : tuple of float
        Distance and height of the receiver, or of its image, m.
    total_m : float
        Length of the way, m.
    medium : ndarray of MEDIUM, shape (bands,)
    """
    gains, grazed = np.ones(len(medium), np.complex128), np.zeros(len(medium))
    line = [(0.0, start_m), *((e.along_m, e.height_m) for e in edges), end]
    product, left_along_face = total_m, False
    for e, edge in enumerate(edges):
        (t0, z0), (t, z), (t1, z1) = line[e : e + 3]
        s_in, s_out = math.hypot(t - t0, z - z0), math.hypot(t1 - t, z1 - z)
        opening = 2.0 * math.pi - edge.face_in - edge.face_out
        phi_in = min(max(math.atan2(t - t0, z - z0) - edge.face_in, 0.0), opening)
        phi_out = min(max(opening - (math.atan2(t1 - t, z - z1) - edge.face_out), 0.0), opening)
        if not left_along_face:  # only what came along the face from one edge to the other counts as grazing
            phi_in = min(max(phi_in, _OFF_FACE_RAD), opening - _OFF_FACE_RAD)
        left_along_face = min(phi_out, opening - phi_out) < _OFF_FACE_RAD
        reach = s_in * s_out / (s_in + s_out)
        here = np.ones(len(medium), np.complex128)
        wedge_gains(medium, reach, 1.0, opening, phi_in, phi_out, edge.factor, edge.factor, here)
        gains *= here
        grazed += [grazing(left) for left in np.abs(here) / math.sqrt(reach)]
        product *= s_in if e + 1 < len(edges) else s_in * s_out
    return gains * [mended(several) for several in grazed] / math.sqrt(product)
