"""At random: what every planner must beat."""

from dataclasses import dataclass

from scenes.streams import draw_stream
from testbed.planning.planners.fill import fill_randomly
from testbed.planning.worth import Choices


@dataclass(frozen=True)
class Random:
    """Mounts drawn evenly, from the seed."""

    def choose(
        self, choices: Choices, count: int | None, budget: float | None, workers: int = 1
    ) -> tuple[int, ...]:
        """Return the chosen mounts, those fixed first; never more than the count or the budget allow."""
        del workers
        return tuple(fill_randomly(choices, count, budget, draw_stream(choices.seed, "random layout")))
