"""What a classifier is worth on scenes that it has not learned from, at a stated base rate, with intervals."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from detector.belief import LABELS, BeliefOptions, believe
from detector.class_evidence import EVIDENCE, GROUPS
from detector.class_model import ClassModel, weigh_evidence, weigh_scores
from testbed.training import TrainingOptions, grow_incidents, score_with, stack
from testbed.training_examples import View, view_incidents
from testbed.training_intervals import Figure, draw_anew
from testbed.training_scenes import HeardScene
from testbed.training_tier import Scores, index_labels

BINS = 15
GUN_SHARE = 1.0 / 8.0  # guns to other loud impulses as 1 to 7
RECALLS = (0.8, 0.9)
RANGES_M = (0.0, 100.0, 200.0, 400.0, 2000.0)
STATIONS = (3, 5, 8, 100)
NEAR_M, FAR_M = 50.0, (150.0, 300.0)


@dataclass(frozen=True, eq=False)
class Judged:
    """n incidents: views, truth (n,), scene (n,), log-likelihoods of both tiers (n, 4), beliefs (n, 4), calls."""

    views: list[View]
    truth: npt.NDArray[np.int64]
    scene: npt.NDArray[np.int64]
    single: Scores
    whole: Scores
    belief: Scores
    call: list[str]


def judge(model: ClassModel, scenes: Sequence[HeardScene], options: TrainingOptions, seed: int) -> Judged:
    """Let a model tell what the incidents of scenes are."""
    parts = [view_incidents(s, score_with(model.pulse, options), seed) for s in scenes]
    views = [view for part in parts for view in part]
    whole = weigh_evidence(stack(views), model)
    said = [believe(one, BeliefOptions()) for one in whole]
    belief = np.array([astuple(b)[:4] for b in said], dtype=np.float64).reshape(-1, 4)
    return Judged(
        views,
        index_labels([v.label for v in views]),
        np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        np.array([v.single for v in views]).reshape(-1, 4),
        whole,
        belief,
        [b.call for b in said],
    )


def only_found(j: Judged) -> Judged:
    """Return what was judged of incidents that the detector found: alerts, as they would be sent."""
    rows = np.flatnonzero([v.found for v in j.views])
    return Judged(
        [j.views[k] for k in rows],
        j.truth[rows],
        j.scene[rows],
        j.single[rows],
        j.whole[rows],
        j.belief[rows],
        [j.call[k] for k in rows],
    )


def measure(j: Judged, confuser: str) -> dict[str, Figure]:
    """Return the figures of scenes, by name; `confuser` is the kind that was never learned."""
    known = np.array([v.kind != confuser for v in j.views])
    stranger = ~known & (j.truth == LABELS.index("other"))
    called = np.array([c == LABELS[0] for c in j.call])
    otherwise, alone = called_otherwise(j.call), lone(j.views)
    away_m = np.array([v.median_m for v in j.views])
    count = np.array([v.stations for v in j.views])
    nearest_m = np.array([v.nearest_m for v in j.views])
    clipped = np.array([v.clipped for v in j.views])
    gun = j.truth == 0
    best = j.whole.argmax(axis=1)
    figures = {
        "auc_single_clip": _boot(j, known, lambda i: area(gun_ratio(j.single[i]), gun[i])),
        "auc_incident": _boot(j, known, lambda i: area(gun_ratio(j.whole[i]), gun[i])),
        "auc_gain": _boot(
            j, known, lambda i: area(gun_ratio(j.whole[i]), gun[i]) - area(gun_ratio(j.single[i]), gun[i])
        ),
        "balanced_accuracy": _boot(j, known, lambda i: balanced(best[i], j.truth[i])),
        "calibration_error": _boot(j, known, lambda i: calibration_error(j.belief[i, 0], j.truth[i])),
        **{
            f"precision_at_{100 * r:.0f}": _boot(
                j, known, lambda i, r=r: precision_at(gun_ratio(j.whole[i]), gun[i], r)
            )
            for r in RECALLS
        },
        "gun_called": _boot(j, gun & known, lambda i: called[i].mean()),
        "lone_gun_called": _boot(j, gun & alone, lambda i: called[i].mean()),
        "lone_gun_log10_ratio": _boot(
            j, gun & alone, lambda i: float(np.median(gun_ratio(j.whole[i]))) / np.log(10.0)
        ),
        "gun_called_otherwise": _boot(j, gun & known, lambda i: otherwise[i].mean()),
        "lone_gun_called_otherwise": _boot(j, gun & alone, lambda i: otherwise[i].mean()),
        "gun_near_clipped_called": _boot(j, gun & (nearest_m < NEAR_M) & clipped, lambda i: called[i].mean()),
        "gun_near_called": _boot(j, gun & (nearest_m < NEAR_M), lambda i: called[i].mean()),
        "gun_200_m_called": _boot(
            j, gun & (nearest_m > FAR_M[0]) & (nearest_m < FAR_M[1]), lambda i: called[i].mean()
        ),
        f"{confuser}_called_gunshot": _boot(j, stranger, lambda i: called[i].mean()),
        f"{confuser}_belief_gunshot": _boot(j, stranger, lambda i: j.belief[i, 0].mean()),
    }
    for name, cuts, values in (("range", RANGES_M, away_m), ("stations", STATIONS, count)):
        for low, high in itertools.pairwise(cuts):
            inside = known & (values >= low) & (values < high)
            label = f"{name}_{low:g}_{high:g}"
            figures[f"balanced_accuracy_{label}"] = _boot(j, inside, lambda i: balanced(best[i], j.truth[i]))
            figures[f"auc_{label}"] = _boot(j, inside, lambda i: area(gun_ratio(j.whole[i]), gun[i]))
    return figures


def ablate(
    learned: Sequence[View], scored: Judged, confuser: str, options: TrainingOptions, seed: int
) -> dict[str, tuple[float, float]]:
    """Return balanced accuracy without each group of evidence, and with it alone; under "all", with everything."""
    known = [k for k, view in enumerate(scored.views) if view.kind != confuser]
    evidence, truth = stack([scored.views[k] for k in known]), scored.truth[known]

    def worth(names: tuple[str, ...]) -> float:
        tier = grow_incidents(learned, options, seed, names)
        columns = [EVIDENCE.index(name) for name in names]
        return balanced(weigh_scores(evidence[:, columns], tier, options.doubt).argmax(axis=1), truth)

    whole = worth(EVIDENCE)
    table = {"all": (whole, whole)}
    for group, names in GROUPS.items():
        rest = tuple(name for name in EVIDENCE if name not in names)
        table[group] = (worth(rest), worth(names))
    return table


def _boot(
    j: Judged, chosen: npt.NDArray[np.bool_], figure: Callable[[npt.NDArray[np.int64]], float]
) -> Figure:
    return draw_anew(j.scene, chosen, figure)


def called_otherwise(call: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Mark the calls that name a class other than gunfire, shape (n,)."""
    return np.array([c in LABELS[1:] for c in call], dtype=bool)


