"""Which cells a sweep has: a grid, a list, or a random design, all written as overrides.

`cells` is one text or a list of them. A text is a line of overrides as on the command line; the values that commas,
`choice()` or `range()` list are crossed, so one text is a grid and several are a list of grids (each may be one cell).
With `samples=N` the cells are drawn instead: `interval(low, high)` by Latin hypercube (McKay, Beckman and Conover 1979,
Technometrics 21, p. 239), `tag(log, interval(low, high))` so on a logarithmic scale, lists of values in equal shares.
"""

import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException

from scenes.errors import BadInput
from scenes.streams import draw_stream
from testbed.override_words import key_of

Words = tuple[str, ...]
"""The overrides of one cell."""

MOST_CELLS = 100_000
MOST_SEEDS = 10_000_000
_WHOLE = re.compile(r"interval\(\s*-?\d+\s*,\s*-?\d+\s*\)")
SIGNIFICANT = 6
"""Digits of drawn values: enough for any design, few enough to be read."""
# Keys that a sweep gives itself, or that change no row.
_RESERVED = {"seed", "seeds", "cells", "samples", "workers", "out", "name", "compute", "question"}


def read_cells(cells: str | Sequence[str], samples: int = 0, seed: int = 0) -> list[Words]:
    """Return the overrides of each cell, in the order of the texts, the last key fastest.

    Parameters
    ----------
    cells : str or sequence of str
        None at all are one cell without overrides.
    samples : int
        How many cells to draw from each text; 0 crosses its values.
    seed : int
        Of the random design.

    Raises
    ------
    BadInput
        One line a mistake.
    """
    texts = [cells] if isinstance(cells, str) else list(cells)
    found: list[Words] = []
    mistakes: list[str] = []
    for text in texts:
        try:
            overrides = _parse(text)
            found += _draw(overrides, samples, seed) if samples else _cross(overrides)
        except BadInput as error:
            mistakes += str(error).splitlines()
    if not texts or texts == [""]:
        found = [()]
    if len(found) > MOST_CELLS:
        mistakes.append(f"cells: {len(found)} cells; at most {MOST_CELLS}")
    if not found and not mistakes:
        mistakes.append("cells: the grid is empty")
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return list(dict.fromkeys(found))


def read_seeds(seeds: str | int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds: a number of them (from 0), a list, or a text such as "range(100,120)" or "3,5,8".

    Raises
    ------
    BadInput
        When there is none, or one is no whole number from 0 on.
    """
    accepted = "a number of seeds (20), a list (0,1,5) or range(100,120)"
    values: Sequence[Any] = ()
    if isinstance(seeds, str):
        values = _seed_values(seeds, accepted)
    elif isinstance(seeds, int):
        values = range(min(seeds, MOST_SEEDS + 1))
    else:
        values = seeds
    if len(values) > MOST_SEEDS:
        raise BadInput(f"seeds: more than {MOST_SEEDS} seeds; {accepted}")
    if not values:
        raise BadInput(f"seeds={seeds}: no seeds; wanted is {accepted}")
    wrong = [v for v in values if isinstance(v, bool) or not isinstance(v, int) or v < 0]
    if wrong:
        raise BadInput(f"seeds: {wrong[0]!r} is no whole number from 0 on; wanted is {accepted}")
    return tuple(dict.fromkeys(values))


def _seed_values(text: str, accepted: str) -> Sequence[Any]:
    if text.strip().isdigit():
        return range(min(int(text), MOST_SEEDS + 1))
    try:
        override = OverridesParser.create().parse_override(f"seeds={text}")
    except HydraException:
        raise BadInput(f"seeds={text}: wanted is {accepted}") from None
    if isinstance(span := override.value(), RangeSweep):
        if any(value is None or isinstance(value, float) for value in (span.start, span.stop, span.step)):
            raise BadInput(f"seeds={text}: wanted is {accepted}")
        return range(int(span.start or 0), int(span.stop or 0), int(span.step))
    if override.is_sweep_override() and override.is_discrete_sweep():
        return [_whole(value) for value in override.sweep_string_iterator()]
    return span if isinstance(span, list) else [span]


def _whole(text: str) -> Any:
    return int(text) if text.strip().lstrip("-").isdigit() else text


def _parse(text: str) -> list[Override]:
    """Return the overrides of a text; spaces inside brackets, braces, parentheses and quotes do not part them."""
    parser = OverridesParser.create()
    overrides: list[Override] = []
    mistakes: list[str] = []
    for word in split_words(text):
        if key_of(word) in _RESERVED or key_of(word).startswith(("compute.", "hydra")):
            mistakes.append(f"cells: {word}: {key_of(word)} is the same for the whole sweep, not a factor")
            continue
        try:
            overrides.append(parser.parse_override(word))
        except HydraException as error:
            mistakes.append(f"cells: {word}: {str(error).strip().splitlines()[0]}")
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return overrides


def split_words(text: str) -> list[str]:
    """Split a line of overrides at its outer spaces."""
    words, depth, quote, start = [], 0, "", 0
    for place, sign in enumerate(text + " "):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign.isspace() and depth <= 0:
            if place > start:
                words.append(text[start:place])
            start = place + 1
    if start < len(text):  # a bracket or quote that nobody closed: the parser says so
        words.append(text[start:])
    return words


def _cross(overrides: Sequence[Override]) -> list[Words]:
    choices = []
    for override in overrides:
        if not override.is_sweep_override():
            choices.append([override.input_line or ""])
        elif override.is_discrete_sweep():
            choices.append([f"{_key(override)}={value}" for value in override.sweep_string_iterator()])
        else:
            raise BadInput(
                f"cells: {override.input_line}: an interval wants samples=N, so many cells are drawn"
            )
    sizes = math.prod(len(values) for values in choices)
    if sizes > MOST_CELLS:
        raise BadInput(f"cells: {sizes} cells; at most {MOST_CELLS}")
    return list(itertools.product(*choices)) if overrides else []


def _draw(overrides: Sequence[Override], samples: int, seed: int) -> list[Words]:
    if samples > MOST_CELLS:
        raise BadInput(f"samples={samples}: at most {MOST_CELLS}")
    columns = []
    for override in overrides:
        rng = draw_stream(seed, "random design", _key(override))
        # One point in each of N equal slices, in random order.
        shares = (rng.permutation(samples) + rng.uniform(0.0, 1.0, samples)) / samples
        columns.append([f"{_key(override)}={_at(override, share)}" for share in shares.tolist()])
    return list(zip(*columns, strict=True))


def _at(override: Override, share: float) -> str:
    """Return the value at a share, 0 to 1, of an override's range or list."""
    if not override.is_sweep_override():
        return override.get_value_element_as_str()
    span = override.value()
    if not isinstance(span, IntervalSweep):
        values = list(override.sweep_string_iterator())
        return values[min(int(share * len(values)), len(values) - 1)]
    low, high = span.start, span.end
    if low is None or high is None or not low < high:
        raise BadInput(f"cells: {override.input_line}: an interval goes from a lower to a higher number")
    if "log" in span.tags:
        if low <= 0:
            raise BadInput(f"cells: {override.input_line}: a logarithmic interval starts above 0")
        value = low * (high / low) ** share
    else:
        value = low + (high - low) * share
    if _WHOLE.search(override.input_line or ""):  # Hydra has made them floats by now
        return str(int(np.clip(round(value), low, high)))
    return f"{value:.{SIGNIFICANT}g}"


def _key(override: Override) -> str:
    return (override.input_line or override.get_key_element()).split("=", 1)[0]
