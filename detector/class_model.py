"""The classifier as plain numbers: reads a model file and weighs evidence with it."""

from functools import cache
from importlib.resources import files
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.belief import LABELS
from detector.class_evidence import EVIDENCE
from detector.errors import BadInput
from detector.features import FEATURES
from detector.round_count import RoundModel

FORMAT = "echoblock-class-model/4"
Scores = npt.NDArray[np.float64]
ROWS = 2_000  # of evidence at a time
CUT = 3.0  # scales from the middle: what is farther off than anything learned from says no more


class Tier(BaseModel):
    """What one tier learned, as the JSON file holds it: lines, which little data settles, and trees beside them.

    The lines are a logistic regression on z, the evidence less its `middle` over its `scale`, cut at 3, and on
    z^2 - 1. The trees are boosted regression trees of one depth: tree t adds to the score of label t modulo 4; its node
    k asks whether the evidence is above a threshold and goes on to node 2 k + 2, else to 2 k + 1; the leaves follow the
    last nodes (Friedman 2001, "Greedy function approximation").

    Attributes
    ----------
    evidence : tuple of str
        Names of what is weighed, e of them: all that this version gathers or a part, so that a model outlives new
        evidence.
    middle, scale : tuple of float, e
    lines : tuple of tuple of float, 4 x (1 + 2 e)
        For each label a constant, the weights of z, and those of z^2 - 1, nats.
    asked : tuple of tuple of int, trees x (2^depth - 1)
        Index into `evidence`.
    threshold : tuple of tuple of float, as `asked`
    value : tuple of tuple of float, trees x 2^depth
        What a leaf adds, nats, with labels in equal shares.
    temper_lines, temper_trees : float
        Factors on the scores: how far each can be trusted on scenes not learned from (Wolpert 1992, "Stacked
        generalization").
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="forbid")

    evidence: tuple[str, ...]
    middle: tuple[float, ...]
    scale: tuple[Annotated[float, Field(gt=0.0)], ...]
    lines: tuple[tuple[float, ...], ...]
    asked: tuple[tuple[int, ...], ...]
    threshold: tuple[tuple[float, ...], ...]
    value: tuple[tuple[float, ...], ...]
    temper_lines: float = Field(ge=0.0, le=1.0)
    temper_trees: float = Field(ge=0.0, le=1.0)


class ClassModel(BaseModel):
    """Both tiers: what single pulses and what whole incidents are; and how rounds are counted.

    Attributes
    ----------
    format : str
    labels : tuple of str
    pulse, incident : Tier
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
    pulse: Tier
    incident: Tier
    rounds: RoundModel
    doubt: float = Field(ge=0.0, lt=1.0)
    provenance: dict[str, str | int | float]


@cache
def load_model(name: str) -> ClassModel:
    """Return a model of `detector/models/` by name.

    Raises
    ------
    BadInput
        No such model, not the current format, or evidence that the detector does not gather.
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


def _check(tier: Tier, evidence: tuple[str, ...], where: str) -> None:
    count = len(tier.evidence)
    if not count or len(set(tier.evidence) & set(evidence)) != count:
        raise BadInput(f"{where}: trained on other evidence than this version gathers; train it anew")
    lines = [len(row) for row in tier.lines]
    if len(tier.middle) != count or len(tier.scale) != count or lines != [1 + 2 * count] * len(LABELS):
        raise BadInput(f"{where}: the lines do not weigh {count} pieces of evidence for {len(LABELS)} labels")
    leaves = {len(row) for row in tier.value}
    nodes = {len(row) for row in (*tier.asked, *tier.threshold)}
    trees = len(tier.value)
    fits = len(leaves) == len(nodes) == 1 and trees % len(LABELS) == 0
    if not (fits and trees == len(tier.asked) == len(tier.threshold)):
        raise BadInput(f"{where}: the trees are not all of one depth, or some label lacks one")
    (leaf,), (node,) = leaves, nodes
    if leaf != node + 1 or leaf & node:
        raise BadInput(f"{where}: a tree of {node} nodes has no {leaf} leaves")
    if not all(0 <= k < count for row in tier.asked for k in row):
        raise BadInput(f"{where}: asks for evidence that there is not")


def score_pulses(features: Scores, model: ClassModel) -> Scores:
    """Return the log-likelihood of each label for each pulse, nats, up to a constant: shape (n, 4) of (n, f)."""
    return weigh_scores(features[..., _find(model.pulse.evidence, FEATURES)], model.pulse, model.doubt)


def weigh_evidence(evidence: Scores, model: ClassModel) -> Scores:
    """Return the log-likelihood of each label, nats, up to a constant: shape (..., 4) of (..., len(EVIDENCE))."""
    return weigh_scores(evidence[..., _find(model.incident.evidence, EVIDENCE)], model.incident, model.doubt)


def _find(names: tuple[str, ...], among: tuple[str, ...]) -> list[int]:
    return [among.index(name) for name in names]


def weigh_scores(evidence: Scores, tier: Tier, doubt: float) -> Scores:
    """Return what a tier says of its own evidence (..., e), tempered and with a share of doubt: shape (..., 4)."""
    scores = tier.temper_lines * score_lines(evidence, tier) + tier.temper_trees * score_trees(evidence, tier)
    return _doubt(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True), doubt)


def score_lines(evidence: Scores, tier: Tier) -> Scores:
    """Return what the lines say of each label, shape (..., 4), before tempering."""
    return stretch_evidence(evidence, np.array(tier.middle), np.array(tier.scale)) @ np.array(tier.lines).T


def stretch_evidence(evidence: Scores, middle: Scores, scale: Scores) -> Scores:
    """Return 1, z and z^2 - 1 of evidence (..., e), shape (..., 1 + 2 e): `Tier`."""
    z = np.clip((evidence - middle) / scale, -CUT, CUT)
    return np.concatenate([np.ones((*z.shape[:-1], 1)), z, z**2 - 1.0], axis=-1)


def score_trees(evidence: Scores, tier: Tier) -> Scores:
    """Return the sum of the trees' leaves for each label, shape (..., 4), before tempering."""
    flat = evidence.reshape(-1, evidence.shape[-1])
    scores = np.zeros((len(flat), len(LABELS)))
    for first in range(0, len(flat), ROWS):
        leaves = read_leaves(flat[first : first + ROWS], tier)
        scores[first : first + ROWS] = leaves.reshape(len(leaves), -1, len(LABELS)).sum(axis=1)
    return scores.reshape(*evidence.shape[:-1], len(LABELS))


def read_leaves(evidence: Scores, tier: Tier) -> Scores:
    """Return what each tree adds, nats: shape (n, trees) of evidence (n, e)."""
    asked, threshold, value = (np.array(table) for table in (tier.asked, tier.threshold, tier.value))
    # Single precision on both sides: what lay on a threshold in training does so on any machine.
    flat = evidence.astype(np.float32)
    node = np.zeros((len(flat), len(asked)), dtype=np.int64)
    tree, row = np.arange(len(asked))[None, :], np.arange(len(flat))[:, None]
    for _ in range(value.shape[1].bit_length() - 1):
        above = flat[row, asked[tree, node]] > threshold[tree, node]
        node = 2 * node + 1 + above
    return value[tree, node - asked.shape[1]]


def _doubt(log_p: Scores, share: float) -> Scores:
    return np.log((1.0 - share) * np.exp(log_p) + share / len(LABELS))
