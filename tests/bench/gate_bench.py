"""Prints how often the gate decides what: `python -m tests.bench gate [scenes] [FILE]`, 60 scenes unless told.

With a file the rows are kept there, and read from there when it exists: hearing costs minutes, deciding less.

The scenes of the series are rendered and heard twice: the same streets and bangs, all noise and chance on the way drawn
anew. From these pairs as many scenes as a suite has are drawn with replacement, each pair in either order, and decided
about. A harm is planted in the rows of the new version: on the very recordings of the old one, which is what a gate
sees (two versions hear the same suite), and beside fresh chance, which no gate meets.
"""

import copy
import dataclasses
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from detector.options import DetectorOptions
from testbed.gate.decision import decide
from testbed.gate.pairing import pair_up
from testbed.gate.suites import SUITES
from testbed.gate.trial import Rows, TrialJob, run_trials, tables_of

# How many gates are repeated: without harm, where rare verdicts count, and with each harm.
GATES = {"smoke": (200, 60), "pr": (400, 60), "nightly": (100, 20)}
LOST = 0.03
# Of a two-dimensional normal error, what a 95 % region that has lost a third of its area still holds.
HELD_AFTER = (1.0 - 0.05 ** (2.0 / 3.0)) / 0.95

Plant = Callable[[Rows, np.random.Generator], Rows]
Pair = tuple[Rows, Rows]


def farther(rows: Rows, rng: np.random.Generator) -> Rows:
    """Let every error be 1 m longer."""
    for row in rows.rounds:
        if row["error_m"] is not None:
            stretch = 1.0 + 1.0 / max(row["error_m"], 1e-6)
            row |= {
                "error_m": row["error_m"] + 1.0,
                "east_m": row["east_m"] * stretch,
                "north_m": row["north_m"] * stretch,
            }
    return rows


def eastward(rows: Rows, rng: np.random.Generator) -> Rows:
    """Place everything 1 m too far east."""
    for row in rows.rounds:
        if row["error_m"] is not None:
            row["east_m"] += 1.0
            row["error_m"] = math.hypot(row["east_m"], row["north_m"])
    return rows


def deafer(found: float) -> Plant:
    """Lose so many incidents, with all that was said of them, that the share found falls by 3 points.

    Parameters
    ----------
    found : float
        The share of incidents that are found without the harm.
    """

    def plant(rows: Rows, rng: np.random.Generator) -> Rows:
        names = dict.fromkeys(row["incident"] for row in rows.incidents if row["incident"] is not None)
        lost = {name for name in names if rng.uniform() < LOST / found}
        for row in rows.rounds:
            if row["incident"] in lost:
                row |= {"outcome": "missed", "error_m": None, "east_m": None, "north_m": None}
        for row in rows.incidents:
            if row["incident"] in lost:
                row.update(
                    dict.fromkeys(("call", "in_region95", "region95_area_m2", "p_true")), outcome="missed"
                )
        return rows

    return plant


def tighter(rows: Rows, rng: np.random.Generator) -> Rows:
    """Draw regions a third too small."""
    for row in rows.incidents:
        if row["in_region95"]:
            row["in_region95"] = bool(rng.uniform() < HELD_AFTER)
            row["region95_area_m2"] *= 2.0 / 3.0
    return rows


def harms(pairs: list[Pair]) -> dict[str, Plant]:
    """Return what can be planted, by name."""
    outcomes = [
        row["outcome"] for pair in pairs for rows in pair for row in rows.incidents if row["incident"]
    ]
    found = outcomes.count("located") / len(outcomes)
    return {
        "every error 1 m longer": farther,
        "everything 1 m east": eastward,
        "3 points of incidents fewer": deafer(found),
        "regions a third smaller": tighter,
    }


def hear_twice(scenes: int) -> list[Pair]:
    """Render and hear the first scenes of the series with two draws of chance; those that failed are left out."""
    jobs = [
        delayed(run_trials)(TrialJob((number,), DetectorOptions(), {}, fresh=fresh))
        for number in range(scenes)
        for fresh in (0, 1)
    ]
    trials = [trial for done in Parallel(n_jobs=2)(jobs) for trial in done]
    both = [(one.rows, other.rows) for one, other in zip(trials[::2], trials[1::2], strict=True)]
    return [(one, other) for one, other in both if one is not None and other is not None]


def keep(pairs: list[Pair], path: Path) -> None:
    """Write the rows of both hearings as JSON."""
    path.write_text(json.dumps([[dataclasses.asdict(rows) for rows in pair] for pair in pairs]))


def recall(path: Path) -> list[Pair]:
    """Read what `keep` wrote."""
    return [(Rows(**one), Rows(**other)) for one, other in json.loads(path.read_text())]


def decide_often(pairs: list[Pair], scenes: int, gates: int, plant: Plant | None, is_fresh: bool) -> Counter:
    """Return the verdicts of repeated gates of so many scenes."""
    verdicts: Counter = Counter()
    names = [f"s{i:04d}" for i in range(scenes)]
    for repeat in range(gates):
        rng = np.random.default_rng([20_261, repeat])
        old, new = [], []
        for name in names:
            pair = pairs[int(rng.integers(len(pairs)))]
            first = int(rng.integers(2))
            one, other = pair[first], pair[1 - first if is_fresh else first]
            old.append((name, one))
            new.append((name, other if plant is None else plant(copy.deepcopy(other), rng)))
        verdicts[decide(pair_up(names, tables_of(old), tables_of(new))).verdict] += 1
    return verdicts


def main() -> None:
    """Print the tables."""
    scenes = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else 60
    path = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    began = time.process_time()
    if path is not None and path.is_file():
        pairs = recall(path)
    else:
        pairs = hear_twice(scenes)
        if path is not None:
            keep(pairs, path)
    print(f"{len(pairs)} scenes heard twice; {100.0 * differing(pairs):.1f} % of incidents found only once")
    for name, (fresh_gates, harm_gates) in GATES.items():
        print_table(pairs, name, fresh_gates, harm_gates)
    print(f"{time.process_time() - began:.0f} s of CPU in this process")


def differing(pairs: list[Pair]) -> float:
    """Return the share of incidents that one of two hearings found and the other did not."""
    found = [
        [
            {row["incident"]: row["outcome"] == "located" for row in rows.incidents if row["incident"]}
            for rows in pair
        ]
        for pair in pairs
    ]
    both = [(once[name], again[name]) for once, again in found for name in once]
    return sum(one != other for one, other in both) / len(both)


def print_table(pairs: list[Pair], suite: str, fresh_gates: int, harm_gates: int) -> None:
    """Print what the gate says of no harm and of each harm, in per cent of gates of a suite's size."""
    heads = ("identical", "pass", "improved", "inconclusive", "regressed")
    scenes = SUITES[suite].scenes
    print(
        f"\n{f'{suite}, {scenes} scenes; per cent of gates':46s} {'gates':>6s} "
        + " ".join(f"{h:>12s}" for h in heads)
    )
    cases = [
        ("same code, same recordings", harm_gates, None, False),
        ("no harm, fresh chance", fresh_gates, None, True),
    ]
    for chance in ("same recordings", "fresh chance"):
        cases += [
            (f"{name}, {chance}", harm_gates, plant, chance == "fresh chance")
            for name, plant in harms(pairs).items()
        ]
    for name, gates, plant, is_fresh in cases:
        found = decide_often(pairs, scenes, gates, plant, is_fresh)
        shares = " ".join(f"{100.0 * found[head] / gates:12.1f}" for head in heads)
        print(f"{name:46s} {gates:6d} {shares}", flush=True)


if __name__ == "__main__":
    main()
