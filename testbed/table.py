"""Numbers of a score as people read them."""

from collections.abc import Mapping
from typing import Any

Score = Mapping[str, Any]


def full_table(score: Score) -> list[tuple[str, str, str]]:
    """Return every number of a score as (name, value, 95 % interval), in the score's order."""
    lines = []
    for key, value in score.items():
        if isinstance(value, Mapping) or key.endswith(("_low", "_high")):
            continue
        interval = ""
        if f"{key}_low" in score and score[f"{key}_low"] is not None:
            interval = f"{number(score[f'{key}_low'])} to {number(score[f'{key}_high'])}"
        lines.append((key, number(value), interval))
    return lines


def number(value: object) -> str:
    """Return a number with the digits that mean something, a dash where nothing was measured."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"
    return str(value)


def rate(score: Score, key: str) -> str:
    """Return a rate with its interval: "0.86 [0.71, 0.94]"."""
    value, low, high = (score.get(name) for name in (key, f"{key}_low", f"{key}_high"))
    if value is None:
        return "–"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def metres(score: Score, key: str) -> str:
    """Return a distance to a tenth of a metre."""
    value = score.get(key)
    return "–" if value is None else f"{value:.1f} m"
