"""Draws every source at three distances and what every fault does to a shot: `python -m testbed.gallery [folder]`.

Each source stands 1.5 m above grass without walls or wind (higher where it belongs there); a measurement microphone
hears it from 1, 100 and 500 m. A column is a distance; rows are waveform, spectrum, spectrogram.
"""

import itertools
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import soundfile
from matplotlib import mlab

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block, Ground
from scenes.event import Event
from scenes.scene import Scene
from scenes.sensor import Clock, Microphone, Sensor
from sim.capture import Capture
from sim.propagation.trace import PathOptions
from sim.simulate import simulate
from sim.sources import SOURCES
from testbed.faults import Faults, break_sensors, deliver

RATE = 48_000
DISTANCES_M = (1.0, 100.0, 500.0)
BEFORE_S, AFTER_S = 0.02, 0.35
LONG_S = 2.5
# Waveforms are drawn as far as this share of the energy goes, and half as long again, but no less than this.
HELD, LEAST_MS = 0.99, 6.0
LONG = ("jackhammer", "thunder", "helicopter", "siren", "rocket-whistle", "shell-burst")
HIGH_M = {"thunder": 900.0, "helicopter": 150.0, "shell-burst": 100.0, "rocket-report": 25.0}
SEED = 4
SPAN_DB = 80.0
FIELD = Block("field-v1", (), (-2000.0, -2000.0, 2000.0, 2000.0), Ground("grass"))
# As loud as the loudest source there, so that faint ones keep their steps small.
LOUDEST_PA = 100_000.0
SILENT = Ambient(octave_db_rms=(-20.0,) * 8, spread_db=0.0)
FAULTS = {
    "none": Faults(),
    "deaf": Faults(deaf_share=1.0),
    "dropouts": Faults(drop_share=0.4, packet_s=0.5),
    "repeats": Faults(repeat_share=0.75, packet_s=0.5),
}

Floats = npt.NDArray[np.float64]


def hear(kind: str, distance_m: float, traits: dict[str, float | str]) -> Floats:
    """Return a source's pressure at a distance, Pa, from `BEFORE_S` before the first sound on."""
    height = HIGH_M.get(kind, 1.5)
    event = Event("e", "i", kind, 0.1, (0.0, 0.0, height), {"azimuth_deg": 60.0, **traits})
    across = max(distance_m if distance_m > 1.0 or kind not in HIGH_M else 0.7, 0.7)
    studio = Microphone("measurement", LOUDEST_PA / across, 0.0, 0.0, 24, RATE, high_pass_hz=5.0)
    sensor = Sensor("s", (across, 0.0, height if distance_m <= 1.0 else 4.0), microphone=studio)
    length_s = LONG_S if kind in LONG else AFTER_S
    scene = Scene(FIELD, (sensor,), (event,), 0.1 + 8.0 + length_s, SEED, Air(), SILENT)
    simulation = simulate(scene, PathOptions(tail=False))
    first_s = simulation.heard[0].time_s
    pressure = _pascal(simulation.captures[0])
    begin = max(round((first_s - BEFORE_S) * RATE), 0)
    return pressure[begin : begin + round((BEFORE_S + length_s) * RATE)]


