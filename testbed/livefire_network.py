"""A live-fire test as the detector gets it: a site with pulses, or a recording folder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from detector.pulse import Pulses
from detector.pulse_table import DEFAULT_SIGMA_S
from detector.site import AirReading, Site, Station
from scenes.errors import BadInput
from scenes.streams import draw_stream
from testbed.livefire import LiveClip, LiveTest
from testbed.livefire_json import Point
from testbed.livefire_masks import fill_masks, find_masks

# The sensors' nominal full scale is 93.09 dB SPL.
FULL_SCALE_PA = 20e-6 * 10.0 ** (93.09 / 20.0)
# Disciplined by satellites: 0.1 ms at worst.
CLOCK_SIGMA_S = 1e-4
HUMIDITY = 60.0  # not in the data; it moves the speed of sound by less than 0.1 % at these temperatures
# A pulse nearer than this to the edge of a mask may be the mask's.
EDGE_S = 0.06

Survey = Mapping[str, tuple[Point, float]]


def pulse_network(test: LiveTest, survey: Survey, sensors: Sequence[str]) -> tuple[Site, Pulses]:
    """Return the site of the given sensors and the pulses that they reported."""
    stations = tuple(_station(sensor, survey) for sensor in sensors)
    index = {sensor: i for i, sensor in enumerate(sensors)}
    kept = sorted((p for p in test.pulses if p.sensor in index), key=lambda p: (p.time_s, index[p.sensor]))
    pulses = Pulses(
        station=np.array([index[p.sensor] for p in kept], dtype=np.int32),
        time_s=np.array([p.time_s for p in kept], dtype=np.float64),
        sigma_s=np.full(len(kept), DEFAULT_SIGMA_S),
        level_db=np.array([p.level_db for p in kept], dtype=np.float64),
        snr_db=np.array([p.snr_db for p in kept], dtype=np.float64),
        clipped=np.zeros(len(kept), dtype=np.bool_),
        features=np.zeros((len(kept), 0)),
    )
    return Site(stations, _air(test), _epoch(test)), pulses


def write_audio_network(
    test: LiveTest, survey: Survey, sensors: Sequence[str], folder: Path
) -> list[npt.NDArray[np.float64]]:
    """Write the test as a recording folder, masks filled; return the times of each station's mask edges, s.

    The noise depends on the test and the sensor alone, so that subsets of sensors hear the same.

    Raises
    ------
    BadInput
        When a clip is no audio, or not one channel.
    """
    clips = {clip.sensor: clip for clip in test.clips}
    edges, stations = [], []
    (folder / "audio").mkdir(parents=True)
    for sensor in sensors:
        samples, rate = read_clip(clips[sensor])
        masks = find_masks(samples, rate)
        inner = masks[(masks > 0) & (masks < len(samples))]
        edges.append(clips[sensor].start_s + inner / rate)
        file = f"audio/{sensor}.flac"
        filled = fill_masks(samples, rate, draw_stream(0, "livefire masks", f"{test.key}/{sensor}"))
        soundfile.write(folder / file, filled, rate, subtype="PCM_16")
        piece = {"file": file, "start_s": clips[sensor].start_s, "samples": len(samples)}
        stations.append(_describe(_station(sensor, survey), rate, piece))
    air = _air(test)
    site = {
        "format": "echoblock-recording/1",
        "epoch_utc": _epoch(test),
        "origin": None,
        "air": {"temperature_c": air.temperature_c, "humidity": air.humidity, "wind_mps": air.wind_mps},
        "stations": stations,
    }
    (folder / "site.json").write_text(json.dumps(site) + "\n", encoding="utf-8")
    return edges


def read_clip(clip: LiveClip) -> tuple[npt.NDArray[np.int16], int]:
    """Read a clip: samples, shape (n,), and its rate, Hz.

    Raises
    ------
    BadInput
        When it is no audio, is empty, or has more than one channel.
    """
    try:
        samples, rate = soundfile.read(clip.file, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        msg = f"{clip.file}: cannot be read as FLAC or WAV ({error})"
        raise BadInput(msg) from None
    if samples.shape[1] != 1 or not len(samples):
        msg = f"{clip.file}: must hold one channel of audio, not {samples.shape[1]} of {len(samples)} samples"
        raise BadInput(msg)
    return samples[:, 0].astype(np.int16), rate


def keep_off_edges(pulses: Pulses, edges_s: Sequence[npt.NDArray[np.float64]]) -> Pulses:
    """Drop pulses within `EDGE_S` of an edge of a mask of their station."""
    near = np.zeros(len(pulses), dtype=bool)
    for station, edges in enumerate(edges_s):
        gap = np.abs(pulses.time_s[:, None] - np.asarray(edges)[None, :])
        near |= (pulses.station == station) & (gap <= EDGE_S).any(axis=1)
    return Pulses(**{name: column[~near] for name, column in vars(pulses).items()})


def _station(sensor: str, survey: Survey) -> Station:
    position, sigma = survey[sensor]
    return Station(sensor, position, sigma, np.zeros((1, 3)), 0.0, FULL_SCALE_PA, CLOCK_SIGMA_S)


def _describe(station: Station, rate: int, piece: dict[str, object]) -> dict[str, object]:
    return {
        "id": station.id,
        "position_m": station.position_m,
        "position_sigma_m": station.position_sigma_m,
        "microphones_m": station.microphones_m.tolist(),
        "sample_rate_hz": rate,
        "full_scale_pa": station.full_scale_pa,
        "clock_sigma_s": station.clock_sigma_s,
        "audio": [piece],
    }


def _air(test: LiveTest) -> AirReading:
    return AirReading(test.temperature_c, HUMIDITY, test.wind_mps)


def _epoch(test: LiveTest) -> str:
    return test.epoch.strftime("%Y-%m-%dT%H:%M:%SZ")
