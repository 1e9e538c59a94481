"""What bangs sound like: medians of rise, centroid and duration beside those of real recordings.

`python -m tests.bench clips`: bangs in the middle of grid-v1 at night, heard by four microphones within 60 m and eight
at 200 to 450 m. A clip is the 1 s from 10 ms before the first arrival, above 60 Hz: rise from 10 to 90 % of the
envelope's peak, centroid of the energy less that of the noise, duration from first to last of what is within 20 dB of
the peak. Clips whose peak is less than 25 dB above the noise (r.m.s.) are left out, and so are durations of those below
40 dB, the crests of whose noise come within 20 dB of the peak. The real medians are of recordings of unlike microphones
whose measures and distances are not told, so ratios say the order of size and no more. The AUC is that of each of the
detector's features alone, all distances, gun over firework or the reverse, whichever is more.
"""

import math
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, hilbert, sosfilt

from detector.features import FEATURES
from detector.onset import find_pulses
from detector.options import DetectorOptions
from detector.recording import open_recording
from scenes.air import WEATHERS
from scenes.ambient import Ambient
from scenes.blocks import BLOCKS
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from scenes.walls import draw_in, open_ground
from sim.clock import CLOCKS
from sim.microphone import MICROPHONES
from sim.simulate import simulate
from testbed.survey import Survey
from testbed.wire import write_recording

KINDS = {
    "gunshot": ("pistol-9mm", "pistol-40", "pistol-45"),
    "firework": ("firecracker", "m80", "rocket-report"),
    "slam": ("door", "dumpster"),
}
# Median rise ms, centroid Hz, duration ms of real recordings; NaN: not known.
REAL = {
    ("gunshot", "near"): (0.73, 1340.0, math.nan),
    ("firework", "near"): (0.25, 1800.0, math.nan),
    ("gunshot", "far"): (5.8, 450.0, math.nan),
}
SEED, NIGHTS, BANGS, PAUSE_S, RATE_HZ = 4000, 2, 4, 3.0, 24_000
SENSORS = {"near": (4, 8.0, 60.0), "far": (8, 200.0, 450.0)}
SAME_S = 0.01
BEFORE_S, CLIP_S, NOISE_S, LOWEST_HZ, ROOM_DB, LASTS_DB, WITHIN_DB = 0.01, 1.0, 0.5, 60.0, 25.0, 40.0, 20.0


def measure_clip(samples: npt.NDArray[np.float64], first: int) -> npt.NDArray[np.float64] | None:
    """Return rise ms, centroid Hz and duration ms of what begins at sample `first`; None of what is too faint."""
    begin = first - round(BEFORE_S * RATE_HZ)
    count = round(NOISE_S * RATE_HZ)
    heard = sosfilt(
        butter(4, LOWEST_HZ, "high", fs=RATE_HZ, output="sos"), samples[begin - 2 * count :][: 4 * count]
    )
    noise, clip = heard[count : 2 * count], heard[2 * count :][: round(CLIP_S * RATE_HZ)]
    envelope = np.abs(hilbert(clip))
    peak = int(envelope.argmax())
    room_db = 20.0 * np.log10(envelope[peak] / np.std(noise))
    if room_db < ROOM_DB:
        return None
    late = envelope[: peak + 1] < 0.9 * envelope[peak]
    top = int(np.flatnonzero(~late)[0])
    foot = int(np.flatnonzero(np.append(True, envelope[:top] < 0.1 * envelope[peak]))[-1])
    loud = np.flatnonzero(envelope >= 10.0 ** (-0.05 * WITHIN_DB) * envelope[peak])
    power = np.abs(np.fft.rfft(clip)) ** 2 - np.abs(np.fft.rfft(noise, len(clip))) ** 2 * len(clip) / count
    power, hz = np.maximum(power, 0.0), np.fft.rfftfreq(len(clip), 1.0 / RATE_HZ)
    times = 1e3 / RATE_HZ * np.array([top - foot, loud[-1] - loud[0] if room_db > LASTS_DB else math.nan])
    return np.array([times[0], (hz * power).sum() / power.sum(), times[1]])


