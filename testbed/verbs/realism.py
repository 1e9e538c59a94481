"""`echoblock realism`: simulated recordings beside those of the public live-fire set."""

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import hydra
from omegaconf import DictConfig
from pydantic import Field

from scenes.errors import BadInput
from testbed.config import FromGroup
from testbed.config_groups import register
from testbed.job import perform_in_place
from testbed.progress import progress_bar
from testbed.realism.compare import format_verdicts, record
from testbed.realism.detectors import format_detectors, score_detectors
from testbed.realism.plots import draw_realism
from testbed.realism.protocol import World
from testbed.realism.run_realism import SIMULATED, run_realism

PRODUCTS = (SIMULATED, "realism.json", "realism.png", "detectors")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RealismSettings:
    """The set, the world that its protocol is simulated in, and whether the shipped detectors are scored on both.

    The scene's middle is where shooters stand; it should reach 800 m around. `workers` changes no number.
    """

    scene: Annotated[Any, FromGroup("scene")]
    ambient: Annotated[Any, FromGroup("ambient")]
    weather: Annotated[Any, FromGroup("weather")]
    clock: Annotated[Any, FromGroup("clock")]
    sensor: Annotated[Any, FromGroup("sensor")]
    propagation: Annotated[Any, FromGroup("propagation")]
    data: Path | None = None
    positions: tuple[str, ...] = ()
    detectors: bool = False
    hills: bool = True
    rate_hz: Annotated[int, Field(ge=8_000, le=48_000)] = 12_000
    seed: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=1, le=1_024)] = 2
    out: Path = Path("results")


SETTINGS = RealismSettings
register(SETTINGS, "realism")


def realism(settings: RealismSettings, folder: Path) -> None:
    """Simulate what is not there yet, measure both, print the table, write table and plots.

    Raises
    ------
    BadInput
        When the data are not named or cannot be used, or the scene cannot hold the network.
    """
    if settings.data is None:
        msg = "realism wants data=DIR, the folder of the live-fire set that holds FP1, FP2, ..."
        raise BadInput(msg)
    if settings.sensor.bits != 16:
        msg = f"sensor.bits must be 16, as the clips of the set have, not {settings.sensor.bits}"
        raise BadInput(msg)
    world = World(
        settings.scene,
        settings.sensor,
        settings.clock,
        settings.ambient,
        settings.weather,
        settings.propagation,
        settings.rate_hz,
        settings.seed,
        settings.hills,
    )
    with progress_bar("simulating and measuring", "step") as progress:
        result = run_realism(settings.data, settings.positions, world, folder, settings.workers, progress)
    sys.stdout.write(f"{format_verdicts(result.verdicts)}\n\n")
    table: dict[str, object] = {
        "rows": record(result.verdicts),
        "least_snr_db": result.least_snr_db,
        "level_offset_db": result.level_offset_db,
    }
    draw_realism(folder / "realism.png", result.real, result.simulated)
    shutil.rmtree(folder / "detectors", ignore_errors=True)
    if settings.detectors:
        with progress_bar("detectors", "night") as progress:
            scores = score_detectors(
                settings.data,
                folder / SIMULATED,
                settings.positions,
                folder / "detectors",
                settings.workers,
                progress,
            )
        table["detectors"] = scores
        sys.stdout.write(f"{format_detectors(scores)}\n\n")
    text = json.dumps(table, indent=1, allow_nan=False)
    (folder / "realism.json").write_text(text + "\n", encoding="utf-8")


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="realism")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform_in_place(config, SETTINGS, realism, PRODUCTS)
