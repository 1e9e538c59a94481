"""`echoblock train`: fits the detector's classifier to simulated scenes and tells what it is worth on others."""

import dataclasses
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import hydra
import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from detector.class_model import ClassModel
from testbed.config_groups import register
from testbed.job import perform
from testbed.progress import progress_bar
from testbed.training import (
    HeardWorlds,
    Provenance,
    TrainingOptions,
    count_kept,
    describe_training,
    fit,
    hear_worlds,
    number_scenes,
    simplify,
    write_model,
)
from testbed.training_examples import View
from testbed.training_figures import ablate, judge, measure, only_found
from testbed.training_intervals import Figure
from testbed.training_pictures import draw_confusion, draw_reliability
from testbed.training_round_figures import measure_rounds
from testbed.training_rounds import judge_rounds
from testbed.training_transfer import find_miss_cost, judge_strangers, measure_transfer, sort_scenes
from testbed.training_worlds import UNSEEN_CONFUSER

PRODUCTS = ("model.json", "figures.json", "reliability.png", "confusion.png")
SCENE_CPU_S = 10.0  # one scene on one core of a 2024 server
_DEFAULTS = TrainingOptions()


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What to learn from: `testbed.training.TrainingOptions`, with seed, workers and results folder.

    `ablation` tells what each group of evidence is worth, `transfer` what worlds unlike those learned from cost. Scenes
    heard by the same code are kept in `store`, so that a training that was interrupted goes on where it was.
    """

    scenes: Annotated[int, Field(ge=5, le=100_000)] = _DEFAULTS.scenes
    scenes_scored: Annotated[int, Field(ge=0, le=100_000)] = _DEFAULTS.scenes_scored
    scenes_sensor: Annotated[int, Field(ge=0, le=100_000)] = _DEFAULTS.scenes_sensor
    temper_most: Annotated[float, Field(gt=0.0, le=1.0)] = _DEFAULTS.temper_most
    doubt: Annotated[float, Field(ge=0.0, lt=1.0)] = _DEFAULTS.doubt
    ablation: bool = True
    transfer: bool = True
    store: Path = Path("results/train/heard")
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


SETTINGS = TrainSettings
register(SETTINGS, "train")


def train_and_tell(settings: TrainSettings, folder: Path) -> None:
    """Train, write model, figures and pictures into an existing folder, print the figures."""
    options = TrainingOptions(
        scenes=settings.scenes,
        scenes_scored=settings.scenes_scored,
        scenes_sensor=settings.scenes_sensor,
        temper_most=settings.temper_most,
        doubt=settings.doubt,
    )
    kept, scenes = count_kept(settings.seed, options, settings.store), len(number_scenes(options))
    sys.stderr.write(
        f"{scenes} scenes, {kept} of them heard before ({settings.store}); the others take about "
        f"{math.ceil((scenes - kept) * SCENE_CPU_S / 60.0)} minutes of processor time\n"
    )
    with progress_bar("training scenes", "scene") as progress:
        worlds = hear_worlds(settings.seed, options, settings.store, settings.workers, progress)
    learn_and_tell(worlds, options, settings, folder)


def learn_and_tell(
    worlds: HeardWorlds, options: TrainingOptions, settings: TrainSettings, folder: Path
) -> None:
    """Learn from scenes that have been heard; write and print as `train_and_tell`."""
    seed = settings.seed
    model, views = fit(seed, worlds.learned, options)
    simple = simplify(options, model)
    told: dict[str, dict[str, Figure]] = {}
    worth: dict[str, tuple[float, float]] = {}
    judged = judge(model, worlds.scored, options, seed)
    if len(judged.truth):
        told["scenes not learned from"] = measure(judged, UNSEEN_CONFUSER)
        draw_reliability(judged, folder / "reliability.png")
        draw_confusion(judged, folder / "confusion.png")
        if settings.ablation:
            worth = ablate([v for part in views for v in part], judged, UNSEEN_CONFUSER, simple, seed)
        told["alerts of scenes not learned from"] = measure(only_found(judged), UNSEEN_CONFUSER)
    counted = judge_rounds(worlds.scored, model.rounds)
    if counted:
        told["rounds of gunfire alerts of scenes not learned from"] = measure_rounds(counted)
    strangers = judge(model, worlds.sensor, options, seed)
    if len(strangers.truth):
        told["a sensor not learned from"] = measure(strangers, UNSEEN_CONFUSER)
    missed: dict[int, float] = {}
    if settings.transfer:
        axes = sort_scenes(seed, worlds.learned)
        held = {axis: judge_strangers(views, kind, simple, seed) for axis, kind in axes.items()}
        known = {axis: judged for axis, judged in held.items() if judged is not None}
        if known:
            told["scenes to learn from, by trees that know no such world"] = measure_transfer(known)
        missed = find_miss_cost(known)
    _write(model, describe(seed, options, views, told), told, worth, folder)
    _tell_missed(missed)


def describe(
    seed: int, options: TrainingOptions, views: list[list[View]], told: dict[str, dict[str, Figure]]
) -> Provenance:
    """Return the model's provenance with its main figures."""
    main = ("auc_single_clip", "auc_incident", "balanced_accuracy", "calibration_error", "precision_at_80")
    scored = told.get("scenes not learned from", {})
    rounds = told.get("rounds of gunfire alerts of scenes not learned from", {})
    scored = scored | {
        name: rounds[name] for name in ("rounds_in_range", "shooters_calibration_error") if rounds
    }
    main = (*main, "rounds_in_range", "shooters_calibration_error")
    known = {name: scored[name].value for name in main if name in scored and np.isfinite(scored[name].value)}
    return describe_training(seed, options, views, known)


