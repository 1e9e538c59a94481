"""`detector=command`: any program, well behaved or not, from `run`, `listen` and `field`."""

import json
import os
import shlex
import shutil
import sys
import time
from pathlib import Path

import pytest
import soundfile

from scenes.errors import BadInput
from testbed.cli import main
from testbed.command_detector import CommandDetector, run_command
from testbed.field import FieldOptions, run_field
from tests.testbed.livefire_set import SENSORS, SHOOTER, write_test

EXAMPLE = Path(__file__).parents[2] / "docs" / "own-detector" / "first_arrivals.pl"
SCENE = [
    "scene=grid-v1", "scene.blocks_x=3", "scene.blocks_y=3", "scene.height_high_m=9",
    "layout=rooftops", "layout.count=12",
    "schedule=list",
    "schedule.events=[{id: e1, incident: i1, kind: pistol-9mm, time_s: 3.0, position_m: [54, 0, 1.5]}]",
    "duration_s=6", "rate_hz=12000", "workers=1", "survey=averaged",
]  # fmt: skip
ALERT = {"id": "a", "time_s": 3.0, "position_m": [54.0, 0.0], "round_times_s": [3.0]}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    out = tmp_path_factory.mktemp("night") / "out"
    assert main(["render", *SCENE, f"out={out}"]) == 0
    return out / "recording"


def program(folder, body):
    """Write a Python program whose `recording` and `out` are paths; return the command that runs it."""
    file = folder / "my tool.py"
    file.write_text(
        f"import json, os, sys, time, pathlib\nrecording, out = map(pathlib.Path, sys.argv[1:3])\n{body}\n"
    )
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(file))} {{recording}} {{out}}"


def write(content):
    return f"(out / 'alerts.jsonl').write_text({content!r})"


@pytest.mark.skipif(shutil.which("perl") is None, reason="no perl")
def test_the_example_in_perl_finds_the_shot(tmp_path):
    command = f"perl {EXAMPLE} {{recording}} {{out}}"
    own = ["detector=command", f"detector.command={command}", "detector.wav=true"]
    assert main(["run", *SCENE, *own, f"out={tmp_path / 'out'}"]) == 0
    score = json.loads((tmp_path / "out" / "score.json").read_text())
    assert (score["rounds_located"], score["alerts_false"]) == (1, 0)
    assert score["error_p50_m"] < 10.0
    assert score["coverage95"] is None
    assert (tmp_path / "out" / "report.html").is_file()


def test_listen_writes_what_the_program_wrote(recording, tmp_path):
    line = json.dumps(ALERT | {"my_note": "kept"}) + "\n"
    command = program(tmp_path, write(line))
    own = ["detector=command", f"detector.command={command}"]
    assert main(["listen", f"recording={recording}", *own, f"out={tmp_path / 'out'}"]) == 0
    assert (tmp_path / "out" / "alerts.jsonl").read_text() == line


def test_the_program_sees_the_recording_and_no_truth(recording, tmp_path):
    assert (recording.parent / "truth.json").is_file()
    (recording / "notes.txt").write_text("truth is elsewhere")
    body = (
        "seen = sorted(str(p.relative_to(recording)) for p in recording.rglob('*') if p.is_file())\n"
        "around = sorted(p.name for p in recording.parent.rglob('*.json')) + os.listdir('.')\n"
        "can_write = os.access(recording / 'site.json', os.W_OK) and os.getuid() != 0\n"
        f"line = {ALERT!r} | {{'seen': seen, 'around': around, 'can_write': can_write}}\n"
        "(out / 'alerts.jsonl').write_text(json.dumps(line))"
    )
    said = json.loads(run_command(CommandDetector(program(tmp_path, body)), recording).text)
    (recording / "notes.txt").unlink()
    assert "site.json" in said["seen"]
    assert len(said["seen"]) == 13
    assert "notes.txt" not in said["seen"]
    assert "truth.json" not in said["around"]
    assert not said["can_write"]


def test_wav_holds_the_very_samples(recording, tmp_path):
    keep = tmp_path / "kept"
    body = f"import shutil; shutil.copytree(recording, {str(keep)!r})\n{write('')}"
    assert run_command(CommandDetector(program(tmp_path, body), wav=True), recording).alerts == ()
    site, copied = (json.loads((folder / "site.json").read_text()) for folder in (recording, keep))
    for ours, theirs in zip(site["stations"], copied["stations"], strict=True):
        flac, rate = soundfile.read(recording / ours["audio"][0]["file"], dtype="float32")
        wav, same = soundfile.read(keep / theirs["audio"][0]["file"], dtype="float32")
        assert theirs["audio"][0]["file"].endswith(".wav")
        assert rate == same
        assert (flac == wav).all()


def test_no_shell_reads_the_command(recording, tmp_path):
    command = program(tmp_path, f"assert sys.argv[3:] == [';', 'touch', '$(x)', '*']\n{write('')}")
    assert run_command(CommandDetector(command + " ';' touch '$(x)' '*'"), recording).alerts == ()


