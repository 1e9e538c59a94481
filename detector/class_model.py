"""The classifier as plain numbers: reads a model file and weighs evidence with it."""

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.belief import LABELS, BeliefOptions
from detector.class_evidence import EVIDENCE
from detector.errors import BadInput

FORMAT = "echoblock-class-model/1"


class ClassModel(BaseModel):
    """A multinomial logistic model over standardised evidence, as its JSON file holds it.

    Attributes
    ----------
    format : str
    labels : tuple of str
        Classes that it was trained on.
    evidence : tuple of str
        `detector.class_evidence.EVIDENCE` when it was trained.
    centre, scale : tuple of float
        Standardisation.
    limit : float
        Standardised evidence is cut to this on both sides: what lies outside of the training says no more than its
        edge.
    weights : tuple of tuple of float, labels x evidence
    bias : tuple of float
        Both fitted with classes in equal shares, so that scores are log-likelihoods up to a constant.
    temper : float
        Factor on the scores, 1 or less: how far evidence from simulation is trusted.
    provenance : dict
        Seed, scenes, versions, command, figures.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="forbid")

    format: str
    labels: tuple[str, ...]
    evidence: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    limit: float = Field(gt=0.0)
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]
    temper: float = Field(gt=0.0, le=1.0)
    provenance: dict[str, str | int | float]


@cache
def load_model(name: str) -> ClassModel:
    """Return a model of `detector/models/` by name.

    Raises
    ------
    BadInput
        No such model, not the current format, or evidence other than what the detector gathers.
    """
    folder = files("detector") / "models"
    known = sorted(f.name.removesuffix(".json") for f in folder.iterdir() if f.name.endswith(".json"))
    if name not in known:
        raise BadInput(f"belief.model is {name!r}; accepted are {', '.join(known)}")
    return parse_model((folder / f"{name}.json").read_text(encoding="utf-8"), name)


def parse_model(text: str, name: str) -> ClassModel:
    """Read a model from its JSON text; `name` is for messages.

    Raises
    ------
    BadInput
        As `load_model`.
    """
    try:
        model = ClassModel.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"model {name}: {place}: {first['msg']}") from error
    if model.format != FORMAT:
        raise BadInput(f"model {name}: format {model.format!r}; accepted is {FORMAT!r}")
    if model.evidence != EVIDENCE:
        raise BadInput(f"model {name}: trained on other evidence than this version gathers; train it anew")
    count = len(EVIDENCE)
    shapes = {len(model.centre), len(model.scale), *(len(row) for row in model.weights)}
    if shapes != {count} or not len(model.labels) == len(model.bias) == len(model.weights):
        raise BadInput(
            f"model {name}: weights do not fit {len(model.labels)} labels x {count} pieces of evidence"
        )
    if not set(model.labels) <= set(LABELS) or min(model.scale) <= 0.0:
        raise BadInput(f"model {name}: unknown labels or a scale that is not above 0")
    return model


def weigh_evidence(
    evidence: npt.NDArray[np.float64], model: ClassModel, options: BeliefOptions
) -> npt.NDArray[np.float64]:
    """Return the log-likelihood of each of the four labels, shape (4,), nats, up to a constant.

    A class that the model was not trained on gets the mean likelihood of those that it was, weighted by their base
    rates: the evidence then speaks neither for it nor against it.
    """
    scores = model.temper * score_evidence(evidence, model)
    trained = [LABELS.index(label) for label in model.labels]
    rate = np.array([getattr(options.base_rate, label) for label in model.labels])
    result = np.full(len(LABELS), np.logaddexp.reduce(scores + np.log(rate)) - np.log(rate.sum()))
    result[trained] = scores
    return result


def score_evidence(evidence: npt.NDArray[np.float64], model: ClassModel) -> npt.NDArray[np.float64]:
    """Return the model's log-probabilities in equal shares, shape (..., labels), before tempering."""
    standard = (evidence - np.array(model.centre)) / np.array(model.scale)
    scores = np.clip(standard, -model.limit, model.limit) @ np.array(model.weights).T + np.array(model.bias)
    return scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)
