"""Lines: a logistic regression with a ridge, fitted by scikit-learn, as numbers of `detector.class_model.Tier`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.belief import LABELS
from detector.class_model import stretch_evidence

Floats = npt.NDArray[np.float64]
STEPS = 300


@dataclass(frozen=True)
class LineOptions:
    """How lines are drawn: `ridge` is the pull of weights towards 0, in examples."""

    ridge: float = 100.0


def draw_lines(
    evidence: Floats, truth: npt.NDArray[np.int64], options: LineOptions
) -> tuple[Floats, Floats, Floats]:
    """Fit lines with every label in equal shares.

    Returns
    -------
    middle, scale : ndarray, shape (e,)
        Mean and standard deviation of the evidence (n, e), each label weighing the same.
    lines : ndarray, shape (4, 1 + 2 e)
    """
    # Slow to import, and only training needs it.
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    count = np.bincount(truth, minlength=len(LABELS))
    weight = len(truth) / len(LABELS) / count[truth]
    middle = np.average(evidence, axis=0, weights=weight)
    scale = np.sqrt(np.average((evidence - middle) ** 2, axis=0, weights=weight))
    # What never varies says nothing; a scale of 1 keeps it at 0.
    middle, scale = _shorten(middle), _shorten(np.where(scale > 1e-9, scale, 1.0))
    stretched = stretch_evidence(evidence, middle, scale)[:, 1:]
    fitted = LogisticRegression(C=1.0 / options.ridge, max_iter=STEPS).fit(
        stretched, truth, sample_weight=weight
    )
    return middle, scale, _shorten(np.column_stack([fitted.intercept_, fitted.coef_]))


def _shorten(values: Floats) -> Floats:
    # Few digits: the last bits of a machine's arithmetic say nothing.
    return np.array([float(f"{v:.6g}") for v in values.ravel()]).reshape(values.shape)
