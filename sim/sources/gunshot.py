"""Gunshots: the muzzle blast and, of supersonic projectiles, the ballistic shock."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scenes.event import Event
from sim.sources.ballistic_shock import ballistic_shock
from sim.sources.blast_wave import blast_wave
from sim.sources.emission import Directivity, Emission, Shock, Source, aim, pascal
from sim.sources.weapons import WEAPONS, Weapon

# Shot to shot, the same weapon and load: assumptions (the field shows 1.3 dB, turbulence included).
_LEVEL_SPREAD_DB = 0.7
_DURATION_SPREAD = 0.05
_SPREAD_LIMIT = 2.5


def gunshot(kind: str) -> Source:
    """Return the source of one kind in `WEAPONS`."""
    weapon = WEAPONS[kind]
    spread = _SPREAD_LIMIT * _LEVEL_SPREAD_DB
    low, high = weapon.level_db
    return Source(_emitter(weapon), (low - spread, high + spread), reference_deg=90.0)


def muzzle_directivity(axis: npt.NDArray[np.float64], m: float) -> Directivity:
    """Return m cos a + sqrt(1 - m^2 sin^2 a) over its value on the axis (Fansler et al. 1993; Pater 1981).

    Parameters
    ----------
    axis : ndarray, shape (3,)
        Unit vector of the line of fire.
    m : float
        Momentum index, 0 to below 1.
    """

    def gain(departure: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        cosine = np.clip(departure @ axis, -1.0, 1.0)
        return (m * cosine + np.sqrt(1.0 - m**2 * (1.0 - cosine**2))) / (1.0 + m)

    return gain


def _emitter(weapon: Weapon) -> Callable[[Event, np.random.Generator], tuple[Emission | Shock, ...]]:
    def emit(event: Event, rng: np.random.Generator) -> tuple[Emission | Shock, ...]:
        axis = aim(event, rng)
        m = weapon.directivity
        # The load is the incident's, but one event knows only itself: it draws over the weapon's whole range.
        level = rng.uniform(*weapon.level_db) + _clipped_normal(rng) * _LEVEL_SPREAD_DB
        on_axis = pascal(level) * (1.0 + m) / np.sqrt(1.0 - m**2)
        positive_s = weapon.positive_s * (1.0 + _DURATION_SPREAD * _clipped_normal(rng))
        muzzle = np.array(event.position_m, dtype=np.float64)
        blast = Emission(muzzle, 0.0, blast_wave(on_axis, positive_s), muzzle_directivity(axis, m))
        if weapon.projectile is None:
            return (blast,)
        shock = ballistic_shock(weapon.projectile, muzzle, axis)
        return (blast, shock) if shock else (blast,)

    return emit


def _clipped_normal(rng: np.random.Generator) -> float:
    return float(np.clip(rng.standard_normal(), -_SPREAD_LIMIT, _SPREAD_LIMIT))
