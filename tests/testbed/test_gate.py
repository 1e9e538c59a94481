"""The verb `gate`: suites, baselines, other commits, reports and exit codes."""

import dataclasses
import json
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest

from detector.options import DetectorOptions
from scenes.errors import BadInput
from scenes.layouts.grid import RegularGrid
from scenes.schedules.rates import Rates
from scenes.streams import draw_stream
from sim.capture import Capture
from testbed.cli import main
from testbed.gate import gate, suites
from testbed.gate.reference import ReferenceDetector, check_out, hear_with_reference
from testbed.gate.suites import SUITES, Suite, draw_scene
from testbed.gate.trial import TrialJob, run_trials
from testbed.gate.world_print import changed, print_world
from testbed.truth import Truth, TruthEvent, Watch
from testbed.world import build_scene

ROOT = Path(__file__).parents[2]
# 3 and 6 are small and full of gunfire; smaller still with these.
NUMBERS = (3, 6)
SMALL = {
    "duration_s": 18.0,
    "layout": RegularGrid(8, on="roof"),
    "schedule": Rates(gunshots=2, fireworks=0, backfires=0, most_rounds=2),
}


@pytest.fixture(autouse=True, scope="module")
def two_scenes():
    """Let every suite have two scenes."""
    patch = pytest.MonkeyPatch()
    for name in SUITES:
        patch.setitem(SUITES, name, Suite(f"{name}-v1", len(NUMBERS)))  # pyright: ignore[reportArgumentType]
    drawn = {number: draw_scene(wanted) for number, wanted in enumerate(NUMBERS)}
    named = {
        n: dataclasses.replace(scene, name=f"g{n:04d}", settings=dataclasses.replace(scene.settings, **SMALL))
        for n, scene in drawn.items()
    }
    for module in ("testbed.gate.gate", "testbed.gate.trial"):
        patch.setattr(f"{module}.draw_scene", named.__getitem__)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def baselines(tmp_path_factory):
    home = tmp_path_factory.mktemp("baselines")
    told = [f"baselines={home}", f"out={home / 'out'}", "workers=1", "update=true"]
    assert main(["gate", "suite=pr", *told, "reason=first, of two scenes"]) == 0
    return home


def run(baselines, out, *more):
    return main(["gate", "suite=pr", f"baselines={baselines}", f"out={out}", "workers=1", *more])


def read(out):
    return json.loads((out / "gate.json").read_text())


def test_a_suite_means_the_same_scenes_wherever_it_is_drawn():
    for number in (0, 5, 199):
        one, other = draw_scene(number), draw_scene(number)
        assert one.about == other.about
        assert one.settings == other.settings
    abouts = [suites.draw_scene(number).about.split(", ") for number in range(20)]
    assert sum(about[0] == "crossroads-v1" for about in abouts) == 1
    assert sum(about[-1] == "quiet" for about in abouts) == 1
    assert len({suites.draw_scene(number).settings.seed for number in range(100)}) == 100


def test_scenes_of_the_series_can_be_built():
    for number in range(20):
        scene, _ = build_scene(suites.draw_scene(number).settings)
        assert len(scene.sensors) >= 10


