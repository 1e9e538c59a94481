"""Prints what rendering costs, beside pyroomacoustics on the same paths: `python -m tests.bench render`."""

import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from pyroomacoustics.acoustics import OctaveBandsFactory
from pyroomacoustics.simulation.ism import compute_ism_rir
from scipy.signal import fftconvolve

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.sensor import Microphone
from sim.ambient import design_noise, fill_noise, noise_levels, shape_noise
from sim.band_filter import design_shelves
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.city import index_block
from sim.propagation.engines import open_engine
from sim.propagation.paths import BANDS_HZ
from sim.pulse_table import design_filters, pulse_table
from sim.render import render
from sim.simulate import simulate
from sim.sources.blast_wave import blast_wave
from sim.sources.emission import omnidirectional
from sim.tail.field import links_from, open_field
from tests.bench.whole_scene import EVENTS, SECONDS, SENSORS, names, new_process_s, scene_of

RATE = 48_000
SOUND_MPS = 340.0
BANDS = np.array(BANDS_HZ)
NEPER_PER_DB = np.log(10.0) / 20.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Paths of one source to several sensors: lengths (m, k) and band gains (m, k, 8)."""

    length_m: np.ndarray
    gain: np.ndarray


def draw_pairs(sensors: int, paths: int) -> Pairs:
    """Draw paths as a street has them: a third with flat gains, the rest falling with frequency."""
    rng = np.random.default_rng(0)
    first = rng.uniform(30.0, 600.0, (sensors, 1))
    length = first + np.sort(rng.exponential(150.0, (sensors, paths)), axis=1)
    slope = rng.uniform(-1.0, -0.1, (sensors, paths))
    slope[:, ::3] = 0.0
    return Pairs(length, (BANDS / BANDS[0]) ** slope[..., None] / length[..., None])


def seconds(task, least_s: float = 1.0) -> float:
    """Return the CPU seconds of one call, kernels compiled."""
    task()
    began, calls = time.process_time(), 0
    while time.process_time() - began < least_s:
        task()
        calls += 1
    return (time.process_time() - began) / calls


def ours(pairs: Pairs, waveform: np.ndarray):
    """Return a task: table and pulses of one emission into every sensor's pressure."""
    filters, shelves = design_filters(Air(), RATE), design_shelves(RATE)
    out = np.zeros(
        (len(pairs.length_m), round(RATE * (pairs.length_m.max() / SOUND_MPS + 0.1))), dtype=np.float32
    )

    def task() -> None:
        table = pulse_table(waveform, pairs.length_m.ravel(), filters)
        for pressure, length, gain in zip(out, pairs.length_m, pairs.gain, strict=True):
            render(pressure, length / SOUND_MPS * RATE, gain, length, table, shelves)

    return task


def theirs(pairs: Pairs, waveform: np.ndarray):
    """Return a task: pyroomacoustics' impulse response of the same paths and one convolution a sensor."""
    octaves = OctaveBandsFactory(base_frequency=BANDS[0], fs=RATE, n_fft=512)
    air = NEPER_PER_DB * attenuation_db_per_m(np.array(octaves.centers), Air().temperature_c, Air().humidity)
    sound = waveform[:: 192_000 // RATE]
    bands = octaves.n_bands
    picked = np.minimum(np.arange(bands), len(BANDS) - 1)

    def task() -> None:
        for length, gain in zip(pairs.length_m, pairs.gain, strict=True):
            images = np.zeros((3, len(length)))
            images[0] = length
            damping = (gain * length[:, None]).T[picked]
            source = SimpleNamespace(images=images, damping=damping, directivity=None)
            seen = np.ones(len(length), dtype=bool)
            response = compute_ism_rir(
                source,
                np.zeros(3),
                None,
                None,
                seen,
                81,
                SOUND_MPS,
                RATE,
                octaves,
                min_phase=False,
                air_abs_coeffs=air,
            )
            fftconvolve(sound, response)

    return task


def print_scene(name: str) -> None:
    """Print what a whole scene costs, here and in a new process, and its parts by themselves."""
    scene = scene_of(name)
    whole = seconds(lambda: simulate(scene), least_s=3.0)
    noise = np.empty(int(SECONDS * RATE), dtype=np.float32)
    design = design_noise(20.0, RATE)
    residues = shape_noise(noise_levels(Ambient(), 0.0, Microphone()), design)
    filling = SENSORS * seconds(lambda: fill_noise(noise, design, residues, 1))
    city, omni = index_block(scene.block), omnidirectional
    receivers = np.array([s.position_m for s in scene.sensors])
    places = [np.array(e.position_m) for e in scene.events]
    indexing = seconds(lambda: index_block(scene.block))

    def trace() -> list:
        search = open_engine(city, scene.air, receivers=receivers)
        return [search(place, receivers) for place in places]

    def link() -> list:
        field = open_field(city, scene.block, scene.air, receivers)
        return [] if field is None else [links_from(field, place, omni) for place in places]

    tracing, linking = seconds(trace), seconds(link)
    print(
        f"{scene.block.name}: {SENSORS} sensors x {SECONDS:.0f} s x {RATE} Hz x {EVENTS} bangs, "
        f"{sum(len(p) for traced in trace() for p in traced)} paths"
    )
    print(
        f"  CPU s: {whole:.2f}; of these block index {indexing:.2f}, paths {tracing:.2f}, tail {linking:.2f}, "
        f"noise {filling:.2f}; from start to end of a new process {new_process_s(name):.2f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    waveform = blast_wave(1000.0, 0.4e-3)
    print("rendering one emission: CPU microseconds a path, one core")
    print("  paths a sensor     ours   pyroomacoustics RIR + fftconvolve   ratio")
    for paths in (5, 10, 40):
        pairs = draw_pairs(SENSORS, paths)
        fast, slow = (seconds(t(pairs, waveform)) * 1e6 / pairs.length_m.size for t in (ours, theirs))
        print(f"  {paths:14d} {fast:8.1f} {slow:35.0f} {slow / fast:7.0f}")
    for name in names():
        print_scene(name)


if __name__ == "__main__":
    main()
