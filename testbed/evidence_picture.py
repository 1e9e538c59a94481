"""Pictures of one alert's evidence: what each sensor heard, and where the place lies among them."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from scipy.signal import spectrogram

from detector.influence import Shift
from detector.packet import Packet
from scenes.errors import BadInput
from testbed.map_picture import SENSOR_COLOUR

USED_COLOUR, REJECTED_COLOUR, PLACE_COLOUR = "#D55E00", "#777777", "#D55E00"
ROW_INCHES, MAP_INCHES, WIDTH_INCHES = 1.55, 6.2, 11.0
PARTS_MOST = 4000  # a waveform is drawn as the lowest and highest sample of so many parts
FLOOR_DB = -70.0
TOP_HZ = 6000.0


def draw_sound(packet: Packet) -> bytes | None:
    """Draw waveform and spectrogram of every clip with the picks of all pulses; None without clips.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    BadInput
        When a clip is no sound that can be read.
    """
    clips: list[dict[str, Any]] = packet.record["clips"]
    if not clips:
        return None
    figure = Figure(figsize=(WIDTH_INCHES, 0.9 + ROW_INCHES * len(clips)), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(clips), 2, squeeze=False, sharex="row")
    first_s = packet.record["alert"]["time_s"]
    for (left, right), clip in zip(panels, clips, strict=True):
        samples, rate = _read_clip(packet.folder / clip["file"])
        start_s = clip["start_s"] - first_s
        _draw_waveform(left, samples, rate, start_s)
        _draw_spectrogram(right, samples, rate, start_s)
        _draw_picks(left, packet, clip["sensor"], first_s)
        left.set_ylabel(clip["sensor"], rotation=0, ha="right", va="center", fontsize=10)
        left.set_xlim(start_s, start_s + len(samples) / rate)
    panels[0][0].set_title(
        "pressure, share of full scale (orange: used, with its round; grey: not used)", fontsize=10
    )
    panels[0][1].set_title(f"spectrogram, {-FLOOR_DB:g} dB below each clip's loudest", fontsize=10)
    for axes in panels[-1]:
        axes.set_xlabel("sensor's clock, s after the first round was fired")
    return _as_png(figure)


def draw_place(packet: Packet, shifts: dict[str, Shift]) -> bytes:
    """Draw sensors, regions, other places, and where the place moves without each sensor.

    Returns
    -------
    bytes
        PNG.
    """
    alert = packet.record["alert"]
    figure = Figure(figsize=(WIDTH_INCHES, MAP_INCHES), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    wide, near = figure.subplots(1, 2)
    used = set(alert["sensors"])
    place = np.array(alert["position_m"][:2])
    for axes in (wide, near):
        _draw_regions(axes, alert["regions"])
        axes.plot(*place, "x", color=PLACE_COLOUR, markersize=9, markeredgewidth=2.0, label="place")
        axes.set_aspect("equal")
        axes.set_xlabel("east, m")
        axes.set_ylabel("north, m")
    for station in packet.site.stations:
        x, y, _ = station.position_m
        filled = station.id in used
        wide.plot(x, y, "^", color=SENSOR_COLOUR, markerfacecolor=SENSOR_COLOUR if filled else "white")
        wide.annotate(station.id, (x, y), textcoords="offset points", xytext=(5, 4), fontsize=8)
    for other in alert["alternatives"]:
        wide.plot(*other["position_m"][:2], "+", color="#555555")
    wide.set_title("sensors (filled: used), regions, + other places", fontsize=10)
    _draw_shifts(near, place, shifts, _reach(place, alert["regions"]))
    near.set_title("where the place would be without one sensor", fontsize=10)
    return _as_png(figure)


def _read_clip(path: Path) -> tuple[npt.NDArray[np.float32], float]:
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise BadInput(f"{path}: corrupt audio ({error})") from error
    return np.asarray(samples[:, 0], dtype=np.float32), float(rate)


def _draw_waveform(axes: Axes, samples: npt.NDArray[np.float32], rate: float, start_s: float) -> None:
    width = max(1, len(samples) // PARTS_MOST)
    count = len(samples) // width
    parts = samples[: count * width].reshape(count, width)
    time_s = start_s + (np.arange(count) + 0.5) * width / rate
    axes.fill_between(
        time_s, parts.min(axis=1), parts.max(axis=1), color="#222222", linewidth=0.3, edgecolor="#222222"
    )
    top = max(float(np.abs(samples).max(initial=0.0)), 1e-9)
    axes.set_ylim(-1.15 * top, 1.35 * top)
    axes.tick_params(labelsize=7)


def _draw_spectrogram(axes: Axes, samples: npt.NDArray[np.float32], rate: float, start_s: float) -> None:
    size = min(512, len(samples))
    frequency, time_s, power = spectrogram(samples.astype(np.float64), rate, nperseg=size, noverlap=size // 2)
    shown = frequency <= min(TOP_HZ, rate / 2.0)
    level = 10.0 * np.log10(power[shown] / max(float(power.max(initial=0.0)), 1e-30) + 1e-12)
    axes.pcolormesh(
        start_s + time_s,
        frequency[shown] / 1e3,
        level,
        vmin=FLOOR_DB,
        vmax=0.0,
        cmap="cividis",
        rasterized=True,
    )
    axes.set_ylabel("kHz", fontsize=8)
    axes.tick_params(labelsize=7)


def _draw_picks(axes: Axes, packet: Packet, sensor: str, first_s: float) -> None:
    top = axes.get_ylim()[1]
    for pulse in packet.record["pulses_rejected"]:
        if pulse["sensor"] == sensor:
            axes.axvline(pulse["time_s"] - first_s, color=REJECTED_COLOUR, linewidth=0.7, linestyle=":")
    for pulse in packet.record["pulses_used"]:
        if pulse["sensor"] == sensor:
            at_s = pulse["time_s"] - first_s
            axes.axvline(at_s, color=USED_COLOUR, linewidth=1.2)
            axes.annotate(
                str(pulse["round"] + 1), (at_s, top), fontsize=7, color=USED_COLOUR, va="top", ha="left"
            )


def _draw_regions(axes: Axes, regions: dict[str, Any]) -> None:
    for name, shade in (("95", 0.18), ("80", 0.3), ("50", 0.45)):
        for polygon in regions.get(name, []):
            ring: Sequence[Any] = polygon[0]
            axes.add_patch(
                Polygon(np.array(ring)[:, :2], facecolor=PLACE_COLOUR, alpha=shade, edgecolor="none")
            )


def _reach(place: npt.NDArray[np.float64], regions: dict[str, Any]) -> float:
    """Return how far the 50 % region goes from the place, m."""
    points = [np.array(ring)[:, :2] for polygon in regions.get("50", []) for ring in polygon]
    away = [np.abs(p - place).max() for p in points if len(p)]
    return max(5.0, min(1.3 * float(max(away, default=0.0)), 150.0))


def _draw_shifts(axes: Axes, place: npt.NDArray[np.float64], shifts: dict[str, Shift], reach: float) -> None:
    for name, shift in shifts.items():
        if shift is None:
            continue
        end = place + np.array(shift)
        reach = max(reach, 1.3 * float(np.hypot(*shift)))
        axes.plot(*zip(place, end, strict=True), color=SENSOR_COLOUR, linewidth=0.9)
        axes.plot(*end, "o", color=SENSOR_COLOUR, markersize=4)
        axes.annotate(name, (end[0], end[1]), textcoords="offset points", xytext=(4, 3), fontsize=8)
    axes.set_xlim(place[0] - reach, place[0] + reach)
    axes.set_ylim(place[1] - reach, place[1] + reach)


def _as_png(figure: Figure) -> bytes:
    held = BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return held.getvalue()
