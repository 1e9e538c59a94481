"""The detector of another commit, in a process of its own, on the recordings that ours hears."""

import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detector.options import Detector
from scenes.errors import BadInput
from testbed.command_detector import CommandDetector

_HOME = Path(__file__).resolve().parents[2]
_LISTENER = Path(__file__).with_name("listen_elsewhere.py")
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class ReferenceDetector:
    """A commit's detector: where its packages lie, its commit, and "module:class" of its options (all defaults)."""

    home: Path
    commit: str
    options: str


@contextmanager
def check_out(ref: str, detector: Detector | CommandDetector) -> Iterator[ReferenceDetector]:
    """Lay a commit of this repository into a temporary folder for as long as the block lasts.

    Parameters
    ----------
    ref : str
        Anything that git takes for a commit.
    detector : Detector
        The one under test; the reference is of the same kind, with its own defaults.

    Raises
    ------
    BadInput
        No repository, no such commit, or a detector that is no part of this repository.
    """
    if isinstance(detector, CommandDetector):
        raise BadInput(
            "against: detector=command is no part of this repository; compare it with a baseline of its own"
        )
    try:
        commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except (OSError, subprocess.SubprocessError):
        raise BadInput(f"against={ref}: no such commit in the repository of {_HOME}") from None
    with tempfile.TemporaryDirectory(prefix="echoblock-against-", ignore_cleanup_errors=True) as name:
        home = Path(name).resolve()
        _lay_out(ref, commit, home)
        options = f"{type(detector).__module__}:{type(detector).__qualname__}"
        yield ReferenceDetector(home, commit[:12], options)


def _lay_out(ref: str, commit: str, home: Path) -> None:
    """Write the files of a commit; the repository itself is only read, so that nothing is left there by a kill."""
    try:
        packed = subprocess.run(  # noqa: S603 - no shell
            ["git", "-C", str(_HOME), "archive", "--format=zip", commit],  # noqa: S607 - whichever git there is
            capture_output=True,
            check=True,
            timeout=_PATIENCE_S,
        ).stdout
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(home)
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip() or str(error)
        raise BadInput(f"against={ref}: cannot be checked out ({said.splitlines()[-1]})") from error


def hear_with_reference(reference: ReferenceDetector, recordings: Sequence[Path]) -> list[Path]:
    """Let the other commit's detector hear recordings; return its alert files, in the same order.

    Raises
    ------
    BadInput
        When it cannot.
    """
    alerts = [recording.with_name("reference.jsonl") for recording in recordings]
    pairs = [str(path) for pair in zip(recordings, alerts, strict=True) for path in pair]
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-P", str(_LISTENER), str(reference.home), reference.options, *pairs],
        cwd=reference.home,
        env={**os.environ, "PYTHONPATH": str(reference.home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise BadInput(f"against: the detector of {reference.commit} cannot hear these recordings: {said}")
    return alerts


def _git(*words: str) -> str:
    command = ["git", "-C", str(_HOME), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE_S)  # noqa: S603 - no shell
    return done.stdout.strip()
