"""Which code made a number: a digest of everything that decides rows, and the commit for people."""

import hashlib
import importlib.metadata
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_HOME = Path(__file__).resolve().parents[2]
# What is imported to render, hear and judge; the configs are in the digest of a cell, resolved.
_ROOMS = ("scenes", "sim", "detector", "testbed")
_KINDS = {".py", ".json", ".csv"}
# Libraries whose arithmetic reaches the rows.
_LIBRARIES = ("numpy", "scipy", "numba", "soundfile", "shapely", "polars")


@dataclass(frozen=True)
class CodeVersion:
    """What made the rows.

    Attributes
    ----------
    digest : str
        Of the sources and of the versions of the libraries that compute.
    commit : str
        Of the repository, with "+" where files differ from it; empty where there is no repository.
    libraries : tuple of (name, version)
        Python first.
    """

    digest: str
    commit: str
    libraries: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as files hold it."""
        return {"digest": self.digest, "commit": self.commit, "libraries": dict(self.libraries)}


def code_from(plain: Mapping[str, Any]) -> CodeVersion:
    """Return what `to_json` gave."""
    libraries = tuple((str(name), str(version)) for name, version in dict(plain["libraries"]).items())
    return CodeVersion(str(plain["digest"]), str(plain["commit"]), libraries)


@cache
def code_version() -> CodeVersion:
    """Return the version of the running code."""
    libraries = (
        ("python", platform.python_version()),
        *((name, importlib.metadata.version(name)) for name in _LIBRARIES),
    )
    return CodeVersion(digest_sources(_ROOMS, repr(libraries)), _commit(), libraries)


def digest_sources(rooms: Sequence[str], more: str = "") -> str:
    """Return a digest of files, and of all sources in folders, given by their paths from the packages' home."""
    sha = hashlib.sha256(more.encode())
    for room in rooms:
        place = _HOME / room
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.suffix in _KINDS and "__pycache__" not in path.parts:
                sha.update(path.relative_to(_HOME).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()[:16]


def _commit() -> str:
    """Return the commit of the folder that holds the packages, or the empty string."""
    if not (_HOME / ".git").exists():
        return ""
    try:
        commit = _git("rev-parse", "HEAD")[:12]
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(*words: str) -> str:
    command = ["git", "-C", str(_HOME), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()  # noqa: S603
