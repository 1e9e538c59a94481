"""`echoblock collect`: gather the rows of a sweep into tables, a summary and a report."""

import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

from scenes.errors import BadInput
from testbed.config import CollectSettings, read_settings
from testbed.config_groups import register
from testbed.job import tell_mistakes
from testbed.sweep.collect import PRODUCTS, collect

SETTINGS = CollectSettings
register(SETTINGS, "collect")


def gather(results: Path | None, objective: str) -> Path:
    """Gather, and say what was written.

    Raises
    ------
    BadInput
        When no folder is named, or it holds no sweep.
    """
    if results is None:
        raise BadInput("wanted is results=DIR, the folder of a sweep or of sweep -m")
    folder = collect(results, objective)
    sys.stdout.write("wrote\n" + "".join(f"  {folder / name}\n" for name in PRODUCTS))
    return folder


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="collect")
def main(config: DictConfig) -> None:
    """Run the verb."""
    with tell_mistakes():
        settings = read_settings(config, SETTINGS)
        gather(settings.results, settings.objective)
