"""`echoblock sweep`: a design of configs x seeds -> rows, summary, report; resumable."""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from testbed.config import SweepSettings
from testbed.config_groups import register
from testbed.job import perform_in_place
from testbed.sweep.collect import PRODUCTS as GATHERED
from testbed.sweep.collect import collect
from testbed.sweep.estimates import METRICS
from testbed.sweep.run_sweep import run_sweep

PRODUCTS = ("manifest.json", *GATHERED)
DEFAULT = "incidents_recall"

SETTINGS = SweepSettings
register(SETTINGS, "sweep")


def sweep(settings: SweepSettings, folder: Path) -> None:
    """Compute what is not there yet; gather everything."""
    run_sweep(settings, folder)
    collect(folder, settings.objective if settings.objective in METRICS else DEFAULT)


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="sweep")
def main(config: DictConfig) -> None:
    """Run the verb."""
    return perform_in_place(config, SETTINGS, sweep, PRODUCTS)
