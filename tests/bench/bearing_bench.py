"""Bearings of simulated bangs against their true directions: `python -m tests.bench bearing`.

Arrays of four microphones stand in an open field, and in the default town; pistol shots are fired around them. Ours is
`detector.bearing`; beside it the direction finders of pyroomacoustics hear the same 4 ms of the same microphones.
"""

import tempfile
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyroomacoustics as pra

from detector.bearing import WINDOW_S
from detector.envelope import design_band_pass, filter_samples
from detector.onset import find_pulses
from detector.pulse import Pulses
from detector.recording import Recording, open_recording, read_clip
from scenes.ambient import Ambient
from scenes.block import Block, Ground
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Sensor
from scenes.streams import draw_stream
from sim.microphone import MICROPHONES
from sim.propagation.trace import PathOptions
from sim.simulate import simulate
from testbed.survey import Survey
from testbed.wire import write_recording

RATE_HZ = 48_000
FIELD = Block("field-v1", (), (-900.0, -900.0, 900.0, 900.0), Ground("grass"))
SEEDS = {"tuning": 501, "table": 502}
SHOTS, SENSORS, GAP_S = 24, 14, 2.0
PEERS = ("SRP", "MUSIC", "NormMUSIC")
LOUDER_DB = (10.0, 30.0)  # than the default night: an evening street, and more than any
BINS_DB = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 80.0)


@dataclass(frozen=True, eq=False)
class Bearings:
    """k pulses of known shots: SNR dB, error of each finder's azimuth rad, our s.d. rad, error of the onset s."""

    snr_db: npt.NDArray[np.float64]
    error_rad: dict[str, npt.NDArray[np.float64]]
    sigma_rad: npt.NDArray[np.float64]
    late_s: npt.NDArray[np.float64]
    sigma_s: npt.NDArray[np.float64]


def open_field(seed: int, louder_db: float = 0.0, microphone: str = "array") -> Scene:
    """Shots in the middle of a field, sensors on poles around them, near and far."""
    rng = draw_stream(seed, "bearing bench", "field")
    away = np.geomspace(25.0, 700.0, SENSORS)
    turn = rng.uniform(0.0, 2.0 * np.pi, SENSORS)
    model = MICROPHONES[microphone]
    sensors = tuple(
        Sensor(
            f"A{i:02d}",
            (float(d * np.cos(a)), float(d * np.sin(a)), 6.0),
            Clock(),
            model.draw(RATE_HZ, draw_stream(seed, "specimen", f"{i}")),
        )
        for i, (d, a) in enumerate(zip(away, turn, strict=True))
    )
    events = tuple(
        Event(
            f"e{k}",
            f"e{k}",
            ("pistol-45", "pistol-380")[k % 2],  # subsonic: a shock comes from elsewhere
            1.0 + GAP_S * k,
            (*(float(v) for v in rng.uniform(-20.0, 20.0, 2)), 1.5),
            {"azimuth_deg": float(rng.uniform(0.0, 360.0))},
        )
        for k in range(SHOTS)
    )
    quiet = Ambient()
    noisy = replace(quiet, octave_db_rms=tuple(level + louder_db for level in quiet.octave_db_rms))
    return Scene(FIELD, sensors, events, 2.0 + GAP_S * SHOTS, seed, ambient=noisy)


def measure(scene: Scene) -> Bearings:
    """Render a scene, hear it, and compare each first arrival's bearing with the direction of its shot."""
    simulation = simulate(scene, PathOptions(tail=False))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        write_recording(path, scene, simulation.captures, Survey(), 1e-4)
        recording = open_recording(path)
        return _compare(
            scene, recording, find_pulses(recording), {(h.event, h.sensor): h for h in simulation.heard}
        )


