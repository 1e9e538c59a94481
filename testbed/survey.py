"""What the operator of a network believes about it: the truth, seen through instruments."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from sim.capture import Capture

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
    """

    position_sigma_m: float = 0.5
    temperature_sigma_c: float = 0.5
    humidity_sigma: float = 3.0
    wind_sigma_mps: float = 0.5


def describe_site(
    scene: Scene, captures: Mapping[str, Capture], survey: Survey, clock_sigma_s: float
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
    """
    rng = draw_stream(scene.seed, "survey", "air")
    temperature, humidity, *wind = (float(v) for v in rng.standard_normal(4))
    origin = scene.block.origin
    return {
        "format": FORMAT,
        "epoch_utc": None,
        "origin": None if origin is None else {"lon": origin.lon, "lat": origin.lat},
        "air": {
            "temperature_c": round(scene.air.temperature_c + survey.temperature_sigma_c * temperature, 2),
            "humidity": round(min(100.0, max(0.0, scene.air.humidity + survey.humidity_sigma * humidity)), 1),
            "wind_mps": [
                round(w + survey.wind_sigma_mps * e, 2) for w, e in zip(scene.air.wind_mps, wind, strict=True)
            ],
        },
        "stations": [_describe(scene.seed, s, captures[s.id], survey, clock_sigma_s) for s in scene.sensors],
    }


def audio_file(sensor: str) -> str:
    """Return the path of a sensor's audio inside the recording folder; no id can lead out of it."""
    return f"audio/{quote(sensor, safe=' ')}.flac"


def _describe(
    seed: int, sensor: Sensor, capture: Capture, survey: Survey, clock_sigma_s: float
) -> dict[str, Any]:
    error = draw_stream(seed, "survey", sensor.id).standard_normal(3) * survey.position_sigma_m
    samples = capture.samples.shape[1]
    piece = {"file": audio_file(sensor.id), "start_s": capture.start_s, "samples": samples}
    return {
        "id": sensor.id,
        "position_m": [round(float(p + e), 3) for p, e in zip(sensor.position_m, error, strict=True)],
        # Three decimals of a position are an error too, far below any survey's.
        "position_sigma_m": max(survey.position_sigma_m, 1e-3 / math.sqrt(12.0)),
        "microphones_m": [list(capsule) for capsule in sensor.microphone.capsules_m],
        "sample_rate_hz": capture.rate_hz,
        "full_scale_pa": capture.full_scale_pa,
        "clock_sigma_s": clock_sigma_s,
        "audio": [piece] if samples else [],
    }
