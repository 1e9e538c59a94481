"""Layouts that look at the map alone, filled up to a count or a budget."""

import numpy as np

from testbed.planning.search import affordable
from testbed.planning.worth import Choices


def fill_farthest(choices: Choices, count: int | None, budget: float | None) -> list[int]:
    """Choose one mount after another, each as far as can be from those before (Gonzalez 1985)."""
    chosen = [int(i) for i in np.flatnonzero(choices.fixed)]
    while count is None or len(chosen) < count:
        free = affordable(choices, chosen, budget)
        if not len(free):
            break
        if chosen:
            apart = choices.place_m[free, None] - choices.place_m[None, chosen]
            nearest = np.hypot(apart[..., 0], apart[..., 1]).min(axis=1)
            chosen.append(int(free[int(np.argmax(nearest))]))
        else:
            off = choices.place_m[free] - choices.place_m[free].mean(axis=0)
            chosen.append(int(free[int(np.argmin(np.hypot(off[:, 0], off[:, 1])))]))
    return chosen


def fill_randomly(
    choices: Choices, count: int | None, budget: float | None, rng: np.random.Generator
) -> list[int]:
    """Choose mounts at random."""
    chosen = [int(i) for i in np.flatnonzero(choices.fixed)]
    while count is None or len(chosen) < count:
        free = affordable(choices, chosen, budget)
        if not len(free):
            break
        chosen.append(int(rng.choice(free)))
    return chosen


def fill_nearest(choices: Choices, targets: np.ndarray, count: int | None, budget: float | None) -> list[int]:
    """Choose for each target (n, 2), m, in turn, the nearest mount that is free."""
    chosen = [int(i) for i in np.flatnonzero(choices.fixed)]
    for target in targets:
        free = affordable(choices, chosen, budget)
        if not len(free) or (count is not None and len(chosen) >= count):
            break
        off = choices.place_m[free] - target
        chosen.append(int(free[int(np.argmin(np.hypot(off[:, 0], off[:, 1])))]))
    return chosen