def test_files_named_in_the_command_are_found_from_where_the_user_is(recording, tmp_path, monkeypatch):
    program(tmp_path, write(""))
    monkeypatch.chdir(tmp_path)
    command = CommandDetector(f"{shlex.quote(sys.executable)} 'my tool.py' {{recording}} {{out}}")
    assert run_command(command, recording).alerts == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('no sound card\\nat all')", "exit code 1: at all"),
        ("os.kill(os.getpid(), 9)", "ended by signal 9"),
        ("pass", "wrote no alerts.jsonl"),
        (write("nonsense"), "alerts.jsonl: line 1: is not JSON"),
        (write("[1, 2]\n" * 50), "must be an object (and"),
        (write("{" * 100_000), "is not JSON"),
        (write(json.dumps({"id": "a", "time_s": 1.0})), "position_m must be"),
        (write(json.dumps(ALERT | {"time_s": "noon"})), "time_s must be a finite number"),
        (write((json.dumps(ALERT) + "\n") * 2), "two alerts are called 'a'"),
        ("(out / 'alerts.jsonl').write_bytes(bytes(range(256)))", "is not UTF-8"),
        ("os.symlink('/etc/passwd', out / 'alerts.jsonl')", "no plain file"),
        ("(out / 'alerts.jsonl').mkdir()", "no plain file"),
    ],
)
def test_a_program_that_fails_is_told_in_one_line(body, said, recording, tmp_path, capfd):
    own = ["detector=command", f"detector.command={program(tmp_path, body)}"]
    assert main(["listen", f"recording={recording}", *own, f"out={tmp_path / 'out'}"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("echoblock: detector.command: ")
    assert said in line
    assert not (tmp_path / "out").exists()


def test_a_program_that_hangs_is_killed_with_all_that_it_started(recording, tmp_path):
    note = tmp_path / "child"
    body = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\ntime.sleep(300)"
    )
    with pytest.raises(BadInput, match=r"not done after 2 s \(detector.timeout_s\), killed"):
        run_command(CommandDetector(program(tmp_path, body), timeout_s=2.0), recording)
    assert _is_gone(int(note.read_text()))


def test_children_do_not_outlive_a_program_that_ends_well(recording, tmp_path):
    note = tmp_path / "child"
    body = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n{write('')}"
    )
    run_command(CommandDetector(program(tmp_path, body)), recording)
    assert _is_gone(int(note.read_text()))


def _is_gone(pid):
    """Tell whether a killed process has ended (or waits for its new parent to notice)."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        os.sched_yield()
    return False


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (["detector=command"], "command=(nothing); wanted is"),
        (["detector=command", "detector.command=mytool {recording}"], "without {out}"),
        (["detector=command", "detector.command=mytool '{recording} {out}"], "No closing quotation"),
        (["detector=command", "detector.command=no-such-tool {recording} {out}"], "no program 'no-such-tool'"),
        (["detector=command", "detector.command=true {recording} {out}", "detector.timeout_s=0"], "timeout_s must"),
        (["detector=command", "detector.command=true {recording} {out}", "error_budget=true"], "error_budget=true"),
        (["detector=command", "detector.command=true {recording} {out}", "map_help=true"], "map_help=true"),
    ],
)  # fmt: skip
def test_commands_that_cannot_be_are_refused_before_anything_is_rendered(own, said, tmp_path, capfd):
    assert main(["run", *SCENE, *own, f"out={tmp_path / 'out'}"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert said in line
    assert list(tmp_path.iterdir()) == []


def test_listen_gives_a_program_recordings_only(tmp_path, capfd):
    own = ["detector=command", "detector.command=true {recording} {out}"]
    assert main(["listen", "pulses=p.csv", "site=s.json", *own, f"out={tmp_path / 'out'}"]) == 2
    assert "it wants recording=DIR alone" in capfd.readouterr().err


def test_field_asks_the_program_about_real_gunfire(tmp_path):
    write_test(tmp_path / "set" / "FP1" / "test_001", audio=list(SENSORS), shots_s=(2.0,))
    x, y = SHOOTER[:2]
    line = {"id": "a", "time_s": 2.0, "position_m": [x, y], "round_times_s": [2.0]}
    body = (
        "site = json.loads((recording / 'site.json').read_text())\n"
        f"assert len(site['stations']) == {len(SENSORS)}\n{write(json.dumps(line))}"
    )
    options = FieldOptions(
        tmp_path / "set", source="audio", detector=CommandDetector(program(tmp_path, body))
    )
    score = run_field(options, tmp_path / "out").score
    assert (score["rounds"], score["rounds_false"] + score["rounds_located_25m"]) == (1, 1)
    assert "onsets_selected" not in score


def test_field_tells_what_a_program_cannot_do(tmp_path):
    options = FieldOptions(tmp_path, detector=CommandDetector("true {recording} {out}"), tune="leave-one-out")
    with pytest.raises(BadInput, match=r"source=audio\ntune: there is nothing to tune"):
        run_field(options, tmp_path / "out")
