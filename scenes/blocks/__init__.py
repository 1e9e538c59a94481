"""Built worlds by name; each name carries a version, since a score means nothing without its world."""

from scenes.blocks.crossroads import Crossroads
from scenes.blocks.grid import Grid

BLOCKS: dict[str, type[Crossroads] | type[Grid]] = {"crossroads-v1": Crossroads, "grid-v1": Grid}