def _write(
    model: ClassModel,
    provenance: Provenance,
    told: dict[str, dict[str, Figure]],
    worth: dict[str, tuple[float, float]],
    folder: Path,
) -> None:
    model = model.model_copy(update={"provenance": provenance})
    (folder / "model.json").write_text(write_model(model), encoding="utf-8")
    record = {
        **{name: {k: _plain(f) for k, f in figures.items()} for name, figures in told.items()},
        "evidence": {group: {"without": rest, "alone": alone} for group, (rest, alone) in worth.items()},
    }
    text = json.dumps(record, indent=1, allow_nan=False)
    (folder / "figures.json").write_text(text + "\n", encoding="utf-8")
    for name, value in provenance.items():
        sys.stdout.write(f"{name:30s} {value}\n")
    for name, tier in (("pulse", model.pulse), ("incident", model.incident)):
        sys.stdout.write(
            f"{'trust in lines, trees: ' + name:30s} {tier.temper_lines:.3f}, {tier.temper_trees:.3f}; "
            f"{len(tier.value)} trees\n"
        )
    for name, figures in told.items():
        sys.stdout.write(f"\n{name}\n")
        for key, figure in figures.items():
            sys.stdout.write(f"  {key:36s} {figure}\n")
    if worth:
        sys.stdout.write("\nbalanced accuracy by evidence   without   alone\n")
        for group, (rest, alone) in worth.items():
            sys.stdout.write(f"  {group:28s} {rest:8.3f} {alone:7.3f}\n")


def _tell_missed(missed: Mapping[int, float]) -> None:
    if missed:
        sys.stdout.write(
            "\nmiss_cost   guns of one shot called something else, where that is worst of the worlds not known\n"
        )
        sys.stdout.writelines(f"  {cost:5d} {share:12.3f}\n" for cost, share in missed.items())


def _plain(figure: Figure) -> dict[str, float | int | None]:
    """Return a figure as JSON holds it, which has no NaN."""
    return {k: v if np.isfinite(v) else None for k, v in dataclasses.asdict(figure).items()}


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="train")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, train_and_tell, PRODUCTS)
