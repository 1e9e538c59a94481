"""What one core keeps up with: `python -m tests.bench speed`.

`listen` on 48 kHz FLAC of a network, pulses to alerts; and association and location on a stream of pulses from 200
sensors over 10 km2, in which every few seconds somebody fires somewhere. Processor time, compiling left out.
"""

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from detector.detect import detect, listen_recording
from detector.options import DetectorOptions
from detector.recording import open_recording
from scenes.streams import draw_stream
from tests.bench.windows import make_pulses, make_site

SEED, RATE_HZ, LISTEN_S, NODES, CAPSULES = 31, 48_000, 60.0, 12, 4
SIDE_M, SENSORS, STREAM_S = 3162.0, 200, 120.0
FALSE_HZ, NEAR_LOGIT, FADE_PER_KM, LATE_SHARE, LATE_S, ONSET_S = 0.1, 4.0, 6.0, 0.2, 0.05, 1e-3
MATCH_M, MATCH_S = 50.0, 0.08
BANG_S, BANG_AT_1M, HUM = 1e-3, 20.0, 2e-3  # positive phase; of full scale; noise
HALF_ARM_M = 0.15


def write_network(folder: Path, capsules: int, rng: np.random.Generator) -> float:
    """Write a recording folder of noise and six bangs; return how many sensor-seconds it holds."""
    side = int(np.ceil(np.sqrt(NODES)))
    posts = 150.0 * np.stack(np.unravel_index(np.arange(NODES), (side, side)), axis=1)
    arm = HALF_ARM_M * np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], float)[:capsules]
    arm = arm if capsules > 1 else np.zeros((1, 3))
    site = make_site(np.column_stack([posts, np.full(NODES, 6.0)]))
    time_s = np.arange(round(LISTEN_S * RATE_HZ)) / RATE_HZ
    shots = [(rng.uniform(0.0, 450.0, 2), t) for t in 5.0 + 9.0 * np.arange(6)]
    stations = []
    for i, post in enumerate(posts):
        heard = HUM * rng.standard_normal((capsules, len(time_s)))
        for place, shot_s in shots:
            for channel, offset in zip(heard, arm, strict=True):
                away = float(np.hypot(*(post + offset[:2] - place)))
                first = round((shot_s + away / site.air.sound_speed_mps) * RATE_HZ)
                age = (np.arange(960) / RATE_HZ) / BANG_S
                part = channel[first : first + 960]
                part += (BANG_AT_1M / away * (1.0 - age) * np.exp(-age))[: len(part)]
        soundfile.write(folder / f"{i}.flac", np.clip(heard, -1.0, 1.0).T, RATE_HZ, subtype="PCM_16")
        stations.append({
            "id": f"S{i:02d}", "position_m": [*post, 6.0], "position_sigma_m": 0.5, "sample_rate_hz": RATE_HZ,
            "full_scale_pa": 2.0, "clock_sigma_s": 1e-4, "microphones_m": arm.tolist(),
            "audio": [{"file": f"{i}.flac", "start_s": 0.0, "samples": len(time_s)}],
        })  # fmt: skip
    record = {
        "format": "echoblock-recording/1",
        "epoch_utc": None,
        "origin": None,
        "air": {"temperature_c": 20.0, "humidity": 60.0, "wind_mps": [0.0, 0.0]},
        "stations": stations,
    }
    (folder / "site.json").write_text(json.dumps(record))
    return NODES * LISTEN_S


def print_listening(capsules: int) -> None:
    """Print sensor-seconds a second of processor time, all of `listen` and its pulses alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = write_network(folder, capsules, draw_stream(SEED, "speed bench", f"{capsules}"))
        recording, options = open_recording(folder), DetectorOptions()
        listen_recording(recording, options)  # compiles outside the clock
        began = time.process_time()
        pulses = options.hear(recording)
        heard = time.process_time() - began
        began = time.process_time()
        result = listen_recording(recording, options)
        spent = time.process_time() - began
    print(
        f"listen, {NODES} sensors of {capsules} microphone{'s' * (capsules > 1)}, {LISTEN_S:.0f} s at 48 kHz: "
        f"{seconds / spent:.0f} sensor-seconds a second ({seconds / heard:.0f} for pulses alone); "
        f"{len(pulses)} pulses, {len(result.alerts)} of 6 shots",
        flush=True,
    )


def draw_stream_of_pulses(rng: np.random.Generator, every_s: float):
    """Draw a site, its pulses, and the true shots (k, 3): east, north, m, and time, s."""
    side = int(np.ceil(np.sqrt(SENSORS)))
    cells = np.stack(np.unravel_index(rng.permutation(side**2)[:SENSORS], (side, side)), axis=1)
    xy = SIDE_M / side * (cells + rng.uniform(0.2, 0.8, cells.shape))
    site = make_site(np.column_stack([xy, np.full(SENSORS, 6.0)]))
    station, times, shots = [], [], []
    for begin in np.arange(2.0, STREAM_S - 8.0, every_s):
        place = rng.uniform(0.0, SIDE_M, 2)
        for shot_s in begin + np.cumsum(rng.uniform(0.2, 0.6, rng.integers(1, 7))):
            away = np.hypot(*(xy - place).T)
            heard = rng.random(SENSORS) < 1.0 / (1.0 + np.exp(FADE_PER_KM * away / 1e3 - NEAR_LOGIT))
            late = rng.exponential(LATE_S, SENSORS) * (rng.random(SENSORS) < LATE_SHARE)
            arrival = shot_s + away / site.air.sound_speed_mps + late + ONSET_S * rng.standard_normal(SENSORS)
            station.append(np.flatnonzero(heard))
            times.append(arrival[heard])
            shots.append((*place, shot_s))
    false = rng.poisson(FALSE_HZ * STREAM_S, SENSORS)
    station.append(np.repeat(np.arange(SENSORS), false))
    times.append(rng.uniform(0.0, STREAM_S, false.sum()))
    pulses, _ = make_pulses(np.concatenate(station), np.concatenate(times), ONSET_S)
    return site, pulses, np.array(shots)


def print_stream(every_s: float) -> None:
    """Print how much faster than real time a large network's pulses become alerts, and what is found."""
    site, pulses, shots = draw_stream_of_pulses(draw_stream(SEED, "speed bench", f"every {every_s}"), every_s)
    began = time.process_time()
    alerts = detect(site, pulses).alerts
    spent = time.process_time() - began
    rounds = np.array([(*a.position_m[:2], t) for a in alerts for t in a.round_times_s]).reshape(-1, 3)
    near = np.hypot(*(rounds[:, None, :2] - shots[None, :, :2]).transpose(2, 0, 1)) <= MATCH_M
    near &= np.abs(rounds[:, None, 2] - shots[None, :, 2]) <= MATCH_S
    print(
        f"{SENSORS} sensors, {SIDE_M**2 / 1e6:.0f} km2, {STREAM_S:.0f} s, an incident every {every_s:g} s, "
        f"{len(pulses)} pulses: {spent:.1f} s of processor, {STREAM_S / spent:.2f} times real time; "
        f"{near.any(axis=0).sum()} of {len(shots)} rounds, {(~near.any(axis=1)).sum()} false",
        flush=True,
    )


def main() -> None:
    """Print both."""
    for capsules in (1, CAPSULES):
        print_listening(capsules)
    for every_s in (60.0, 20.0, 6.0):
        print_stream(every_s)


if __name__ == "__main__":
    main()
