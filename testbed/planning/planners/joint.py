"""Coverage and error together, robust to any one failure: greedy, then exchange, from several starts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from scenes.streams import draw_stream
from testbed.planning.planners.fill import fill_farthest, fill_randomly
from testbed.planning.search import exchange, seed_greedily
from testbed.planning.worth import Choices

# Up to so many mounts times cells more starts cost a second or two. With 16 starts all of 60 towns of 20 mounts were
# solved as brute force solves them, with 3 starts 50.
SMALL, SMALL_STARTS = 100_000, 24


@dataclass(frozen=True)
class Joint:
    """Minimises the expected error of a shot, half of it after the failure of the sensor that a place needs most.

    Attributes
    ----------
    restarts : int
        Starts: the best for coverage alone, the greedy one, one as far apart as can be, and random ones; at least
        `SMALL_STARTS` where the case is small.
    rounds : int
        Most rounds of exchanges from each.
    """

    restarts: int = 3
    rounds: int = 8

    def choose(
        self, choices: Choices, count: int | None, budget: float | None, workers: int = 1
    ) -> tuple[int, ...]:
        """Return the chosen mounts, those fixed first; never more than the count or the budget allow."""
        greedy = seed_greedily(choices, count, budget)
        covering, _ = exchange(choices, greedy, count, budget, both=False, rounds=self.rounds)
        starts = [covering, greedy, fill_farthest(choices, count, budget)]
        small = len(choices) * len(choices.weight) <= SMALL
        number_of_starts = max(self.restarts, SMALL_STARTS if small else 1)
        for number in range(number_of_starts - 3):
            rng = draw_stream(choices.seed, "planner restart", str(number))
            starts.append(fill_randomly(choices, count, budget, rng))
        with ThreadPoolExecutor(workers) as pool:
            found = list(
                pool.map(
                    lambda start: exchange(choices, start, count, budget, both=True, rounds=self.rounds),
                    starts[:number_of_starts],
                )
            )
        best = int(np.argmin([loss for _, loss in found]))
        return tuple(found[best][0])
