"""Sensors where the user says: a list in the config, or a file of mounts."""

from dataclasses import dataclass

import numpy as np

from scenes.block import Block
from scenes.errors import BadInput
from scenes.layouts.candidates import centre_of, spread
from scenes.layouts.mount import Mount, name_mounts
from scenes.layouts.mount_file import read_mounts
from scenes.walls import in_bounds, is_inside


@dataclass(frozen=True)
class ListedLayout:
    """The positions themselves.

    Attributes
    ----------
    positions_m : tuple of (x, y, z)
        [east, north, up], m.
    ids : tuple of str
        Their names; empty means "S01", "S02", ...
    type : str
        What carries them.
    """

    positions_m: tuple[tuple[float, float, float], ...] = ()
    ids: tuple[str, ...] = ()
    type: str = "pole"

    def place(self, block: Block, rng: np.random.Generator) -> tuple[Mount, ...]:  # noqa: ARG002 - every layout's signature
        """Return the mounts as listed.

        Raises
        ------
        BadInput
            When the list is empty, a position is not three numbers, or the ids are not as many.
        """
        if not self.positions_m:
            msg = "layout: positions_m is empty; at least one [x, y, z] is needed"
            raise BadInput(msg)
        wrong = [str(list(p)) for p in self.positions_m if len(p) != 3 or not np.isfinite(p).all()]
        if wrong:
            msg = f"layout: positions_m must be [x, y, z] in m, not {', '.join(wrong)}"
            raise BadInput(msg)
        if self.ids and len(self.ids) != len(self.positions_m):
            msg = f"layout: {len(self.ids)} ids for {len(self.positions_m)} positions_m"
            raise BadInput(msg)
        if not self.ids:
            return name_mounts(np.array(self.positions_m), self.type)
        return tuple(
            Mount(name, (float(x), float(y), float(z)), self.type)
            for name, (x, y, z) in zip(self.ids, self.positions_m, strict=True)
        )


@dataclass(frozen=True)
class FileLayout:
    """Mounts from a CSV or GeoJSON file (see `scenes.layouts.mount_file`).

    Attributes
    ----------
    file : str
        Its path.
    count : int or None
        How many of the mounts get a sensor, spread as far apart as they can be, those inside walls or outside the
        block left out; None means all, usable or not.
    height_m : float
        Height above ground where the file gives none, m.
    """

    file: str = ""
    count: int | None = None
    height_m: float = 6.0

    def place(self, block: Block, rng: np.random.Generator) -> tuple[Mount, ...]:  # noqa: ARG002 - every layout's signature
        """Return the mounts in the file's order, or the chosen ones in the order of choice.

        Raises
        ------
        BadInput
            When the file cannot be used, or holds fewer mounts than `count`.
        """
        mounts = read_mounts(self.file, block, self.height_m)
        if self.count is None:
            return mounts
        places = np.array([mount.position_m for mount in mounts])
        places = places[~is_inside(block, places) & in_bounds(block, places)]
        if self.count > len(places):
            msg = (
                f"layout: {self.count} sensors wanted, but {self.file} has {len(places)} mounts outside walls"
            )
            raise BadInput(msg)
        chosen = spread(places, self.count, centre_of(block))
        by_place = {mount.position_m: mount for mount in reversed(mounts)}
        return tuple(by_place[tuple(place)] for place in chosen.tolist())
