"""On a regular grid: what people draw by hand."""

import math
from dataclasses import dataclass

import numpy as np

from testbed.planning.planners.fill import fill_nearest, fill_randomly
from testbed.planning.worth import Choices


@dataclass(frozen=True)
class Regular:
    """The mounts nearest the nodes of a grid as square as the count allows."""

    def choose(
        self, choices: Choices, count: int | None, budget: float | None, workers: int = 1
    ) -> tuple[int, ...]:
        """Return the chosen mounts, those fixed first; never more than the count or the budget allow."""
        del workers
        fixed = int(choices.fixed.sum())
        wanted = count if count is not None else len(fill_randomly(choices, None, budget, _still()))
        wanted = max(wanted - fixed, 1)
        west, south = choices.place_m.min(axis=0)
        east, north = choices.place_m.max(axis=0)
        columns = max(round(math.sqrt(wanted * (east - west) / max(north - south, 1.0))), 1)
        rows = math.ceil(wanted / columns)
        x = west + (np.arange(columns) + 0.5) * (east - west) / columns
        y = south + (np.arange(rows) + 0.5) * (north - south) / rows
        targets = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        return tuple(fill_nearest(choices, targets, count, budget))


def _still() -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(0))
