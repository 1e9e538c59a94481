"""Training: what is drawn, what onsets are worth in it, what is learned from examples, how it is told."""

import json
from dataclasses import replace

import numpy as np
import pytest

from detector.belief import LABELS
from detector.class_evidence import EVIDENCE
from detector.class_model import parse_model
from detector.features import FEATURES
from detector.incident import Incident
from detector.onset import find_pulses
from detector.pulse import Pulses
from detector.recording import open_recording
from detector.site import AirReading, Site, Station
from scenes.blocks.grid import Grid
from scenes.errors import BadInput
from scenes.layouts.random import RandomLayout
from scenes.schedules.rates import Rates
from sim.clock import CLOCKS
from sim.simulate import simulate
from testbed.training import TrainingOptions, fit, write_model
from testbed.training_acts import Act
from testbed.training_figures import area, balanced, calibration_error, judge, measure, precision_at
from testbed.training_scenes import HeardIncident, HeardScene
from testbed.training_tier import TierOptions
from testbed.training_trees import TreeOptions
from testbed.training_worlds import (
    FIRST_SCORED,
    FIRST_UNSEEN_SENSOR,
    UNSEEN_CONFUSER,
    UNSEEN_SENSOR,
    WEAPONS_LEARNED,
    WEAPONS_SCORED,
    draw_settings,
)
from testbed.wire import write_recording
from testbed.world import build_scene

SMALL = TrainingOptions(
    scenes=6,
    scenes_scored=4,
    folds=3,
    pulse=TierOptions(TreeOptions(stages=8, bags=1)),
    incident=TierOptions(TreeOptions(stages=15, bags=2)),
)

APART_S = 40.0  # between incidents: one must not tell of the next, for labels take turns


def test_worlds_differ_and_repeat():
    drawn = [draw_settings(3, number) for number in range(6)]
    assert drawn == [draw_settings(3, number) for number in range(6)]
    assert len({settings.seed for settings in drawn}) == 6
    assert len({settings.scene for settings in drawn}) == 6


def test_what_is_scored_was_never_learned():
    learned = [draw_settings(0, n) for n in range(40)]
    scored = [draw_settings(0, FIRST_SCORED + n) for n in range(40)]
    assert not {type(s.layout) for s in learned} & {type(s.layout) for s in scored}
    assert not WEAPONS_LEARNED.keys() & WEAPONS_SCORED.keys()
    massings = [
        {m for s in group if isinstance(s.scene, Grid) for m in s.scene.massing}
        for group in (learned, scored)
    ]
    assert not massings[0] & massings[1]
    assert all(UNSEEN_CONFUSER not in s.schedule.confuser_kinds for s in learned)
    assert all(UNSEEN_CONFUSER in s.schedule.confuser_kinds for s in scored)
    assert UNSEEN_SENSOR not in {s.sensor.model for s in (*learned, *scored)}
    assert draw_settings(0, FIRST_UNSEEN_SENSOR).sensor.model == UNSEEN_SENSOR


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


