"""Levels of a layout that is settled on: what facades scatter is followed from every cell."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from testbed.planning.level_cache import cache_folder
from testbed.planning.levels import find_levels
from testbed.planning.study import PlanSettings, Study
from testbed.planning.tail_levels import PAIRS_MOST
from testbed.progress import progress_bar


def sharpen(study: Study, settings: PlanSettings, mounts: Iterable[int]) -> Study:
    """Return the study with the levels of some mounts found anew, from every cell.

    With many mounts to choose from, the tail is carried over between cells (`testbed.planning.tail_levels`). That is
    enough to choose by; figures of the layouts in question come from this.
    """
    wanted, cells = np.array(sorted(set(mounts)), dtype=np.intp), study.cells.position_m
    if len(cells) * len(study.mounts) <= PAIRS_MOST or not len(wanted):
        return study
    levels, most = study.levels, max(PAIRS_MOST // len(cells), 1)
    for first in range(0, len(wanted), most):
        part = wanted[first : first + most]
        with progress_bar("levels of the layout", "cell") as progress:
            better = find_levels(
                study.block,
                settings.weather,
                cells,
                study.mounts.position_m[part],
                settings.workers,
                cache_folder() if settings.cache else None,
                progress,
            )
        levels = levels.put(part, better)
    return replace(study, levels=levels)
