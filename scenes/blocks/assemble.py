"""From plots to buildings: touching plots of equal height are united, every one gets its name and facade."""

import numpy as np

from scenes.block import Building
from scenes.blocks.lots import Plot
from scenes.unite import rings_of, unite


def assemble(
    prefix: str, plots: list[Plot], facades: tuple[str, ...], rng: np.random.Generator
) -> list[Building]:
    """Turn the plots of one city block into buildings.

    Parameters
    ----------
    prefix : str
        Start of their names: "C5" makes "C5-1", "C5-2".
    plots : list of Plot
    facades : tuple of str
        Names of materials to draw from, one for each height.
    rng : Generator
    """
    heights = sorted({plot.height_m for plot in plots})
    facade = {height: facades[int(rng.integers(len(facades)))] for height in heights}
    tops = np.array([plot.height_m for plot in plots])
    kinds = np.array([heights.index(top) for top in tops], dtype=np.intp)
    buildings = []
    for number, one in enumerate(unite([plot.plan for plot in plots], tops, kinds, slot_m=0.0), start=1):
        outline, courtyards = rings_of(one.plan)
        height = plots[one.members[0]].height_m
        buildings.append(
            Building(f"{prefix}-{number}", outline, height, facade=facade[height], courtyards=courtyards)
        )
    return buildings
