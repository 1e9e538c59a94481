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

    The months hold thousands of acts, the table some hundred rows: its scatter is the larger by far. Some dozen
    fireworks without a false call do not say that there is none among thousands, however rows are drawn: for the
    precision the share of each class that is sent as gunfire is drawn from its posterior under Jeffreys' prior (Brown,
    Cai and DasGupta 2001, Stat. Sci. 16, 101).

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
        for name, value in _rates(books, _false_alerts(books, table, rng)).items():
            if value is not None:
                rates[name].append(value)
    found = {name: _interval(values) for name, values in rates.items()}
    innocent = table.filter(pl.col("label") != "gunshot")["call"].to_list()
    if found["precision"] is not None and "gunshot" not in innocent:
        # As Brown, Cai and DasGupta have it: where nothing was seen, nothing is the end of the interval.
        found["precision"] = (found["precision"][0], 1.0)
    return found


def _false_alerts(books: Books, table: pl.DataFrame, rng: np.random.Generator) -> float:
    """Draw how many acts that are no gunfire are sent as such, from what the measured ones of each class tell."""
    false = 0.0
    for label in LABELS:
        if label != "gunshot":
            calls = table.filter(pl.col("label") == label)["call"].to_list()
            called = calls.count("gunshot")
            share = rng.beta(0.5 + called, 0.5 + len(calls) - called)
            false += share * float((books.rows["label"] == label).sum())
    return false


def _rates(books: Books, false: float) -> dict[str, float | None]:
    gun = books.rows["label"].to_numpy() == "gunshot"
    sent = books.rows["sent"].to_numpy()
    whole = gun & ~books.rows["suppressed"].to_numpy()
    accurate = sent & books.rows["located"].to_numpy()
    right = int((gun & sent).sum())
    return {
        "precision": float(right / (right + false)) if right + false > 0.0 else None,
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
