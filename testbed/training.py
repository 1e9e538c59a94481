"""Fits the detector's classifier to simulated scenes and writes it as plain numbers."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

from detector.belief import LABELS
from detector.class_evidence import EVIDENCE
from detector.class_model import FORMAT
from scenes.errors import BadInput
from testbed.training_scenes import Example, draw_settings, hear_scene

Scores = npt.NDArray[np.float64]
LIMIT = 3.0  # standard deviations
FIRST_SCORED = 1_000_000  # more scenes to learn from never reach those that figures come from


@dataclass(frozen=True)
class TrainingOptions:
    """What to train on.

    Attributes
    ----------
    scenes : int
        Scenes to learn from.
    scenes_scored : int
        Further scenes, of other seeds, that only the figures come from.
    penalty : float
        Weight of the squared coefficients beside the mean log-loss: half of it times their sum.
    folds : int
        The scenes are split so often to find how far the scores may be trusted.
    temper_most : float
        Most trust in evidence from simulation (A: half, for scores of gunshot classifiers do not travel).
    """

    scenes: int = 80
    scenes_scored: int = 30
    penalty: float = 0.02
    folds: int = 5
    temper_most: float = 0.5


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model: standardisation (f,), weights (labels, f), bias (labels,)."""

    labels: tuple[str, ...]
    centre: Scores
    scale: Scores
    weights: Scores
    bias: Scores

    def score(self, evidence: Scores) -> Scores:
        """Return log-probabilities in equal shares, shape (n, labels)."""
        standard = np.clip((evidence - self.centre) / self.scale, -LIMIT, LIMIT)
        return log_softmax(standard @ self.weights.T + self.bias, axis=1)


