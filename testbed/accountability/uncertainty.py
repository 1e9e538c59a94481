"""How far the books depend on which acts happened to be measured."""

import numpy as np
import polars as pl

from testbed.accountability.district import Acts, District
from testbed.accountability.ledger import Books, keep_books
from testbed.accountability.response import draw_answers
from testbed.labels import LABELS

DRAWS = 60
ACTS_MOST = 4000
Interval = tuple[float, float] | None


def resample_rates(
    district: District, months: int, acts: Acts, table: pl.DataFrame, rng: np.random.Generator
) -> dict[str, Interval]:
    """Keep the books again with tables whose rows are drawn anew (Efron 1979).

    The months hold thousands of acts, the table some hundred rows: its scatter is the larger by far.

    Returns
    -------
    dict
        "precision", "recall", "contract": 95 % intervals; None where no table gave a rate.
    """
    few = _some(acts, rng)
    rates: dict[str, list[float]] = {"precision": [], "recall": [], "contract": []}
    for _ in range(DRAWS):
        part = table.sample(table.height, with_replacement=True, seed=int(rng.integers(2**31)))
        if set(part["label"]) != set(LABELS):
            continue
        books = keep_books(district, months, few, draw_answers(part, few, rng), part, rng)
        for name, value in _rates(books).items():
            if value is not None:
                rates[name].append(value)
    return {name: _interval(values) for name, values in rates.items()}


def _rates(books: Books) -> dict[str, float | None]:
    gun = books.rows["label"].to_numpy() == "gunshot"
    sent = books.rows["sent"].to_numpy()
    whole = gun & ~books.rows["suppressed"].to_numpy()
    accurate = sent & books.rows["located"].to_numpy()
    return {
        "precision": float(gun[sent].mean()) if sent.any() else None,
        "recall": float(sent[gun].mean()) if gun.any() else None,
        "contract": float(accurate[whole].mean()) if whole.any() else None,
    }


def _some(acts: Acts, rng: np.random.Generator) -> Acts:
    """Return at most `ACTS_MOST` of the acts, at random: enough for a rate beside the table's scatter."""
    kept = np.sort(rng.permutation(len(acts))[:ACTS_MOST])
    return Acts(**{name: column[kept] for name, column in vars(acts).items()})


def _interval(values: list[float]) -> Interval:
    if not values:
        return None
    low, high = np.quantile(values, (0.025, 0.975)).tolist()
    return low, high
