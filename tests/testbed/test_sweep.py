"""Sweeps: rows that survive kills, folders that refuse strangers, scenes that fail."""

import errno
import json
import os
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from testbed.cli import main
from testbed.sweep import run_sweep, scene_task, shards
from testbed.sweep.shards import read_records
from testbed.sweep.tables import tables_of
from tests.small_scene import SMALL
from tests.testbed.tiny_scene import measure_tiny, tiny_tasks

MARK = "ECHOBLOCK_TEST_MARK"


def tables(folder: Path):
    """Everything but what it cost."""
    found = tables_of(read_records(folder))
    return found.scenes, found.rounds, found.incidents, found.budget


def assert_same(one: Path, other: Path) -> None:
    for a, b in zip(tables(one), tables(other), strict=True):
        assert_frame_equal(a, b)


def start(folder: Path, seeds: int, mark: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.testbed.tiny_sweep", str(folder), str(seeds), "2", "0.02"]
    return subprocess.Popen(
        command, cwd=Path(__file__).parents[2], env={**os.environ, MARK: mark}, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def alive(mark: str) -> list[str]:
    """Return the processes that carry the mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append((place / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def await_that(condition, patience_s: float = 60.0) -> None:
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until
        os.sched_yield()


def shard_count(folder: Path) -> int:
    return len(list((folder / shards.SHARDS).glob("*.parquet")))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc")
def test_a_sweep_killed_five_times_ends_as_if_undisturbed_and_leaves_no_orphans(tmp_path):
    mark, seeds = uuid.uuid4().hex, 1500
    moments = random.Random(mark)  # noqa: S311 - moments, not secrets
    for _ in range(5):
        before = shard_count(tmp_path / "killed")
        process = start(tmp_path / "killed", seeds, mark)
        await_that(lambda: shard_count(tmp_path / "killed") > before or process.poll() is not None)  # noqa: B023 - used at once
        try:
            process.wait(timeout=moments.uniform(0.0, 0.3))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        await_that(lambda: not alive(mark), 20.0)
    done = len(read_records(tmp_path / "killed"))
    assert done > 0
    assert start(tmp_path / "killed", seeds, mark).wait() == 0
    assert start(tmp_path / "whole", seeds, mark).wait() == 0
    assert_same(tmp_path / "killed", tmp_path / "whole")
    records = pl.concat(
        [pl.read_parquet(p, columns=["task"]) for p in (tmp_path / "killed" / "shards").glob("*.parquet")]
    )
    assert records["task"].is_unique().all()  # nothing that was kept was computed again


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(run_sweep, "measure_scene", lambda task, **_: measure_tiny(task))


def sweep(out: Path, *words: str) -> int:
    return main(["sweep", *SMALL, f"out={out}", *words])


def test_cells_share_the_luck_of_their_seeds(tmp_path):
    assert sweep(tmp_path / "out", "seeds=2", "cells=clock.jitter_s=0,5e-3") == 0
    scenes = pl.read_parquet(tmp_path / "out" / "scenes.parquet")
    assert scenes["status"].to_list() == ["ok"] * 4
    rounds = pl.read_parquet(tmp_path / "out" / "matches.parquet").filter(pl.col("event").is_not_null())
    nearest = rounds.group_by("seed").agg(pl.col("distance_nearest_m").n_unique())
    assert nearest["distance_nearest_m"].to_list() == [1, 1]  # the same bang, the same sensors
    assert scenes["world"].n_unique() == 4  # but other clocks


def test_a_sweep_resumes_and_does_nothing_twice(tiny, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert sweep(out, "seeds=3", "cells=clock.jitter_s=1e-4,1e-2") == 0
    first = [table.clone() for table in tables(out)]
    monkeypatch.setattr(run_sweep, "measure_scene", lambda *_, **__: pytest.fail("computed twice"))
    assert sweep(out, "seeds=3", "cells=clock.jitter_s=1e-4,1e-2") == 0
    for a, b in zip(first, tables(out), strict=True):
        assert_frame_equal(a, b)


def test_a_folder_of_another_sweep_is_refused_and_kept(tiny, tmp_path, capfd):
    out = tmp_path / "out"
    assert sweep(out, "seeds=2") == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    for words, said in (
        (["seeds=3"], "other seeds: 2 there, 3 here"),
        (["seeds=2", "cells=clock.jitter_s=0,1"], "other cells: 1 there, 2 here"),
        (["seeds=2", "layout.count=5"], "other cells"),
    ):
        assert sweep(out, *words) == 2
        err = capfd.readouterr().err
        assert said in err
        assert len([line for line in err.splitlines() if line.startswith("echoblock:")]) == 1
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert sweep(tmp_path / "mine", "seeds=1") == 2
    assert "holds other files (thesis.txt)" in capfd.readouterr().err


def test_every_cell_is_checked_before_the_first_starts(tmp_path, capfd):
    cells = "cells=['layout.count=4,500 layout.on=roof', 'weather.humidty=3', 'weather.humidity=50,120']"
    assert sweep(tmp_path / "out", cells, "seeds=2") == 2
    lines = sorted(capfd.readouterr().err.splitlines())
    assert len(lines) == 3
    assert "500 sensors wanted" in lines[0]
    assert "(in the cell layout.count=500 layout.on=roof)" in lines[0]
    assert "'weather.humidty' (did you mean weather.humidity" in lines[1]
    assert "weather.humidity=120" in lines[2]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words", [["seeds=0"], ["cells=layout.count=range(5,1)"], ["compute=dask"], ["name=a/b"]]
)
def test_mistakes_of_a_sweep_are_a_line_each(words, tiny, tmp_path, capfd):
    assert sweep(tmp_path / "out", *words) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("echoblock:")]
    assert words[0].split("=")[0] in line


def test_a_failed_scene_is_a_row_with_its_traceback(tmp_path, monkeypatch):
    real = scene_task.render

    def break_seed_one(settings, *args, **kwargs):
        if settings.seed == 1:
            msg = "the street is closed"
            raise RuntimeError(msg)
        return real(settings, *args, **kwargs)

    monkeypatch.setattr(scene_task, "render", break_seed_one)
    assert sweep(tmp_path / "out", "seeds=2") == 0
    good, bad = pl.read_parquet(tmp_path / "out" / "scenes.parquet").iter_rows(named=True)
    assert good["status"] == "ok"
    assert bad["error"] == "RuntimeError: the street is closed"
    assert "in break_seed_one" in bad["traceback"]
    monkeypatch.undo()
    assert sweep(tmp_path / "out", "seeds=2") == 0
    assert pl.read_parquet(tmp_path / "out" / "scenes.parquet")["status"].to_list() == ["ok", "failed"]
    assert sweep(tmp_path / "out", "seeds=2", "retry=true") == 0
    assert pl.read_parquet(tmp_path / "out" / "scenes.parquet")["status"].to_list() == ["ok", "ok"]


def test_a_full_disk_is_told_and_what_is_there_stays(tiny, tmp_path, monkeypatch, capfd):
    out = tmp_path / "out"
    monkeypatch.setattr(shards, "_MOST_RECORDS", 4)
    real, room = shards.write_shard, iter([True, False])

    def write_if_room(folder, records):
        if next(room, False):
            return real(folder, records)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shards, "write_shard", write_if_room)
    assert sweep(out, "seeds=10") == 2
    assert "the disk is full; 4 of 10 scenes are kept" in capfd.readouterr().err
    monkeypatch.setattr(shards, "write_shard", real)
    assert sweep(out, "seeds=10") == 0
    assert len(read_records(out)) == 10


def test_a_full_disk_is_known_whatever_a_library_calls_it(tmp_path, monkeypatch, capfd):
    def fill(*_, **__):
        msg = "System error."
        raise RuntimeError(msg)

    monkeypatch.setattr(scene_task, "render", fill)
    monkeypatch.setattr("testbed.full_disk._LITTLE_BYTES", float("inf"))
    assert sweep(tmp_path / "out", "seeds=2") == 2
    assert "the disk is full; 0 of 2 scenes are kept" in capfd.readouterr().err


def test_a_shard_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def fill(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fill)
    with pytest.raises(OSError, match="No space"):
        shards.write_shard(tmp_path, [measure_tiny(tiny_tasks(1)[0])])
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_says_where_numbers_come_from(tiny, tmp_path):
    assert (
        sweep(tmp_path / "out", "seeds=2", "cells=clock.jitter_s=0,1", "question=Does it matter, at all?")
        == 0
    )
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["question"] == "Does it matter, at all?"
    assert manifest["seeds"] == [0, 1]
    assert [cell["config"]["clock"]["jitter_s"] for cell in manifest["cells"]] == [0.0, 1.0]
    assert {"python", "numpy", "numba"} <= manifest["code"]["libraries"].keys()
