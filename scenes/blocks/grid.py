"""`grid-v1`: a parametric street grid."""

from dataclasses import dataclass, fields

import numpy as np
import shapely

from scenes.block import Block, Building, Ground
from scenes.blocks.assemble import assemble
from scenes.blocks.lots import Storeys, cloister, detached, horseshoe, lots, perimeter, rows
from scenes.errors import BadInput
from scenes.streams import draw_stream

MOST_CITY_BLOCKS = 10_000
MASSING = {
    "lots": lots,
    "perimeter": perimeter,
    "rows": rows,
    "horseshoe": horseshoe,
    "cloister": cloister,
    "detached": detached,
}


@dataclass(frozen=True)
class Grid:
    """City blocks of one size between streets of one width.

    Attributes
    ----------
    blocks_x, blocks_y : int
        City blocks from west to east and from south to north.
    block_x_m, block_y_m : float
        Size of a city block, m, 20 or more.
    street_m, alley_m : float
        Width of streets and of alleys inside city blocks, facade to facade, m.
    height_low_m, height_high_m : float
        Range of heights, m, in whole storeys of 3 m.
    massing : tuple of str
        What stands on the city blocks, drawn for each: "lots", "perimeter", "rows", "horseshoe",
        "cloister", "detached".
    facades : tuple of str
        Materials, drawn for each building.
    seed : int
    """

    blocks_x: int = 6
    blocks_y: int = 6
    block_x_m: float = 90.0
    block_y_m: float = 60.0
    street_m: float = 18.0
    alley_m: float = 4.5
    height_low_m: float = 6.0
    height_high_m: float = 30.0
    massing: tuple[str, ...] = ("lots", "perimeter", "rows", "cloister")
    facades: tuple[str, ...] = ("brick_wall_rough", "rough_concrete", "limestone_wall", "glass_window")
    seed: int = 0

    def build(self) -> Block:
        """Return the block, centred on (0, 0), with half a street around.

        Raises
        ------
        BadInput
            One line for each option out of range.
        """
        self._check()
        step_x, step_y = self.block_x_m + self.street_m, self.block_y_m + self.street_m
        half_x, half_y = 0.5 * self.blocks_x * step_x, 0.5 * self.blocks_y * step_y
        buildings: list[Building] = []
        for i in range(self.blocks_x):
            for j in range(self.blocks_y):
                x, y = (i + 0.5) * step_x - half_x, (j + 0.5) * step_y - half_y
                plan = shapely.box(
                    *np.round((x - 0.5 * self.block_x_m, y - 0.5 * self.block_y_m), 1),
                    *np.round((x + 0.5 * self.block_x_m, y + 0.5 * self.block_y_m), 1),
                )
                buildings += self._fill(f"{i + 1}.{j + 1}", plan)
        return Block(self._name(), tuple(buildings), (-half_x, -half_y, half_x, half_y), Ground("asphalt"))

    def _fill(self, name: str, plan: shapely.Polygon) -> list[Building]:
        rng = draw_stream(self.seed, "grid-v1", name)
        storeys = Storeys(self.height_low_m, self.height_high_m)
        massing = self.massing[int(rng.integers(len(self.massing)))]
        plots = (
            lots(plan, storeys, rng, self.alley_m)
            if massing == "lots"
            else MASSING[massing](plan, storeys, rng)
        )
        return assemble(name, plots, self.facades, rng)

    def _name(self) -> str:
        """Return "grid-v1" and every option that departs from its default, so that equal names mean equal worlds."""
        parts = [
            f"{f.name}={getattr(self, f.name)}" for f in fields(self) if getattr(self, f.name) != f.default
        ]
        return "grid-v1" + "".join(f" {part}" for part in parts)

    def _check(self) -> None:
        mistakes = [
            f"grid-v1: {key} must be {low:g} to {high:g}, not {getattr(self, key):g}"
            for key, low, high in (
                ("blocks_x", 1, 1000),
                ("blocks_y", 1, 1000),
                ("block_x_m", 20, 1000),
                ("block_y_m", 20, 1000),
                ("street_m", 4, 200),
                ("alley_m", 1, 15),
                ("height_low_m", 3, 600),
                ("height_high_m", 3, 600),
                ("seed", 0, 2**63),
            )
            if not low <= getattr(self, key) <= high
        ]
        if self.blocks_x * self.blocks_y > MOST_CITY_BLOCKS:
            mistakes.append(f"grid-v1: blocks_x * blocks_y must be at most {MOST_CITY_BLOCKS}")
        if self.height_low_m > self.height_high_m:
            mistakes.append("grid-v1: height_low_m must not exceed height_high_m")
        if not self.massing or set(self.massing) - set(MASSING):
            mistakes.append(
                f"grid-v1: massing must name some of {', '.join(MASSING)}, not {list(self.massing)}"
            )
        if not self.facades:
            mistakes.append("grid-v1: facades must name at least one material")
        if mistakes:
            raise BadInput("\n".join(mistakes))
