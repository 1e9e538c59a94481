"""`echoblock render`: scene -> recording and truth, no detection."""

import sys
from collections.abc import Iterable
from pathlib import Path

import hydra
from omegaconf import DictConfig

from scenes.scene import Scene
from sim.simulate import Heard, simulate
from testbed.config import SceneSettings
from testbed.config_groups import register
from testbed.job import perform
from testbed.progress import progress_bar
from testbed.truth import Truth, write_truth
from testbed.truth_of import truth_of
from testbed.wire import write_recording
from testbed.world import build_scene

PRODUCTS = ("recording", "truth.json", "import.txt")

SETTINGS = SceneSettings
register(SETTINGS, "render")


def render(settings: SceneSettings, folder: Path, *, tell: bool = True) -> tuple[Scene, Truth]:
    """Simulate a scene; write `recording/` and `truth.json` into an existing folder.

    Parameters
    ----------
    settings : SceneSettings
    folder : Path
    tell : bool
        Whether to print what the importer did and who hears nothing, and to show progress.

    Returns
    -------
    tuple of Scene and Truth
        What is true, and what the judge may know of it.

    Raises
    ------
    BadInput
        When the scene cannot be.
    """
    scene, account = build_scene(settings)
    if account is not None:
        if tell:
            sys.stdout.write("\n".join(account.lines()) + "\n")
        everything = "\n".join(account.lines(shown=account.read))
        (folder / "import.txt").write_text(everything + "\n", encoding="utf-8")
    with progress_bar("simulating", "part", shown=tell) as progress:
        simulation = simulate(scene, settings.propagation, settings.workers, progress)
    if tell:
        _tell_silence(scene, simulation.heard)
    with progress_bar("writing audio", "file", shown=tell) as progress:
        recording = folder / "recording"
        write_recording(
            recording,
            scene,
            simulation.captures,
            settings.survey,
            settings.clock.sigma_s,
            progress,
            settings.faults,
        )
    truth = truth_of(scene, simulation.heard)
    write_truth(truth, folder / "truth.json")
    return scene, truth


def _tell_silence(scene: Scene, heard: Iterable[Heard]) -> None:
    reached = {(one.event, one.sensor) for one in heard}
    pairs = len(scene.events) * len(scene.sensors)
    if len(reached) < pairs:
        sys.stdout.write(
            f"silent: {pairs - len(reached)} of {pairs} pairs of event and sensor have no path of those that"
            " propagation looks for\n"
        )


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="render")
def main(config: DictConfig) -> None:
    """Run the verb."""
    perform(config, SETTINGS, render, PRODUCTS)