def test_the_same_code_is_identical_and_says_so_everywhere(baselines, tmp_path, capfd):
    assert run(baselines, tmp_path / "out") == 0
    assert "identical: every round" in capfd.readouterr().out
    report = read(tmp_path / "out")
    assert (report["verdict"], report["exit_code"], report["scenes"]) == ("identical", 0, 2)
    assert all(entry["harm"] in (0.0, None) for entry in report["metrics"].values())
    assert (tmp_path / "out" / "summary.md").read_text().startswith("# pr-v1: identical")
    suite = ET.parse(tmp_path / "out" / "junit.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert len(suite.findall("testcase")) == 10


def test_another_detector_is_judged_on_the_same_scenes(baselines, tmp_path, capfd):
    """With two scenes no verdict but a doubtful or a bad one is possible for a deaf detector."""
    assert run(baselines, tmp_path / "out", "detector.onset.threshold=900") in (1, 3)
    report = read(tmp_path / "out")
    assert report["verdict"] in ("regressed", "inconclusive")
    assert report["metrics"]["F1 of rounds"]["new"] < report["metrics"]["F1 of rounds"]["old"]
    worst = report["worst_scenes"][0]
    assert worst["rounds_lost"] > 0
    assert worst["scene"] in (tmp_path / "out" / "summary.md").read_text()
    assert worst["scene"] in capfd.readouterr().out


def test_a_changed_world_is_invalid_and_not_a_regression(baselines, tmp_path, capfd):
    worlds = pl.read_parquet(baselines / "pr" / "worlds.parquet")
    other = tmp_path / "baselines"
    shutil.copytree(baselines, other)
    louder = pl.when(pl.col("scene") == "g0001").then(pl.col("level_db") + 0.1).otherwise(pl.col("level_db"))
    worlds.with_columns(louder.alias("level_db"), audio=pl.lit("other")).write_parquet(
        other / "pr" / "worlds.parquet"
    )
    assert run(other, tmp_path / "out") == 2
    line = capfd.readouterr().err.splitlines()[-1]
    assert "the simulated world has changed in 1 of 2 scenes (g0001)" in line
    assert read(tmp_path / "out")["verdict"] == "invalid"
    suite = ET.parse(tmp_path / "out" / "junit.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    assert suite.get("errors") == "1"


def test_the_same_world_to_rounding_is_the_same_world(baselines, tmp_path):
    other = tmp_path / "baselines"
    shutil.copytree(baselines, other)
    worlds = pl.read_parquet(other / "pr" / "worlds.parquet")
    worlds.with_columns(pl.col("print") + 1e-3, audio=pl.lit("other")).write_parquet(
        other / "pr" / "worlds.parquet"
    )
    assert run(other, tmp_path / "out") == 0
    assert "to rounding" in read(tmp_path / "out")["notes"][0]


def tamper_suite(folder):
    head = json.loads((folder / "baseline.json").read_text())
    (folder / "baseline.json").write_text(json.dumps(head | {"suite": "pr-v0"}))


def tamper_detector(folder):
    head = json.loads((folder / "baseline.json").read_text())
    (folder / "baseline.json").write_text(json.dumps(head | {"detector": "tn098"}))


def tamper_rows(folder):
    pl.DataFrame({"scene": ["g0000"]}).write_parquet(folder / "rounds.parquet")


def tamper_scenes(folder):
    worlds = pl.read_parquet(folder / "worlds.parquet")
    worlds.filter(pl.col("scene") == "g0000").write_parquet(folder / "worlds.parquet")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (shutil.rmtree, "there is no baseline; make one with update=true"),
        (lambda folder: (folder / "baseline.json").write_text("{"), "is not JSON"),
        (lambda folder: (folder / "baseline.json").write_text("{}"), "is no echoblock-baseline/1"),
        (tamper_suite, "is a baseline of suite 'pr-v0', not 'pr-v1'"),
        (tamper_detector, "is a baseline of detector 'tn098', not 'default'"),
        (lambda folder: (folder / "incidents.parquet").write_bytes(b"nonsense"), "incidents.parquet: cannot be read"),
        (tamper_rows, "rounds.parquet: has other columns"),
        (tamper_scenes, "holds 1 scenes, the suite pr-v1 has 2"),
    ],
)  # fmt: skip
def test_a_baseline_that_cannot_be_used_is_told_before_any_work(tamper, said, baselines, tmp_path, capfd):
    shutil.copytree(baselines / "pr", tmp_path / "baselines" / "pr")
    tamper(tmp_path / "baselines" / "pr")
    assert run(tmp_path / "baselines", tmp_path / "out") == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["update=true"], 'update=true wants reason="..."'),
        (["update=true", "reason=because", "against=HEAD"], "one or the other"),
        (["reason=because"], "it wants update=true"),
        (["against=no-such-commit"], "against=no-such-commit: no such commit"),
        (["against=--all"], "no such commit"),
        (["against=no-such-branch~2^1"], "against=no-such-branch~2^1: no such commit"),
        (["suite=weekly"], "'smoke', 'pr' or 'nightly'"),
        (["detector=command", "detector.command=true {recording} {out}", "against=HEAD"], "no part of this repository"),
        (["detector=command", "detector.command=no-such-tool {recording} {out}"], "no program 'no-such-tool'"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_line(more, said, baselines, tmp_path, capfd):
    assert run(baselines, tmp_path / "out", *more) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "out").exists()


