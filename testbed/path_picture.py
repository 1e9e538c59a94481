"""The picture of a pair: the ways on the map, the cut through roofs, and what the sensor hears."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from sim.propagation.paths import PathKind
from testbed.map_picture import SENSOR_COLOUR, draw_block, draw_scale
from testbed.pair_sound import HeardPath, PairSound
from testbed.path_panels import draw_profile, draw_sound
from testbed.path_style import STYLES, loudness_width

_HALO = [withStroke(linewidth=2.5, foreground="white")]
_SOURCE_COLOUR = "#D55E00"
# Plan points this close are one: the ground variants of a way lie on each other on the map.
_SAME_M = 0.05
_FRACTIONS = np.linspace(0.12, 0.88, 20)


@dataclass(frozen=True, eq=False)
class Route:
    """Paths that look alike from above: their numbers, kind, plan vertices (k, 2) m, and loudest level, dB."""

    numbers: tuple[int, ...]
    kind: PathKind
    plan_m: npt.NDArray[np.float64]
    level_db: float


def draw_paths(
    path: FilePath, scene: Scene, event: Event, sensor: Sensor, sound: PairSound, *, shown: int = 12
) -> None:
    """Write the picture as PNG.

    Parameters
    ----------
    path : Path
        Of the picture.
    scene : Scene
        Its block is the map.
    event, sensor
        The pair.
    sound : PairSound
    shown : int
        How many of the strongest paths carry a label; all are drawn.
    """
    figure = Figure(figsize=(17.0, 10.0), dpi=100)
    FigureCanvasAgg(figure)
    labelled = frozenset(p.number for p in sorted(sound.paths, key=lambda p: -p.level_db)[:shown])
    plan = figure.add_axes((0.04, 0.12, 0.465, 0.82))
    _draw_plan(plan, scene, event, sensor, sound, labelled)
    _draw_heights(figure, plan)
    profile = figure.add_axes((0.56, 0.755, 0.425, 0.185))
    draw_profile(profile, scene, event, sensor, sound)
    wave = figure.add_axes((0.56, 0.345, 0.425, 0.185))
    levels = figure.add_axes((0.56, 0.065, 0.425, 0.255), sharex=wave)
    draw_sound(wave, levels, scene, sensor, sound, labelled)
    _draw_legend(figure, sound.paths)
    figure.savefig(path, metadata={"Software": None})


def routes_of(paths: Sequence[HeardPath]) -> list[Route]:
    """Gather the paths that differ only by the ground, the loudest route last."""
    found: dict[tuple[object, ...], list[HeardPath]] = {}
    for heard in paths:
        plan = _in_plan(heard)
        found.setdefault((heard.kind, *map(tuple, np.round(plan / _SAME_M))), []).append(heard)
    routes = [
        Route(tuple(p.number for p in same), same[0].kind, _in_plan(same[0]), max(p.level_db for p in same))
        for same in found.values()
    ]
    return sorted(routes, key=lambda route: route.level_db)


def _in_plan(heard: HeardPath) -> npt.NDArray[np.float64]:
    """Return the plan vertices but those on the ground, (k, 2): the lowest of those where the way does not bend."""
    plan = heard.vertices_m[:, :2]
    back, on = plan[:-2] - plan[1:-1], plan[2:] - plan[1:-1]
    bend = np.abs(back[:, 0] * on[:, 1] - back[:, 1] * on[:, 0])
    straight = 1 + np.flatnonzero(bend <= _SAME_M * np.hypot(*(plan[-1] - plan[0])))
    lowest = straight[np.argsort(heard.vertices_m[straight, 2], kind="stable")]
    return np.delete(plan, lowest[: heard.ground_bounces], axis=0)


def _draw_plan(
    axes: Axes, scene: Scene, event: Event, sensor: Sensor, sound: PairSound, labelled: frozenset[int]
) -> None:
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_facecolor("#f8f7f4")
    draw_block(axes, scene.block)
    routes = routes_of(sound.paths)
    for rank, route in enumerate(routes):
        style = STYLES[route.kind]
        width = loudness_width(route.level_db, routes[-1].level_db)
        axes.plot(
            *route.plan_m.T,
            color=style.colour,
            linestyle=style.dashes,
            linewidth=width,
            zorder=3 + rank / 100,
        )
    _draw_ends(axes, scene, event, sensor)
    points = np.vstack([route.plan_m for route in routes] or [np.array([event.position_m[:2]])])
    _set_limits(axes, np.vstack([points, [event.position_m[:2], sensor.position_m[:2]]]))
    _label_routes(axes, [route for route in routes if labelled & set(route.numbers)], labelled)
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    draw_scale(axes, (west, south, east, north))
    axes.set_xlabel("east, m")
    axes.set_ylabel("north, m")
    apart = float(np.linalg.norm(np.subtract(event.position_m, sensor.position_m)))
    axes.set_title(
        f"{scene.block.name}: {event.kind} to {sensor.id}, {apart:.0f} m apart, {len(sound.paths)} paths"
        " numbered in order of arrival",
        fontsize=11,
    )


def _draw_ends(axes: Axes, scene: Scene, event: Event, sensor: Sensor) -> None:
    for other in scene.sensors:
        if other.id != sensor.id:
            axes.plot(*other.position_m[:2], marker="^", color="#9dbbd0", markersize=6, zorder=4)
    for place, marker, size, colour, name in (
        (event.position_m, "*", 17, _SOURCE_COLOUR, "source"),
        (sensor.position_m, "^", 11, SENSOR_COLOUR, sensor.id),
    ):
        axes.plot(*place[:2], marker=marker, markersize=size, color=colour, markeredgecolor="white", zorder=8)
        above_m = place[2] - float(scene.block.ground.height_at(place))
        axes.annotate(
            f"{name}, {above_m:.1f} m up", place[:2], (0, -17), textcoords="offset points", ha="center",
            fontsize=9, weight="bold", color=colour, zorder=12, path_effects=_HALO,
        )  # fmt: skip


def _set_limits(axes: Axes, points: npt.NDArray[np.float64]) -> None:
    low, high = points.min(axis=0), points.max(axis=0)
    box = axes.get_window_extent()
    shape = np.array([box.width, box.height])
    half = 0.6 * max(*((high - low) / shape), 20.0 / shape[0]) * shape
    middle = 0.5 * (low + high)
    axes.set_xlim(middle[0] - half[0], middle[0] + half[0])
    axes.set_ylim(middle[1] - half[1], middle[1] + half[1])


def _label_routes(axes: Axes, routes: Sequence[Route], labelled: frozenset[int]) -> None:
    """Put each label where on its route the ones before it, and the routes' ends, are farthest."""
    if not routes:
        return
    taken = [routes[-1].plan_m[0], routes[-1].plan_m[-1]]
    for route in reversed(routes):
        spots = _along(route.plan_m, _FRACTIONS)
        gaps = np.min(np.linalg.norm(spots[:, None] - np.array(taken)[None], axis=2), axis=1)
        spot = spots[int(np.argmax(gaps))]
        taken.append(spot)
        numbers = [str(n) for n in route.numbers if n in labelled]
        axes.annotate(
            ",".join(numbers), spot, ha="center", va="center", fontsize=8.5, zorder=11,
            bbox={
                "boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": STYLES[route.kind].colour,
                "linewidth": 1.2,
            },
        )  # fmt: skip


def _along(plan_m: npt.NDArray[np.float64], fractions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the points at fractions of a polyline's length, (n, 2)."""
    done = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(plan_m, axis=0), axis=1))])
    return np.column_stack([np.interp(fractions * done[-1], done, plan_m[:, k]) for k in range(2)])


def _draw_heights(figure: Figure, plan: Axes) -> None:
    if not plan.collections:
        return
    bar = figure.colorbar(
        plan.collections[0], cax=figure.add_axes((0.385, 0.045, 0.12, 0.012)), orientation="horizontal"
    )
    bar.set_label("height of buildings, m", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _draw_legend(figure: Figure, paths: Sequence[HeardPath]) -> None:
    kinds = sorted({path.kind for path in paths})
    handles = [
        Line2D(
            [], [], color=STYLES[k].colour, linestyle=STYLES[k].dashes, linewidth=2.2, label=STYLES[k].name
        )
        for k in kinds
    ]
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.035, 0.0), ncols=3, fontsize=9, frameon=False,
        handlelength=3.2, title="thick is loud; a frame on a number tells its kind", title_fontsize=8,
        alignment="left",
    )  # fmt: skip
