"""The detector of another commit, in a process of its own, on the recordings that ours hears."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detector.options import Detector
from scenes.errors import BadInput
from testbed.command_detector import CommandDetector

_HOME = Path(__file__).resolve().parents[2]
_LISTENER = Path(__file__).with_name("listen_elsewhere.py")


@dataclass(frozen=True)
class ReferenceDetector:
    """A commit's detector: where its packages lie, its commit, and "module:class" of its options (all defaults)."""

    home: Path
    commit: str
    options: str


@contextmanager
def check_out(ref: str, detector: Detector | CommandDetector) -> Iterator[ReferenceDetector]:
    """Lay a commit of this repository beside it for as long as the block lasts.

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
        home = Path(name).resolve() / "tree"
        try:
            _git("worktree", "add", "--quiet", "--detach", str(home), commit)
        except subprocess.SubprocessError as error:
            said = getattr(error, "stderr", "") or str(error)
            raise BadInput(
                f"against={ref}: cannot be checked out ({said.strip().splitlines()[-1]})"
            ) from error
        try:
            yield ReferenceDetector(
                home, commit[:12], f"{type(detector).__module__}:{type(detector).__qualname__}"
            )
        finally:
            _git("worktree", "remove", "--force", str(home))


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
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.strip()  # noqa: S603 - no shell
