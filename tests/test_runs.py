"""What runs write: their files and bytes, the same scene through other verbs, sweeps of runs."""

import csv
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenes.block import Origin
from scenes.frame import local_to_lonlat
from testbed.cli import main
from tests.scenes.geotiffs import write_geotiff
from tests.small_scene import SMALL


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    assert main(["run", *SMALL, f"out={out}"]) == 0
    return out


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_run_writes_what_is_promised(small_run):
    names = {path.name for path in small_run.iterdir()}
    assert names >= {
        "recording",
        "truth.json",
        "alerts.jsonl",
        "matches.parquet",
        "score.json",
        "report.html",
        "map.png",
        ".hydra",
    }
    assert sorted(p.name for p in (small_run / ".hydra").iterdir()) == [
        "code.json",
        "config.yaml",
        "hydra.yaml",
        "overrides.yaml",
    ]
    score = json.loads((small_run / "score.json").read_text())
    assert score["rounds"] == 1
    assert [p.name for p in small_run.parent.iterdir()] == ["out"]


def test_the_same_seed_gives_the_same_bytes_with_two_workers(small_run, tmp_path):
    assert main(["run", *SMALL[:-1], "workers=2", f"out={tmp_path / 'out'}"]) == 0
    one, two = files_of(small_run), files_of(tmp_path / "out")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name] and not name.startswith(".hydra")] == []


def test_listen_hears_what_run_heard(small_run, tmp_path):
    recording = tmp_path / "elsewhere"
    (small_run / "recording").rename(recording)
    try:
        command = [
            sys.executable,
            "-m",
            "testbed",
            "listen",
            f"recording={recording}",
            f"out={tmp_path / 'out'}",
        ]
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True)
    finally:
        recording.rename(small_run / "recording")
    assert (tmp_path / "out" / "alerts.jsonl").read_bytes() == (small_run / "alerts.jsonl").read_bytes()


def test_listen_takes_a_pulse_table(tmp_path):
    places = [(200.0 * math.cos(turn), 200.0 * math.sin(turn), 6.0) for turn in range(8)]
    station = {
        "position_sigma_m": 0.5,
        "microphones_m": [[0, 0, 0]],
        "sample_rate_hz": 0,
        "full_scale_pa": 1.0,
    }
    stations = [
        station | {"id": f"S{i}", "position_m": place, "clock_sigma_s": 1e-4}
        for i, place in enumerate(places)
    ]
    air = {"temperature_c": 15.0, "humidity": 60.0, "wind_mps": [0.0, 0.0]}
    site = {
        "format": "echoblock-recording/1",
        "epoch_utc": None,
        "origin": None,
        "air": air,
        "stations": stations,
    }
    (tmp_path / "site.json").write_text(json.dumps(site))
    source, rounds_s = (40.0, -30.0, 1.5), (5.0, 5.6)
    lines = [
        f"S{i},{shot + math.dist(source, place) / 340.3:.6f}"
        for shot in rounds_s
        for i, place in enumerate(places)
    ]
    (tmp_path / "pulses.csv").write_text("\n".join(["sensor,time_s", *lines]) + "\n")
    out = tmp_path / "out"
    assert (
        main(["listen", f"pulses={tmp_path / 'pulses.csv'}", f"site={tmp_path / 'site.json'}", f"out={out}"])
        == 0
    )
    (alert,) = (json.loads(line) for line in (out / "alerts.jsonl").read_text().splitlines())
    assert math.dist(alert["position_m"][:2], source[:2]) < 5.0
    assert alert["rounds"] == 2
    assert alert["call"] == "uncertain"
    assert alert["belief"] == alert["base_rate"]


def test_listen_says_what_it_wants(capfd, tmp_path):
    assert main(["listen", f"recording={tmp_path}", "pulses=a.csv", f"out={tmp_path / 'out'}"]) == 2
    assert capfd.readouterr().err == "echoblock: listen wants recording=DIR, or pulses=FILE with site=FILE\n"


def test_render_gives_the_recording_of_run(small_run, tmp_path):
    assert main(["render", *SMALL, f"out={tmp_path / 'out'}"]) == 0
    run, rendered = files_of(small_run), files_of(tmp_path / "out")
    ours = [name for name in rendered if not name.startswith(".hydra")]
    assert len(ours) == 6
    assert all(run[name] == rendered[name] for name in ours)


def test_a_sweep_writes_a_folder_a_job(tmp_path):
    quiet = [text for text in SMALL if not text.startswith("schedule")]
    out = tmp_path / "out"
    assert (
        main(["run", "-m", *quiet, "schedule=quiet", f"out={out}", "clock.jitter_s=0,1e-2", "seed=1,2"]) == 0
    )
    assert {p.name for p in out.iterdir()} == {"0", "1", "2", "3", "multirun.yaml"}
    assert all((out / job / "score.json").is_file() for job in "0123")


