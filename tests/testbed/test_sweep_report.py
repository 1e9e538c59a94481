"""What a sweep's report makes of rows whose answer is known."""

import csv

import numpy as np
import polars as pl
import pytest

from testbed.cli import main
from testbed.sweep import shards
from testbed.sweep.code_version import code_version
from testbed.sweep.effects import count_causes, rank_effects
from testbed.sweep.estimates import gather_samples, interval
from testbed.sweep.factors import UNSET, read_factors
from testbed.sweep.manifest import Manifest, ManifestCell
from testbed.sweep.record import Task, name_task
from testbed.sweep.sweep_page import summarise
from testbed.sweep.tables import tables_of
from tests.testbed.tiny_scene import Tiny, measure_tiny

CELLS = tuple((f"layout.count={n}", f"weather={w}") for n in (4, 8) for w in ("mild", "windy"))
SEEDS = 60


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Two factors: the cell's number is 2 a + b, so the first moves what is found twice as much as the second."""
    folder = tmp_path_factory.mktemp("sweep") / shards.SHARDS
    folder.mkdir()
    tasks = [Task(name_task(str(c), s), c, Tiny(s)) for s in range(SEEDS) for c in range(len(CELLS))]
    shards.write_shard(folder, [measure_tiny(task) for task in tasks])
    return tables_of(shards.read_records(folder.parent))


def test_cells_that_leave_a_factor_unset_are_named_after_what_they_say_instead():
    layout, height = read_factors([("layout=poles", "h=9"), ("layout=poles", "h=3"), ("layout=roofs",)])
    assert (layout.name, layout.levels) == ("layout", ("poles", "roofs"))
    assert (height.name, height.levels, height.level_of) == ("h", ("3", "9", "layout=roofs"), (1, 0, 2))


def test_factors_come_from_overrides_and_twins_are_one():
    cells = [("a=1", "b=x", "c=10"), ("a=2", "b=y", "c=20"), ("a=10", "b=y", "c=20"), ()]
    a, b = read_factors(cells)
    assert (a.name, a.levels, a.values) == ("a", ("1", "2", "10", UNSET), None)
    assert (b.name, b.also, b.level_of) == ("b", ("c",), (0, 1, 1, 2))
    (numeric,) = read_factors([("a=10",), ("a=2",)])
    assert (numeric.levels, numeric.values, numeric.level_of) == (("2", "10"), (2.0, 10.0), (1, 0))


def test_many_numbers_are_binned():
    (factor,) = read_factors([(f"a={i}",) for i in range(60)])
    assert len(factor.levels) == 6
    assert list(factor.level_of) == sorted(factor.level_of)


def test_a_share_is_that_of_all_rounds_and_its_interval_holds_it(tables):
    samples = gather_samples(tables)
    for cell in range(4):
        value, low, high = interval(samples, "rounds_recall", samples.cell == cell)
        located = tables.scenes.filter(pl.col("cell") == cell)["rounds_located"].sum()
        assert value == pytest.approx(located / (10 * SEEDS))
        assert low <= value <= high
        assert low < 0.5 + 0.1 * cell < high


def test_an_interval_is_as_wide_as_the_spread_of_seeds_says(tables):
    samples = gather_samples(tables)
    _, low, high = interval(samples, "rounds_recall", samples.cell == 0)
    shares = tables.scenes.filter(pl.col("cell") == 0)["rounds_located"].to_numpy() / 10.0
    assert (high - low) / 2.0 == pytest.approx(1.96 * shares.std(ddof=1) / np.sqrt(SEEDS), rel=0.2)


def test_what_never_fails_is_still_in_doubt(tables):
    samples = gather_samples(tables)
    value, low, high = interval(samples, "incidents_recall", samples.cell == 0)
    assert (value, high) == (1.0, 1.0)
    assert low == pytest.approx(0.025 ** (1.0 / SEEDS))
    assert interval(samples, "coverage95", samples.cell == 0) == (None, None, None)


def test_effects_are_ranked_by_size(tables):
    effects = rank_effects(gather_samples(tables), read_factors(CELLS), "rounds_recall")
    assert effects["factors"].to_list() == ["layout.count", "weather", "layout.count × weather"]
    count, weather, both = effects.iter_rows(named=True)
    assert count["levels"] == "4 → 8"
    assert count["effect_low"] < 0.2 < count["effect_high"]
    assert weather["effect_low"] < 0.1 < weather["effect_high"]
    # Paired by seed, the intervals are far narrower than those of the shares themselves.
    assert both["effect_low"] < 0.01
    assert both["effect_high"] - both["effect_low"] < 0.1


def test_causes_add_up_to_what_was_lost(tables):
    (count, _) = read_factors(CELLS)
    causes = count_causes(tables, count)
    lost = (tables.rounds["outcome"] == "missed").sum()
    assert causes["lost"].sum() == lost
    assert set(causes["cause"]) == {"no pulse"}


def test_the_page_escapes_and_loads_nothing(tables):
    cells = tuple(ManifestCell(words, str(i), {}) for i, words in enumerate(CELLS))
    manifest = Manifest(
        "n", "<script>alert(1)</script>", "rounds_f1", cells, tuple(range(SEEDS)), code_version()
    )
    report = summarise(manifest, tables, "rounds_recall")
    page, summary = report.page, report.cells
    assert "<script" not in page
    assert "http:" not in page
    assert "https:" not in page
    assert summary["rounds_recall"].is_sorted()
    plots = ("layout.count", "layout.count-causes", "weather", "weather-causes", "layout.count-by-weather")
    assert set(report.pictures) == {f"{plot}.png" for plot in plots}
    assert page.index("layout.count=8 weather=windy") < page.index("layout.count=4 weather=mild")


def test_the_name_of_a_plot_leads_nowhere(tables):
    cells = tuple(ManifestCell((f"../a/b={i % 2}",), str(i), {}) for i in range(len(CELLS)))
    manifest = Manifest("n", "", "rounds_f1", cells, tuple(range(SEEDS)), code_version())
    assert set(summarise(manifest, tables, "rounds_recall").pictures) == {"..-a-b.png", "..-a-b-causes.png"}


SMALL = [
    "scene=grid-v1",
    "schedule=quiet",
    "duration_s=2",
    "rate_hz=8000",
    "layout=grid",
    "layout.count=3",
    "workers=1",
]


def test_collect_is_idempotent_and_joins_the_jobs_of_a_multirun(tmp_path, capfd):
    out = tmp_path / "out"
    words = ["-m", "clock.jitter_s=1e-4,1e-2", "seeds=2", "workers=1", *SMALL]
    assert main(["sweep", *words, f"out={out}"]) == 0
    assert main(["collect", f"results={out}"]) == 0
    with (out / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["cell"], row["scenes"]) for row in rows] == [("0", "2"), ("1", "2")]
    before = {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}
    assert main(["report", f"results={out}"]) == 0
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()} == before


@pytest.mark.parametrize("verb", ["collect", "report"])
def test_folders_without_results_are_told(verb, tmp_path, capfd):
    for words, said in (
        ([], "results=DIR"),
        ([f"results={tmp_path}"], "no sweep"),
        ([f"results={tmp_path / 'no'}"], "no such folder"),
        ([f"results={tmp_path}", "objective=rounds_recal"], "rounds_recall"),
    ):
        assert main([verb, *words]) == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert said in line
