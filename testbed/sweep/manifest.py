"""What a sweep's folder is the sweep of: written first, read by everyone who comes back to it."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenes.errors import BadInput
from testbed.json_checks import load_json
from testbed.sweep.cells import Cell
from testbed.sweep.code_version import CodeVersion, code_from, code_version

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two processes from one folder
    fcntl = None

FILE, FORMAT = "manifest.json", "echoblock-sweep/1"
_LOCK = ".lock"


@dataclass(frozen=True)
class ManifestCell:
    """One cell as it is on record: overrides, digest, resolved config."""

    words: tuple[str, ...]
    digest: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What was swept, and by which code.

    Attributes
    ----------
    name, question, objective : str
    cells : tuple of ManifestCell
        The number of a cell is its place here.
    seeds : tuple of int
    code : CodeVersion
    """

    name: str
    question: str
    objective: str
    cells: tuple[ManifestCell, ...]
    seeds: tuple[int, ...]
    code: CodeVersion

    @property
    def identity(self) -> str:
        """Digest of cells (which carry that of the code) and seeds."""
        return hashlib.sha256(json.dumps([[c.digest for c in self.cells], self.seeds]).encode()).hexdigest()[
            :24
        ]


def manifest_of(
    name: str, question: str, objective: str, cells: Sequence[Cell], seeds: tuple[int, ...]
) -> Manifest:
    """Return the manifest of a sweep about to start."""
    kept = tuple(ManifestCell(cell.words, cell.digest, cell.config) for cell in cells)
    return Manifest(name, question, objective, kept, seeds, code_version())


def claim_folder(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into a new folder, or see that the folder is of the same sweep.

    Raises
    ------
    BadInput
        When the folder holds another sweep or other files; the line says what differs.
    """
    path = folder / FILE
    if path.exists():
        held = read_manifest(folder)
        if held.identity != manifest.identity:
            differs = " and ".join(_differences(held, manifest))
            raise BadInput(
                f"out={folder}: holds the results of another sweep ({differs}); choose another name= or out="
            )
        return
    foreign = sorted(item.name for item in folder.iterdir() if item.name != _LOCK)
    if foreign:
        raise BadInput(
            f"out={folder}: holds other files ({', '.join(foreign[:3])}); choose another name= or out="
        )
    draft = folder / f".{FILE}.part"
    draft.write_text(json.dumps(_plain(manifest), indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a sweep's folder.

    Raises
    ------
    BadInput
        When there is none, or it is none.
    """
    path = folder / FILE
    if not path.is_file():
        raise BadInput(f"{folder}: holds no sweep (no {FILE})")
    plain = load_json(path)
    try:
        if plain["format"] != FORMAT:
            raise BadInput(f'{path}: must be an object with "format": "{FORMAT}"')
        return Manifest(
            str(plain["name"]),
            str(plain["question"]),
            str(plain["objective"]),
            tuple(
                ManifestCell(tuple(c["overrides"]), str(c["digest"]), dict(c["config"]))
                for c in plain["cells"]
            ),
            tuple(int(seed) for seed in plain["seeds"]),
            code_from(plain["code"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path}: is no manifest of a sweep ({type(error).__name__}: {error})") from error


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold a sweep's folder; the system lets go of it when this process ends, however it ends.

    Raises
    ------
    BadInput
        When another process holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise BadInput(f"out={folder}: cannot write there: {error.strerror}") from error
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadInput(f"out={folder}: another process is at work on this sweep") from None


def _plain(manifest: Manifest) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": manifest.name,
        "question": manifest.question,
        "objective": manifest.objective,
        "identity": manifest.identity,
        "code": manifest.code.to_json(),
        "seeds": list(manifest.seeds),
        "cells": [{"overrides": c.words, "digest": c.digest, "config": c.config} for c in manifest.cells],
    }


def _differences(held: Manifest, wanted: Manifest) -> Iterator[str]:
    if held.code.digest != wanted.code.digest:
        yield "made by other code"
    elif [c.digest for c in held.cells] != [c.digest for c in wanted.cells]:
        yield f"other cells: {len(held.cells)} there, {len(wanted.cells)} here"
    if held.seeds != wanted.seeds:
        yield f"other seeds: {len(held.seeds)} there, {len(wanted.seeds)} here"
