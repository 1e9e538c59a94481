"""A tier: its numbers say what the library says, and held-out examples decide how far each learner is trusted."""

import numpy as np
import pytest

from detector.belief import LABELS
from detector.class_model import score_lines, score_trees, stretch_evidence
from scenes.errors import BadInput
from testbed.training_lines import LineOptions
from testbed.training_tier import TierOptions, grow, index_labels, suit, temper
from testbed.training_trees import STAGES_LEAST, TreeOptions

NAMES = tuple("abcde")


def draw(count: int, seed: int, rule: str = "lines") -> tuple[np.ndarray, list[str]]:
    """Draw evidence and labels: by two lines, by a chequerboard, or by nothing."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, len(NAMES)))
    if rule == "lines":
        truth = (x[:, 0] > 0).astype(int) + 2 * (x[:, 1] + 0.3 * x[:, 2] > 0)
    elif rule == "board":
        truth = (x[:, 0] * x[:, 1] > 0).astype(int) + 2 * (x[:, 2] * x[:, 3] > 0)
    else:
        truth = rng.integers(0, len(LABELS), count)
    return x, [LABELS[k] for k in truth]


def test_trees_say_what_the_library_says():
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - slow to import

    x, label = draw(200, 0)
    options = TreeOptions(stages=7, bags=1)
    tier = grow(x, label, NAMES, TierOptions(options), 3)
    truth = index_labels(label)
    library = HistGradientBoostingClassifier(
        max_iter=7, max_depth=3, max_leaf_nodes=8, learning_rate=options.rate, min_samples_leaf=1,
        l2_regularization=options.ridge, max_features=options.ask, random_state=3,
    ).fit(x, truth, sample_weight=50.0 / np.bincount(truth)[truth])  # fmt: skip
    assert np.allclose(score_trees(x, tier), library.decision_function(x), atol=1e-3)


def test_bags_are_means_and_each_leaves_groups_out():
    x, label = draw(400, 1)
    group = np.repeat(np.arange(20), 20)
    one, three = (
        grow(x, label, NAMES, TierOptions(TreeOptions(stages=10, bags=bags)), 0, group) for bags in (1, 3)
    )
    assert len(three.value) == 3 * len(one.value)
    both = [score_trees(x, tier) for tier in (one, three)]
    assert both[0].std() == pytest.approx(both[1].std(), rel=0.3)
    assert not np.allclose(both[0], both[1])


def test_lines_say_what_the_library_says():
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    x, label = draw(300, 2)
    tier = grow(x, label, NAMES, TierOptions(TreeOptions(stages=5), LineOptions(ridge=10.0)), 0)
    truth = index_labels(label)
    z = stretch_evidence(x, np.array(tier.middle), np.array(tier.scale))[:, 1:]
    library = LogisticRegression(C=0.1, max_iter=300).fit(
        z, truth, sample_weight=75.0 / np.bincount(truth)[truth]
    )
    assert np.allclose(score_lines(x, tier), library.decision_function(z), atol=1e-3)


def test_evidence_far_from_all_that_was_learned_from_says_no_more_than_what_is_near():
    x, label = draw(300, 3)
    tier = grow(x, label, NAMES, TierOptions(TreeOptions(stages=5)), 0)
    scores = score_lines(np.outer([3.1, 5.0, 1e6], tier.scale) + np.array(tier.middle), tier)
    assert np.array_equal(scores[0], scores[1])
    assert np.array_equal(scores[0], scores[2])


def test_each_learner_is_trusted_where_it_suits():
    options = TierOptions(TreeOptions(stages=80, bags=1))
    straight, board = (
        suit([(grow(*draw(800, 4, rule), NAMES, options, 0), *draw(800, 5, rule))], options)[0][0]
        for rule in ("lines", "board")
    )
    assert straight.temper_lines > 0.5
    # A chequerboard has no lines: squares of one piece of evidence say nothing about it.
    assert board.temper_trees > 0.5
    x, label = draw(2000, 6, "board")
    right = [
        (score(x, board).argmax(axis=1) == index_labels(label)).mean() for score in (score_lines, score_trees)
    ]
    assert right[0] < 0.35
    assert right[1] > 0.6


def test_scores_that_mean_nothing_are_tempered():
    options = TierOptions(TreeOptions(stages=60, bags=1))
    tier = grow(*draw(300, 7, "nothing"), NAMES, options, 0)
    part = (tier, *draw(300, 8, "nothing"))
    assert max(temper([part])) < 0.3
    suited, cut = suit([part], options)
    assert STAGES_LEAST <= cut.trees.stages < 30
    assert len(suited[0].value) == cut.trees.stages * len(LABELS)


def test_training_without_a_class_is_refused():
    rng = np.random.default_rng(3)
    with pytest.raises(BadInput, match="every class; there are none of backfire, other") as caught:
        grow(rng.standard_normal((8, 4)), ["gunshot", "firework"] * 4, tuple("abcd"), TierOptions(), 0)
    assert len(str(caught.value).splitlines()) == 1
