"""`echoblock run`: scene -> recording -> alerts -> score -> report."""

import dataclasses
import math
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from detector.cap import CapOptions
from detector.detect import DetectionResult
from detector.site_file import read_site
from scenes.errors import BadInput
from scenes.scene import Scene
from testbed.alert_file import read_alerts
from testbed.command_detector import CommandDetector
from testbed.compile_ahead import compile_ahead
from testbed.config import RunSettings
from testbed.config_groups import register
from testbed.delay_map import map_delays, write_delays
from testbed.error_budget import Stage, format_budget, measure_budget, record_budget
from testbed.job import perform
from testbed.map_picture import draw_map
from testbed.progress import progress_bar
from testbed.report import write_page
from testbed.run_check import check_run, objective_of
from testbed.truth import Truth
from testbed.verbs import listen, render
from testbed.verbs.score import format_score
from testbed.verdict import judge, write_verdict
from testbed.workings import workings_of

PRODUCTS = (
    *render.PRODUCTS, *listen.PRODUCTS, "delays.parquet", "matches.parquet", "incidents.parquet", "score.json",
    "map.png", "report.html",
)  # fmt: skip

EXERCISE = CapOptions(status="Exercise")  # a simulated scene is never a call for help

SETTINGS = RunSettings
register(SETTINGS, "run")


def run(settings: RunSettings, folder: Path) -> float:
    """Do everything, write everything into an existing folder, print the table.

    Returns
    -------
    float
        `score[objective]`; NaN where it could not be measured.

    Raises
    ------
    BadInput
        When the scene cannot be, or the objective is no number of the score.
    """
    check_run(settings)
    with compile_ahead(settings.workers) as helper:
        scene, truth = render.render(settings, folder)
        helper.wait()
    delays = _write_delays(settings, scene, folder) if settings.map_help else None
    result = _listen(settings, folder, delays)
    # The judge reads the file that any detector could have written.
    alerts = read_alerts(folder / "alerts.jsonl")
    verdict = judge(truth, alerts, None if result is None else workings_of(result.site, result))
    budget = () if result is None else _budget(settings, scene, truth, result)
    if budget:
        verdict = dataclasses.replace(verdict, score=verdict.score | {"error_budget": record_budget(budget)})
    write_verdict(verdict, folder)
    draw_map(folder / "map.png", scene.block, truth, alerts, verdict.rows)
    title = (
        f"{scene.block.name}, seed {settings.seed}: {len(scene.sensors)} sensors, {settings.duration_s:g} s"
    )
    page = write_page(title, verdict.score, verdict.rows, truth, alerts, (folder / "map.png").read_bytes())
    (folder / "report.html").write_text(page, encoding="utf-8")
    sys.stdout.write(f"\n{title}\n{format_score(verdict.score)}\n\n")
    if budget:
        sys.stdout.write(f"what each stage costs, in rounds\n{format_budget(budget)}\n\n")
    return objective_of(verdict.score, settings.objective)


def _listen(settings: RunSettings, folder: Path, delays: Path | None) -> DetectionResult | None:
    """Write the alerts; return what the detector held beyond them, None for an own program."""
    if isinstance(settings.detector, CommandDetector):
        listen.listen_with_command(folder / "recording", settings.detector, folder, delays)
        return None
    return listen.listen_to_recording(
        folder / "recording", settings.detector, settings.workers, folder, EXERCISE, delays
    )


def _write_delays(settings: RunSettings, scene: Scene, folder: Path) -> Path:
    """Write what the footprints say of first arrivals at the stations as surveyed."""
    site = read_site(folder / "recording" / "site.json")
    with progress_bar("mapping delays", "point") as progress:
        table = map_delays(scene.block, site, settings.map_step_m, settings.workers, progress)
    write_delays(table, folder / "delays.parquet")
    return folder / "delays.parquet"


def _budget(settings: RunSettings, scene: Scene, truth: Truth, result: DetectionResult) -> tuple[Stage, ...]:
    if not settings.error_budget:
        return ()
    clocks = {sensor.id: sensor.clock for sensor in scene.sensors}
    return measure_budget(result, truth, clocks, settings.detector)


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="run")
def main(config: DictConfig) -> float:
    """Run the verb."""
    found = perform(config, SETTINGS, run, PRODUCTS)
    if math.isnan(found) and HydraConfig.get().runtime.choices["hydra/sweeper"] != "basic":
        # An optimiser can make nothing of NaN; a trial that fails it can leave out.
        raise BadInput(
            f"objective={config.objective}: could not be measured in this scene; an optimiser goes on without such "
            "trials up to a share of hydra.sweeper.max_failure_rate"
        )
    return found
