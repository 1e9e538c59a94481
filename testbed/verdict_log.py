"""A log of verdicts that is only ever added to: each entry holds the digest of the one before.

A changed, moved, or removed line breaks the chain (Haber and Stornetta 1991, "How to time-stamp a digital document").
Lines cut off at the end leave a shorter chain that is whole: whoever wants to see that keeps the last digest elsewhere.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scenes.errors import BadInput
from testbed.json_checks import parse_json

FORMAT = "echoblock-verdicts/1"
FIRST = "0" * 64  # what the first entry follows
KEYS = (
    "format",
    "number",
    "previous",
    "written_utc",
    "alert",
    "packet_sha256",
    "verdict",
    "by",
    "reason",
    "sha256",
)
LINES_SHOWN = 5


@dataclass(frozen=True)
class Verdict:
    """What somebody says about an alert.

    Attributes
    ----------
    alert : str
        Its id.
    packet_sha256 : str
        Of the evidence that the verdict was given on.
    verdict : str
        A label, "uncertain", "no evidence found", "identical": whatever the house uses.
    by : str
        Person or software.
    reason : str
    """

    alert: str
    packet_sha256: str
    verdict: str
    by: str
    reason: str


@dataclass(frozen=True)
class Chain:
    """A log as read: entries in order, the digest of the last one, and what is wrong with it, one line each."""

    entries: tuple[dict[str, Any], ...]
    head: str
    faults: tuple[str, ...]


def append_verdict(path: Path, verdict: Verdict, now: datetime | None = None) -> str:
    """Add a verdict at the end of a log (made where absent); nothing that stands there is touched.

    Parameters
    ----------
    path : Path
    verdict : Verdict
    now : datetime, optional
        Time of writing; the clock's unless said.

    Returns
    -------
    str
        Digest of the new entry: the log's head.

    Raises
    ------
    BadInput
        When the log is broken, or cannot be written.
    """
    chain = read_log(path) if path.exists() else Chain((), FIRST, ())
    if chain.faults:
        raise BadInput("\n".join(chain.faults))
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    entry = {
        "format": FORMAT,
        "number": len(chain.entries) + 1,
        "previous": chain.head,
        "written_utc": moment.isoformat(timespec="milliseconds") + "Z",
        **vars(verdict),
    }
    entry["sha256"] = _digest(entry)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(_dump(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from error
    return entry["sha256"]


def read_log(path: Path) -> Chain:
    """Read a log and check every link of its chain.

    Raises
    ------
    BadInput
        When there is no such file.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text") from error
    entries: list[dict[str, Any]] = []
    faults: list[str] = []
    head = FIRST
    lines = text.split("\n")
    if lines[-1]:
        faults.append(f"{path}: line {len(lines)}: ends before its line does; a writer was stopped")
    for number, line in enumerate(filter(None, lines), start=1):
        fault, entry = _check(line, number, head, f"{path}: line {number}")
        if fault:
            faults.append(fault)
        if entry is not None:
            entries.append(entry)
            head = str(entry["sha256"])
    return Chain(tuple(entries), head, tuple(faults))


def _check(line: str, number: int, head: str, where: str) -> tuple[str | None, dict[str, Any] | None]:
    """Return what is wrong with a line, and its entry where it is one."""
    try:
        entry = parse_json(line, where)
    except BadInput as error:
        return str(error), None
    if not isinstance(entry, dict) or set(entry) != set(KEYS) or entry["format"] != FORMAT:
        return f"{where}: is no entry of {FORMAT!r}", None
    if _digest(entry) != entry["sha256"]:
        return f"{where}: was changed after it was written", entry
    if entry["previous"] != head:
        return f"{where}: does not follow the entry before it; one was changed, moved or removed", entry
    if entry["number"] != number:
        return f"{where}: is number {entry['number']}", entry
    return None, entry


def _digest(entry: dict[str, Any]) -> str:
    body = {key: value for key, value in entry.items() if key != "sha256"}
    return hashlib.sha256(_dump(body).encode()).hexdigest()


def _dump(entry: dict[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)
