"""A figure with its interval, from whole scenes drawn anew: incidents of one scene are not independent."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.streams import draw_stream

DRAWS = 400


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval and the number of incidents that it comes from."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        """Return the figure as a table shows it."""
        if not np.isfinite(self.value):
            return f"   -                   n {self.count}"
        return f"{self.value:6.3f}  ({self.low:.3f} to {self.high:.3f})  n {self.count}"


def draw_anew(
    scene: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.bool_],
    value: Callable[[npt.NDArray[np.int64]], float],
) -> Figure:
    """Return a figure of the chosen rows with its 95 % interval over scenes drawn anew (Efron 1979)."""
    rows = np.flatnonzero(chosen)
    if not len(rows):
        return Figure(np.nan, np.nan, np.nan, 0)
    rng = draw_stream(0, "training intervals")
    by_scene = [rows[scene[rows] == s] for s in np.unique(scene[rows])]
    draws = np.array(
        [
            value(np.concatenate([by_scene[k] for k in rng.integers(len(by_scene), size=len(by_scene))]))
            for _ in range(DRAWS)
        ]
    )
    usable = draws[np.isfinite(draws)]
    low, high = np.quantile(usable, [0.025, 0.975]) if len(usable) else (np.nan, np.nan)
    return Figure(float(value(rows)), float(low), float(high), len(rows))
