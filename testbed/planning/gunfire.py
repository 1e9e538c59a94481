"""What is fired: the draws that all sensors of a shot share, its weapon and its line of fire."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.weapons import WEAPONS
from testbed.planning.blast_band import longer_blast_db

Floats = npt.NDArray[np.float64]

# How often each weapon is fired on streets, as scenes draw it.
SHARES: Mapping[str, float] = {kind: weapon.share for kind, weapon in WEAPONS.items()}
# Contracts speak of detectable gunfire: outdoor, unsuppressed, over .25 calibre.
DETECTABLE_OVER_IN = 0.25


@dataclass(frozen=True, eq=False)
class SharedDraws:
    """What a shot is to all sensors at once.

    Attributes
    ----------
    weight : ndarray, shape (d,)
        Probabilities, sum 1.
    level_db : ndarray, shape (d,)
        Peak level 1 m beside the muzzle, dB re 20 uPa, of the reference blast that has as much energy in the
        detector's band.
    azimuth_rad : ndarray, shape (d,)
        Line of fire, counter-clockwise from east.
    directivity : ndarray, shape (d,)
        Fansler's m.
    """

    weight: Floats
    level_db: Floats
    azimuth_rad: Floats
    directivity: Floats

    def __len__(self) -> int:
        """Return the number of draws."""
        return len(self.weight)


def is_detectable(kind: str) -> bool:
    """Tell whether a contract counts the weapon: its bore is over .25 inch."""
    return WEAPONS[kind].calibre_in > DETECTABLE_OVER_IN


def shares_of(shares: Mapping[str, float], *, detectable: bool) -> dict[str, float]:
    """Return the shares, sum 1, of all kinds or of the detectable ones."""
    kept = {kind: share for kind, share in shares.items() if share > 0.0}
    if detectable:
        kept = {kind: share for kind, share in kept.items() if is_detectable(kind)}
    total = sum(kept.values())
    return {kind: share / total for kind, share in kept.items()}


def level_range(kind: str, count: int) -> Floats:
    """Return levels even over a weapon's range, as `SharedDraws.level_db`, shape (count,)."""
    weapon = WEAPONS[kind]
    return np.linspace(*weapon.level_db, count) + longer_blast_db(weapon.positive_s)


def share_draws(shares: Mapping[str, float], levels: int = 5, aims: int = 4) -> SharedDraws:
    """Return the draws of a mix of weapons: quantiles of the level, each with lines of fire all round.

    Parameters
    ----------
    shares : mapping of kind to share, sum 1
    levels, aims : int
        Number of quantiles and of lines of fire.

    Notes
    -----
    A kind's level is uniform over its range; the mix is cut into `levels` equally probable slices, each stood for by
    the mean of its levels and of its directivity.
    """
    grain = 60
    level = np.concatenate([level_range(kind, grain) for kind in shares])
    mass = np.repeat([share / grain for share in shares.values()], grain)
    m = np.repeat([WEAPONS[kind].directivity for kind in shares], grain)
    order = np.argsort(level, kind="stable")
    level, mass, m = level[order], mass[order], m[order]
    place = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    slice_ = np.minimum((place * levels).astype(np.intp), levels - 1)
    weight = np.bincount(slice_, mass, levels)
    used = weight > 0.0
    mean_level = np.bincount(slice_, mass * level, levels)[used] / weight[used]
    mean_m = np.bincount(slice_, mass * m, levels)[used] / weight[used]
    count = int(used.sum())
    azimuth = 2.0 * np.pi * (np.arange(aims) + 0.5) / aims
    return SharedDraws(
        np.repeat(weight[used] / weight.sum() / aims, aims),
        np.repeat(mean_level, aims),
        np.tile(azimuth, count),
        np.repeat(mean_m, aims),
    )


def aim_gain_db(bearing_rad: npt.ArrayLike, draws: SharedDraws) -> Floats:
    """Return the level towards bearings (...,) over that beside the muzzle, dB, shape (..., d).

    Fansler et al. (1993): 20 lg((m cos a + sqrt(1 - m^2 sin^2 a)) / sqrt(1 - m^2)), a the angle off the line of fire.
    """
    off = np.asarray(bearing_rad)[..., None] - draws.azimuth_rad
    m = draws.directivity
    gain = m * np.cos(off) + np.sqrt(1.0 - (m * np.sin(off)) ** 2)
    return 20.0 * np.log10(gain / np.sqrt(1.0 - m**2))


def mean_aim_gain(draws: SharedDraws) -> Floats:
    """Return the energy over that beside the muzzle, mean over all bearings, shape (d,)."""
    turns = np.linspace(0.0, 2.0 * np.pi, 72, endpoint=False)
    return np.mean(10.0 ** (aim_gain_db(turns, draws) / 10.0), axis=0)
