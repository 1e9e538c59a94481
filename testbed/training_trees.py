"""Boosted trees: fitted by scikit-learn, handed on as the plain numbers of `detector.class_model.Tier`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from detector.belief import LABELS
from detector.class_model import Tier, read_leaves
from scenes.streams import draw_stream

Floats = npt.NDArray[np.float64]
Table = tuple[
    tuple[tuple[int, ...], ...], tuple[tuple[float, ...], ...], tuple[tuple[float, ...], ...]
]  # asked, threshold, value
STAGES_LEAST = 5
ROWS = 2_000  # of evidence at a time: the table of leaves is wide


@dataclass(frozen=True)
class TreeOptions:
    """How trees are grown (Friedman 2002, "Stochastic gradient boosting"; Breiman 1996, "Bagging predictors").

    Attributes
    ----------
    stages : int
        Most trees a label and bag; held-out scenes say how many of them are of use (`count_stages`).
    depth : int
        Questions from root to leaf.
    rate : float
        Share of each tree's answer that counts.
    leaf_share : float
        Least share of a bag's examples in a leaf.
    ridge : float
        Pull of leaves towards 0, in examples.
    ask : float
        Share of the evidence that each question is chosen from.
    bags : int
        Learners whose answers are averaged, each grown on a part of the groups.
    draw : float
        Share of the groups in a bag.
    """

    stages: int = 150
    depth: int = 3
    rate: float = 0.06
    leaf_share: float = 0.002
    ridge: float = 5.0
    ask: float = 0.3
    bags: int = 3
    draw: float = 0.7


def grow_trees(
    evidence: Floats,
    truth: npt.NDArray[np.int64],
    options: TreeOptions,
    seed: int,
    group: npt.NDArray[np.int64],
) -> Table:
    """Fit trees with every label in equal shares.

    Parameters
    ----------
    evidence : ndarray, shape (n, e)
    truth : ndarray of int, shape (n,)
        Index of the label.
    options : TreeOptions
    seed : int
    group : ndarray of int, shape (n,)
        What goes into a bag together, as the examples of one scene.

    Returns
    -------
    asked, threshold, value : tuple of tuple
        Of `detector.class_model.Tier`, stage by stage, so that trees of fewer stages are the head of those of more.
    """
    learners = [
        _boost(evidence[rows], truth[rows], options, seed + bag)
        for bag, rows in enumerate(_draw_bags(group, truth, options, seed))
    ]
    tables = [
        _unroll(learner[stage][k].nodes, options)
        for stage in range(options.stages)
        for learner in learners
        for k in range(len(LABELS))
    ]
    asked, threshold, value = zip(*tables, strict=True)
    return asked, threshold, value


def _draw_bags(
    group: npt.NDArray[np.int64], truth: npt.NDArray[np.int64], options: TreeOptions, seed: int
) -> list[npt.NDArray[np.int64]]:
    """Return the rows of each bag; all rows where there is one bag, or a label would be lacking."""
    everything = np.arange(len(truth))
    if options.bags == 1:
        return [everything]
    rng = draw_stream(seed, "bags")
    names = np.unique(group)
    bags = []
    for _ in range(options.bags):
        chosen = rng.permutation(names)[: int(np.ceil(options.draw * len(names)))]
        rows = np.flatnonzero(np.isin(group, chosen))
        bags.append(rows if len(np.unique(truth[rows])) == len(LABELS) else everything)
    return bags


def _boost(evidence: Floats, truth: npt.NDArray[np.int64], options: TreeOptions, seed: int) -> list[Any]:
    """Return a list a stage of scikit-learn's trees, one a label."""
    # Slow to import, and only training needs it.
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with scikit-learn

    count = np.bincount(truth, minlength=len(LABELS))
    learner = HistGradientBoostingClassifier(
        max_iter=options.stages,
        max_depth=options.depth,
        max_leaf_nodes=2**options.depth,
        learning_rate=options.rate,
        min_samples_leaf=max(1, round(options.leaf_share * len(truth))),
        l2_regularization=options.ridge,
        max_features=options.ask,
        early_stopping=False,  # pyright: ignore[reportArgumentType] - the default is the word "auto"
        random_state=seed,
    )
    # Threads that wait for each other in turns cost more than they save on tables as small as these.
    with threadpool_limits(limits=1):
        learner.fit(evidence, truth, sample_weight=len(truth) / len(LABELS) / count[truth])
    # The library hands its trees on in no other way; `tests/testbed/test_training_tier.py` would tell of a change.
    return learner._predictors  # noqa: SLF001


def _unroll(
    nodes: npt.NDArray[Any], options: TreeOptions
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    """Return a tree's questions, thresholds and leaves as if it were complete: an early leaf is one on both sides."""
    inner = 2**options.depth - 1
    asked, threshold, place = [0] * inner, [0.0] * inner, [0] * (2 * inner + 1)
    for number in range(inner):
        here = nodes[place[number]]
        if here["is_leaf"]:
            place[2 * number + 1] = place[2 * number + 2] = place[number]
        else:
            asked[number], threshold[number] = (
                int(here["feature_idx"]),
                _short(float(here["num_threshold"]), 9),
            )
            place[2 * number + 1], place[2 * number + 2] = int(here["left"]), int(here["right"])
    value = tuple(
        _short(float(nodes[place[k]]["value"]) / options.bags, 5) for k in range(inner, 2 * inner + 1)
    )
    return tuple(asked), tuple(threshold), value


def _short(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def count_stages(parts: Sequence[tuple[Tier, Floats, npt.NDArray[np.int64]]], options: TreeOptions) -> int:
    """Return how many stages suit examples that the trees have not seen best: (tier, evidence, truth) of each part.

    By their mean loss, with every label in equal shares.
    """
    total, count = np.zeros((len(LABELS), options.stages)), np.zeros(len(LABELS))
    for tier, evidence, truth in parts:
        for rows in np.array_split(np.arange(len(truth)), len(truth) // ROWS + 1):
            shape = (len(rows), options.stages, options.bags, len(LABELS))
            leaves = read_leaves(evidence[rows], tier).reshape(shape).sum(axis=2)
            log_p = log_softmax(np.cumsum(leaves, axis=1), axis=2)
            for k in range(len(LABELS)):
                total[k] -= log_p[truth[rows] == k, :, k].sum(axis=0)
                count[k] += np.count_nonzero(truth[rows] == k)
    loss = (total[count > 0] / count[count > 0, None]).mean(axis=0)
    return max(STAGES_LEAST, int(np.argmin(loss)) + 1)


def keep_stages(tier: Tier, stages: int, options: TreeOptions) -> Tier:
    """Return a tier with the first stages of its trees."""
    last = stages * options.bags * len(LABELS)
    return tier.model_copy(
        update={name: getattr(tier, name)[:last] for name in ("asked", "threshold", "value")}
    )
