"""As far apart as can be."""

from dataclasses import dataclass

from testbed.planning.planners.fill import fill_farthest
from testbed.planning.worth import Choices


@dataclass(frozen=True)
class Farthest:
    """Each sensor as far as can be from those before."""

    def choose(
        self, choices: Choices, count: int | None, budget: float | None, workers: int = 1
    ) -> tuple[int, ...]:
        """Return the chosen mounts, those fixed first; never more than the count or the budget allow."""
        del workers
        return tuple(fill_farthest(choices, count, budget))
