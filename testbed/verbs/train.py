"""`echoblock train`: fits the detector's classifier to simulated scenes."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import hydra
from omegaconf import DictConfig
from pydantic import Field

from testbed.config_groups import register
from testbed.job import perform
from testbed.progress import progress_bar
from testbed.training import TrainingOptions, train

PRODUCTS = ("model.json",)
_DEFAULTS = TrainingOptions()


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What to learn from: `testbed.training.TrainingOptions`, with seed, workers and results folder."""

    scenes: Annotated[int, Field(ge=5, le=100_000)] = _DEFAULTS.scenes
    scenes_scored: Annotated[int, Field(ge=0, le=100_000)] = _DEFAULTS.scenes_scored
    penalty: Annotated[float, Field(gt=0.0)] = _DEFAULTS.penalty
    temper_most: Annotated[float, Field(gt=0.0, le=1.0)] = _DEFAULTS.temper_most
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


SETTINGS = TrainSettings
register(SETTINGS, "train")


def train_and_tell(settings: TrainSettings, folder: Path) -> None:
    """Train, write `model.json` into an existing folder, print the figures."""
    options = TrainingOptions(
        scenes=settings.scenes,
        scenes_scored=settings.scenes_scored,
        penalty=settings.penalty,
        temper_most=settings.temper_most,
    )
    with progress_bar("training scenes", "scene") as progress:
        text, provenance = train(settings.seed, options, settings.workers, progress)
    (folder / "model.json").write_text(text, encoding="utf-8")
    for name, value in provenance.items():
        sys.stdout.write(f"{name:28s} {value}\n")


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="train")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, train_and_tell, PRODUCTS)