def test_a_new_baseline_keeps_the_reasons_of_the_old(baselines, tmp_path):
    shutil.copytree(baselines / "pr", tmp_path / "pr")
    told = [f"baselines={tmp_path}", f"out={tmp_path / 'out'}", "workers=1", "update=true"]
    assert main(["gate", "suite=pr", *told, "reason=a second one, with {braces}"]) == 0
    head = json.loads((tmp_path / "pr" / "baseline.json").read_text())
    assert head["reasons"] == ["a second one, with {braces}", "first, of two scenes"]
    for name in ("rounds.parquet", "incidents.parquet", "worlds.parquet"):
        assert (tmp_path / "pr" / name).read_bytes() == (baselines / "pr" / name).read_bytes()


def test_an_own_detector_has_its_own_baseline(tmp_path, capfd):
    tool = tmp_path / "tool.py"
    tool.write_text(
        "import json, pathlib, sys\nrecording, out = map(pathlib.Path, sys.argv[1:])\n"
        "site = json.loads((recording / 'site.json').read_text())\n"
        "line = {'id': 'a', 'time_s': 9.0, 'position_m': site['stations'][0]['position_m'], 'round_times_s': [9.0]}\n"
        "(out / 'alerts.jsonl').write_text(json.dumps(line))\n"
    )
    own = ["detector=command", f"detector.command={shlex.quote(sys.executable)} {tool} {{recording}} {{out}}"]
    told = [f"baselines={tmp_path / 'mine'}", "suite=smoke", "workers=1", *own]
    assert main(["gate", *told, "update=true", "reason=mine", f"out={tmp_path / 'made'}"]) == 0
    assert main(["gate", *told, f"out={tmp_path / 'out'}"]) == 0
    assert read(tmp_path / "out")["verdict"] == "identical"
    tool.write_text("import sys; sys.exit('out of memory')")
    capfd.readouterr()
    assert main(["gate", *told, f"out={tmp_path / 'broken'}"]) == 2
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("echoblock")]
    assert lines[0] == "echoblock: scene g0000 failed: detector.command: exit code 1: out of memory"
    assert len(lines) == 2


def test_a_commit_is_laid_beside_and_taken_away_again(tmp_path, monkeypatch):
    home = tmp_path / "repository"
    home.mkdir()

    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", "-C", home, *who, *words], check=True, capture_output=True, text=True
        ).stdout

    git("init", "-q")
    for text in ("old", "new"):
        (home / "file").write_text(text)
        git("add", "-A")
        git("commit", "-qm", text)
    monkeypatch.setattr("testbed.gate.reference._HOME", home)
    with check_out("HEAD~1", DetectorOptions()) as reference:
        assert (reference.home / "file").read_text() == "old"
        assert reference.commit == git("rev-parse", "HEAD~1")[:12]
        assert len(git("worktree", "list").splitlines()) == 1  # nothing is left in the repository by a kill
    assert not reference.home.exists()
    assert git("status", "--porcelain") == ""


