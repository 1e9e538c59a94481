"""Events drawn from rates: incidents are Poisson in time, bangs are clustered in incidents."""

from dataclasses import dataclass

import numpy as np

from scenes.block import Block
from scenes.errors import BadInput
from scenes.event import Event
from scenes.schedules.incidents import (
    Act,
    aerial_shell,
    backfires,
    gunfire,
    length_s,
    place_act,
    single_cracker,
    string,
)
from scenes.schedules.places import QUIET_START_S, draw_places, latest_start_s, out_of_walls

# (A) Shares of weapons in street shootings: mostly pistols.
WEAPONS = {
    "pistol-9mm": 0.40,
    "pistol-40": 0.15,
    "pistol-45": 0.10,
    "pistol-380": 0.08,
    "revolver-357": 0.07,
    "rifle-223": 0.08,
    "rifle-762": 0.05,
    "rifle-22": 0.02,
    "shotgun-12": 0.05,
}
MOST_INCIDENTS = 100_000


@dataclass(frozen=True)
class Rates:
    """Incidents of each class per hour, or their exact number.

    Attributes
    ----------
    gunshots_per_h, fireworks_per_h, backfires_per_h : float
        Mean number of incidents an hour in the whole block; their number in a scene is Poisson.
    gunshots, fireworks, backfires : int or None
        Number of incidents in the scene; where given, the rate is not used.
    most_rounds : int
        A gunshot incident has 1 to this many rounds (geometric with mean 3, cut), 6 or less by default.
    """

    gunshots_per_h: float = 60.0
    fireworks_per_h: float = 60.0
    backfires_per_h: float = 60.0
    gunshots: int | None = None
    fireworks: int | None = None
    backfires: int | None = None
    most_rounds: int = 6

    def draw(self, block: Block, duration_s: float, rng: np.random.Generator) -> tuple[Event, ...]:
        """Return the events in time order.

        Raises
        ------
        BadInput
            When a number is out of range, or the duration too short for the incidents drawn.
        """
        self._check()
        acts: list[Act] = []
        acts += [
            self._gunfire(rng) for _ in range(_number(self.gunshots, self.gunshots_per_h, duration_s, rng))
        ]
        acts += [
            _firework(rng) for _ in range(_number(self.fireworks, self.fireworks_per_h, duration_s, rng))
        ]
        acts += [
            _backfire(rng) for _ in range(_number(self.backfires, self.backfires_per_h, duration_s, rng))
        ]
        places = draw_places(block, len(acts), rng)
        starts = [rng.uniform(QUIET_START_S, latest_start_s(duration_s, length_s(act))) for act in acts]
        events = []
        for rank, index in enumerate(np.argsort(starts, kind="stable"), start=1):
            x, y = places[index].tolist()
            ground_m = float(block.ground.height_at((x, y)))
            events += place_act(acts[index], f"I{rank:02d}", starts[index], (x, y), ground_m)
        return out_of_walls(block, events)

    def _gunfire(self, rng: np.random.Generator) -> Act:
        kind = str(rng.choice(list(WEAPONS), p=list(WEAPONS.values())))
        rounds = min(int(rng.geometric(1.0 / 3.0)), self.most_rounds)
        return gunfire(kind, rounds, rng)

    def _check(self) -> None:
        mistakes = []
        for name in ("gunshots", "fireworks", "backfires"):
            rate, number = getattr(self, f"{name}_per_h"), getattr(self, name)
            if not 0.0 <= rate <= MOST_INCIDENTS:
                mistakes.append(f"schedule: {name}_per_h must be 0 to {MOST_INCIDENTS}, not {rate:g}")
            if number is not None and not 0 <= number <= MOST_INCIDENTS:
                mistakes.append(f"schedule: {name} must be 0 to {MOST_INCIDENTS} or null, not {number}")
        if self.most_rounds < 1:
            mistakes.append(f"schedule: most_rounds must be 1 or more, not {self.most_rounds}")
        if mistakes:
            raise BadInput("\n".join(mistakes))


def _number(fixed: int | None, per_hour: float, duration_s: float, rng: np.random.Generator) -> int:
    drawn = int(rng.poisson(per_hour * duration_s / 3600.0))
    return drawn if fixed is None else fixed


def _firework(rng: np.random.Generator) -> Act:
    """Draw a string of crackers, an aerial shell or one large cracker (A: 0.4, 0.4, 0.2)."""
    share = rng.uniform()
    if share < 0.4:
        return string(int(rng.integers(8, 25)), rng)
    return aerial_shell(rng) if share < 0.8 else single_cracker(rng)


def _backfire(rng: np.random.Generator) -> Act:
    return backfires(int(rng.integers(1, 5)), rng)
