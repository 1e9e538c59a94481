"""Events drawn from rates: incidents are Poisson in time, bangs are clustered in incidents."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from scenes.block import Block
from scenes.errors import BadInput
from scenes.event import Event
from scenes.schedules.confusers import CONFUSERS
from scenes.schedules.fireworks import FIREWORKS
from scenes.schedules.incidents import Act, backfires, gunfire, length_s, place_act
from scenes.schedules.places import QUIET_START_S, draw_places, latest_start_s, out_of_walls
from scenes.schedules.shootings import BURST, automatic, from_doorway, on_the_move, two_shooters
from scenes.weapons import WEAPONS

FIREWORK_SHARES = {"string": 0.4, "shell": 0.4, "cracker": 0.2}
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
    confusers_per_h, confusers : float, int or None
        The same of what is none of these: nail guns, slams, thunder and so on.
    weapons, firework_kinds, confuser_kinds : mapping of name to weight
        What is drawn, and how often; empty is the shares of `scenes.weapons`, 0.4 strings, 0.4 shells and 0.2 large
        crackers (A), and every confuser alike.
    automatic_share : float
        Share of the incidents with a weapon that can whose rounds are automatic: half of them in bursts of three.
    two_shooters_share, moving_share, doorway_share : float
        Shares of the gunshot incidents with a second shooter, from a car or on foot, from a doorway.
    driving_share : float
        Share of the backfires from a moving car.
    """

    gunshots_per_h: float = 60.0
    fireworks_per_h: float = 60.0
    backfires_per_h: float = 60.0
    gunshots: int | None = None
    fireworks: int | None = None
    backfires: int | None = None
    most_rounds: int = 6
    confusers_per_h: float = 0.0
    confusers: int | None = None
    weapons: Mapping[str, float] = field(default_factory=dict)
    firework_kinds: Mapping[str, float] = field(default_factory=dict)
    confuser_kinds: Mapping[str, float] = field(default_factory=dict)
    automatic_share: float = 0.0
    two_shooters_share: float = 0.0
    moving_share: float = 0.0
    doorway_share: float = 0.0
    driving_share: float = 0.0

    def draw(self, block: Block, duration_s: float, rng: np.random.Generator) -> tuple[Event, ...]:
        """Return the events in time order.

        Raises
        ------
        BadInput
            When a number is out of range, or the duration too short for the incidents drawn.
        """
        self._check()
        acts: list[Act] = []
        for draw_act, number, per_hour in (
            (self._gunfire, self.gunshots, self.gunshots_per_h),
            (self._firework, self.fireworks, self.fireworks_per_h),
            (self._backfire, self.backfires, self.backfires_per_h),
            (self._confuser, self.confusers, self.confusers_per_h),
        ):
            acts += [draw_act(rng) for _ in range(_number(number, per_hour, duration_s, rng))]
        places = draw_places(block, len(acts), rng)
        starts = [rng.uniform(QUIET_START_S, latest_start_s(duration_s, length_s(act))) for act in acts]
        events = []
        for rank, index in enumerate(np.argsort(starts, kind="stable"), start=1):
            x, y = places[index].tolist()
            ground_m = float(block.ground.height_at((x, y)))
            events += place_act(acts[index], f"I{rank:02d}", starts[index], (x, y), ground_m)
        return out_of_walls(block, events)

    def _gunfire(self, rng: np.random.Generator) -> Act:
        act = self._one_shooter(rng)
        if _happens(self.two_shooters_share, rng):
            act = two_shooters(act, self._one_shooter(rng), rng)
        if _happens(self.moving_share, rng):
            return on_the_move(act, rng, by_car=bool(rng.uniform() < 0.5))
        return from_doorway(act) if _happens(self.doorway_share, rng) else act

    def _one_shooter(self, rng: np.random.Generator) -> Act:
        kind = _pick(self.weapons or {name: w.share for name, w in WEAPONS.items() if w.share > 0.0}, rng)
        rounds = min(int(rng.geometric(1.0 / 3.0)), self.most_rounds)
        if WEAPONS[kind].auto_s is not None and _happens(self.automatic_share, rng):
            return automatic(kind, rounds, rng, BURST if rng.uniform() < 0.5 else None)
        return gunfire(kind, rounds, rng)

    def _firework(self, rng: np.random.Generator) -> Act:
        return FIREWORKS[_pick(self.firework_kinds or FIREWORK_SHARES, rng)](rng)

    def _backfire(self, rng: np.random.Generator) -> Act:
        return backfires(int(rng.integers(1, 5)), rng, moving=_happens(self.driving_share, rng))

    def _confuser(self, rng: np.random.Generator) -> Act:
        return CONFUSERS[_pick(self.confuser_kinds or dict.fromkeys(CONFUSERS, 1.0), rng)](rng)

    def _check(self) -> None:
        mistakes = []
        for name in ("gunshots", "fireworks", "backfires", "confusers"):
            rate, number = getattr(self, f"{name}_per_h"), getattr(self, name)
            if not 0.0 <= rate <= MOST_INCIDENTS:
                mistakes.append(f"schedule: {name}_per_h must be 0 to {MOST_INCIDENTS}, not {rate:g}")
            if number is not None and not 0 <= number <= MOST_INCIDENTS:
                mistakes.append(f"schedule: {name} must be 0 to {MOST_INCIDENTS} or null, not {number}")
        if self.most_rounds < 1:
            mistakes.append(f"schedule: most_rounds must be 1 or more, not {self.most_rounds}")
        mistakes += _check_weights("weapons", self.weapons, WEAPONS)
        mistakes += _check_weights("firework_kinds", self.firework_kinds, FIREWORKS)
        mistakes += _check_weights("confuser_kinds", self.confuser_kinds, CONFUSERS)
        for name in ("automatic", "two_shooters", "moving", "doorway", "driving"):
            share = getattr(self, f"{name}_share")
            if not 0.0 <= share <= 1.0:
                mistakes.append(f"schedule: {name}_share must be 0 to 1, not {share:g}")
        if mistakes:
            raise BadInput("\n".join(mistakes))


def _number(fixed: int | None, per_hour: float, duration_s: float, rng: np.random.Generator) -> int:
    drawn = int(rng.poisson(per_hour * duration_s / 3600.0))
    return drawn if fixed is None else fixed


def _happens(share: float, rng: np.random.Generator) -> bool:
    return share > 0.0 and bool(rng.uniform() < share)


def _pick(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    share = np.array(list(weights.values()))
    return str(rng.choice(list(weights), p=share / share.sum()))


def _check_weights(name: str, weights: Mapping[str, float], known: Collection[str]) -> list[str]:
    strange = [kind for kind in weights if kind not in known]
    mistakes = [f"schedule: {name}: {kind!r} is none of {', '.join(known)}" for kind in strange]
    if weights and not (min(weights.values()) >= 0.0 and 0.0 < sum(weights.values()) < math.inf):
        mistakes.append(f"schedule: {name}: weights must be 0 or more and one above 0")
    return mistakes