def test_against_a_commit_both_hear_the_same_recordings(tmp_path, monkeypatch):
    """The commit's packages are those that are here, whose kernels are compiled; another process imports them."""

    @contextmanager
    def stay(ref, detector):
        yield ReferenceDetector(ROOT, "0123456789ab", "detector.options:DetectorOptions")

    monkeypatch.setattr("testbed.gate.gate.check_out", stay)
    assert run(tmp_path, tmp_path / "same", "against=HEAD") == 0
    report = read(tmp_path / "same")
    assert (report["verdict"], report["against"]) == ("identical", "the detector of HEAD (0123456789ab)")


def test_a_commit_whose_detector_cannot_hear_is_told(tmp_path):
    (tmp_path / "detector").mkdir()
    (tmp_path / "detector" / "__init__.py").write_text("")
    (tmp_path / "detector" / "detect.py").write_text("raise ImportError('this is an old one')")
    reference = ReferenceDetector(tmp_path, "0123456789ab", "detector.options:DetectorOptions")
    with pytest.raises(BadInput, match=r"detector of 0123456789ab cannot hear .*this is an old one"):
        hear_with_reference(reference, [tmp_path / "recording"])


def test_a_scene_that_breaks_the_detector_is_named(baselines, tmp_path, capfd, monkeypatch):
    def fail(*_):
        msg = "no such index"
        raise IndexError(msg)

    monkeypatch.setattr("testbed.gate.trial.listen_recording", fail)
    assert run(baselines, tmp_path / "out") == 2
    assert "scene g0001 failed: IndexError: no such index" in capfd.readouterr().err


def test_fresh_chance_is_another_world_of_the_same_facts():
    (one,) = run_trials(TrialJob((0,), DetectorOptions(), {}))
    (other,) = run_trials(TrialJob((0,), DetectorOptions(), {}, fresh=1))
    assert [row["event"] for row in one.rows.rounds if row["event"]] == [
        row["event"] for row in other.rows.rounds if row["event"]
    ]
    assert not one.world.is_same(other.world)


def test_the_print_of_a_world_sees_what_a_last_bit_does_not():
    rng = draw_stream(0, "test")
    truth = Truth((TruthEvent("e", "i", "pistol-9mm", 1.0, (0.0, 0.0, 1.5)),), Watch(4.0))
    noise = rng.normal(0.0, 300.0, 48_000)
    noise[20_000:20_200] += rng.normal(0.0, 20_000.0, 200)
    shifted = noise.copy()
    shifted[20_000:20_201] = np.insert(noise[20_000:20_200], 0, 0.0)
    flipped = noise.copy()
    flipped[::1000] += 1.0

    def of(samples, site="{}"):
        capture = Capture("S01", 0.0, 12_000, 24, 1.0, np.rint(samples)[None].astype(np.int32))
        return print_world(truth, site, [capture])

    base = of(noise)
    assert base.is_bitwise(of(noise))
    assert base.is_same(of(flipped))
    assert not base.is_bitwise(of(flipped))
    assert not base.is_same(of(shifted))
    assert not base.is_same(of(1.02 * noise))
    assert not base.is_same(of(noise, site="{} "))
    assert changed({"a": base, "b": base}, {"a": of(flipped), "b": of(shifted)}) == ["b"]


def test_reports_survive_hostile_text():
    from testbed.gate.report import GateReport, to_junit, to_markdown  # noqa: PLC0415 - here alone

    report = GateReport("invalid", "pr-v1", "a|b <script>", 2, ('scene g0 failed: "]]> & \x00 <b>',))
    case = ET.fromstring(to_junit(report)).find("testsuite/testcase/error")  # noqa: S314 - our own text
    assert "<b>" in case.get("message")
    assert "<script>" not in to_markdown(report)


def test_faults_are_not_many_lines():
    trials = [gate.Trial(f"g{i:04d}", fault="x") for i in range(40)]
    assert len(gate._faults(trials)) == 6
