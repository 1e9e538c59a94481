"""What the operator of a network believes about it: the truth, seen through instruments."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from sim.capture import Capture
from testbed.faults import NO_FAULTS, Faults, Piece, address_error

FORMAT = "echoblock-recording/1"


@dataclass(frozen=True)
class Survey:
    """Errors of the operator's instruments, as standard deviations.

    Attributes
    ----------
    position_sigma_m : float
        Of each coordinate of a sensor's surveyed position, m. 0.02 m is an averaged GNSS fix, 2.5 m a single one.
    temperature_sigma_c : float
        Of the thermometer, degC: one reading stands for the air of a whole block.
    humidity_sigma : float
        Of the hygrometer, percent.
    wind_sigma_mps : float
        Of each component of the wind, m/s: an anemometer on one roof stands for all streets.
    epoch_utc : str or None
        When the recording began by the calendar, ISO 8601 UTC with Z; alerts then carry dates. Nothing else changes.
    """

    position_sigma_m: float = 0.5
    temperature_sigma_c: float = 0.5
    humidity_sigma: float = 3.0
    wind_sigma_mps: float = 0.5
    epoch_utc: str | None = None

    def __post_init__(self) -> None:
        """Refuse an epoch that is no moment."""
        if self.epoch_utc is not None and not _is_utc(self.epoch_utc):
            raise ValueError(f"epoch_utc is {self.epoch_utc!r}; accepted is a time like 2026-01-31T20:00:00Z")


def _is_utc(text: str) -> bool:
    try:
        return text.endswith("Z") and datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def describe_site(
    scene: Scene,
    captures: Mapping[str, Capture],
    survey: Survey,
    clock_sigma_s: float,
    pieces: Mapping[str, Sequence[Piece]],
    faults: Faults = NO_FAULTS,
) -> dict[str, Any]:
    """Return the content of `site.json`: the network as its operator knows it.

    Parameters
    ----------
    scene : Scene
        The truth; only its instruments' readings get out.
    captures : mapping of sensor id to Capture
        One for each sensor.
    survey : Survey
        How wrong the instruments are. Every sensor draws from its own stream.
    clock_sigma_s : float
        Standard deviation of a sensor's clock as its maker states it, s.
    pieces : mapping of sensor id to pieces
        What was delivered of each capture (`testbed.faults.deliver`).
    faults : Faults
        For sensors at wrong addresses.
    """
    rng = draw_stream(scene.seed, "survey", "air")
    temperature, humidity, *wind = (float(v) for v in rng.standard_normal(4))
    origin = scene.block.origin
    return {
        "format": FORMAT,
        "epoch_utc": survey.epoch_utc,
        "origin": None if origin is None else {"lon": origin.lon, "lat": origin.lat},
        "air": {
            "temperature_c": round(scene.air.temperature_c + survey.temperature_sigma_c * temperature, 2),
            "humidity": round(min(100.0, max(0.0, scene.air.humidity + survey.humidity_sigma * humidity)), 1),
            "wind_mps": [
                round(w + survey.wind_sigma_mps * e, 2) for w, e in zip(scene.air.wind_mps, wind, strict=True)
            ],
        },
        "stations": [
            _describe(
                s,
                captures[s.id],
                clock_sigma_s,
                survey.position_sigma_m,
                _position_error(scene.seed, s, survey, faults),
                pieces[s.id],
            )
            for s in scene.sensors
        ],
    }


def audio_files(sensor: str, count: int) -> list[str]:
    """Return the paths of a sensor's pieces inside the recording folder; no id can lead out of it."""
    name = f"audio/{quote(sensor, safe=' ')}"
    return [f"{name}.flac"] if count == 1 else [f"{name}+{number:05d}.flac" for number in range(count)]


def _list_audio(sensor: str, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [
        {"file": file, "start_s": piece.start_s, "samples": piece.samples.shape[1]}
        | ({} if piece.delivered_s is None else {"delivered_s": round(piece.delivered_s, 3)})
        for file, piece in zip(audio_files(sensor, len(pieces)), pieces, strict=True)
    ]


def _position_error(seed: int, sensor: Sensor, survey: Survey, faults: Faults) -> npt.NDArray[np.float64]:
    error = draw_stream(seed, "survey", sensor.id).standard_normal(3) * survey.position_sigma_m
    return error + address_error(faults, seed, sensor.id)


def _describe(
    sensor: Sensor,
    capture: Capture,
    clock_sigma_s: float,
    position_sigma_m: float,
    error_m: npt.NDArray[np.float64],
    pieces: Sequence[Piece],
) -> dict[str, Any]:
    return {
        "id": sensor.id,
        "position_m": [round(float(p + e), 3) for p, e in zip(sensor.position_m, error_m, strict=True)],
        # Three decimals of a position are an error too, far below any survey's.
        "position_sigma_m": max(position_sigma_m, 1e-3 / math.sqrt(12.0)),
        "microphones_m": [list(capsule) for capsule in sensor.microphone.capsules_m],
        "sample_rate_hz": capture.rate_hz,
        "full_scale_pa": capture.full_scale_pa,
        "clock_sigma_s": clock_sigma_s,
        "audio": _list_audio(sensor.id, pieces),
    }
