"""The same town, lower or taller: what a wrong height of buildings amounts to."""

from dataclasses import replace

from scenes.block import Block


def scale_heights(block: Block, factor: float) -> Block:
    """Multiply the heights of all buildings above their bases.

    Which of two neighbours is the higher stays so where their bases are level, so party walls stay what they are.

    Parameters
    ----------
    block : Block
    factor : float
        Above 0.

    Returns
    -------
    Block
        Of another name, since it is another world.
    """
    buildings = tuple(replace(b, height_m=b.height_m * factor) for b in block.buildings)
    return replace(block, name=f"{block.name} heights x {factor:g}", buildings=buildings)
