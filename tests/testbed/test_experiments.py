"""Every experiment, at a size that costs little: its first and its last cell, one seed, a small town."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from testbed.cli import main
from testbed.sweep.design import read_cells

FOLDER = Path(__file__).parents[2] / "conf" / "experiment"
SWEPT = {
    path.stem: found
    for path in FOLDER.glob("*.yaml")
    if "cells" in (found := yaml.safe_load(path.read_text()))
}
REDUCED = [
    "scene=grid-v1", "scene.blocks_x=2", "scene.blocks_y=2", "duration_s=15", "rate_hz=12000", "seeds=1", "workers=1",
    "propagation.tail=false",
]  # fmt: skip


@pytest.mark.parametrize("name", SWEPT)
def test_every_experiment_states_its_question(name):
    text = (FOLDER / f"{name}.yaml").read_text()
    assert text.startswith("# @package _global_\n# Question: ")
    assert SWEPT[name]["name"] == name
    assert SWEPT[name]["question"].strip().split("?")[0] in text.replace("\n# ", " ")


@pytest.mark.parametrize("name", SWEPT)
def test_every_experiment_runs_small(name, tmp_path):
    cells = read_cells(SWEPT[name]["cells"])
    ends = ", ".join(f"'{' '.join(cell)}'" for cell in (cells[0], cells[-1]))
    few = (
        []
        if name == "firework-density"
        else ["schedule=rates", "schedule.gunshots=1", "schedule.most_rounds=2"]
    )
    few += [] if name == "firework-density" else ["schedule.fireworks=0", "schedule.backfires=0"]
    few += [] if name in {"mount-height", "sensor-density"} else ["layout=grid", "layout.count=4"]
    out = tmp_path / "out"
    assert main(["sweep", f"experiment={name}", *REDUCED, *few, f"cells=[{ends}]", f"out={out}"]) == 0
    scenes = pl.read_parquet(out / "scenes.parquet")
    assert scenes["status"].to_list() == ["ok", "ok"]
    assert (out / "report.html").stat().st_size > 20_000
    assert all(plot.read_bytes()[:4] == b"\x89PNG" for plot in (out / "plots").iterdir())
    assert len(list((out / "plots").iterdir())) >= 2