def make_scene(seed: int, apart: float, count: int = 3, kind: str = "made") -> HeardScene:
    """Make incidents of each label, whose pulses are `apart` standard deviations from each other's in one feature."""
    rng = np.random.default_rng(seed)
    places = 150.0 * np.array([(np.cos(a), np.sin(a), 0.04) for a in np.arange(6)])
    stations = tuple(
        Station(f"S{i}", tuple(p), 0.1, np.zeros((1, 3)), 12e3, 1.0, 1e-4)
        for i, p in enumerate(places.tolist())
    )
    features, label, incidents, time_s = [], [], [], []
    for k, name in enumerate(LABELS * count):
        start = len(label)
        features.append(rng.standard_normal((6, len(FEATURES))) + apart * np.eye(4, len(FEATURES))[k % 4])
        label += [name] * 6
        time_s += (APART_S * k + np.linalg.norm(places, axis=1) / 340.0 + 1e-4 * np.arange(6)).tolist()
        incident = Incident(
            np.zeros(2), np.array([APART_S * k]), np.arange(start, start + 6), np.zeros(6, np.int64), 0.0
        )
        act = Act(name, kind, 1, 1, False, 150.0)
        incidents.append(HeardIncident(incident, act, np.ones(1, bool), True))
    n = len(label)
    pulses = Pulses(
        np.tile(np.arange(6, dtype=np.int32), n // 6),
        np.array(time_s),
        np.full(n, 1e-3),
        80.0 + rng.standard_normal(n),
        np.full(n, 15.0),
        np.zeros(n, bool),
        np.concatenate(features),
    )
    return HeardScene(Site(stations, AirReading()), pulses, np.array(label), tuple(incidents), "made")


def make_scenes(first: int, number: int, apart: float) -> list[HeardScene]:
    return [make_scene(seed, apart) for seed in range(first, first + number)]


@pytest.fixture(scope="module")
def learned():
    return fit(0, make_scenes(0, 6, 3.0), SMALL)


def test_what_can_be_told_apart_is_told_apart_and_more_so_by_many_pulses(learned):
    model, _ = learned
    judged = judge(model, make_scenes(100, 4, 3.0), SMALL, 0)
    figures = measure(judged, UNSEEN_CONFUSER)
    assert figures["balanced_accuracy"].value > 0.9
    assert figures["auc_incident"].value > figures["auc_single_clip"].value > 0.8
    assert figures["auc_incident"].low <= figures["auc_incident"].value <= figures["auc_incident"].high
    # every incident here is of one bang
    assert figures["lone_gun_called"].value == figures["gun_called"].value
    assert figures["gun_called_otherwise"].value == np.mean(
        [c in LABELS[1:] for c, truth in zip(judged.call, judged.truth, strict=True) if truth == 0]
    )
    assert figures["lone_gun_log10_ratio"].value > 0.5


def test_what_cannot_be_told_apart_is_left_in_doubt():
    model, _ = fit(0, make_scenes(0, 6, 0.0), SMALL)
    judged = judge(model, make_scenes(100, 4, 0.0), SMALL, 0)
    assert model.pulse.temper_lines < 0.5
    assert model.pulse.temper_trees < 0.5
    assert np.abs(judged.belief[:, 0] - 0.12).max() < 0.25
    assert "gunshot" not in judged.call


def test_the_detector_reads_what_training_writes(learned):
    model, _ = learned
    text = write_model(model)
    assert parse_model(text, "made") == model
    # a line a tree or a label, for people and their diffs
    assert len(max(text.splitlines(), key=len)) < 30 * len(EVIDENCE)


def test_training_repeats_byte_by_byte(learned):
    again, _ = fit(0, make_scenes(0, 6, 3.0), SMALL)
    assert write_model(again) == write_model(learned[0])


def test_training_without_a_fold_each_is_refused():
    with pytest.raises(BadInput, match="3 scenes or more, one a fold, not 2"):
        fit(0, make_scenes(0, 2, 1.0), SMALL)


def test_figures_by_hand():
    score, gun = np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, False, True, False])
    assert area(score, gun) == 0.75
    assert balanced(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 2])) == pytest.approx(2.5 / 3.0)
    # every gun and half of the rest at 1 to 7: 1 / (1 + 3.5)
    assert precision_at(score, gun, 1.0) == pytest.approx(1.0 / 4.5)
    truth = np.array([0, 1, 2, 3])
    assert calibration_error(np.array([1.0, 0.0, 0.0, 0.0]), truth) == pytest.approx(0.0)
    assert calibration_error(np.array([0.0, 1.0, 1.0, 1.0]), truth) == pytest.approx(1.0)


def test_evidence_is_finite_and_named(learned):
    _, views = learned
    evidence = np.array([view.evidence for part in views for view in part])
    assert evidence.shape[1] == len(EVIDENCE) == len(set(EVIDENCE))
    assert np.isfinite(evidence).all()
    assert json.loads(json.dumps(dict(zip(EVIDENCE, evidence[0].tolist(), strict=True))))
