"""What differs between the cells of a sweep: factors and their levels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.override_words import key_of

UNSET = "(as configured)"
_MOST_LEVELS = 12
_BINS = 6


@dataclass(frozen=True)
class Factor:
    """One thing that is swept.

    Attributes
    ----------
    name : str
        Its key; keys that change only together are one factor, the first stands for all.
    also : tuple of str
        The others.
    levels : tuple of str
        In the order of the numbers, or of the cells where they are none.
    values : tuple of float or None
        The numbers, where all levels are.
    level_of : tuple of int
        Of each cell.
    """

    name: str
    also: tuple[str, ...]
    levels: tuple[str, ...]
    values: tuple[float, ...] | None
    level_of: tuple[int, ...]

    @property
    def title(self) -> str:
        """The name, and what changes with it."""
        return self.name + (f" (with {', '.join(self.also)})" if self.also else "")


def read_factors(cells: Sequence[Sequence[str]]) -> tuple[Factor, ...]:
    """Return the factors of cells that are given as overrides.

    The level of cells that leave a factor unset is what they say instead, where it is one thing. A numeric factor of
    many levels (a random design) is binned into equal shares of its cells; the level is then the median of the bin.
    """
    names: list[str] = []
    for words in cells:
        names += [key_of(word) for word in words if key_of(word) not in names]
    factors: list[Factor] = []
    aliases: dict[tuple[int, ...], int] = {}
    for name in names:
        said = _levels_said(name, cells)
        first_seen = list(dict.fromkeys(said))
        if len(first_seen) == 1:
            continue
        pattern = tuple(first_seen.index(value) for value in said)
        if pattern in aliases:
            twin = factors[aliases[pattern]]
            factors[aliases[pattern]] = Factor(
                twin.name, (*twin.also, name), twin.levels, twin.values, twin.level_of
            )
            continue
        aliases[pattern] = len(factors)
        factors.append(_factor(name, said))
    return tuple(factors)


def _levels_said(name: str, cells: Sequence[Sequence[str]]) -> list[str]:
    """Return what each cell says of a key; those that do not name it, what all of them and no other cell say."""
    said = [next((w.split("=", 1)[1] for w in words if key_of(w) == name), None) for words in cells]
    silent = [set(words) for words, value in zip(cells, said, strict=True) if value is None]
    others = [set(words) for words, value in zip(cells, said, strict=True) if value is not None]
    instead = set.intersection(*silent).difference(*others) if silent else set()
    unset = " ".join(sorted(instead)) or UNSET
    return [unset if value is None else value for value in said]


def _factor(name: str, said: Sequence[str]) -> Factor:
    numbers = [_number(value) for value in said]
    if any(number is None for number in numbers):
        seen = dict.fromkeys(said)
        in_order = sorted((v for v in seen if _number(v) is not None), key=float)
        levels = (*in_order, *(v for v in seen if _number(v) is None))
        return Factor(name, (), levels, None, tuple(levels.index(value) for value in said))
    known = [number for number in numbers if number is not None]
    values = sorted(set(known))
    if len(values) > _MOST_LEVELS:
        order = sorted(range(len(known)), key=lambda i: known[i])
        bins = [order[len(order) * b // _BINS : len(order) * (b + 1) // _BINS] for b in range(_BINS)]
        medians = tuple(known[members[len(members) // 2]] for members in bins)
        level_of = [0] * len(known)
        for level, members in enumerate(bins):
            for member in members:
                level_of[member] = level
        return Factor(name, (), tuple(f"{m:.3g}" for m in medians), medians, tuple(level_of))
    levels = tuple(said[known.index(value)] for value in values)
    return Factor(name, (), levels, tuple(values), tuple(values.index(number) for number in known))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
