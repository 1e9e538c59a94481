"""Coverage alone: what most tools do, for comparison."""

from dataclasses import dataclass

from testbed.planning.search import exchange, seed_greedily
from testbed.planning.worth import Choices


@dataclass(frozen=True)
class Coverage:
    """Maximises the mean probability that at least k sensors hear: greedy, then exchange.

    Attributes
    ----------
    rounds : int
        Most rounds of exchanges.
    """

    rounds: int = 8

    def choose(
        self, choices: Choices, count: int | None, budget: float | None, workers: int = 1
    ) -> tuple[int, ...]:
        """Return the chosen mounts, those fixed first; never more than the count or the budget allow."""
        del workers  # one start
        start = seed_greedily(choices, count, budget)
        return tuple(exchange(choices, start, count, budget, both=False, rounds=self.rounds)[0])