def lone(views: Sequence[View]) -> npt.NDArray[np.bool_]:
    """Mark the incidents of one bang, as heard, shape (n,)."""
    return stack(views)[:, EVIDENCE.index("log10_rounds")] < np.log10(1.5)


def gun_ratio(log_p: Scores) -> Scores:
    """Return the log-likelihood ratio of guns against the rest at the default base rate, shape (n,)."""
    rate = np.array(astuple(BeliefOptions().base_rate)[1:])
    return log_p[:, 0] - np.logaddexp.reduce(log_p[:, 1:] + np.log(rate / rate.sum()), axis=1)


def area(score: Scores, positive: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve; NaN without both kinds."""
    up, down = score[positive], score[~positive]
    if not len(up) or not len(down):
        return float("nan")
    above = (up[:, None] > down[None, :]).mean() + 0.5 * (up[:, None] == down[None, :]).mean()
    return float(above)


def balanced(best: npt.NDArray[np.int64], truth: npt.NDArray[np.int64]) -> float:
    """Return the mean over classes of the share told right."""
    return float(np.mean([(best[truth == k] == k).mean() for k in np.unique(truth)]))


def precision_at(score: Scores, gun: npt.NDArray[np.bool_], recall: float, share: float = GUN_SHARE) -> float:
    """Return the precision where the threshold lets `recall` of the guns through, guns being `share` of all."""
    if not gun.any() or gun.all():
        return float("nan")
    threshold = np.quantile(score[gun], 1.0 - recall, method="lower")
    true, false = (score[gun] >= threshold).mean(), (score[~gun] >= threshold).mean()
    return float(share * true / (share * true + (1.0 - share) * false))


def rate_weights(truth: npt.NDArray[np.int64]) -> Scores:
    """Return weights that give each label its base rate, shape (n,)."""
    rate = np.array(astuple(BeliefOptions().base_rate))
    count = np.bincount(truth, minlength=len(rate))
    return rate[truth] / count[truth]


def bin_beliefs(belief: Scores, truth: npt.NDArray[np.int64]) -> list[tuple[float, float, float]]:
    """Return (mean belief, share of guns, mass) of 15 bins of equal mass at the base rate."""
    weight = rate_weights(truth)
    order = np.argsort(belief, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(weight[order])[:-1]]) / weight.sum()
    slot = np.minimum((BINS * before).astype(np.int64), BINS - 1)
    rows = []
    for k in np.unique(slot):
        mine = order[slot == k]
        mass = weight[mine].sum()
        rows.append(
            (
                float((weight[mine] * belief[mine]).sum() / mass),
                float((weight[mine] * (truth[mine] == 0)).sum() / mass),
                float(mass / weight.sum()),
            )
        )
    return rows


def calibration_error(belief: Scores, truth: npt.NDArray[np.int64]) -> float:
    """Return the mean distance of belief and share of guns over the bins, weighted by their mass."""
    return float(sum(mass * abs(said - was) for said, was, mass in bin_beliefs(belief, truth)))
