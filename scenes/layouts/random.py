"""Sensors anywhere, no two nearer than a minimum distance."""

from dataclasses import dataclass

import numpy as np

from scenes.block import Block
from scenes.errors import BadInput
from scenes.layouts.candidates import POLE_CLEARANCE_M, Points, candidates
from scenes.layouts.mount import POLE, Mount, name_mounts
from scenes.walls import draw_in, open_ground

TRIES_PER_SENSOR = 400


@dataclass(frozen=True)
class RandomLayout:
    """Uniform over the streets (or over the parapets), thinned to a minimum distance (a hard-core process).

    Attributes
    ----------
    count : int
    min_distance_m : float
        Between any two, in plan, m.
    height_m : float
        Of poles, m above ground.
    on : str
        "pole" or "roof".
    """

    count: int = 10
    min_distance_m: float = 100.0
    height_m: float = 6.0
    on: str = POLE

    def place(self, block: Block, rng: np.random.Generator) -> tuple[Mount, ...]:
        """Return the mounts in the order of drawing.

        Raises
        ------
        BadInput
            When the minimum distance leaves room for fewer; the message says for how many.
        """
        if self.count < 1:
            msg = f"layout: count must be 1 or more, not {self.count}"
            raise BadInput(msg)
        kept: list[Points] = []
        for place in self._tries(block, rng):
            if all(np.hypot(*(place - other)[:2]) >= self.min_distance_m for other in kept):
                kept.append(place)
            if len(kept) == self.count:
                return name_mounts(np.array(kept), self.on)
        msg = (
            f"layout: {self.count} sensors at least {self.min_distance_m:g} m apart wanted, "
            f"but only {len(kept)} fitted in {block.name!r}"
        )
        raise BadInput(msg)

    def _tries(self, block: Block, rng: np.random.Generator) -> Points:
        """Return places (n, 3) in random order."""
        if self.on != POLE:
            return rng.permutation(candidates(block, self.on, self.height_m))
        plan = draw_in(open_ground(block, POLE_CLEARANCE_M + 0.1), TRIES_PER_SENSOR * self.count, rng)
        return np.column_stack([plan, block.ground.height_at(plan) + self.height_m])
