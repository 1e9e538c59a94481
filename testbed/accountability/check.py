"""Holds the table of answers against full audio that it was not made from."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from testbed.accountability.district import Acts
from testbed.accountability.ledger import FOUND
from testbed.accountability.response import draw_answers
from testbed.labels import LABELS

DRAWS = 400


@dataclass(frozen=True)
class Comparison:
    """Acts of one class: how many were found, and called gunfire, in full audio; and 95 % of what the table gives."""

    label: str
    acts: int
    found: int
    found_low: int
    found_high: int
    called: int
    called_low: int
    called_high: int

    @property
    def holds(self) -> bool:
        """Whether both counts lie in what the table allows."""
        return (
            self.found_low <= self.found <= self.found_high
            and self.called_low <= self.called <= self.called_high
        )


def compare(table: pl.DataFrame, fresh: pl.DataFrame, rng: np.random.Generator) -> list[Comparison]:
    """Predict acts of fresh scenes from the table, many times, and set the counts beside what was heard.

    Rows of the table are drawn anew for each prediction (Efron 1979), so that the interval holds its own uncertainty.
    """
    acts = _as_acts(fresh)
    counts = np.zeros((DRAWS, 2, len(LABELS)), dtype=int)
    for draw in range(DRAWS):
        part = table.sample(table.height, with_replacement=True, seed=int(rng.integers(2**31)))
        if any((part["label"] == label).sum() == 0 for label in LABELS):
            part = table
        counts[draw] = _tally(part[draw_answers(part, acts, rng).row.astype(np.uint32)], fresh["label"])
    seen = _tally(fresh, fresh["label"])
    low, high = np.quantile(counts, (0.025, 0.975), axis=0, method="closest_observation").astype(int)
    return [
        Comparison(
            label,
            int((fresh["label"] == label).sum()),
            *(int(v) for which in (0, 1) for v in (seen[which, i], low[which, i], high[which, i])),
        )
        for i, label in enumerate(LABELS)
    ]


def _tally(rows: pl.DataFrame, label: pl.Series) -> np.ndarray:
    """Count (found, called gunshot) x labels."""
    found = np.isin(rows["outcome"].to_numpy(), FOUND)
    called = found & (rows["call"].fill_null("").to_numpy() == "gunshot")
    return np.array([[int(v[label.to_numpy() == name].sum()) for name in LABELS] for v in (found, called)])


def _as_acts(rows: pl.DataFrame) -> Acts:
    n = rows.height
    place = rows["place"].to_numpy()
    return Acts(
        label=np.array([LABELS.index(name) for name in rows["label"]]),
        month=np.zeros(n, dtype=np.int64),
        hour=np.zeros(n, dtype=np.int64),
        holiday=np.zeros(n, bool),
        noise_db=rows["noise_db"].to_numpy(),
        wind_mps=rows["wind_mps"].to_numpy(),
        rain=rows["rain"].to_numpy(),
        nearest_m=rows["nearest_m"].to_numpy(),
        fourth_m=rows["fourth_m"].to_numpy(),
        nearest_any_m=rows["nearest_m"].to_numpy(),
        suppressed=np.array([kind.endswith("-suppressed") for kind in rows["kind"]]),
        doorway=place == "doorway",
        car=place == "car",
    )
