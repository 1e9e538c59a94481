"""The realism table: simulated beside real, each with its interval, and a verdict for each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scenes.streams import draw_stream
from testbed.realism.observe import Observed, join
from testbed.realism.statistics import ROWS, Row, measure_all

DRAWS = 100
QUANTILES = (0.025, 0.975)

Interval = tuple[float, float, float]
"""A value and the ends of its 95 % interval; NaN where the rows do not tell."""


@dataclass(frozen=True)
class Verdict:
    """A row of the table: its name, the real and the simulated value with intervals, and whether the latter will do.

    `holds` is None where one of the two could not be measured.
    """

    name: str
    real: Interval
    simulated: Interval
    accepted: tuple[float, float]
    holds: bool | None


def compare(
    real: Mapping[str, Observed], simulated: Mapping[str, Observed], seed: int = 0
) -> tuple[Verdict, ...]:
    """Judge simulated rows by real ones.

    Parameters
    ----------
    real, simulated : mapping
        Rows by firing position.
    seed : int
        Of the bootstrap.
    """
    true, ours = measure_with_intervals(real, seed), measure_with_intervals(simulated, seed)
    return tuple(judge(name, row, true[name], ours[name]) for name, row in ROWS.items())


def judge(name: str, row: Row, real: Interval, simulated: Interval) -> Verdict:
    """Say whether a simulated value lies inside the real range, widened by what the row allows."""
    low = real[1] - row.widen - row.widen_share * abs(real[1])
    high = real[2] + row.widen + row.widen_share * abs(real[2])
    known = np.isfinite(low) and np.isfinite(high) and np.isfinite(simulated[0])
    return Verdict(name, real, simulated, (low, high), bool(low <= simulated[0] <= high) if known else None)


def measure_with_intervals(rows: Mapping[str, Observed], seed: int = 0) -> dict[str, Interval]:
    """Measure everything over all positions; intervals are those of a bootstrap over positions (Efron 1979)."""
    names = sorted(rows)
    whole = measure_all(join([rows[name] for name in names]))
    rng = draw_stream(seed, "realism bootstrap")
    draws = [_draw(rows, rng.choice(names, len(names)).tolist()) for _ in range(DRAWS)]
    found = {}
    for name, value in whole.items():
        drawn = np.array([draw[name] for draw in draws])
        drawn = drawn[np.isfinite(drawn)]
        low, high = np.quantile(drawn, QUANTILES) if len(drawn) else (np.nan, np.nan)
        found[name] = (value, float(low), float(high))
    return found


def _draw(rows: Mapping[str, Observed], names: Sequence[str]) -> dict[str, float]:
    """Measure a draw of positions; one drawn twice counts as two."""
    return measure_all(join([_rename(rows[name], f"{name}/{number}") for number, name in enumerate(names)]))


def _rename(rows: Observed, position: str) -> Observed:
    frames = {
        name: getattr(rows, name).with_columns(pl.lit(position).alias("position"))
        for name in ("arrivals", "others", "clips", "pairs")
    }
    return Observed(**frames, field_heard=rows.field_heard)


def record(verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    """Return the table as it stands in `realism.json`: null where nothing could be measured."""
    return [
        {
            "name": one.name,
            "unit": ROWS[one.name].unit,
            **{
                f"{side}{end}": value if np.isfinite(value) else None
                for side, interval in (("real", one.real), ("simulated", one.simulated))
                for end, value in zip(("", "_low", "_high"), interval, strict=True)
            },
            "accepted_low": one.accepted[0] if np.isfinite(one.accepted[0]) else None,
            "accepted_high": one.accepted[1] if np.isfinite(one.accepted[1]) else None,
            "holds": one.holds,
        }
        for one in verdicts
    ]


def format_verdicts(verdicts: Sequence[Verdict]) -> str:
    """Return the table as text."""
    heads = ("", "unit", "real", "95 %", "simulated", "95 %", "accepted", "")
    lines: list[tuple[str, ...]] = [heads]
    for one in verdicts:
        row = ROWS[one.name]
        said = {True: "yes", False: "NO", None: "-"}[one.holds]
        lines.append(
            (
                one.name,
                row.unit,
                _show(one.real[0], row),
                _range(one.real[1:], row),
                _show(one.simulated[0], row),
                _range(one.simulated[1:], row),
                _range(one.accepted, row),
                said,
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    text = [
        "  ".join(
            [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    ]
    held, judged = sum(v.holds is True for v in verdicts), sum(v.holds is not None for v in verdicts)
    return "\n".join([*text, f"{held} of {judged} rows hold"])


def _show(value: float, row: Row) -> str:
    return f"{value:.{row.digits}f}" if np.isfinite(value) else "-"


def _range(ends: Sequence[float], row: Row) -> str:
    return f"{_show(ends[0], row)} to {_show(ends[1], row)}"