def draw(title: str, columns: dict[str, Floats], path: Path) -> None:
    """Draw waveform, spectrum and spectrogram of several pressures, Pa, side by side."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    figure, axes = plt.subplots(3, len(columns), figsize=(4.2 * len(columns), 8.0), layout="constrained")
    for column, (name, pressure) in enumerate(columns.items()):
        wave, spectrum, picture = axes[:, column]
        time_ms = (np.arange(len(pressure)) / RATE - BEFORE_S) * 1e3
        wave.plot(time_ms, pressure, lw=0.7, color="#0072b2")
        peak_db = 20.0 * np.log10(max(np.abs(pressure).max(), 1e-9) / 20e-6)
        wave.set(title=f"{name}: {peak_db:.0f} dB peak", xlabel="after the first sound (ms)", ylabel="Pa")
        gathered = np.cumsum(np.square(pressure))
        over_ms = time_ms[int(np.searchsorted(gathered, HELD * gathered[-1]))]
        wave.set_xlim(
            max(time_ms[0], -0.2 * max(over_ms, LEAST_MS)), min(time_ms[-1], 1.5 * max(over_ms, LEAST_MS))
        )
        power = np.abs(np.fft.rfft(pressure)) ** 2 / RATE**2
        hertz = np.fft.rfftfreq(len(pressure), 1.0 / RATE)
        thirds = 20.0 * 2.0 ** (np.arange(0, 31) / 3.0)
        edges = np.searchsorted(hertz, np.append(thirds, thirds[-1] * 2.0 ** (1 / 3)) / 2.0 ** (1 / 6))
        level = [power[a:b].sum() * 2.0 * RATE / len(pressure) for a, b in itertools.pairwise(edges)]
        level_db = 10.0 * np.log10(np.maximum(level, 1e-20) / 4e-10)
        spectrum.semilogx(thirds, level_db, color="#d55e00")
        spectrum.set(xlabel="Hz", ylabel="dB re (20 uPa)^2 s, thirds", xlim=(20.0, 20_000.0))
        spectrum.set_ylim(level_db.max() - SPAN_DB, level_db.max() + 5.0)
        spectrum.grid(visible=True, alpha=0.3)
        density, _, _ = mlab.specgram(pressure, 512, RATE, noverlap=448)
        shown = 10.0 * np.log10(np.maximum(np.abs(density), 1e-24))
        extent = (time_ms[0], time_ms[-1], 0.0, 0.5 * RATE)
        image = picture.imshow(shown, cmap="cividis", origin="lower", aspect="auto", extent=extent)
        image.set_clim(float(shown.max()) - SPAN_DB, float(shown.max()))
        picture.set(xlabel="after the first sound (ms)", ylabel="Hz", ylim=(0.0, 16_000.0))
    figure.suptitle(title)
    figure.savefig(path, dpi=70)
    plt.close(figure)


def hear_fault(faults: Faults, clock: Clock) -> Floats:
    """Return what the operator's storage holds of shots every 0.7 s, gaps as zeros, Pa on the sensor's clock."""
    shots = tuple(
        Event(f"e{i}", "i", "pistol-9mm", 0.3 + 0.7 * i, (0.0, 0.0, 1.5), {"azimuth_deg": 0.0})
        for i in range(5)
    )
    sensor = Sensor("s", (100.0, 0.0, 6.0), clock, Microphone(rate_hz=RATE))
    scene = Scene(FIELD, break_sensors((sensor,), faults, SEED), shots, 4.0, SEED, Air(), Ambient())
    capture = simulate(scene, PathOptions(tail=False)).captures[0]
    held = np.zeros(5 * RATE)
    for piece in deliver(capture, faults, SEED):
        begin = max(round(piece.start_s * RATE), 0)
        held[begin : begin + piece.samples.shape[1]] = _pascal(replace(capture, samples=piece.samples))
    return held


def _pascal(capture: Capture) -> Floats:
    return capture.samples[0] * capture.full_scale_pa / 2.0 ** (capture.bits - 1)


def main(folder: Path) -> None:
    """Draw all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        dry = Path(place) / "dry.wav"
        time = np.arange(9_600) / RATE
        soundfile.write(dry, 0.5 * np.sin(2.0 * np.pi * 700.0 * time) * np.exp(-time * 60.0), RATE)
        for kind in SOURCES:
            traits: dict[str, float | str] = {"file": str(dry), "level_db": 130.0} if kind == "file" else {}
            columns = {f"{distance:g} m": hear(kind, distance, traits) for distance in DISTANCES_M}
            draw(kind, columns, folder / f"source-{kind}.png")
            sys.stdout.write(f"{folder / f'source-{kind}.png'}\n")
    columns = {name: hear_fault(faults, Clock()) for name, faults in FAULTS.items()}
    columns["clock step +0.3 s"] = hear_fault(Faults(), Clock(step_s=0.3, step_at_s=2.0))
    draw("faults: a pistol five times, 100 m away, a street sensor by night", columns, folder / "faults.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results/gallery"))
