"""`crossroads-v1`: a downtown that nobody lives in, 1 km x 1 km.

Eight avenues and eight streets of uneven spacing, crossed by a diagonal boulevard that cuts odd angles and meets the
middle avenue at a church square; two parks; the tall houses stand around the square, row houses at the rim.
"""

from dataclasses import dataclass
from typing import cast

import shapely
from shapely import affinity

from scenes.block import Block, Building, Ground, Patch
from scenes.blocks.assemble import assemble
from scenes.blocks.lots import DECIMALS, Plot, Storeys, cloister, horseshoe, lots, perimeter, rows, towers
from scenes.streams import draw_stream
from scenes.unite import rings_of

HALF_M = 500.0
RIM_M = 8.0
# (centre line, width facade to facade), m.
AVENUES = ((-392, 14), (-262, 18), (-150, 13), (-20, 25), (106, 14), (228, 18), (352, 13))
STREETS = ((-396, 13), (-292, 15), (-172, 20), (-46, 24), (74, 13), (196, 18), (304, 12), (404, 14))
BOULEVARD = ((-520.0, -330.0), (-20.0, -46.0), (310.0, 200.0), (520.0, 420.0))
BOULEVARD_WIDTH_M = 24.0

# What stands on each city block: a row of letters per street from north to south, west to east.
PLAN = (
    "RRLRLRRR",
    "RPLRCLGL",
    "LRPTPLGR",
    "RLTPTPLR",
    "LCTSUTPL",
    "RLPLCTLR",
    "LGLPLPRL",
    "RGRLCLLR",
    "RRLRRLRR",
)
MASSING = {"R": rows, "P": perimeter, "L": lots, "T": towers, "U": horseshoe, "C": cloister}
STOREYS = {
    "R": Storeys(6.0, 15.0),
    "P": Storeys(12.0, 27.0),
    "L": Storeys(9.0, 30.0),
    "T": Storeys(24.0, 45.0),
    "U": Storeys(12.0, 24.0),
    "C": Storeys(15.0, 24.0),
}
FACADES = {
    "R": ("brick_wall_rough", "smooth_brickwork_10mm_pointing", "brickwork"),
    "P": ("limestone_wall", "brick_wall_rough", "brickwork"),
    "L": ("rough_concrete", "brick_wall_rough", "limestone_wall", "glass_window"),
    "T": ("glass_window", "double_glazing_10mm", "unpainted_concrete"),
    "U": ("limestone_wall",),
    "C": ("limestone_wall", "brickwork"),
}
CHURCH_AT_M = (-63.0, 13.0)
WEDGE_M2 = 600.0


@dataclass(frozen=True)
class Crossroads:
    """`crossroads-v1` has no options: the same world always."""

    def build(self) -> Block:
        """Return the block: over 150 buildings 6 to 45 m high, on asphalt with grass and a gravel square."""
        buildings: list[Building] = []
        patches: list[Patch] = []
        for row, column, piece, city_block in _city_blocks():
            letter = PLAN[row][column]
            name = f"{'ABCDEFGHI'[row]}{column + 1}{piece}"
            if city_block.area < WEDGE_M2 or letter == "G":
                patches.append(Patch(rings_of(city_block)[0], "grass"))
            elif letter == "S":
                patches.append(Patch(rings_of(city_block)[0], "gravel"))
                buildings += _church()
            else:
                rng = draw_stream(0, "crossroads-v1", name)
                plots = MASSING[letter](city_block, STOREYS[letter], rng)
                buildings += assemble(name, plots, FACADES[letter], rng)
        return Block(
            "crossroads-v1",
            tuple(buildings),
            (-HALF_M, -HALF_M, HALF_M, HALF_M),
            Ground("asphalt", tuple(patches)),
        )


def _city_blocks() -> list[tuple[int, int, str, shapely.Polygon]]:
    """Return (row from north, column, "a", "b" where the boulevard cuts, polygon) of what the streets leave."""
    boulevard = shapely.LineString(BOULEVARD).buffer(
        0.5 * BOULEVARD_WIDTH_M, cap_style="flat", join_style="mitre"
    )
    found = []
    for row, (south, north) in enumerate(reversed(_between(STREETS))):
        for column, (west, east) in enumerate(_between(AVENUES)):
            rest = shapely.set_precision(shapely.box(west, south, east, north) - boulevard, 10.0**-DECIMALS)
            pieces = sorted(shapely.get_parts(rest), key=lambda p: shapely.bounds(p).tolist())
            for index, piece in enumerate(pieces):
                if piece.area > 1.0:
                    found.append((row, column, "abc"[index] if len(pieces) > 1 else "", piece))
    return found


def _between(roads: tuple[tuple[int, int], ...]) -> list[tuple[float, float]]:
    """Return the spans that roads leave between the rims of the block."""
    starts = [-HALF_M + RIM_M] + [at + 0.5 * width for at, width in roads]
    ends = [at - 0.5 * width for at, width in roads] + [HALF_M - RIM_M]
    return list(zip(starts, ends, strict=True))


def _church() -> list[Building]:
    """Return a cross-shaped church, 18 m high, turned out of the grid, its 42 m tower against the west front."""
    nave, transept = shapely.box(-24, -8, 24, 8), shapely.box(2, -18, 14, 18)
    tower = shapely.box(-34, -5, -24, 5)
    plots = []
    for plan, height in ((nave | transept, 18.0), (tower, 42.0)):
        turned = affinity.translate(affinity.rotate(plan, 24.0, origin=(0.0, 0.0)), *CHURCH_AT_M)
        plots.append(Plot(cast("shapely.Polygon", turned), height))
    return assemble("church", plots, ("limestone_wall",), draw_stream(0, "crossroads-v1", "church"))
