"""Sampled shots: who reports them, how late, and where that puts them."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import ndtr

from scenes.streams import draw_stream
from testbed.planning.location import LocationErrors, off_course
from testbed.planning.robust_fix import fix_error, log_densities

Floats = npt.NDArray[np.float64]

# Nothing is judged a location of a shot further off than this, m (`testbed.matching`).
GATE_M = 250.0
# Where climbs begin: with few sensors other places may fit as well, which takes a dozen more.
HERE = np.zeros((1, 2))
AROUND = np.vstack(
    [
        HERE,
        *(
            far * np.column_stack([np.cos(turn), np.sin(turn)])
            for far in (60.0, 150.0)
            for turn in [np.pi / 3.0 * np.arange(6)]
        ),
    ]
)


class Shots(NamedTuple):
    """Random numbers of s shots at m sensors, the same in every cell.

    Attributes
    ----------
    draw : ndarray of int, shape (s,)
        Which of the shared draws a shot is.
    hears, faint : ndarray, shape (s, m)
        Uniform: a sensor hears, and is late, where they are below the chances.
    late : ndarray, shape (s, m)
        Exponential.
    timing : ndarray, shape (s, m)
        Normal.
    lost, astray : ndarray, shape (s,)
        Uniform.
    off : ndarray, shape (s, 3)
        Normal: the floor's two coordinates, the logarithm of how far astray.
    """

    draw: npt.NDArray[np.int64]
    hears: Floats
    faint: Floats
    late: Floats
    timing: Floats
    lost: Floats
    astray: Floats
    off: Floats


def sample_shots(weight: Floats, sensors: int, samples: int, seed: int) -> Shots:
    """Draw shots; each of the shared draws, of weights that sum to 1, comes as often as its weight says."""
    rng = draw_stream(seed, "planning shots")
    place = (np.arange(samples) + 0.5) / samples
    draw = np.minimum(np.searchsorted(np.cumsum(weight), place), len(weight) - 1)
    shape = (samples, sensors)
    return Shots(
        draw.astype(np.int64),
        rng.uniform(size=shape),
        rng.uniform(size=shape),
        rng.exponential(size=shape),
        rng.standard_normal(shape),
        rng.uniform(size=samples),
        rng.uniform(size=samples),
        rng.standard_normal((samples, 3)),
    )


def chance_of_faint(snr_db: Floats, errors: LocationErrors) -> Floats:
    """Return the probability that a pulse is that of a later arrival, of the array's shape."""
    return ndtr((errors.faint_db - snr_db) / errors.faint_sigma_db)


def shot_errors(
    distance_m: Floats,
    bearing_rad: Floats,
    late_m: Floats,
    chance: Floats,
    faint: Floats,
    shots: Shots,
    errors: LocationErrors,
    sensors_needed: int,
    sound_mps: float,
    starts: Floats = HERE,
) -> Floats:
    """Return the error of each shot in every cell, (cells, s), m, inf where it is not located.

    Parameters
    ----------
    distance_m, bearing_rad, late_m : ndarray, shape (cells, m)
    chance, faint : ndarray, shape (cells, m, draws)
        That a sensor hears; that it then picks a later arrival.
    shots : Shots
    errors : LocationErrors
    sensors_needed : int
        Fewer locate nothing.
    sound_mps : float
    starts : ndarray, shape (n, 2)
        Where climbs to the likeliest place begin, m from the shot.
    """
    late = np.ascontiguousarray(late_m)
    timing = np.sqrt(
        (errors.timing_s * sound_mps) ** 2 + errors.survey_m**2 + (errors.by_distance * distance_m) ** 2
    )
    numbers = (
        errors.faint_s * sound_mps,
        errors.floor_m / math.sqrt(2.0),
        errors.astray_few,
        errors.astray_more,
        errors.astray_m,
        errors.astray_log,
        errors.astray_dilution,
        errors.astray_late,
        errors.lost_few,
        errors.lost_more,
    )
    east, north = distance_m * np.cos(bearing_rad), distance_m * np.sin(bearing_rad)
    return _locate(
        east, north, late, timing, chance, faint, shots, numbers, sensors_needed, sound_mps, starts, *log_densities()
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _locate(
    east,
    north,
    late,
    timing,
    chance,
    faint,
    shots,
    numbers,
    needed,
    sound,
    starts,
    sigmas,
    prior,
    tables,
):
    faint_m, floor, astray_few, astray_more, astray_m, astray_log = numbers[:6]
    by_dilution, by_lateness, lost_few, lost_more = numbers[6:]
    cells, sensors, _ = chance.shape
    result = np.full((cells, len(shots.draw)), np.inf)
    x, y, after = np.empty(sensors), np.empty(sensors), np.empty(sensors)
    for cell in range(cells):
        for s in range(len(shots.draw)):
            d, heard = shots.draw[s], 0
            for i in range(sensors):
                if shots.hears[s, i] < chance[cell, i, d]:
                    x[heard], y[heard] = east[cell, i], north[cell, i]
                    after[heard] = late[cell, i] + timing[cell, i] * shots.timing[s, i]
                    if shots.faint[s, i] < faint[cell, i, d]:
                        after[heard] += faint_m * shots.late[s, i]
                    heard += 1
            if heard < needed or shots.lost[s] < _odds(lost_few - lost_more * (heard - 4)):
                continue
            if shots.astray[s] < _odds(astray_few - astray_more * (heard - 4)):
                wide, slow = off_course(x[:heard], y[:heard], after[:heard] / sound)
                grown = by_dilution * wide + by_lateness * slow
                error = astray_m * math.exp(grown + astray_log * shots.off[s, 2])
            else:
                dx, dy = fix_error(x[:heard], y[:heard], after[:heard], starts, sigmas, prior, tables, sound)
                error = math.hypot(dx + floor * shots.off[s, 0], dy + floor * shots.off[s, 1])
            if error <= GATE_M:
                result[cell, s] = error
    return result


@njit(cache=True, nogil=True)
def _odds(log_odds):
    return 1.0 / (1.0 + math.exp(-log_odds))
