"""Sensors on lamp posts or on parapets, spread over the block."""

from dataclasses import dataclass

import numpy as np

from scenes.block import Block
from scenes.layouts.candidates import candidates, centre_of, spread
from scenes.layouts.mount import POLE, Mount, name_mounts


@dataclass(frozen=True)
class Lampposts:
    """Posts at street corners and along streets (or parapets at the corners of roofs), as far apart as they can be.

    Attributes
    ----------
    count : int
    height_m : float
        Of the posts, m above ground.
    spacing_m : float
        Between posts along a street, m.
    on : str
        "pole" or "roof".
    """

    count: int = 10
    height_m: float = 6.0
    spacing_m: float = 40.0
    on: str = POLE

    def place(self, block: Block, rng: np.random.Generator) -> tuple[Mount, ...]:  # noqa: ARG002 - every layout's signature
        """Return the mounts; nothing is drawn at random.

        Raises
        ------
        BadInput
            When fewer than `count` fit; the message says how many do.
        """
        places = candidates(block, self.on, self.height_m, self.spacing_m)
        return name_mounts(spread(places, self.count, centre_of(block)), self.on)
