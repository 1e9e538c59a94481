"""The command line: verbs, overrides, mistakes and exit codes."""

import errno
import os
import subprocess
import sys

import pytest

from testbed.cli import VERBS, main
from tests.small_scene import SMALL


def test_the_verbs_come_without_anything_heavy():
    code = (
        "import sys; from testbed.cli import main; assert main(['--help']) == 0;"
        "heavy = {'numpy', 'scipy', 'numba', 'polars', 'hydra', 'matplotlib', 'pydantic'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(f"\n  {verb} " in done.stdout for verb in VERBS)


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "testbed"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: echoblock VERB")


def test_an_unknown_verb_is_told_with_the_nearest(capsys):
    assert main(["rnu"]) == 2
    assert "did you mean run?" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_shows_its_config(verb, capfd):
    assert main([verb, "--help"]) == 0
    assert "== Config ==" in capfd.readouterr().out
    assert main([verb, "--cfg", "job"]) == 0
    shown = capfd.readouterr().out
    assert ("\nout: results/" in shown) == (verb != "verify-log")  # which writes nothing


def test_all_mistakes_at_once_and_nothing_written(capfd, tmp_path):
    overrides = ["layout.cuont=3", "weather=widny", "seed=many", "[x", f"out={tmp_path / 'out'}"]
    assert main(["run", *overrides]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 4
    assert any("'layout.cuont' (did you mean layout.count" in line for line in lines)
    assert any("weather=widny" in line and "windy" in line for line in lines)
    assert any(line.startswith("echoblock: seed=many") for line in lines)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["clock.jitter_s=interval(0,1)"], "clock.jitter_s=interval(0,1): an interval wants an optimiser"),
        (
            ["-m", "clock.jitter_s=interval(0,1)"],
            "clock.jitter_s=interval(0,1): an interval wants an optimiser",
        ),
        (["clock.jiter_s=interval(0,1)"], "there is no key 'clock.jiter_s' (did you mean clock.jitter_s"),
        (["weather=mild,windy"], "several values are a sweep, which wants -m"),
        (["-m", "hydra/sweeper=optune"], "hydra/sweeper=optune: no such option"),
    ],
)
def test_several_values_without_a_sweeper_are_told(words, said, capfd, tmp_path):
    assert main(["run", *words, f"out={tmp_path / 'out'}"]) == 2
    assert said in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["--help", "run --cfg job"])
def test_a_reader_that_leaves_is_no_error(verb):
    """What `| head -1` does: the pipe's other end is closed before, or after, the first line."""
    command = [sys.executable, "-u", "-m", "testbed", *verb.split()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (0, b"")


def test_a_reader_that_leaves_costs_no_results(tmp_path):
    quiet = [word for word in SMALL if not word.startswith("schedule")] + ["schedule=quiet"]
    command = [sys.executable, "-m", "testbed", "render", *quiet, f"out={tmp_path / 'out'}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.close()
    assert process.wait() == 0
    assert (tmp_path / "out" / "truth.json").is_file()


def test_ranges_are_checked_together(capfd, tmp_path):
    assert main(["run", "layout.count=0", "seed=-1", "weather.humidity=120", f"out={tmp_path / 'out'}"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert [line.split("=")[0] for line in lines] == [
        "echoblock: layout.count",
        "echoblock: weather.humidity",
        "echoblock: seed",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["scene.buildings=nowhere.geojson"], "nowhere.geojson"),
        (["scene=file"], "scene.buildings=FILE"),
        (["layout.file=nowhere.csv"], "nowhere.csv"),
        (["schedule.file=nowhere.json"], "nowhere.json"),
        (["schedule=list"], "event"),
        (["objective=f1_of_rounds"], "no such number"),
        (["layout=list", "layout.positions_m=[[0,0,6],[0,0,6]]", "layout.ids=[S1,S1]"], "S1"),
    ],
)
def test_bad_scenes_are_refused_in_a_line(overrides, said, capfd, tmp_path):
    assert main(["run", *overrides, f"out={tmp_path / 'out'}"]) == 2
    err = capfd.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_bug_is_told_as_a_bug(capfd, tmp_path, monkeypatch):
    from testbed.verbs import score  # noqa: PLC0415 - after Hydra's own imports

    def fail(*_):
        msg = "out of luck"
        raise RuntimeError(msg)

    monkeypatch.setattr(score, "score_files", fail)
    assert main(["score", "alerts=a", "truth=b", f"out={tmp_path / 'out'}"]) == 70
    err = capfd.readouterr().err
    assert "RuntimeError: out of luck" in err
    assert "internal error" in err


def test_a_full_disk_is_told_and_leaves_nothing(capfd, tmp_path, monkeypatch):
    from testbed.verbs import score  # noqa: PLC0415 - after Hydra's own imports

    def fill(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(score, "score_files", fill)
    assert main(["score", "alerts=a", "truth=b", f"out={tmp_path / 'out'}"]) == 2
    assert (
        capfd.readouterr().err
        == f"echoblock: out={tmp_path / 'out'}: the disk is full; nothing was written\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_is_told_and_leaves_nothing(capfd, tmp_path, monkeypatch):
    from testbed.verbs import score  # noqa: PLC0415 - after Hydra's own imports

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(score, "score_files", interrupt)
    assert main(["score", "alerts=a", "truth=b", f"out={tmp_path / 'out'}"]) == 130
    assert list(tmp_path.iterdir()) == []


def test_the_shell_completes_verbs_and_options(capfd, monkeypatch):
    monkeypatch.setenv("COMP_LINE", "echoblock ren")
    assert main(["-sc", "query=bash"]) == 0
    assert capfd.readouterr().out.split() == ["render"]
    monkeypatch.setenv("COMP_LINE", "echoblock render weather=w")
    assert main(["-sc", "query=bash"]) == 0
    assert capfd.readouterr().out.split() == ["weather=windy", "weather=winter-night"]


def test_a_users_own_config_folder_is_read(capfd, tmp_path):
    (tmp_path / "weather").mkdir()
    (tmp_path / "weather" / "fog.yaml").write_text("defaults: [mild]\nhumidity: 100.0\n")
    assert main(["render", "--config-dir", str(tmp_path), "--cfg", "job", "weather=fog"]) == 0
    assert "humidity: 100.0" in capfd.readouterr().out
    assert main(["render", "--config-dir", str(tmp_path), "weather=frog"]) == 2
    assert "did you mean fog" in capfd.readouterr().err
