"""Both learners of a tier together, and how far each can be trusted on scenes that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from detector.belief import LABELS
from detector.class_model import Tier, score_lines, score_trees
from scenes.errors import BadInput
from testbed.training_lines import LineOptions, draw_lines
from testbed.training_trees import TreeOptions, count_stages, grow_trees, keep_stages

Scores = npt.NDArray[np.float64]
Labels = Sequence[str] | npt.NDArray[np.str_]
Part = tuple[Tier, Scores, Labels]
"""A tier, and evidence (n, e) and labels (n,) of examples that it has not seen."""
START = 0.5  # factor on either's scores that the search for the best begins with


@dataclass(frozen=True)
class TierOptions:
    """How both learners of a tier are fitted."""

    trees: TreeOptions = field(default_factory=TreeOptions)
    lines: LineOptions = field(default_factory=LineOptions)


def grow(
    evidence: Scores,
    label: Labels,
    names: tuple[str, ...],
    options: TierOptions,
    seed: int,
    group: npt.NDArray[np.int64] | None = None,
) -> Tier:
    """Fit lines and trees with every label in equal shares, trusted half each.

    Parameters
    ----------
    evidence : ndarray, shape (n, len(names))
    label : sequence of n str
    names : tuple of str
    options : TierOptions
    seed : int
    group : ndarray of int, shape (n,), optional
        Which scene each example is of; each is its own where not given.

    Raises
    ------
    BadInput
        When a label has no example.
    """
    truth = index_labels(label)
    count = np.bincount(truth, minlength=len(LABELS))
    if not count.all():
        lacking = ", ".join(name for name, n in zip(LABELS, count, strict=True) if not n)
        raise BadInput(f"training needs examples of every class; there are none of {lacking}")
    middle, scale, lines = draw_lines(evidence, truth, options.lines)
    groups = np.arange(len(truth)) if group is None else group
    asked, threshold, value = grow_trees(evidence, truth, options.trees, seed, groups)
    return Tier(
        evidence=names,
        middle=tuple(middle.tolist()),
        scale=tuple(scale.tolist()),
        lines=tuple(tuple(row) for row in lines.tolist()),
        asked=asked,
        threshold=threshold,
        value=value,
        temper_lines=START,
        temper_trees=START,
    )


def suit(parts: Sequence[Part], options: TierOptions, most: float = 1.0) -> tuple[list[Tier], TierOptions]:
    """Return the tiers of parts, cut and tempered as suits what they have not seen; the options with their stages."""
    indexed = [(tier, evidence, index_labels(label)) for tier, evidence, label in parts]
    stages = count_stages(indexed, options.trees)
    cut = [(keep_stages(tier, stages, options.trees), e, label) for tier, e, label in parts]
    lines, trees = temper(cut, most)
    suited = [t.model_copy(update={"temper_lines": lines, "temper_trees": trees}) for t, _, _ in cut]
    return suited, replace(options, trees=replace(options.trees, stages=stages))


def temper(parts: Sequence[Part], most: float = 1.0) -> tuple[float, float]:
    """Return the factors on the scores of lines and trees that suit examples which they have not seen, 0 to `most`."""
    lines = np.concatenate([score_lines(evidence, tier) for tier, evidence, _ in parts])
    trees = np.concatenate([score_trees(evidence, tier) for tier, evidence, _ in parts])
    truth = np.concatenate([index_labels(label) for _, _, label in parts])
    weight = 1.0 / np.bincount(truth, minlength=len(LABELS)).clip(1)[truth]
    weight /= weight.sum()
    row = np.arange(len(truth))

    def loss(factor: Scores) -> tuple[float, Scores]:
        scores = factor[0] * lines + factor[1] * trees
        off = softmax(scores, axis=1)
        off[row, truth] -= 1.0
        slope = [(weight * (off * part).sum(axis=1)).sum() for part in (lines, trees)]
        return -float(weight @ log_softmax(scores, axis=1)[row, truth]), np.array(slope)

    best = minimize(loss, np.full(2, min(START, most)), jac=True, method="L-BFGS-B", bounds=[(0.0, most)] * 2)
    return float(f"{best.x[0]:.4g}"), float(f"{best.x[1]:.4g}")


def index_labels(label: Labels) -> npt.NDArray[np.int64]:
    """Return the place of each label in `LABELS`, shape (n,)."""
    return np.array([LABELS.index(str(name)) for name in label], dtype=np.int64)
