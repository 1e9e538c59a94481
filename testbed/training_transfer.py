"""What a shift of the world costs: incidents judged by a tier that learned from no scene of their kind."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace

import numpy as np
import numpy.typing as npt

from detector.belief import LABELS, BeliefOptions, believe
from detector.class_model import weigh_scores
from testbed.training import TrainingOptions, grow_incidents, stack
from testbed.training_examples import View
from testbed.training_figures import (
    Judged,
    area,
    balanced,
    calibration_error,
    called_otherwise,
    gun_ratio,
    lone,
)
from testbed.training_intervals import Figure, draw_anew
from testbed.training_scenes import HeardScene
from testbed.training_tier import Part, index_labels, suit
from testbed.training_worlds import draw_kind, draw_settings

PARTS = 3  # of what is a number: the lowest, middle and highest third of the scenes
COSTS = range(1, 31)
MOST_OTHERWISE = 0.05  # share of guns that may be called something else
Kinds = Mapping[str, npt.NDArray[np.int64]]


def sort_scenes(seed: int, scenes: Sequence[HeardScene]) -> dict[str, npt.NDArray[np.int64]]:
    """Return which kind of world each scene to learn from is, (scenes,), along each axis.

    The kind of sensor; thirds by its high-pass, by the noise of the streets, by how far stations are apart.
    """
    settings = [draw_settings(seed, number) for number in range(len(scenes))]
    kind = [draw_kind(seed, number) for number in range(len(scenes))]
    return {
        "kind of sensor": np.unique(kind, return_inverse=True)[1],
        "high-pass of sensors": _part([s.sensor.high_pass_hz for s in settings]),
        "noise": _part([float(np.mean(s.ambient.octave_db_rms)) for s in settings]),
        "spacing of stations": _part([_measure_spacing(scene) for scene in scenes]),
    }


def _part(value: Sequence[float]) -> npt.NDArray[np.int64]:
    rank = np.argsort(np.argsort(value, kind="stable"), kind="stable")
    return rank * PARTS // len(value)


def _measure_spacing(scene: HeardScene) -> float:
    """Return the median distance from a station to the next, m."""
    place_m = scene.site.positions_m[:, :2]
    away_m = np.linalg.norm(place_m[:, None] - place_m[None, :], axis=2)
    np.fill_diagonal(away_m, np.inf)
    return float(np.median(away_m.min(axis=1)))


def judge_strangers(
    views: Sequence[Sequence[View]], kind: npt.NDArray[np.int64], options: TrainingOptions, seed: int
) -> Judged | None:
    """Judge every kind of scene by a tier that learned from all others; None where some class is then lacking.

    The first tier (what single pulses sound like) is that of `testbed.training.fit`: it has not seen the scene, but
    others of its kind.
    """
    parts: list[Part] = []
    order: list[npt.NDArray[np.int64]] = []
    flat = [view for part in views for view in part]
    kind_of = np.repeat(kind, [len(part) for part in views])
    for k in np.unique(kind):
        learn = [v for v, its in zip(flat, kind_of, strict=True) if its != k]
        if {v.label for v in learn} != set(LABELS):
            return None
        rows = np.flatnonzero(kind_of == k)
        test = [flat[row] for row in rows]
        parts.append((grow_incidents(learn, options, seed), stack(test), [v.label for v in test]))
        order.append(rows)
    tiers, _ = suit(parts, options.incident, options.temper_most)
    whole = np.concatenate(
        [weigh_scores(e, tier, options.doubt) for tier, (_, e, _) in zip(tiers, parts, strict=True)]
    )
    rows = np.concatenate(order)
    held = [flat[row] for row in rows]
    said = [believe(one, BeliefOptions()) for one in whole]
    return Judged(
        held,
        index_labels([v.label for v in held]),
        np.repeat(np.arange(len(views)), [len(part) for part in views])[rows],
        np.array([v.single for v in held]).reshape(-1, len(LABELS)),
        whole,
        np.array([astuple(b)[: len(LABELS)] for b in said], dtype=np.float64),
        [b.call for b in said],
    )


def measure_transfer(strangers: Mapping[str, Judged]) -> dict[str, Figure]:
    """Return what kinds of worlds that were not learned from cost, by axis."""
    figures = {}
    for axis, j in strangers.items():
        gun = j.truth == 0
        every = np.ones(len(gun), dtype=bool)
        otherwise = called_otherwise(j.call)
        figures |= {
            f"auc_incident, {axis}": draw_anew(j.scene, every, lambda i, j=j, g=gun: area(gun_ratio(j.whole[i]), g[i])),
            f"balanced_accuracy, {axis}": draw_anew(
                j.scene, every, lambda i, j=j: balanced(j.whole[i].argmax(axis=1), j.truth[i])
            ),
            f"calibration_error, {axis}": draw_anew(
                j.scene, every, lambda i, j=j: calibration_error(j.belief[i, 0], j.truth[i])
            ),
            f"lone_gun_called_otherwise, {axis}": draw_anew(
                j.scene, gun & lone(j.views), lambda i, o=otherwise: o[i].mean()
            ),
        }  # fmt: skip
    return figures


def find_miss_cost(strangers: Mapping[str, Judged]) -> dict[int, float]:
    """Return by `miss_cost` the share of guns of one shot that is called something else, on the worst axis.

    Guns of one shot, which are the hardest to tell, so that it holds whatever the share of such guns is. The last cost
    is the least at which the share is no more than `MOST_OTHERWISE`, or the last that is tried; none without such guns.
    """
    shares: dict[int, float] = {}
    if not any(((j.truth == 0) & lone(j.views)).any() for j in strangers.values()):
        return shares
    for cost in COSTS:
        options = replace(BeliefOptions(), miss_cost=float(cost))
        worst = 0.0
        for j in strangers.values():
            chosen = np.flatnonzero((j.truth == 0) & lone(j.views))
            otherwise = called_otherwise([believe(j.whole[k], options).call for k in chosen])
            worst = max(worst, float(otherwise.mean()) if len(chosen) else 0.0)
        shares[cost] = worst
        if worst <= MOST_OTHERWISE:
            break
    return shares
