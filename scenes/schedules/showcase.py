"""The evening that `echoblock run` shows by default: something of everything, all over the block."""

from dataclasses import dataclass

import numpy as np

from scenes.block import Block
from scenes.event import Event
from scenes.schedules.incidents import aerial_shell, backfires, gunfire, length_s, place_act, string
from scenes.schedules.places import QUIET_START_S, draw_places, latest_start_s, out_of_walls

SECONDS_PER_INCIDENT = 5.0


@dataclass(frozen=True)
class Showcase:
    """Gunfire of several weapons, an aerial shell, a string of firecrackers, backfires; eight incidents in 60 s.

    A shorter scene shows the first of them, about one in 5 s.
    """

    def draw(self, block: Block, duration_s: float, rng: np.random.Generator) -> tuple[Event, ...]:
        """Return the events in time order; each incident starts at random in its share of the time.

        Raises
        ------
        BadInput
            When the duration is too short for one incident, or the block has no open ground.
        """
        acts = [
            gunfire("pistol-9mm", int(rng.integers(3, 6)), rng),
            aerial_shell(rng),
            string(int(rng.integers(10, 17)), rng),
            backfires(int(rng.integers(2, 4)), rng),
            gunfire("rifle-223", int(rng.integers(3, 7)), rng),
            gunfire("revolver-357", int(rng.integers(1, 4)), rng),
            gunfire("shotgun-12", 1, rng),
            gunfire("pistol-45", int(rng.integers(2, 5)), rng),
        ]
        room_s = latest_start_s(duration_s, length_s(acts[0])) - QUIET_START_S
        shown = min(max(int(room_s // SECONDS_PER_INCIDENT), 1), len(acts))
        order = rng.permutation(shown)
        places = draw_places(block, shown, rng, apart=True)
        events = []
        for slot, index in enumerate(order):
            act = acts[index]
            start = QUIET_START_S + (slot + rng.uniform(0.0, 0.7)) * room_s / shown
            start = min(start, latest_start_s(duration_s, length_s(act)))
            x, y = places[index].tolist()
            ground_m = float(block.ground.height_at((x, y)))
            events += place_act(act, f"I{slot + 1:02d}", start, (x, y), ground_m)
        return out_of_walls(block, events)
