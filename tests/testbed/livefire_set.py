"""A live-fire set in miniature, for tests: the public layout, straight-line sound, every trap of the real one."""

import json
import math
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import soundfile

START = datetime(2018, 12, 19, 1, 0, 0, tzinfo=UTC)
TEMPERATURE_C = 0.0
SPEED_MPS = 331.3
RATE_HZ = 12_000
SHOOTER = (-1000.0, 2000.0, -90.0)
SENSORS = {
    f"SCP-{i:02d}": (
        SHOOTER[0] + radius * math.cos(angle),
        SHOOTER[1] + radius * math.sin(angle),
        SHOOTER[2] + 6.0,
    )
    for i, (angle, radius) in enumerate(
        [(0.3, 250.0), (1.4, 330.0), (2.3, 290.0), (3.5, 400.0), (4.4, 270.0), (5.3, 360.0)]
    )
}


def stamp(time_s):
    return (START + timedelta(seconds=time_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def arrival(sensor, shot_s):
    return round(shot_s + math.dist(SENSORS[sensor], SHOOTER) / SPEED_MPS, 3)


def xyz(point):
    return dict(zip("xyz", point, strict=True))


def write_test(folder, shots_s=(2.0, 2.9, 3.8), selected=None, audio=(), suffix=".flac"):
    """Write one test whose rounds are fired `shots_s` after `START`; `selected` rounds are the vendor's."""
    folder.mkdir(parents=True)
    name = folder.name
    pulses, tuples = [], []
    for shot, time_s in enumerate(shots_s):
        ids = []
        for sensor, place in SENSORS.items():
            record = {
                "pulse_uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{folder}{shot}{sensor}")),
                "serial_number": sensor,
                "arrival_time_utc": stamp(arrival(sensor, time_s)),
                "location": xyz(place),
                "location_error": 0.03,
                "signal_to_noise_dB": 20.0,
                "power_dB_SPL": 88.0,
            }
            pulses += [record, record | {"pulse_uuid": record["pulse_uuid"] + "-again"}]
            ids.append(record["pulse_uuid"])
        tuples.append({"shot_index": shot, "pulse_uuids": [*ids, "no-such-pulse"]})
    parts = {
        "allpulses": pulses,
        "nlos-tuples": tuples[:selected],
        "survey": {
            "num_rounds": len(shots_s),
            "firearm": "45 Cal Automatic Handgun",
            "survey_location": xyz(SHOOTER),
        },
        "weather": {"temperature": TEMPERATURE_C, "speed": 2.0, "direction": 270.0},
    }
    for part, content in parts.items():
        (folder / f"{name}.{part}.json").write_text(json.dumps(content))
    for sensor in audio:
        head = {"serial_number": sensor, "timestamp": stamp(0.0), "location": xyz(SENSORS[sensor])}
        (folder / f"{name}.audio.{sensor}.json").write_text(json.dumps(head))
        soundfile.write(
            folder / f"{name}.audio.{sensor}{suffix}", clip(sensor, shots_s), RATE_HZ, subtype="PCM_16"
        )


def clip(sensor, shots_s, seconds=8.0):
    """Street noise, a bang where each shot arrives, exact zeros farther than a second from any."""
    rng = np.random.default_rng(int(sensor[-2:]))
    count = int(seconds * RATE_HZ)
    audio = 300.0 * rng.standard_normal(count)
    audio[np.rint(audio) == 0] = 1.0
    kept = np.zeros(count, dtype=bool)
    for shot in shots_s:
        first = round(arrival(sensor, shot) * RATE_HZ)
        blast = np.arange(1200) / RATE_HZ
        audio[first : first + 1200] += 15_000.0 * np.exp(-blast / 0.004) * np.cos(2 * np.pi * 400.0 * blast)
        kept[first - RATE_HZ : first + RATE_HZ] = True
    audio[~kept] = 0.0
    return np.clip(audio, -32_124, 32_124).astype(np.int16)
