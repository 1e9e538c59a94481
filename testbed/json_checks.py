"""Reading JSON that others wrote: every mistake is noted, none is raised before the whole file was read."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

from scenes.errors import BadInput

Mistakes = list[str]


def load_json(path: Path) -> Any:
    """Return the file's content; raise BadInput when it is missing or is not JSON."""
    try:
        return parse_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise BadInput(msg) from None
    except UnicodeDecodeError:
        msg = f"{path}: is not UTF-8 text"
        raise BadInput(msg) from None


def parse_json(text: str, where: str) -> Any:
    """Return the parsed text; raise BadInput naming `where`. NaN and infinities are not JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        msg = f"{where}: is not JSON ({error})"
        raise BadInput(msg) from None


def _refuse(constant: str) -> float:
    msg = f"{constant} is not a JSON number"
    raise ValueError(msg)


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether the value is a finite number (true and false are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_numbers(value: object, lengths: tuple[int, ...] = ()) -> TypeGuard[list[float]]:
    """Tell whether the value is a list of finite numbers, of one of the lengths where any are given."""
    return isinstance(value, list) and (not lengths or len(value) in lengths) and all(map(is_number, value))


def take_text(record: dict[str, Any], key: str, where: str, mistakes: Mistakes) -> str:
    """Return a text that must be there and not be empty."""
    value = record.get(key)
    if isinstance(value, str) and value:
        return value
    mistakes.append(f"{where}: {key} must be a text, not {value!r}")
    return ""


def take_number(record: dict[str, Any], key: str, where: str, mistakes: Mistakes) -> float:
    """Return a finite number that must be there."""
    value = record.get(key)
    if is_number(value):
        return float(value)
    mistakes.append(f"{where}: {key} must be a finite number, not {value!r}")
    return math.nan


def note_repeats(names: Sequence[str], what: str, where: str, mistakes: Mistakes) -> None:
    """Note each name that occurs twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            mistakes.append(f"{where}: two {what} are called {name!r}; each needs its own id")
        seen.add(name)


def raise_noted(mistakes: Mistakes) -> None:
    """Raise BadInput with one line a mistake, when there are any."""
    if mistakes:
        raise BadInput("\n".join(mistakes))
