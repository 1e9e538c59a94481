"""The classifier as plain numbers: reads a model file and weighs evidence with it."""

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.belief import LABELS
from detector.class_evidence import EVIDENCE
from detector.errors import BadInput
from detector.features import FEATURES
from detector.round_count import RoundModel

FORMAT = "echoblock-class-model/3"
Scores = npt.NDArray[np.float64]


class Trees(BaseModel):
    """Boosted regression trees, all of one depth, as the JSON file holds them.

    Tree t adds to the score of label t modulo 4. Its node k asks whether the evidence is above a threshold and goes on
    to node 2 k + 2, else to 2 k + 1; the leaves follow the last nodes (Friedman 2001, "Greedy function approximation").

    Attributes
    ----------
    evidence : tuple of str
        Names of what the trees ask for.
    asked : tuple of tuple of int, trees x (2^depth - 1)
        Index into `evidence`.
    threshold : tuple of tuple of float, as `asked`
    value : tuple of tuple of float, trees x 2^depth
        What a leaf adds, nats, with labels in equal shares.
    temper : float
        Factor on the scores: how far they can be trusted on scenes not learned from.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="forbid")

    evidence: tuple[str, ...]
    asked: tuple[tuple[int, ...], ...]
    threshold: tuple[tuple[float, ...], ...]
    value: tuple[tuple[float, ...], ...]
    temper: float = Field(gt=0.0, le=1.0)


class ClassModel(BaseModel):
    """Both tiers: what single pulses and what whole incidents are; and how rounds are counted.

    Attributes
    ----------
    format : str
    labels : tuple of str
    pulse, incident : Trees
        Of `detector.features.FEATURES` and `detector.class_evidence.EVIDENCE`.
    rounds : RoundModel
    doubt : float
        Share of incidents of which the training had no idea: no evidence says more than this allows.
    provenance : dict
        Seed, scenes, versions, command, figures.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="forbid")

    format: str
    labels: tuple[str, ...]
    pulse: Trees
    incident: Trees
    rounds: RoundModel
    doubt: float = Field(ge=0.0, lt=1.0)
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
        found = _Head.model_validate_json(text).format
        if found != FORMAT:
            raise BadInput(f"model {name}: format {found!r}; accepted is {FORMAT!r}: train it anew")
        model = ClassModel.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"model {name}: {place}: {first['msg']}") from error
    if model.labels != LABELS:
        raise BadInput(
            f"model {name}: labels {', '.join(model.labels)}; accepted are {', '.join(LABELS)}, in this order"
        )
    _check(model.pulse, FEATURES, f"model {name}: pulse")
    _check(model.incident, EVIDENCE, f"model {name}: incident")
    if not model.rounds.fits():
        raise BadInput(
            f"model {name}: rounds: trained on other evidence than this version gathers; train it anew"
        )
    return model


class _Head(BaseModel):
    """The one field that every version has."""

    format: str


def _check(trees: Trees, evidence: tuple[str, ...], where: str) -> None:
    if trees.evidence != evidence:
        raise BadInput(f"{where}: trained on other evidence than this version gathers; train it anew")
    leaves = {len(row) for row in trees.value}
    nodes = {len(row) for row in (*trees.asked, *trees.threshold)}
    count = len(trees.value)
    fits = len(leaves) == len(nodes) == 1 and count % len(LABELS) == 0
    if not (fits and count == len(trees.asked) == len(trees.threshold)):
        raise BadInput(f"{where}: the trees are not all of one depth, or some label lacks one")
    (leaf,), (node,) = leaves, nodes
    if leaf != node + 1 or leaf & node:
        raise BadInput(f"{where}: a tree of {node} nodes has no {leaf} leaves")
    if not all(0 <= k < len(evidence) for row in trees.asked for k in row):
        raise BadInput(f"{where}: asks for evidence that there is not")


def score_pulses(features: Scores, model: ClassModel) -> Scores:
    """Return the log-likelihood of each label for each pulse, nats, up to a constant: shape (n, 4) of (n, f)."""
    return weigh_scores(features, model.pulse, model.doubt)


def weigh_evidence(evidence: Scores, model: ClassModel) -> Scores:
    """Return the log-likelihood of each label, nats, up to a constant: shape (..., 4) of (..., e)."""
    return weigh_scores(evidence, model.incident, model.doubt)


def weigh_scores(evidence: Scores, trees: Trees, doubt: float) -> Scores:
    """Return what the trees of a tier say, tempered and with a share of doubt, as `weigh_evidence`."""
    return _doubt(_score(evidence, trees), doubt)


def score_trees(evidence: Scores, trees: Trees) -> Scores:
    """Return the sum of the trees' leaves for each label, shape (..., 4), before tempering."""
    asked, threshold, value = (np.array(table) for table in (trees.asked, trees.threshold, trees.value))
    # Trees were grown on single precision: what is just above a threshold there must be so here.
    flat = evidence.reshape(-1, evidence.shape[-1]).astype(np.float32)
    node = np.zeros((len(flat), len(asked)), dtype=np.int64)
    tree, row = np.arange(len(asked))[None, :], np.arange(len(flat))[:, None]
    for _ in range(value.shape[1].bit_length() - 1):
        above = flat[row, asked[tree, node]] > threshold[tree, node]
        node = 2 * node + 1 + above
    leaf = value[tree, node - asked.shape[1]]
    scores = leaf.reshape(len(flat), len(asked) // len(LABELS), len(LABELS)).sum(axis=1)
    return scores.reshape(*evidence.shape[:-1], len(LABELS))


def _score(evidence: Scores, trees: Trees) -> Scores:
    scores = trees.temper * score_trees(evidence, trees)
    return scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)


def _doubt(log_p: Scores, share: float) -> Scores:
    return np.log((1.0 - share) * np.exp(log_p) + share / len(LABELS))
