"""Which scenes lost most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from testbed.gate.pairing import COUNTS, Pairing

# A lost round weighs like an error that grew by so much, m: the radius within which a round is located.
ROUND_M = 25.0


@dataclass(frozen=True)
class WorstScene:
    """A scene that lost: rounds no longer located, false or misplaced claims more, mean growth of the error, m."""

    scene: str
    about: str
    rounds_lost: int
    false_more: int
    error_more_m: float


def worst_scenes(pairing: Pairing, about: Sequence[str], most: int = 10) -> tuple[WorstScene, ...]:
    """Return the scenes that lost, the worst first.

    Parameters
    ----------
    pairing : Pairing
    about : sequence of str
        What each scene is, in words.
    most : int
    """
    located, claimed = COUNTS.index("located"), COUNTS.index("claimed")
    lost = pairing.old[:, located] - pairing.new[:, located]
    wrong = (pairing.new[:, claimed] - pairing.new[:, located]) - (
        pairing.old[:, claimed] - pairing.old[:, located]
    )
    growth = pairing.new_error_m - pairing.old_error_m
    rounds = np.bincount(pairing.scene, minlength=len(pairing.scenes))
    more_m = np.bincount(pairing.scene, growth, len(pairing.scenes)) / np.maximum(rounds, 1)
    loss = ROUND_M * (lost + 0.5 * wrong) + rounds * np.clip(more_m, -ROUND_M, ROUND_M)
    order = [int(i) for i in np.argsort(-loss, kind="stable") if loss[i] > 0.0][:most]
    return tuple(
        WorstScene(pairing.scenes[i], about[i], int(lost[i]), int(wrong[i]), round(float(more_m[i]), 3))
        for i in order
    )
