"""Events that the user names: none, a list in the config, or a file."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scenes.block import Block
from scenes.errors import BadInput
from scenes.event import Event
from scenes.schedules.event_record import ACCEPTED, events_from_records

LARGEST_FILE_BYTES = 200_000_000


@dataclass(frozen=True)
class Quiet:
    """Nothing happens."""

    def draw(self, block: Block, duration_s: float, rng: np.random.Generator) -> tuple[Event, ...]:  # noqa: ARG002 - every schedule's signature
        """Return no events."""
        return ()


@dataclass(frozen=True)
class Listed:
    """The events themselves, as records (see `scenes.schedules.event_record`)."""

    events: tuple[Mapping[str, Any], ...] = ()

    def draw(self, block: Block, duration_s: float, rng: np.random.Generator) -> tuple[Event, ...]:  # noqa: ARG002 - every schedule's signature
        """Return the events in time order.

        Raises
        ------
        BadInput
            One line for each mistake.
        """
        return events_from_records(self.events, block, "schedule list")


@dataclass(frozen=True)
class FromFile:
    """Events from a file: JSON (a list, or an object with a list `events`, such as truth.json) or CSV."""

    file: str = ""

    def draw(self, block: Block, duration_s: float, rng: np.random.Generator) -> tuple[Event, ...]:  # noqa: ARG002 - every schedule's signature
        """Return the events in time order.

        Raises
        ------
        BadInput
            When the file cannot be read or holds no events; one line for each mistake in it.
        """
        return events_from_records(_records(Path(self.file)), block, self.file)


def _records(file: Path) -> list[Any]:
    """Return the records of a file."""
    kind = file.suffix.lower()
    if kind not in (".json", ".csv"):
        msg = f"schedule: file {str(file)!r} is neither .json nor .csv; {ACCEPTED}"
        raise BadInput(msg)
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            msg = f"{file}: too large; at most {LARGEST_FILE_BYTES / 1e6:.0f} MB are read"
            raise BadInput(msg)
        text = file.read_text(encoding="utf-8-sig")
        content = (
            json.loads(text)
            if kind == ".json"
            else list(csv.DictReader(text.splitlines(), skipinitialspace=True))
        )
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror})"
        raise BadInput(msg) from error
    except (ValueError, RecursionError, csv.Error) as error:
        if isinstance(error, BadInput):
            raise
        msg = f"{file}: is not {kind[1:].upper()} ({error})"
        raise BadInput(msg) from error
    records = content.get("events") if isinstance(content, dict) else content
    if not isinstance(records, list):
        msg = f"{file}: holds no list of events; {ACCEPTED}"
        raise BadInput(msg)
    return records
