"""A simulated firing position, written in the layout of the live-fire set.

The set's field sensors reported pulses by a rule that is not public. Here our own onset stage reports, from the SNR on
at which it finds as many pulses in the set's clips as its field sensors did.
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from detector.onset import find_pulses
from detector.pulse import Pulses
from detector.recording import open_recording
from scenes.scene import Scene
from scenes.streams import draw_stream
from sim.simulate import simulate
from testbed.livefire import LiveTest
from testbed.livefire_network import Survey
from testbed.realism.observe import GATE_S
from testbed.realism.protocol import TEST_S, World, lay_out
from testbed.survey import Survey as Instruments
from testbed.wire import write_recording

EPOCH = datetime(2018, 12, 19, tzinfo=UTC)
CLIP_S = 10.0
# The set's clips are silent farther than this from the pulses that its field sensors reported.
KEPT_S = 1.0
SURVEYED_M, AVERAGED_M = 2.5, 1.0

Points = npt.NDArray[np.float64]


def write_position(
    world: World, tests: Sequence[LiveTest], survey: Survey, least_snr_db: float, data: Path, workers: int = 1
) -> None:
    """Simulate one position of the set and write it as `data/FPn`, which appears whole or not at all.

    Parameters
    ----------
    world : World
    tests : sequence of LiveTest
        Of the set: which weapons, how many rounds, how many clips.
    survey : mapping
        Where the set's sensors stand.
    least_snr_db : float
        From which pulses are reported, dB.
    data : Path
        Folder of the simulated set.
    workers : int
        Threads.
    """
    scene = lay_out(world, tests, survey)
    captures = simulate(scene, world.propagation, workers).captures
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".") as draft:
        heard = Path(draft) / "recording"
        write_recording(heard, scene, captures, Instruments(position_sigma_m=AVERAGED_M), world.clock.sigma_s)
        pulses = find_pulses(open_recording(heard), workers=workers)
        out = Path(draft) / tests[0].position
        rng = draw_stream(world.seed, "realism survey", tests[0].position)
        places = np.array([s.position_m for s in scene.sensors])
        known = places + AVERAGED_M * rng.standard_normal(places.shape)
        stood = np.array(scene.events[0].position_m) + SURVEYED_M * rng.standard_normal(3) * (1, 1, 0)
        audio = [capture.samples[0].astype(np.int16) for capture in captures]
        for number, test in enumerate(tests):
            table = _report(pulses, scene, known, number * TEST_S, least_snr_db)
            _write_test(out / test.name, test, number, scene, known, stood, table, audio)
        shutil.rmtree(data / tests[0].position, ignore_errors=True)
        out.replace(data / tests[0].position)


def _report(
    pulses: Pulses, scene: Scene, known: Points, start_s: float, least_snr_db: float
) -> list[dict[str, Any]]:
    """Return the records of the pulses that sensors report of one test; `at` (s) and `station` are for this module."""
    inside = (pulses.time_s >= start_s) & (pulses.time_s < start_s + CLIP_S) & (pulses.snr_db >= least_snr_db)
    return [
        {
            "at": float(pulses.time_s[i]),
            "station": int(pulses.station[i]),
            "pulse_uuid": f"p{i}",
            "serial_number": scene.sensors[pulses.station[i]].id,
            "arrival_time_utc": _stamp(pulses.time_s[i]),
            "location": _xyz(known[pulses.station[i]]),
            "location_error": AVERAGED_M,
            "signal_to_noise_dB": round(float(pulses.snr_db[i]), 2),
            "power_dB_SPL": round(float(pulses.level_db[i]), 2),
        }
        for i in np.flatnonzero(inside)
    ]


def _write_test(
    folder: Path,
    test: LiveTest,
    number: int,
    scene: Scene,
    known: Points,
    stood: Points,
    table: list[dict[str, Any]],
    audio: Sequence[npt.NDArray[np.int16]],
) -> None:
    folder.mkdir(parents=True)
    fired = [event for event in scene.events if event.incident == test.name]
    chosen = [_choose(table, scene, known, stood, event.time_s) for event in fired]
    told = [{key: v for key, v in record.items() if key not in ("at", "station")} for record in table]
    parts = {
        "allpulses": told,
        "nlos-tuples": [
            {"shot_index": i, "pulse_uuids": [record["pulse_uuid"] for record in its]}
            for i, its in enumerate(chosen)
        ],
        "survey": {
            "num_rounds": len(fired),
            "firearm": test.firearm,
            "survey_location": _xyz(stood),
            "approximate_time_utc": _stamp(fired[0].time_s),
        },
        "weather": {"temperature": scene.air.temperature_c, "speed": 0.0, "direction": 0.0},
    }
    for part, content in parts.items():
        (folder / f"{test.name}.{part}.json").write_text(json.dumps(content), encoding="utf-8")
    used = {record["station"] for its in chosen for record in its}
    nearest = sorted(used, key=lambda s: float(np.linalg.norm(known[s] - stood)))
    for station in nearest[: len(test.clips)]:
        times = [record["at"] for record in table if record["station"] == station]
        name = f"{test.name}.audio.{scene.sensors[station].id}"
        rate = scene.sensors[station].microphone.rate_hz
        soundfile.write(folder / f"{name}.flac", _mask(audio[station], rate, number, times), rate, "PCM_16")
        head = {
            "serial_number": scene.sensors[station].id,
            "timestamp": _stamp(number * TEST_S),
            "location": _xyz(known[station]),
        }
        (folder / f"{name}.json").write_text(json.dumps(head), encoding="utf-8")


def _choose(
    table: list[dict[str, Any]], scene: Scene, known: Points, stood: Points, fired_s: float
) -> list[dict[str, Any]]:
    """Return the direct pulses of a round, one a sensor: those nearest to the straight line."""
    chosen: dict[int, tuple[float, dict[str, Any]]] = {}
    for record in table:
        far = float(np.linalg.norm(known[record["station"]] - stood))
        late = abs(record["at"] - fired_s - far / scene.air.sound_speed_mps)
        if late <= GATE_S and late < chosen.get(record["station"], (np.inf, {}))[0]:
            chosen[record["station"]] = (late, record)
    return [record for _, record in chosen.values()]


def _mask(
    samples: npt.NDArray[np.int16], rate: int, number: int, times: Sequence[float]
) -> npt.NDArray[np.int16]:
    """Cut a test's clip out of a sensor's audio; silence it away from its pulses."""
    first = round(number * TEST_S * rate)
    clip = samples[first : first + round(CLIP_S * rate)]
    at = number * TEST_S + np.arange(len(clip)) / rate
    kept = np.zeros(len(clip), dtype=bool)
    for when in times:
        kept |= np.abs(at - when) <= KEPT_S
    return np.where(kept, clip, 0).astype(np.int16)


def _stamp(time_s: float) -> str:
    when = EPOCH + timedelta(seconds=round(float(time_s), 3))
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _xyz(point: Points) -> dict[str, float]:
    return {axis: round(float(value), 3) for axis, value in zip("xyz", point, strict=True)}
