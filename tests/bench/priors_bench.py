"""Prints the priors of noise fitted to simulated gunshots beside the defaults: `python -m tests.bench priors`.

Blocks, weather, noise and microphones are those that the classifier learns from, but sensors stand on roofs, as
networks put them, and all that happens is gunfire.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from detector.associate import AssociationOptions
from detector.onset import find_pulses
from detector.recording import open_recording
from scenes.layouts.grid import RegularGrid
from scenes.schedules.rates import Rates
from sim.simulate import simulate
from testbed.prior_data import Lesson, lay_out_lessons
from testbed.prior_fit import FITTED, fit_priors
from testbed.training_scenes import draw_settings
from testbed.truth_of import truth_of
from testbed.wire import write_recording
from testbed.world import build_scene

SEED, SCENES = 77, 16


def hear(number: int) -> Lesson:
    """Render a scene, find its pulses, and keep what happened beside them."""
    drawn = draw_settings(SEED, number)
    layout = RegularGrid(drawn.layout.count, drawn.layout.height_m, "roof")
    settings = replace(drawn, layout=layout, schedule=Rates(gunshots=4, fireworks=0, backfires=0))
    scene, _ = build_scene(settings)
    simulation = simulate(scene, settings.propagation, settings.workers)
    events = truth_of(scene, simulation.heard).events
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        write_recording(path, scene, simulation.captures, settings.survey, settings.clock.sigma_s)
        recording = open_recording(path)
        pulses = find_pulses(recording)
    places = np.array([event.position_m for event in events])
    times = np.array([event.time_s for event in events])
    return Lesson(recording.site, pulses, places, times, recording.duration_s, str(number))


def main(scenes: int = SCENES) -> None:
    """Print the table."""
    lessons = [hear(number) for number in range(scenes)]
    options = AssociationOptions()
    fitted = fit_priors(lay_out_lessons(lessons, options), options.noise)
    print(
        f"{sum(len(k.times_s) for k in lessons)} gunshots in {scenes} simulated scenes: option, fitted, default"
    )
    for option in FITTED:
        name = option.name
        print(f"{name:16s} {getattr(fitted, name):8.3g} {getattr(options.noise, name):8.3g}")


if __name__ == "__main__":
    main()
