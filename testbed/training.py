"""Fits the detector's classifier to simulated scenes and writes it as plain numbers."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from detector.belief import LABELS
from detector.class_evidence import EVIDENCE
from detector.class_model import FORMAT, ClassModel, Tier, weigh_scores
from detector.features import FEATURES
from scenes.errors import BadInput
from testbed.sweep.code_version import code_version
from testbed.training_examples import THINNED, PulseExamples, Scorer, View, take_pulses, view_incidents
from testbed.training_rounds import fit_rounds
from testbed.training_scenes import HeardScene, hear_scene
from testbed.training_store import digest_code, find_scene, keep_scene, name_scene
from testbed.training_tier import Part, Scores, TierOptions, grow, suit
from testbed.training_trees import TreeOptions
from testbed.training_worlds import (
    FIRST_SCORED,
    FIRST_UNSEEN_SENSOR,
    UNSEEN_CONFUSER,
    UNSEEN_SENSOR,
    draw_settings,
)

Provenance = dict[str, str | int | float]


@dataclass(frozen=True)
class TrainingOptions:
    """What to train on.

    Attributes
    ----------
    scenes : int
        Scenes to learn from.
    scenes_scored : int
        Further scenes, of other blocks, layouts and weapons, that only the figures come from.
    scenes_sensor : int
        As these, heard by a kind of sensor that none of the others has.
    folds : int
        The scenes to learn from are split so often, to find how far scores may be trusted on scenes not seen.
    temper_most : float
        Most trust in evidence from simulation.
    doubt : float
        Share of incidents unlike anything simulated (A): bounds what any evidence can say.
    pulse, incident : TierOptions
    """

    scenes: int = 90
    scenes_scored: int = 24
    scenes_sensor: int = 3
    folds: int = 5
    temper_most: float = 1.0
    doubt: float = 0.01
    # The tier of pulses hears every pulse of a recording, and it has ten times the examples: one bag, and deeper trees.
    pulse: TierOptions = field(
        default_factory=lambda: TierOptions(TreeOptions(stages=90, depth=5, rate=0.08, bags=1))
    )
    incident: TierOptions = field(default_factory=lambda: TierOptions(TreeOptions(stages=240, bags=3)))


@dataclass(frozen=True, eq=False)
class HeardWorlds:
    """Scenes to learn from, to score on, and to score on with the unseen kind of sensor."""

    learned: list[HeardScene]
    scored: list[HeardScene]
    sensor: list[HeardScene]


def number_scenes(options: TrainingOptions) -> list[int]:
    """Return the numbers of the scenes to learn from, to score on, and of the unseen sensor's, in this order."""
    return [
        *range(options.scenes),
        *range(FIRST_SCORED, FIRST_SCORED + options.scenes_scored),
        *range(FIRST_UNSEEN_SENSOR, FIRST_UNSEEN_SENSOR + options.scenes_sensor),
    ]


def count_kept(seed: int, options: TrainingOptions, store: Path) -> int:
    """Count the scenes that need no simulation, for they were heard before by the same code."""
    return sum(_place(seed, number, store).is_file() for number in number_scenes(options))


