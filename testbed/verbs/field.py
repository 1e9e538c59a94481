"""`echoblock field`: scores the detector on the public live-fire set."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import hydra
from omegaconf import DictConfig
from pydantic import Field

from scenes.errors import BadInput
from testbed.config import FromGroup
from testbed.config_groups import register
from testbed.field import FieldOptions, FieldResult, run_field
from testbed.field_score import format_field, format_tuned
from testbed.job import perform
from testbed.progress import progress_bar

PRODUCTS = ("alerts.jsonl", "matches.parquet", "incidents.parquet", "score.json")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FieldSettings:
    """What to run on the live-fire set: `testbed.field.FieldOptions`, with workers and results folder."""

    detector: Annotated[Any, FromGroup("detector")]
    data: Path | None = None
    source: Literal["audio", "pulses"] = "pulses"
    positions: tuple[str, ...] = ()
    sensors_max: Annotated[int | None, Field(ge=3)] = None
    draws: Annotated[int, Field(ge=1, le=10_000)] = 1
    seed: Annotated[int, Field(ge=0)] = 0
    tune: Literal["none", "leave-one-out"] = "none"
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


SETTINGS = FieldSettings
register(SETTINGS, "field")


def field(settings: FieldSettings, folder: Path) -> FieldResult:
    """Run, write into an existing folder, print the table.

    Raises
    ------
    BadInput
        When the data are not named or cannot be used.
    """
    if settings.data is None:
        msg = "field wants data=DIR, the folder of the live-fire set that holds FP1, FP2, ..."
        raise BadInput(msg)
    options = FieldOptions(
        data=settings.data,
        source=settings.source,
        positions=settings.positions,
        sensors_max=settings.sensors_max,
        draws=settings.draws,
        seed=settings.seed,
        tune=settings.tune,
        detector=settings.detector,
    )
    with progress_bar("tuning", "step") as learning, progress_bar("live fire", "test") as progress:
        result = run_field(options, folder, settings.workers, progress, learning)
    if "tuned" in result.score:
        sys.stdout.write(f"{format_tuned(result.score)}\n\n")
    sys.stdout.write(f"{format_field(result.score)}\n\n")
    if "onsets_selected" in result.score:
        near, selected = result.score["onsets_within_5ms"], result.score["onsets_selected"]
        sys.stdout.write(
            f"{near} of {selected} pulses that the vendor selected have an onset within 5 ms\n\n"
        )
    return result


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="field")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, field, PRODUCTS)
