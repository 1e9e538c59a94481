"""Where sensors stand, by name of the layout: options with `place(block, rng) -> tuple[Mount, ...]`."""

from scenes.layouts.explicit import FileLayout, ListedLayout
from scenes.layouts.grid import RegularGrid
from scenes.layouts.lampposts import Lampposts
from scenes.layouts.random import RandomLayout

Layout = FileLayout | Lampposts | ListedLayout | RandomLayout | RegularGrid

LAYOUTS: dict[str, type[Layout]] = {
    "list": ListedLayout,
    "file": FileLayout,
    "grid": RegularGrid,
    "lampposts": Lampposts,
    "random": RandomLayout,
}
