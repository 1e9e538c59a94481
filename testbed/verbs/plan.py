"""`echoblock plan`: where to put sensors on a real map, and whether the answer holds."""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from testbed.config_groups import register
from testbed.job import perform
from testbed.planning.actions import accept, map_layout, optimise, verify
from testbed.planning.compare_action import compare, run_backtest
from testbed.planning.study import PlanSettings

PRODUCTS = (
    "plan.html", "map.png", "map.pdf", "sensors.geojson", "sensors.csv", "cells.geojson", "cells.csv", "zones.csv",
    "map.kml", "map.gpkg", "p_heard.tif", "p_worst_failure.tif", "error_p50_m.tif", "summary.json", "import.txt",
    "layouts.csv", "pareto.csv", "pareto.png", "pareto.pdf", "next.csv", "compare.csv", "compare.png", "compare.pdf",
    "difference.geojson", "sensitivity.csv",
    "without_each.csv", "profile.png", "acceptance.geojson", "acceptance.csv", "acceptance.html",
    "acceptance.json", "check.csv", "check.png",
    "verify.csv", "verify.png", "backtest.csv", "backtest_positions.csv", "backtest.png",
    "backtest.json", "backtest.html",
)  # fmt: skip

SETTINGS = PlanSettings
register(SETTINGS, "plan")

DOES = {
    "map": map_layout,
    "optimise": optimise,
    "compare": compare,
    "accept": accept,
    "verify": verify,
    "backtest": run_backtest,
}


def plan(settings: PlanSettings, folder: Path) -> None:
    """Do what `action` says; write into an existing folder.

    Raises
    ------
    BadInput
        When a file or a wish cannot be met.
    """
    DOES[settings.action](settings, folder)


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="plan")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, plan, PRODUCTS)
