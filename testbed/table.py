"""A score as lines that people read: in the terminal and in the report."""

from collections.abc import Mapping, Sequence
from typing import Any

Score = Mapping[str, Any]


def headline(score: Score) -> str:
    """Return the short table at the end of a run: counts, rates with their 95 % intervals, errors.

    Parameters
    ----------
    score : mapping
        As in `score.json`.
    """
    head = f"{'':<11}{'true':>6}{'located':>9}{'misloc.':>9}{'missed':>8}{'false':>7}   recall"
    lines = [head, *(_counts(score, level) for level in ("incidents", "rounds"))]
    facts = (
        ("location error", f"p50 {metres(score, 'error_p50_m')}, p90 {metres(score, 'error_p90_m')}"),
        (
            "95 % regions",
            f"hold {rate(score, 'coverage95')}; median {amount(score, 'region95_area_p50_m2', 'm2')}",
        ),
        (
            "calls of gunshot",
            f"precision {rate(score, 'gunshot_precision')}, recall {rate(score, 'gunshot_recall')}",
        ),
        ("contract rate", f"{rate(score, 'contract_rate')} of detectable gunfire within 25 m"),
        ("latency", f"p50 {amount(score, 'latency_p50_s', 's')}, p90 {amount(score, 'latency_p90_s', 's')}"),
        (
            "causes of misses",
            ", ".join(f"{cause} {n}" for cause, n in score.get("causes", {}).items()) or "none",
        ),
    )
    return "\n".join([*lines, "", *(f"{name:<18}{said}" for name, said in facts)])


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


def amount(score: Score, key: str, unit: str) -> str:
    """Return a number with its unit."""
    value = score.get(key)
    return "–" if value is None else f"{number(value)} {unit}"


def align(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as columns, the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _counts(score: Score, level: str) -> str:
    located, mislocated, missed, false = (
        score.get(f"{level}_{name}") for name in ("located", "mislocated", "missed", "false")
    )
    return (
        f"{level:<11}{score.get(level)!s:>6}{located!s:>9}{mislocated!s:>9}{missed!s:>8}{false!s:>7}"
        f"   {rate(score, f'{level}_recall')}"
    )