def _compare(scene: Scene, recording: Recording, pulses: Pulses, heard) -> Bearings:
    rows, errors = [], {name: [] for name in ("ours", *PEERS)}
    for i, sensor in enumerate(scene.sensors):
        mine = np.flatnonzero(pulses.station == i)
        for event in scene.events:
            due_s = heard[event.id, sensor.id].time_s
            near = mine[np.abs(pulses.time_s[mine] - due_s) < 0.01]
            if not len(near) or not np.isfinite(pulses.azimuth_rad[near[0]]):
                continue
            p = int(near[0])
            x, y, _ = np.subtract(event.position_m, sensor.position_m)
            truth = np.arctan2(y, x)
            rows.append(
                (pulses.snr_db[p], pulses.azimuth_sigma_rad[p], pulses.time_s[p] - due_s, pulses.sigma_s[p])
            )
            errors["ours"].append(_turn(pulses.azimuth_rad[p] - truth))
            found = _peers(recording, i, float(pulses.time_s[p]))
            for name in PEERS:
                errors[name].append(_turn(found[name] - truth))
    snr, sigma, late, own = np.array(rows).T
    return Bearings(snr, {k: np.array(v) for k, v in errors.items()}, sigma, late, own)


def join(parts: list[Bearings]) -> Bearings:
    """Join what several scenes gave."""
    return Bearings(
        np.concatenate([p.snr_db for p in parts]),
        {name: np.concatenate([p.error_rad[name] for p in parts]) for name in parts[0].error_rad},
        np.concatenate([p.sigma_rad for p in parts]),
        np.concatenate([p.late_s for p in parts]),
        np.concatenate([p.sigma_s for p in parts]),
    )


def _turn(angle: float) -> float:
    return float((angle + np.pi) % (2.0 * np.pi) - np.pi)


def _peers(recording: Recording, station: int, onset_s: float) -> dict[str, float]:
    record = recording.site.stations[station]
    band = design_band_pass(record.rate_hz)
    start_s, samples = read_clip(recording, station, onset_s - 0.05, onset_s + 0.05)
    filtered = np.array([filter_samples(np.ascontiguousarray(c), band) for c in samples])
    onset = round((onset_s - start_s) * record.rate_hz)
    first, stop = (onset + round(s * record.rate_hz) for s in (-WINDOW_S[0], WINDOW_S[1]))
    size = 256
    part = np.zeros((len(filtered), size))
    part[:, : stop - first] = filtered[:, first:stop]
    spectrum = np.fft.rfft(part, axis=1)[:, :, None]
    found = {}
    for name in PEERS:
        finder = pra.doa.algorithms[name](
            record.microphones_m[:, :2].T,
            record.rate_hz,
            size,
            c=recording.site.air.sound_speed_mps,
            num_src=1,
            azimuth=np.deg2rad(np.arange(0.0, 360.0, 0.5)),
        )
        finder.locate_sources(spectrum, freq_range=[200.0, 4000.0])
        found[name] = float(finder.azimuth_recon[0])
    return found


def main() -> None:
    """Print the tables."""
    for use, seed in SEEDS.items():
        found = join([measure(open_field(seed, louder_db)) for louder_db in LOUDER_DB])
        print(
            f"{use} seed, open field, {len(found.snr_db)} bearings: median |error| deg, share beyond 10 deg"
        )
        for low, high in pairwise(BINS_DB):
            inside = (found.snr_db >= low) & (found.snr_db < high)
            if not inside.any():
                continue
            cells = [
                f"{name} {np.rad2deg(np.median(np.abs(e[inside]))):6.2f} {np.mean(np.abs(e[inside]) > 0.17):.2f}"
                for name, e in found.error_rad.items()
            ]
            z = found.error_rad["ours"][inside] / found.sigma_rad[inside]
            spread = 1.4826 * np.median(np.abs(z))
            late = found.late_s[inside]
            print(
                f"{low:3.0f} to {high:3.0f} dB n {inside.sum():3d}: "
                + "; ".join(cells)
                + f"; s.d. {np.rad2deg(np.median(found.sigma_rad[inside])):.2f} deg, error/s.d. {spread:.2f}, "
                f"beyond 3 s.d. {np.mean(np.abs(z) > 3.0):.2f}; onset median {1e3 * np.median(late):.3f} ms, "
                f"spread {1e3 * 1.4826 * np.median(np.abs(late - np.median(late))):.3f} ms, "
                f"onset/s.d. {1.4826 * np.median(np.abs(late / found.sigma_s[inside])):.2f}"
            )


if __name__ == "__main__":
    main()