def train(
    seed: int, options: TrainingOptions, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> tuple[str, dict[str, str | int | float]]:
    """Learn from simulated scenes.

    Parameters
    ----------
    seed : int
    options : TrainingOptions
    workers : int
        Processes; changes no byte of the model.
    progress : callable, optional
        Called with (scenes heard, scenes).

    Returns
    -------
    text : str
        The model file.
    provenance : dict
        Where it comes from, with its figures on scenes that it has not learned from.

    Raises
    ------
    BadInput
        When the scenes hold examples of fewer than two classes.
    """
    numbers = [*range(options.scenes), *range(FIRST_SCORED, FIRST_SCORED + options.scenes_scored)]
    heard = hear_scenes(seed, numbers, workers, progress)
    learned, others = heard[: options.scenes], heard[options.scenes :]
    examples = [e for scene in learned for e in scene]
    model = fit(examples, options.penalty)
    temper = find_temper(learned, options)
    figures = measure(model, temper, [e for scene in others for e in scene])
    provenance = describe_training(seed, options, examples, figures)
    return write_model(model, temper, provenance), provenance


def hear_scenes(
    seed: int, numbers: Sequence[int], workers: int, progress: Callable[[int, int], None] | None = None
) -> list[list[Example]]:
    """Return the examples of the scenes of these numbers, scene by scene; workers change no byte."""
    jobs = (delayed(_hear)(seed, number) for number in numbers)
    scenes: list[list[Example]] = []
    results: Iterator[list[Example]] = Parallel(n_jobs=workers, return_as="generator")(jobs)  # pyright: ignore[reportAssignmentType] - joblib's stubs say None
    for examples in results:
        scenes.append(examples)
        if progress is not None:
            progress(len(scenes), len(numbers))
    return scenes


def _hear(seed: int, number: int) -> list[Example]:
    return hear_scene(draw_settings(seed, number))


def fit(examples: Sequence[Example], penalty: float) -> Fit:
    """Fit a multinomial logistic regression with every class in equal shares.

    Raises
    ------
    BadInput
        When fewer than two classes have examples.
    """
    labels = tuple(label for label in LABELS if any(e.label == label for e in examples))
    if len(labels) < 2:
        raise BadInput(
            f"training needs examples of two classes or more, there are {', '.join(labels) or 'none'}"
        )
    evidence = np.array([e.evidence for e in examples])
    truth = np.array([labels.index(e.label) for e in examples])
    centre, scale = evidence.mean(axis=0), np.maximum(evidence.std(axis=0), 1e-3)
    x = np.clip((evidence - centre) / scale, -LIMIT, LIMIT)
    share = (1.0 / np.bincount(truth))[truth] / len(labels)
    hot = np.eye(len(labels))[truth]
    shape = (len(labels), x.shape[1] + 1)

    def loss(flat: Scores) -> tuple[float, Scores]:
        table = flat.reshape(shape)
        log_p = log_softmax(x @ table[:, :-1].T + table[:, -1], axis=1)
        slope = share[:, None] * (np.exp(log_p) - hot)
        gradient = np.column_stack([slope.T @ x + penalty * table[:, :-1], slope.sum(axis=0)])
        value = (
            -(share * log_p[np.arange(len(truth)), truth]).sum() + 0.5 * penalty * (table[:, :-1] ** 2).sum()
        )
        return float(value), gradient.ravel()

    table = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B").x.reshape(shape)
    return Fit(labels, centre, scale, table[:, :-1], table[:, -1])


def find_temper(scenes: Sequence[Sequence[Example]], options: TrainingOptions) -> float:
    """Return the factor on the scores that suits scenes which the model has not seen, at most `temper_most`."""
    parts = []
    for fold in range(options.folds):
        learn = [e for number, scene in enumerate(scenes) if number % options.folds != fold for e in scene]
        test = [e for number, scene in enumerate(scenes) if number % options.folds == fold for e in scene]
        model = fit(learn, options.penalty)
        test = [e for e in test if e.label in model.labels]
        if test:
            parts.append((model.score(np.array([e.evidence for e in test])), _index(test, model.labels)))

    def loss(temper: float) -> float:
        return sum(_balanced_loss(temper * scores, truth) for scores, truth in parts)

    best = minimize_scalar(loss, bounds=(0.05, 2.0), method="bounded").x  # pyright: ignore[reportAttributeAccessIssue] - of an OptimizeResult
    return min(float(best), options.temper_most)


def _index(examples: Sequence[Example], labels: tuple[str, ...]) -> npt.NDArray[np.int64]:
    return np.array([labels.index(e.label) for e in examples])


def _balanced_loss(scores: Scores, truth: npt.NDArray[np.int64]) -> float:
    log_p = log_softmax(scores, axis=1)[np.arange(len(truth)), truth]
    return -sum(float(log_p[truth == k].mean()) for k in np.unique(truth))


def measure(model: Fit, temper: float, examples: Sequence[Example]) -> dict[str, float]:
    """Return log-loss with classes in equal shares, balanced accuracy and each label's recall; {} without examples."""
    examples = [e for e in examples if e.label in model.labels]
    if not examples:
        return {}
    truth = _index(examples, model.labels)
    scores = model.score(np.array([e.evidence for e in examples]))
    right = scores.argmax(axis=1) == truth
    recall = {
        f"recall_{label}": float(right[truth == k].mean())
        for k, label in enumerate(model.labels)
        if (truth == k).any()
    }
    loss = _balanced_loss(temper * scores, truth) / len(recall)
    return {"log_loss": loss, "balanced_accuracy": float(np.mean(list(recall.values()))), **recall}


def write_model(model: Fit, temper: float, provenance: dict[str, str | int | float]) -> str:
    """Return the text of a model file (`detector.class_model`)."""
    record = {
        "format": FORMAT,
        "labels": model.labels,
        "evidence": EVIDENCE,
        "centre": _rounded(model.centre),
        "scale": _rounded(model.scale),
        "limit": LIMIT,
        "weights": [_rounded(row) for row in model.weights],
        "bias": _rounded(model.bias),
        "temper": round(temper, 4),
        "provenance": provenance,
    }
    return json.dumps(record, indent=1) + "\n"


def _rounded(values: Scores) -> list[float]:
    return [float(f"{v:.6g}") for v in values]


def describe_training(
    seed: int, options: TrainingOptions, learned: Sequence[Example], scored: dict[str, float]
) -> dict[str, str | int | float]:
    """Return where a model comes from: command, seed, versions, examples, figures on scenes not learned from."""
    counts = Counter(e.label for e in learned)
    return {
        "command": f"echoblock train seed={seed} scenes={options.scenes} penalty={options.penalty:g}",
        "seed": seed,
        "scenes": options.scenes,
        "scenes_scored": options.scenes_scored,
        "penalty": options.penalty,
        "software": f"echoblock {version('echoblock')}, numpy {version('numpy')}, scipy {version('scipy')}",
        **{f"examples_{label}": counts[label] for label in LABELS if counts[label]},
        **{f"scored_{name}": round(value, 4) for name, value in scored.items()},
    }