def hear_worlds(
    seed: int,
    options: TrainingOptions,
    store: Path,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> HeardWorlds:
    """Simulate and hear all scenes, or take them from the store; workers change no byte."""
    store.mkdir(parents=True, exist_ok=True)
    numbers = number_scenes(options)
    jobs = (delayed(_hear)(seed, number, store) for number in numbers)
    scenes: list[HeardScene] = []
    results: Iterator[HeardScene] = Parallel(n_jobs=workers, return_as="generator")(jobs)  # pyright: ignore[reportAssignmentType] - joblib's stubs say None
    for scene in results:
        scenes.append(scene)
        if progress is not None:
            progress(len(scenes), len(numbers))
    first, second = options.scenes, options.scenes + options.scenes_scored
    return HeardWorlds(scenes[:first], scenes[first:second], scenes[second:])


def _hear(seed: int, number: int, store: Path) -> HeardScene:
    place = _place(seed, number, store)
    scene = find_scene(place)
    if scene is None:
        scene = hear_scene(draw_settings(seed, number))
        keep_scene(scene, place)
    return scene


def _place(seed: int, number: int, store: Path) -> Path:
    return store / f"{name_scene(draw_settings(seed, number))}.npz"


def fit(
    seed: int, scenes: Sequence[HeardScene], options: TrainingOptions
) -> tuple[ClassModel, list[list[View]]]:
    """Fit both tiers; the second learns from what the first says of scenes that it has not seen.

    Returns
    -------
    model : ClassModel
        Without figures.
    views : list of list of View
        What the second tier learned from, by scene.

    Raises
    ------
    BadInput
        When a class has no examples, in all scenes or in all but a fold.
    """
    if len(scenes) < options.folds:
        raise BadInput(f"training needs {options.folds} scenes or more, one a fold, not {len(scenes)}")
    pulses = take_pulses(scenes, seed)
    fold = np.arange(len(scenes)) % options.folds
    folds = range(options.folds)
    held = [
        (
            _grow_pulses(pulses, fold[pulses.scene] != k, options, seed),
            *_part(pulses, fold[pulses.scene] == k),
        )
        for k in folds
    ]
    tiers, suited = suit(held, options.pulse, options.temper_most)
    options = replace(options, pulse=suited)
    pulse = _grow_pulses(pulses, np.ones(len(pulses.label), bool), options, seed)
    views = [
        view_incidents(scene, score_with(tiers[k], options), seed, THINNED)
        for scene, k in zip(scenes, fold.tolist(), strict=True)
    ]
    parts: list[Part] = []
    for k in folds:
        learn = [v for part, f in zip(views, fold, strict=True) if f != k for v in part]
        test = [v for part, f in zip(views, fold, strict=True) if f == k for v in part]
        if test:
            parts.append((grow_incidents(learn, options, seed), stack(test), [v.label for v in test]))
    incidents, suited = suit(parts, options.incident, options.temper_most)
    incident = grow_incidents([v for part in views for v in part], replace(options, incident=suited), seed)
    model = ClassModel(
        format=FORMAT,
        labels=LABELS,
        pulse=_trust_as(pulse, tiers[0]),
        incident=_trust_as(incident, incidents[0]),
        rounds=fit_rounds(scenes),
        doubt=options.doubt,
        provenance={},
    )
    return model, views


def _trust_as(tier: Tier, other: Tier) -> Tier:
    return tier.model_copy(update={name: getattr(other, name) for name in ("temper_lines", "temper_trees")})


def simplify(options: TrainingOptions, model: ClassModel) -> TrainingOptions:
    """Return options for tables, which need many tiers: the stages that suited a model, in one bag."""
    trees = options.incident.trees
    stages = len(model.incident.value) // len(LABELS) // trees.bags
    return replace(options, incident=replace(options.incident, trees=replace(trees, stages=stages, bags=1)))


def grow_incidents(
    views: Sequence[View], options: TrainingOptions, seed: int, names: tuple[str, ...] = EVIDENCE
) -> Tier:
    """Fit the second tier, on some of the evidence or all."""
    columns = [EVIDENCE.index(name) for name in names]
    group = np.unique([v.scene for v in views], return_inverse=True)[1]
    return grow(stack(views)[:, columns], [v.label for v in views], names, options.incident, seed, group)


def stack(views: Sequence[View]) -> Scores:
    """Return the evidence of views, shape (n, len(EVIDENCE))."""
    return np.array([v.evidence for v in views]).reshape(len(views), len(EVIDENCE))


def score_with(pulse: Tier, options: TrainingOptions) -> Scorer:
    """Return a first tier as a function: log-probabilities, shape (n, 4), of features (n, f)."""
    return partial(weigh_scores, tier=pulse, doubt=options.doubt)


def _grow_pulses(pulses: PulseExamples, chosen: np.ndarray, options: TrainingOptions, seed: int) -> Tier:
    features, label = _part(pulses, chosen)
    return grow(features, label, FEATURES, options.pulse, seed, pulses.scene[chosen])


def _part(pulses: PulseExamples, chosen: np.ndarray) -> tuple[Scores, list[str]]:
    return pulses.features[chosen], pulses.label[chosen].tolist()


def write_model(model: ClassModel) -> str:
    """Return the text of a model file (`detector.class_model`), a line a tree."""
    record = model.model_dump(mode="json")
    tiers = {name: record.pop(name) for name in ("pulse", "incident")}
    for tier in tiers.values():
        for name in ("lines", "asked", "threshold", "value"):
            tier[name] = [json.dumps(row, separators=(",", ":")) for row in tier[name]]
    text = json.dumps(record | tiers, indent=1)
    return text.replace('"[', "[").replace(']"', "]") + "\n"


def describe_training(
    seed: int, options: TrainingOptions, views: Sequence[Sequence[View]], figures: dict[str, float]
) -> Provenance:
    """Return where a model comes from: command, seed, versions, examples, figures on scenes not learned from."""
    counts = Counter(v.label for part in views for v in part)
    names = ("echoblock", "scikit-learn", "numpy", "scipy")
    return {
        "command": f"echoblock train seed={seed} scenes={options.scenes} scenes_scored={options.scenes_scored} "
        f"scenes_sensor={options.scenes_sensor}",
        "seed": seed,
        "scenes": options.scenes,
        "scenes_scored": options.scenes_scored,
        "scenes_sensor": options.scenes_sensor,
        "unseen_confuser": UNSEEN_CONFUSER,
        "unseen_sensor": UNSEEN_SENSOR,
        "sources": digest_code()[:16],
        "commit": code_version().commit,
        "software": ", ".join(f"{name} {version(name)}" for name in names),
        **{f"views_{label}": counts[label] for label in LABELS},
        **{f"scored_{name}": round(value, 4) for name, value in figures.items()},
    }
