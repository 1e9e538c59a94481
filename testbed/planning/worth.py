"""What a choice among mounts is worth, in a form that adding and taking away one sensor changes cheaply.

The loss of a cell is the expected error of a shot there, what is not located counted as `MISSED_M`, and `BARE_M` more
where the cell is not covered: P min(bound, MISSED_M) + (1 - P) MISSED_M + BARE_M [P < COVERED]. A layout's loss is the
weighted mean over cells, half of it with all sensors, half without the one that each cell hears best: robust to any
one failure.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from testbed.planning.forecast import Question
from testbed.planning.gunfire import SharedDraws
from testbed.planning.hearing import chances, total_to_noise_db
from testbed.planning.levels import Levels
from testbed.planning.location import arrival_sigma_m

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

# (A) A shot that is not located costs as much as one located 100 m off.
MISSED_M = 100.0
# (A) A cell that does not reach the probability that counts as covered costs as much as so many metres of error.
BARE_M = 100.0
DRAWS = (3, 4)


@dataclass(frozen=True, eq=False)
class Choices:
    """n cells and m mounts as the search for a layout sees them.

    Attributes
    ----------
    chance : ndarray of float32, shape (m, n, d)
        That a mount's sensor reports a shot from a cell, given each of the d shared draws.
    mean : ndarray of float32, shape (m, n)
        Over the draws.
    information : ndarray of float32, shape (m, n)
        Chance over variance of the arrival, 1/m2.
    east, north : ndarray of float32, shape (m, n)
        Unit vector from cell to mount.
    weight, draw_weight : ndarray of float32, shape (n,), (d,)
    place_m : ndarray, shape (m, 2)
    cost : ndarray, shape (m,)
    fixed, open : ndarray of bool, shape (m,)
        Mounts that hold a sensor already and keep it; mounts that may get one.
    k : int
    floor_m, missed_m, bare_m : float
        Floor of the error; price of a missed shot and of a cell that is not covered, m.
    seed : int
    """

    chance: Floats32
    mean: Floats32
    information: Floats32
    east: Floats32
    north: Floats32
    weight: Floats32
    draw_weight: Floats32
    place_m: Floats
    cost: Floats
    fixed: npt.NDArray[np.bool_]
    open: npt.NDArray[np.bool_]
    k: int
    floor_m: float
    missed_m: float
    bare_m: float
    seed: int

    def __len__(self) -> int:
        """Return the number of mounts."""
        return len(self.cost)


def lay_out_choices(
    levels: Levels,
    question: Question,
    weight: Floats,
    place_m: Floats,
    cost: Floats,
    fixed: npt.NDArray[np.bool_],
    allowed: npt.NDArray[np.bool_],
    cells_most: int = 1200,
    draws: SharedDraws | None = None,
) -> Choices:
    """Lay out cells and mounts for the search; of more than `cells_most` cells it takes an even choice.

    Without `draws` a few stand for all gunfire.
    """
    cells = np.arange(len(weight))
    if len(cells) > cells_most:
        cells = np.unique(np.linspace(0, len(cells) - 1, cells_most).astype(np.intp))
    part = levels.at(cells)
    draws = draws or replace(question, quantiles=DRAWS[0], aims=DRAWS[1]).draws(detectable=False)
    chance = np.empty((len(cost), len(cells), len(draws)), dtype=np.float32)
    for mount in range(len(cost)):
        snr = total_to_noise_db(
            part.gain_db[:, mount].astype(np.float64),
            part.way_db[:, mount].astype(np.float64),
            part.bearing_rad[:, mount].astype(np.float64),
            question.noise_db,
            draws,
        )
        chance[mount] = chances(snr, question.hearing)
    mean = chance @ draws.weight.astype(np.float32)
    sigma = arrival_sigma_m(part.distance_m, part.late_m, question.errors, question.sound_mps).T
    part_weight = weight[cells] / weight[cells].sum()
    return Choices(
        chance,
        mean,
        (mean / sigma**2).astype(np.float32),
        np.cos(part.bearing_rad.T),
        np.sin(part.bearing_rad.T),
        part_weight.astype(np.float32),
        draws.weight.astype(np.float32),
        place_m[:, :2],
        cost,
        fixed,
        allowed & ~fixed,
        question.sensors_needed,
        question.errors.floor_m,
        MISSED_M,
        BARE_M,
        question.seed,
    )
