"""Boosted trees: fitted by scikit-learn, handed on as the plain numbers of `detector.class_model.Trees`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from detector.belief import LABELS
from detector.class_model import Trees, score_trees
from scenes.errors import BadInput

Scores = npt.NDArray[np.float64]
TRUST = 0.05  # least factor on scores


@dataclass(frozen=True)
class TreeOptions:
    """How trees are grown (Friedman 2002, "Stochastic gradient boosting").

    Attributes
    ----------
    stages : int
        Trees a label.
    depth : int
        Questions from root to leaf.
    rate : float
        Share of each tree's answer that counts.
    leaf_share : float
        Least share of the examples in a leaf.
    draw : float
        Share of the examples that each tree sees.
    ask : float
        Share of the evidence that each question is chosen from.
    """

    stages: int = 120
    depth: int = 3
    rate: float = 0.06
    leaf_share: float = 0.01
    draw: float = 0.6
    ask: float = 0.3


def grow(
    evidence: Scores,
    label: Sequence[str] | npt.NDArray[np.str_],
    names: tuple[str, ...],
    options: TreeOptions,
    seed: int,
) -> Trees:
    """Fit trees with every label in equal shares.

    Parameters
    ----------
    evidence : ndarray, shape (n, len(names))
    label : sequence of n str
    names : tuple of str
    options : TreeOptions
    seed : int

    Raises
    ------
    BadInput
        When a label has no example.
    """
    # Slow to import, and only training needs it.
    from sklearn.ensemble import GradientBoostingClassifier  # noqa: PLC0415

    truth = index_labels(label)
    count = np.bincount(truth, minlength=len(LABELS))
    if not count.all():
        lacking = ", ".join(name for name, n in zip(LABELS, count, strict=True) if not n)
        raise BadInput(f"training needs examples of every class; there are none of {lacking}")
    learner = GradientBoostingClassifier(
        n_estimators=options.stages,
        max_depth=options.depth,
        learning_rate=options.rate,
        min_weight_fraction_leaf=options.leaf_share,
        subsample=options.draw,
        max_features=options.ask,
        init="zero",
        random_state=seed,
    ).fit(evidence, truth, sample_weight=1.0 / count[truth] * len(truth) / len(LABELS))
    tables = [_unroll(tree.tree_, options) for stage in learner.estimators_ for tree in stage]
    asked, threshold, value = zip(*tables, strict=True)
    return Trees(evidence=names, asked=asked, threshold=threshold, value=value, temper=1.0)


def _unroll(tree: Any, options: TreeOptions) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    """Return a tree's questions, thresholds and leaves as if it were complete: an early leaf is one on both sides."""
    inner = 2**options.depth - 1
    asked, threshold, place = [0] * inner, [0.0] * inner, [0] * (2 * inner + 1)
    for node in range(inner):
        here = place[node]
        left, right = int(tree.children_left[here]), int(tree.children_right[here])
        if left < 0:
            place[2 * node + 1] = place[2 * node + 2] = here
        else:
            asked[node], threshold[node] = int(tree.feature[here]), _short(tree.threshold[here], 9)
            place[2 * node + 1], place[2 * node + 2] = left, right
    value = tuple(_short(options.rate * tree.value[here, 0, 0], 5) for here in place[inner:])
    return tuple(asked), tuple(threshold), value


def _short(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def temper(parts: Sequence[tuple[Trees, Scores, Sequence[str]]], most: float = 1.0) -> float:
    """Return the factor on scores that suits examples which the trees have not seen: (trees, evidence, labels)."""
    scored = [(score_trees(evidence, trees), index_labels(label)) for trees, evidence, label in parts]
    scores, truth = np.concatenate([s for s, _ in scored]), np.concatenate([t for _, t in scored])

    def loss(factor: float) -> float:
        log_p = log_softmax(factor * scores, axis=1)[np.arange(len(truth)), truth]
        return -sum(float(log_p[truth == k].mean()) for k in np.unique(truth))

    return float(np.clip(minimize_scalar(loss, bounds=(TRUST, 2.0), method="bounded").x, TRUST, most))  # pyright: ignore[reportAttributeAccessIssue] - of an OptimizeResult


def index_labels(label: Sequence[str] | npt.NDArray[np.str_]) -> npt.NDArray[np.int64]:
    """Return the place of each label in `LABELS`, shape (n,)."""
    return np.array([LABELS.index(str(name)) for name in label], dtype=np.int64)
