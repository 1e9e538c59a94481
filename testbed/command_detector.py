"""`detector=command`: any program that reads a recording folder and writes `alerts.jsonl`, in any language."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import soundfile

from detector.recording import open_recording
from scenes.errors import BadInput
from testbed.alert_file import JudgedAlert, read_alerts

LARGEST_BYTES = 256 * 2**20
_SAID_CHARACTERS = 200
_PLACES = ("{recording}", "{out}")
_WANTED = "a program with its arguments, {recording} and {out} among them: 'mytool {recording} {out}'"


@dataclass(frozen=True)
class CommandDetector:
    """A program that stands for the detector.

    Attributes
    ----------
    command : str
        Program and arguments, split as a shell splits words, but no shell runs: no pipes, no variables. `{recording}`
        becomes the recording folder, `{out}` an empty folder into which the program writes `alerts.jsonl`. Other
        arguments that name a file here are made absolute, for the program runs elsewhere.
    timeout_s : float
        The program and all that it started are killed after so many seconds of wall clock.
    wav : bool
        Hand over WAV of 32-bit floats (shares of full scale, exactly those of the recording) instead of what the
        recording holds, so that a program needs no FLAC decoder; `site.json` then names these files.

    Raises
    ------
    ValueError
        When the command lacks a placeholder, cannot be split, or the timeout is not above 0.
    """

    command: str = ""
    timeout_s: float = 600.0
    wav: bool = False

    def __post_init__(self) -> None:
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            msg = f"command={self.command}: {error}; wanted is {_WANTED}"
            raise ValueError(msg) from error
        missing = [place for place in _PLACES if place not in self.command]
        if not words or missing:
            lack = f": without {' and '.join(missing)}" if self.command else "(nothing)"
            msg = f"command={self.command}{lack}; wanted is {_WANTED}"
            raise ValueError(msg)
        if not self.timeout_s > 0.0:
            msg = f"timeout_s must be above 0, not {self.timeout_s:g}"
            raise ValueError(msg)


@dataclass(frozen=True)
class CommandResult:
    """What a program said: its `alerts.jsonl` as it wrote it, and the same as the judge reads it."""

    text: bytes
    alerts: tuple[JudgedAlert, ...]


def find_program(detector: CommandDetector) -> list[str]:
    """Return program and arguments with everything that names a file here made absolute.

    Raises
    ------
    BadInput
        When there is no such program.
    """
    program, *rest = shlex.split(detector.command)
    found = shutil.which(program)
    if found is None:
        raise BadInput(f"detector.command: there is no program {program!r} that can be run")
    return [os.path.abspath(found), *(os.path.abspath(a) if os.path.isfile(a) else a for a in rest)]  # noqa: PTH100, PTH113 - links stay (a venv's python is one); any text may stand there


def run_command(detector: CommandDetector, recording: Path) -> CommandResult:
    """Let the program hear a recording folder.

    It gets a copy of the folder in a place of its own, where no truth lies beside it, and runs there. Afterwards
    everything that it started is killed.

    Parameters
    ----------
    detector : CommandDetector
    recording : Path
        With its `site.json`; checked as for our own detector.

    Raises
    ------
    BadInput
        A recording that cannot be used; else one line: no such program, the program failed, took too long, or wrote
        no alerts that can be read.
    """
    words = find_program(detector)
    with tempfile.TemporaryDirectory(prefix="echoblock-command-", ignore_cleanup_errors=True) as name:
        home = Path(name).resolve()
        _copy_recording(recording, home / "recording", as_wav=detector.wav)
        out = home / "out"
        out.mkdir()
        arguments = [_fill(word, (str(home / "recording"), str(out))) for word in words]
        _execute(arguments, home, detector.timeout_s)
        return _read(out / "alerts.jsonl")


def _copy_recording(recording: Path, copy: Path, *, as_wav: bool) -> None:
    """Copy `site.json` and the audio that it names, and nothing else that may lie there."""
    open_recording(recording)  # every file that the site names is there, and inside the folder
    site = json.loads((recording / "site.json").read_text(encoding="utf-8"))
    pieces = [piece for station in site["stations"] for piece in station["audio"]]
    copy.mkdir()
    for number, piece in enumerate(pieces):
        source = recording / piece["file"]
        if as_wav:
            piece["file"] = f"audio/{number:04d}.wav"
        target = copy / piece["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if as_wav:
            _write_wav(source, target)
        else:
            shutil.copyfile(source, target)
        target.chmod(0o444)
    text = (
        json.dumps(site, indent=1) + "\n" if as_wav else (recording / "site.json").read_text(encoding="utf-8")
    )
    (copy / "site.json").write_text(text, encoding="utf-8")
    (copy / "site.json").chmod(0o444)


def _write_wav(source: Path, target: Path) -> None:
    try:
        samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise BadInput(f"{source}: corrupt audio ({error})") from error
    soundfile.write(target, samples, rate, subtype="FLOAT", format="WAV")


def _fill(word: str, paths: tuple[str, str]) -> str:
    for place, path in zip(_PLACES, paths, strict=True):
        word = word.replace(place, path)
    return word


def _execute(arguments: list[str], home: Path, timeout_s: float) -> None:
    """Run the program in its home, in a process group that is killed whatever happens."""
    environment = {**os.environ, "PWD": str(home)}
    environment.pop("OLDPWD", None)
    with (home / "stderr").open("wb") as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own program, and no shell
                arguments,
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise BadInput(f"detector.command: {arguments[0]} cannot be run ({error.strerror})") from error
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise BadInput(
                f"detector.command: not done after {timeout_s:g} s (detector.timeout_s), killed"
            ) from None
        finally:
            _kill(process)
    if code:
        how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
        raise BadInput(f"detector.command: {how}{_last_words(home / 'stderr')}")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process group: the program may be gone while its children are not."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_words(path: Path) -> str:
    """Return ": " and the last line that the program wrote to standard error, or nothing."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4 * _SAID_CHARACTERS, 0))
        lines = file.read().decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    clean = "".join(c if c.isprintable() else "?" for c in said[-1]) if said else ""
    return f": {clean[-_SAID_CHARACTERS:]}" if clean else ""


def _read(path: Path) -> CommandResult:
    try:
        status = path.lstat()
    except OSError:
        raise BadInput(
            "detector.command: wrote no alerts.jsonl into the folder {out} (an empty file is a night without alerts)"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise BadInput("detector.command: its alerts.jsonl is no plain file")
    if status.st_size > LARGEST_BYTES:
        raise BadInput(f"detector.command: its alerts.jsonl is larger than {LARGEST_BYTES // 2**20} MiB")
    try:
        return CommandResult(path.read_bytes(), read_alerts(path))
    except BadInput as error:
        first, *more = str(error).replace(f"{path}", "alerts.jsonl").splitlines()
        rest = f" (and {len(more)} more mistakes)" if more else ""
        raise BadInput(f"detector.command: {first}{rest}") from error