def hear_night(seed: int) -> tuple[list[tuple[str, str, np.ndarray]], list[tuple[str, np.ndarray]]]:
    """Return (class, distance, measures) of each clip, and (class, features) of first arrivals that have a pulse."""
    options = BLOCKS["grid-v1"]
    block = (options() if isinstance(options, type) else options).build()
    rng = draw_stream(seed, "clips bench")
    ground = open_ground(block, 1.0)
    west, south, east, north = block.bounds_m
    middle = np.array([0.5 * (west + east), 0.5 * (south + north)])
    places = draw_in(ground, 4000, rng)
    away = np.hypot(*(places - middle).T)
    at = places[away < 25.0]
    posts = {
        name: places[(away > low) & (away < high)][:count] for name, (count, low, high) in SENSORS.items()
    }
    sensors = tuple(
        Sensor(
            f"{name}{i}",
            (float(x), float(y), 5.0),
            CLOCKS["gps"].draw(draw_stream(seed, "clock", f"{name}{i}")),
            MICROPHONES["measurement"].draw(RATE_HZ, draw_stream(seed, "microphone", f"{name}{i}")),
        )
        for name, where in posts.items()
        for i, (x, y) in enumerate(where)
    )
    bangs = [(kind, sort) for kind, sorts in KINDS.items() for sort in sorts for _ in range(BANGS)]
    events = tuple(
        Event(
            f"{kind}/{i}",
            f"{kind}/{i}",
            sort,
            2.0 + PAUSE_S * i,
            (float(x), float(y), 1.2),
            {"azimuth_deg": float(rng.uniform(0.0, 360.0))},
        )
        for i, ((kind, sort), (x, y)) in enumerate(zip(bangs, at, strict=False))
    )
    scene = Scene(block, sensors, events, 2.0 + PAUSE_S * len(bangs), seed, WEATHERS["mild"], Ambient())
    simulation = simulate(scene)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "recording"
        write_recording(folder, scene, simulation.captures, Survey(), CLOCKS["gps"].sigma_s)
        pulses = find_pulses(open_recording(folder), DetectorOptions().onset)
    index = {sensor.id: i for i, sensor in enumerate(sensors)}
    clips, found = [], []
    for one in simulation.heard:
        kind, where = one.event.split("/")[0], one.sensor.rstrip("0123456789")
        capture = simulation.captures[index[one.sensor]]
        clip = measure_clip(
            capture.samples[0].astype(np.float64), round((one.time_s - capture.start_s) * RATE_HZ)
        )
        if clip is not None:
            clips.append((kind, where, clip))
        mine = np.flatnonzero(pulses.station == index[one.sensor])
        gap = np.abs(pulses.time_s[mine] - one.time_s)
        if len(gap) and gap.min() <= SAME_S:
            found.append((kind, pulses.features[mine[gap.argmin()]]))
    return clips, found


def single_auc(guns: np.ndarray, fireworks: np.ndarray) -> np.ndarray:
    """Return the AUC of each column alone, whichever way round it separates."""
    wins = guns[:, None] - fireworks[None]
    share = np.mean(wins > 0.0, axis=(0, 1)) + 0.5 * np.mean(wins == 0.0, axis=(0, 1))
    return np.maximum(share, 1.0 - share)


def main(nights: int = NIGHTS) -> None:
    """Print medians beside those of real recordings, and the AUC of every feature alone."""
    started = time.process_time()
    heard = [hear_night(SEED + night) for night in range(int(nights))]
    clips = [row for mine, _ in heard for row in mine]
    print("class, distance | clips | rise ms, centroid Hz, duration ms | real | ratio")
    for kind in KINDS:
        for where in SENSORS:
            part = [measures for k, w, measures in clips if (k, w) == (kind, where)]
            if not part:
                print(f"{kind} {where} | 0")
                continue
            found = [
                np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else math.nan for c in np.transpose(part)
            ]
            real = REAL.get((kind, where), (math.nan,) * 3)
            said = [" ".join(f"{v:.3g}" for v in values) for values in (found, real, np.divide(found, real))]
            print(f"{kind} {where} | {len(part)} | " + " | ".join(said).replace("nan", "-"))
    guns, fireworks = (
        np.array([features for _, mine in heard for k, features in mine if k == kind])
        for kind in ("gunshot", "firework")
    )
    auc = single_auc(guns, fireworks)
    print("gun against firework, one feature alone (asked: none above 0.85):")
    for i in np.argsort(-auc):
        print(f"  {FEATURES[i]:<24} {auc[i]:.2f}")
    print(f"{time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
