"""Transfer: scenes are judged by trees that know none of their kind, and the cost of misses follows a stated rule."""

from dataclasses import replace

import numpy as np
import pytest

from detector.belief import LABELS
from detector.features import FEATURES
from testbed.training import fit
from testbed.training_transfer import (
    MOST_OTHERWISE,
    find_miss_cost,
    judge_strangers,
    measure_transfer,
    sort_scenes,
)
from tests.testbed.test_training import SMALL, make_scene, make_scenes

KIND = np.array([0, 0, 0, 1, 1, 1])


def swap_labels(scene):
    """Let gunfire sound as fireworks do in other scenes, and fireworks as gunfire."""
    features = scene.pulses.features.copy()
    features[:, :2] = features[:, 1::-1]
    assert features.shape[1] == len(FEATURES)
    return replace(scene, pulses=replace(scene.pulses, features=features))


@pytest.fixture(scope="module")
def alike():
    _, views = fit(0, make_scenes(0, 6, 3.0), SMALL)
    return views


def test_a_kind_of_world_that_sounds_otherwise_is_told_wrong_and_shows(alike):
    same = judge_strangers(alike, KIND, SMALL, 0)
    scenes = [make_scene(k, 3.0) if k < 3 else swap_labels(make_scene(k, 3.0)) for k in range(6)]
    _, views = fit(0, scenes, SMALL)
    other = judge_strangers(views, KIND, SMALL, 0)
    assert same is not None
    assert other is not None
    assert sorted(other.truth.tolist()) == sorted(same.truth.tolist())
    figures = measure_transfer({"same": same, "other": other})
    assert figures["auc_incident, same"].value > 0.95
    assert figures["auc_incident, other"].value < 0.8
    assert figures["balanced_accuracy, other"].value < figures["balanced_accuracy, same"].value


def test_the_cost_of_misses_is_the_least_that_keeps_to_the_stated_share(alike):
    judged = judge_strangers(alike, KIND, SMALL, 0)
    assert judged is not None
    rng = np.random.default_rng(5)
    unlike_guns = rng.uniform(-1.5, 0.5, len(judged.truth))
    whole = np.column_stack([unlike_guns, np.zeros_like(unlike_guns), *np.full((2, len(unlike_guns)), -8.0)])
    shares = find_miss_cost({"easy": judged, "hard": replace(judged, whole=whole)})
    costs = list(shares)
    assert costs == list(range(1, len(costs) + 1))
    assert len(costs) > 2
    assert shares[costs[-1]] <= MOST_OTHERWISE < min(shares[c] for c in costs[:-1])


def test_without_a_class_among_the_others_nothing_is_told(alike):
    lacking = [[v for v in part if k >= 3 or v.label != LABELS[0]] for k, part in enumerate(alike)]
    assert judge_strangers(lacking, KIND, SMALL, 0) is None
    assert find_miss_cost({}) == {}


def test_scenes_to_learn_from_differ_along_every_axis():
    axes = sort_scenes(0, make_scenes(0, 9, 1.0))
    assert len(axes) == 4
    for kind in axes.values():
        assert kind.shape == (9,)
        assert len(np.unique(kind)) > 1
    assert np.bincount(axes["noise"]).tolist() == [3, 3, 3]