def test_the_jobs_of_a_multirun_are_gathered_like_a_sweep(small_run, tmp_path, capfd):
    """Two cells of two seeds, from one run whose files are told to be others."""
    for job, (jitter, seed) in enumerate(((0.0, 1), (0.0, 2), (0.01, 1), (0.01, 2))):
        folder = tmp_path / "out" / str(job)
        shutil.copytree(small_run, folder)
        config = (folder / ".hydra" / "config.yaml").read_text()
        config = re.sub(
            r"(?m)^seed: .*$", f"seed: {seed}", re.sub(r"jitter_s: .*", f"jitter_s: {jitter}", config)
        )
        (folder / ".hydra" / "config.yaml").write_text(config)
        words = json.dumps([*SMALL, f"clock.jitter_s={jitter}", f"seed={seed}", "out=x"])
        (folder / ".hydra" / "overrides.yaml").write_text(words)
    assert main(["collect", f"results={tmp_path / 'out'}"]) == 0
    with (tmp_path / "out" / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["overrides"], row["scenes"], row["rounds"]) for row in rows] == [
        ("clock.jitter_s=0.0", "2", "2"),
        ("clock.jitter_s=0.01", "2", "2"),
    ]
    assert rows[0]["code"] == json.loads((small_run / ".hydra" / "code.json").read_text())["digest"]
    other = tmp_path / "out" / "3" / ".hydra" / "code.json"
    other.write_text(json.dumps(json.loads(other.read_text()) | {"digest": "0"}))
    assert main(["collect", f"results={tmp_path / 'out'}"]) == 2
    assert "computed by different code" in capfd.readouterr().err
    (tmp_path / "out" / "3" / "matches.parquet").write_bytes(b"nonsense")
    assert main(["collect", f"results={tmp_path / 'out'}"]) == 2
    assert "is no job of run -m" in capfd.readouterr().err


def test_every_cell_of_a_sweep_is_checked_before_the_first(tmp_path, capfd):
    assert main(["run", "-m", f"out={tmp_path / 'out'}", "layout.count=4,0", "seed=1,2"]) == 2
    assert [line.split("(")[1] for line in capfd.readouterr().err.splitlines()] == [
        "in the cell layout.count=0 seed=1)",
        "in the cell layout.count=0 seed=2)",
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_engine_of_image_sources_runs_and_tells_how_many_hear_nothing(capfd, tmp_path):
    sensors = ["layout=list", "layout.positions_m=[[0,30,6],[60,-5,6],[100,60,6]]"]
    scene = [*(text for text in SMALL if not text.startswith("layout")), *sensors]
    assert main(["run", *scene, "propagation=pyroomacoustics", f"out={tmp_path / 'mirrors'}"]) == 0
    assert "silent: 1 of 3 pairs" in capfd.readouterr().out
    assert main(["render", *scene, f"out={tmp_path / 'all'}"]) == 0
    assert "silent" not in capfd.readouterr().out
    mirrors, every = (
        json.loads((tmp_path / name / "truth.json").read_text())["events"][0]["heard"]
        for name in ("mirrors", "all")
    )
    assert set(mirrors) == {"S01", "S02"}
    assert set(every) == {"S01", "S02", "S03"}
    for name, heard in mirrors.items():
        assert heard["time_s"] == pytest.approx(every[name]["time_s"], abs=1e-6)
        assert heard["level_db"] == pytest.approx(every[name]["level_db"], abs=2.0)


def test_terrain_lies_under_a_town_from_a_file(capfd, tmp_path):
    corner = Origin(6.15, 46.2)
    ring = local_to_lonlat(corner, [(0, 0), (30, 0), (30, 20), (0, 20), (0, 0)]).tolist()
    town = {
        "type": "Feature",
        "properties": {"height": 9},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (tmp_path / "town.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [town]}))
    event = "{kind: pistol-9mm, time_s: 1.0, lon: 6.14998, lat: 46.2002, z_agl: 1.5}"
    scene = [
        f"scene.buildings={tmp_path / 'town.geojson'}", "layout=lampposts", "layout.count=2", "duration_s=3",
        "rate_hz=8000", "workers=1", "schedule=list", f"schedule.events=[{event}]",
    ]  # fmt: skip
    rise = np.arange(40, dtype=np.float32) / 4.0
    for name, heights in (("flat", 417.0 + 0.0 * rise), ("hill", 417.0 + rise)):
        write_geotiff(
            tmp_path / f"{name}.tif", np.tile(heights, (40, 1)).astype(np.float32), 6.148, 46.202, 1e-4
        )
    for name, terrain in (
        ("none", []),
        *((n, [f"scene.terrain={tmp_path / n}.tif"]) for n in ("flat", "hill")),
    ):
        assert main(["render", *scene, *terrain, f"out={tmp_path / name}"]) == 0
    recordings = {n: sorted((tmp_path / n / "recording").rglob("*.flac")) for n in ("none", "flat")}
    assert len(recordings["none"]) == 2
    for one, other in zip(*recordings.values(), strict=True):
        assert one.read_bytes() == other.read_bytes()
    truths = {n: json.loads((tmp_path / n / "truth.json").read_text()) for n in ("none", "flat", "hill")}
    assert truths["none"] == truths["flat"]
    assert truths["hill"]["events"][0]["position_m"][2] > 2.0
    assert "417.00 m there" in (tmp_path / "flat" / "import.txt").read_text()
    capfd.readouterr()
    write_geotiff(tmp_path / "far.tif", np.ones((9, 9), np.float32), 6.148, 46.2, 1e-4)
    assert main(["render", *scene, f"scene.terrain={tmp_path / 'far.tif'}", f"out={tmp_path / 'bad'}"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "far.tif: has no heights for" in line
    assert not (tmp_path / "bad").exists()
