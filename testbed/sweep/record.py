"""A scene to compute, and the record that stays of it; imports nothing heavy, so that workers start at once."""

import hashlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Record = dict[str, Any]
"""One row of `testbed.sweep.shards.RECORD_SCHEMA`; what it lacks is null."""


class Seeded(Protocol):
    """What every scene's settings have."""

    @property
    def seed(self) -> int:
        """Of all that is drawn in the scene."""
        ...


S_co = TypeVar("S_co", bound=Seeded, covariant=True)


@dataclass(frozen=True)
class Task(Generic[S_co]):
    """One scene to compute.

    Attributes
    ----------
    id : str
        Digest of the resolved config, the seed and the code: equal ids, equal rows.
    cell : int
        Number of the cell in the sweep.
    settings : S_co
        Whatever the function that measures takes, with the seed of this scene.
    """

    id: str
    cell: int
    settings: S_co


def name_task(cell_digest: str, seed: int) -> str:
    """Return the id of a cell's scene with a seed."""
    return hashlib.sha256(f"{cell_digest}/{seed}".encode()).hexdigest()[:24]


def head_of(task: Task[Seeded]) -> Record:
    """Return the columns that say which scene a record is of."""
    return {"task": task.id, "cell": task.cell, "seed": task.settings.seed}


def failure_of(error: BaseException) -> Record:
    """Return the columns of a scene that failed."""
    line = (str(error).strip().splitlines() or [""])[0]
    return {
        "status": "failed",
        "error": f"{type(error).__name__}: {line}",
        "traceback": "".join(traceback.format_exception(error)),
    }


def numbers_of(score: Mapping[str, object]) -> Record:
    """Return the numbers of a score without their intervals, which a sweep computes from many scenes."""
    return {
        key: value
        for key, value in score.items()
        if not isinstance(value, dict) and not key.endswith(("_low", "_high"))
    }
