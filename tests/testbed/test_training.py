"""Training scenes and training: what is drawn, what onsets are worth in them, and what is learned from examples."""

import json
from dataclasses import replace

import numpy as np
import pytest

from detector.class_evidence import EVIDENCE
from detector.class_model import parse_model, score_evidence
from detector.onset import find_pulses
from detector.recording import open_recording
from scenes.blocks.grid import Grid
from scenes.errors import BadInput
from scenes.layouts.random import RandomLayout
from scenes.schedules.rates import Rates
from sim.clock import CLOCKS
from sim.simulate import simulate
from testbed.training import TrainingOptions, find_temper, fit, measure, write_model
from testbed.training_scenes import Example, draw_settings
from testbed.wire import write_recording
from testbed.world import build_scene


def test_worlds_differ_and_repeat():
    drawn = [draw_settings(3, number) for number in range(6)]
    assert drawn == [draw_settings(3, number) for number in range(6)]
    assert len({settings.seed for settings in drawn}) == 6
    assert len({settings.rate_hz for settings in drawn}) > 1


def test_onsets_of_simulated_first_arrivals_are_as_sure_as_they_say(tmp_path):
    settings = replace(
        draw_settings(0, 0),
        scene=Grid(blocks_x=3, blocks_y=3, height_high_m=9.0),
        layout=RandomLayout(8, min_distance_m=40.0),
        schedule=Rates(gunshots=4, fireworks=2, backfires=0),
        clock=CLOCKS["perfect"],
        duration_s=30.0,
        rate_hz=12_000,
    )
    scene, _ = build_scene(settings)
    simulation = simulate(scene, settings.propagation)
    write_recording(tmp_path / "recording", scene, simulation.captures, settings.survey, 1e-6)
    recording = open_recording(tmp_path / "recording")
    pulses = find_pulses(recording)
    names = [station.id for station in recording.site.stations]
    standard = []
    for heard in simulation.heard:
        mine = pulses.station == names.index(heard.sensor)
        late = pulses.time_s[mine] - heard.time_s
        if len(late) and np.abs(late).min() < 3e-3:
            nearest = np.abs(late).argmin()
            standard.append(late[nearest] / pulses.sigma_s[mine][nearest])
    assert len(standard) >= 40
    # the median instead of the s.d.: now and then the nearest pulse is an echo of a first arrival too faint to hear
    assert 0.6 < 1.4826 * np.median(np.abs(standard)) < 1.4


def make_examples(rng, count, apart):
    examples = []
    for label, place in (("gunshot", 0), ("firework", 1), ("backfire", 2)):
        for _ in range(count):
            evidence = rng.standard_normal(len(EVIDENCE))
            evidence[place] += apart
            examples.append(Example(evidence, label, label, "made"))
    return examples


def test_what_can_be_told_apart_is_told_apart():
    rng = np.random.default_rng(0)
    model = fit(make_examples(rng, 40, 4.0), 0.02)
    figures = measure(model, 1.0, make_examples(rng, 100, 4.0))
    assert figures["balanced_accuracy"] > 0.9
    blind = fit(make_examples(rng, 40, 0.0), 0.02)
    assert measure(blind, 1.0, make_examples(rng, 200, 0.0))["balanced_accuracy"] == pytest.approx(
        1 / 3, abs=0.1
    )


def test_scores_that_mean_nothing_are_tempered():
    rng = np.random.default_rng(1)
    scenes = [make_examples(rng, 2, 0.0) for _ in range(10)]
    assert find_temper(scenes, TrainingOptions(temper_most=1.0)) < 0.2


def test_the_detector_reads_what_training_writes():
    rng = np.random.default_rng(2)
    model = fit(make_examples(rng, 40, 3.0), 0.02)
    read = parse_model(write_model(model, 0.5, {"seed": 2}), "made")
    evidence = rng.standard_normal((5, len(EVIDENCE)))
    assert np.allclose(score_evidence(evidence, read), model.score(evidence), atol=1e-4)
    assert json.loads(write_model(model, 0.5, {"seed": 2}))["provenance"] == {"seed": 2}


def test_one_class_teaches_nothing():
    rng = np.random.default_rng(3)
    with pytest.raises(BadInput, match="two classes or more, there are gunshot"):
        fit([e for e in make_examples(rng, 5, 1.0) if e.label == "gunshot"], 0.02)
