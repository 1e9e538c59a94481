"""A place for a sensor."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

POLE, ROOF = "pole", "roof"


@dataclass(frozen=True)
class Mount:
    """A place for a sensor: its name, [east, north, up] m, and what carries it ("pole", "roof", or a map's word)."""

    id: str
    position_m: tuple[float, float, float]
    type: str = POLE


def name_mounts(positions_m: npt.NDArray[np.float64], kind: str) -> tuple[Mount, ...]:
    """Name positions (n, 3) "S01", "S02", ... in their order, rounded to 1 cm."""
    digits = max(2, len(str(len(positions_m))))
    rounded = np.round(np.asarray(positions_m, dtype=np.float64), 2) + 0.0
    return tuple(
        Mount(f"S{number:0{digits}d}", (float(x), float(y), float(z)), kind)
        for number, (x, y, z) in enumerate(rounded, start=1)
    )
