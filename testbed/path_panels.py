"""The panels beside the map of a pair: the cut from source to sensor, the waveform, and level over time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.walls import plan_polygons
from sim.microphone import sensitivity
from sim.propagation.paths import PathKind
from testbed.map_picture import SENSOR_COLOUR
from testbed.pair_sound import HeardPath, PairSound, level
from testbed.path_style import STYLES, loudness_width

Floats = npt.NDArray[np.float64]

# Level over time is the peak in pieces of this length, s.
PIECE_S = 1e-3
_RANGE_DB = 75.0
_LEGEND_DB = 12.0  # room for the legend above the loudest
_LABEL_GAP = 0.024  # of the axes' width, between labels


def draw_profile(axes: Axes, scene: Scene, event: Event, sensor: Sensor, sound: PairSound) -> None:
    """Draw the vertical cut through source and sensor: buildings, the straight line, the ways over roofs."""
    start, end = np.array(event.position_m), np.array(sensor.position_m)
    length = float(np.hypot(*(end - start)[:2]))
    slices = cut_buildings(scene, start, end)
    top = max([start[2], end[2], *sound.roof_m[:, 2], *(high for _, _, _, high in slices)])
    for near, far, low, high in slices:
        axes.add_patch(
            Rectangle(
                (near, low), far - near, high - low, facecolor="#c4c4c4", edgecolor="#777777", linewidth=0.8
            )
        )
    margin = 0.03 * max(length, 1.0)
    lowest = _draw_ground(axes, scene, start, end, margin)
    ends = ([0.0, length], [start[2], end[2]])
    free = any(p.kind is PathKind.DIRECT and p.ground_bounces == 0 for p in sound.paths)
    axes.plot(*ends, color="black", linestyle="-" if free else ":", linewidth=1.2, zorder=3)
    style = STYLES[PathKind.ROOF]
    in_plane = [p for p in sound.paths if p.kind in {PathKind.DIRECT, PathKind.ROOF}]
    for path in in_plane:
        drawn = STYLES[path.kind]
        axes.plot(
            *_unroll(path.vertices_m, start),
            color=drawn.colour,
            linestyle=drawn.dashes,
            linewidth=0.9,
            zorder=3,
        )
    if not free:
        axes.plot(*_unroll(sound.roof_m, start), color=style.colour, linewidth=2.0, zorder=4)
    axes.plot(0.0, start[2], "*", color="#D55E00", markersize=14, markeredgecolor="white", zorder=5)
    axes.plot(length, end[2], "^", color=SENSOR_COLOUR, markersize=9, markeredgecolor="white", zorder=5)
    axes.set_xlim(-margin, length + margin)
    axes.set_ylim(lowest - 0.04 * (top - lowest), lowest + 1.18 * (top - lowest))
    axes.set_xlabel("along the line from source to sensor, m", fontsize=9, labelpad=1)
    axes.set_ylabel("height, m")
    box = axes.get_window_extent()
    stretch = (box.height / (1.22 * (top - lowest))) / (box.width / (length + 2 * margin))
    title = (
        "cut: free line of sight"
        if free
        else "cut: blocked line of sight" + _told(sound, in_plane, start, end)
    )
    axes.set_title(f"{title}; heights x{stretch:.1f}", fontsize=10)


def _draw_ground(axes: Axes, scene: Scene, start: Floats, end: Floats, margin: float) -> float:
    """Draw the ground along the cut and `margin` beyond both ends; return its lowest height, m."""
    step = (end - start)[:2]
    length = float(np.hypot(*step))
    along = np.linspace(-margin, length + margin, 600)
    height = scene.block.ground.height_at(start[:2] + along[:, None] * step / max(length, 1e-9))
    axes.plot(along, height, color="#6b5b45", linewidth=2.0, zorder=2)
    axes.fill_between(along, height, height.min() - 1e3, color="#e4dccf", zorder=1.5)
    return float(height.min())


def cut_buildings(scene: Scene, start: Floats, end: Floats) -> list[tuple[float, float, float, float]]:
    """Return what the vertical cut from start to end (3,), m, meets: (from, to) along it, (base, top) height, m."""
    length = float(np.hypot(*(end - start)[:2]))
    if not scene.block.buildings or length == 0.0:
        return []
    line = shapely.LineString([start[:2], end[:2]])
    polygons = plan_polygons(scene.block)
    slices = []
    for number in shapely.STRtree(polygons).query(line, predicate="intersects"):
        building = scene.block.buildings[number]
        for piece in shapely.get_parts(shapely.intersection(line, polygons[number])):
            along = np.hypot(*(shapely.get_coordinates(piece) - start[:2]).T)
            slices.append((float(along.min()), float(along.max()), building.base_m, building.top_m))
    return sorted(slices)


def draw_sound(
    wave: Axes, levels: Axes, scene: Scene, sensor: Sensor, sound: PairSound, labelled: frozenset[int]
) -> None:
    """Draw the pressure at the sensor with labelled arrivals, and below it level over time.

    Parameters
    ----------
    wave, levels : Axes
        With one time axis; labels stand above `wave`.
    scene, sensor, sound
        The ambient noise, the microphone's full scale, what arrives.
    labelled : frozenset of int
        Numbers of the paths that carry a label.
    """
    time_s = sound.start_s + np.arange(len(sound.pressure_pa)) / sound.rate_hz
    wave.plot(time_s, sound.pressure_pa, color="#333333", linewidth=0.6)
    wave.set_xlim(time_s[0], time_s[-1])
    swing = 1.1 * float(np.abs(sound.pressure_pa).max(initial=0.0))
    wave.set_ylim((-swing, swing) if swing > 0.0 else (-1.0, 1.0))
    if not sound.paths:
        wave.text(0.5, 0.6, "no path among those looked for", transform=wave.transAxes, ha="center")
    full_pa = sensor.microphone.full_scale_pa / sensitivity(sensor.microphone)
    for sign in (-1.0, 1.0):
        wave.axhline(sign * full_pa, color="#999999", linestyle="--", linewidth=0.8)
    wave.set_ylabel("pressure, Pa")
    wave.tick_params(labelbottom=False)
    _label_arrivals(wave, [path for path in sound.paths if path.number in labelled])
    _draw_levels(levels, scene, sound, labelled, level(full_pa))


def envelope(sound: PairSound) -> tuple[Floats, Floats]:
    """Return the middles of 1 ms pieces, s after the bang, and the peak level in each, dB."""
    piece = max(round(PIECE_S * sound.rate_hz), 1)
    count = len(sound.pressure_pa) // piece
    peaks = np.abs(sound.pressure_pa[: count * piece]).reshape(count, piece).max(axis=1)
    return sound.start_s + (np.arange(count) + 0.5) * piece / sound.rate_hz, np.array(
        [level(p) for p in peaks]
    )


def _draw_levels(
    axes: Axes, scene: Scene, sound: PairSound, labelled: frozenset[int], full_db: float
) -> None:
    middles, heights = envelope(sound)
    street = 10.0 * np.log10(np.sum(10.0 ** (np.array(scene.ambient.octave_db_rms) / 10.0)))
    highest = max(sound.level_db, street, *(p.level_db for p in sound.paths))
    top = 5.0 * np.ceil((highest + _LEGEND_DB) / 5.0)
    bottom = top - _RANGE_DB
    axes.fill_between(
        middles,
        bottom,
        np.maximum(heights, bottom),
        color="#dddddd",
        zorder=1,
        label="all together, the scattered tail too, peak in 1 ms"
        if sound.level_db > sound.paths_db + 0.1
        else "together, peak in 1 ms",
    )
    loudest = max((p.level_db for p in sound.paths), default=0.0)
    for path in sound.paths:
        colour = STYLES[path.kind].colour
        width = loudness_width(path.level_db, loudest)
        axes.plot([path.delay_s] * 2, [bottom, path.level_db], color=colour, linewidth=0.6 * width, zorder=3)
        face = colour if path.number in labelled else "white"
        axes.plot(
            path.delay_s,
            path.level_db,
            marker="o",
            markersize=4.5,
            color=colour,
            markerfacecolor=face,
            zorder=4,
        )
    axes.axhline(
        street, color="#7f6000", linestyle="-.", linewidth=1.0, label=f"street noise, {street:.0f} dB rms"
    )
    if full_db < top:
        axes.axhline(
            full_db, color="#999999", linestyle="--", linewidth=1.0, label=f"full scale, {full_db:.0f} dB"
        )
    axes.set_ylim(bottom, top)
    axes.set_ylabel("peak level, dB re 20 µPa")
    axes.set_xlabel("time after the bang, s")
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9, ncols=3)


def _label_arrivals(axes: Axes, paths: Sequence[HeardPath]) -> None:
    """Write number, time and level above the axes, spread so that none overlap, each joined to its arrival."""
    if not paths:
        return
    start, stop = axes.get_xlim()
    wanted = np.array([(path.delay_s - start) / (stop - start) for path in paths])
    for path, at, place in zip(paths, wanted, spread_out(wanted, _LABEL_GAP), strict=True):
        colour = STYLES[path.kind].colour
        axes.axvline(path.delay_s, color=colour, linewidth=0.6, alpha=0.6, zorder=1)
        axes.annotate(
            f"{path.number}:  {1e3 * path.delay_s:.1f} ms  {path.level_db:.0f} dB", (at, 1.0), (place, 1.10),
            xycoords="axes fraction", textcoords="axes fraction", rotation=90, ha="center", va="bottom",
            fontsize=8.5, color=colour, annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "relpos": (0.5, 0.0),
            },
        )  # fmt: skip


def spread_out(wanted: Floats, gap: float) -> npt.NDArray[np.floating]:
    """Move ascending places (n,) apart to at least `gap`, as little as can be, inside 0 to 1 where they fit.

    Isotonic regression of place minus rank times gap, by pooling adjacent violators (Barlow et al. 1972).
    """
    pools: list[list[float]] = []  # [sum, count]
    for rank, place in enumerate(wanted):
        pools.append([float(place) - rank * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    level_of = np.repeat([total / count for total, count in pools], [int(count) for _, count in pools])
    room = max(1.0 - (len(wanted) - 1) * gap, 0.0)
    return np.clip(level_of, 0.0, room) + gap * np.arange(len(wanted))


def _unroll(vertices_m: Floats, start: Floats) -> tuple[Floats, Floats]:
    return np.hypot(*(vertices_m[:, :2] - start[:2]).T), vertices_m[:, 2]


def _told(sound: PairSound, in_plane: Sequence[HeardPath], start: Floats, end: Floats) -> str:
    """Say how much longer the string over the roofs is than the straight line, and which paths take it."""
    numbers = ",".join(str(p.number) for p in in_plane if p.kind is PathKind.ROOF)
    way = float(np.sum(np.linalg.norm(np.diff(sound.roof_m, axis=0), axis=1)))
    return f"; over roofs {way - np.linalg.norm(end - start):+.1f} m" + (
        f" (paths {numbers})" if numbers else ", not among the paths"
    )
