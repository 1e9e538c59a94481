"""`echoblock train`: fits the detector's classifier to simulated scenes and tells what it is worth on others."""

import dataclasses
import json
import sys
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
    describe_training,
    fit,
    hear_worlds,
    write_model,
)
from testbed.training_examples import View
from testbed.training_figures import Figure, ablate, judge, measure
from testbed.training_pictures import draw_confusion, draw_reliability
from testbed.training_worlds import UNSEEN_CONFUSER

PRODUCTS = ("model.json", "figures.json", "reliability.png", "confusion.png")
_DEFAULTS = TrainingOptions()


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What to learn from: `testbed.training.TrainingOptions`, with seed, workers and results folder.

    `ablation` tells what each group of evidence is worth.
    """

    scenes: Annotated[int, Field(ge=5, le=100_000)] = _DEFAULTS.scenes
    scenes_scored: Annotated[int, Field(ge=0, le=100_000)] = _DEFAULTS.scenes_scored
    scenes_sensor: Annotated[int, Field(ge=0, le=100_000)] = _DEFAULTS.scenes_sensor
    temper_most: Annotated[float, Field(gt=0.0, le=1.0)] = _DEFAULTS.temper_most
    doubt: Annotated[float, Field(ge=0.0, lt=1.0)] = _DEFAULTS.doubt
    ablation: bool = True
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
    with progress_bar("training scenes", "scene") as progress:
        worlds = hear_worlds(settings.seed, options, settings.workers, progress)
    learn_and_tell(worlds, options, settings.seed, settings.ablation, folder)


def learn_and_tell(
    worlds: HeardWorlds, options: TrainingOptions, seed: int, ablation: bool, folder: Path
) -> None:
    """Learn from scenes that have been heard; write and print as `train_and_tell`."""
    model, views = fit(seed, worlds.learned, options)
    told: dict[str, dict[str, Figure]] = {}
    worth: dict[str, tuple[float, float]] = {}
    judged = judge(model, worlds.scored, options, seed)
    if len(judged.truth):
        told["scenes not learned from"] = measure(judged, UNSEEN_CONFUSER)
        draw_reliability(judged, folder / "reliability.png")
        draw_confusion(judged, folder / "confusion.png")
        if ablation:
            worth = ablate([v for part in views for v in part], judged, UNSEEN_CONFUSER, options, seed)
    strangers = judge(model, worlds.sensor, options, seed)
    if len(strangers.truth):
        told["a sensor not learned from"] = measure(strangers, UNSEEN_CONFUSER)
    _write(model, describe(seed, options, views, told), told, worth, folder)


def describe(
    seed: int, options: TrainingOptions, views: list[list[View]], told: dict[str, dict[str, Figure]]
) -> Provenance:
    """Return the model's provenance with its main figures."""
    main = ("auc_single_clip", "auc_incident", "balanced_accuracy", "calibration_error", "precision_at_80")
    scored = told.get("scenes not learned from", {})
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
    sys.stdout.write(
        f"{'temper (pulse, incident)':30s} {model.pulse.temper:.3f}, {model.incident.temper:.3f}\n"
    )
    for name, figures in told.items():
        sys.stdout.write(f"\n{name}\n")
        for key, figure in figures.items():
            sys.stdout.write(f"  {key:36s} {figure}\n")
    if worth:
        sys.stdout.write("\nbalanced accuracy by evidence   without   alone\n")
        for group, (rest, alone) in worth.items():
            sys.stdout.write(f"  {group:28s} {rest:8.3f} {alone:7.3f}\n")


def _plain(figure: Figure) -> dict[str, float | int | None]:
    """Return a figure as JSON holds it, which has no NaN."""
    return {k: v if np.isfinite(v) else None for k, v in dataclasses.asdict(figure).items()}


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="train")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, train_and_tell, PRODUCTS)
