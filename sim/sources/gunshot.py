"""Gunshots: the muzzle blast and, of supersonic projectiles, the ballistic shock."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scenes.event import Event
from scenes.weapons import WEAPONS, Projectile, Weapon
from sim.sources.ballistic_shock import ballistic_shock
from sim.sources.blast_wave import ageing, blast_wave
from sim.sources.emission import Directivity, Emission, Shock, Source, aim, choice, pascal, trait

# Shot to shot, the same weapon and load: assumptions (the field shows 1.3 dB, turbulence included).
_LEVEL_SPREAD_DB = 0.7
_DURATION_SPREAD = 0.05
_SPREAD_LIMIT = 2.5
# Where the muzzle is: what the shelter takes from the blast in front of its opening, dB, and behind it, dB more. No
# measurement was found (A): a doorway gives the wall behind the shooter, a car window lets out less.
SHELTERS = {"open": (0.0, 0.0), "doorway": (1.0, 12.0), "car": (5.0, 9.0), "indoors": (15.0, 10.0)}


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
        front_db, behind_db = SHELTERS[choice(event, "from", SHELTERS, "open")]
        # The load is the incident's, but one event knows only itself: it draws over the weapon's whole range.
        drawn_db = rng.uniform(*weapon.level_db)
        level = trait(event, "level_db", drawn_db, 80.0, 200.0) + _clipped_normal(rng) * _LEVEL_SPREAD_DB
        level -= front_db
        on_axis = pascal(level) * (1.0 + m) / np.sqrt(1.0 - m**2)
        positive_s = weapon.positive_s * (1.0 + _DURATION_SPREAD * _clipped_normal(rng))
        muzzle = np.array(event.position_m, dtype=np.float64)
        beam = sheltered(muzzle_directivity(axis, m), axis, behind_db)
        blast = Emission(
            muzzle, 0.0, blast_wave(on_axis, positive_s), beam, ageing(pascal(level), positive_s)
        )
        projectile = _projectile(weapon, event)
        shock = ballistic_shock(projectile, muzzle, axis) if projectile else None
        return (blast, shock) if shock else (blast,)

    return emit


def sheltered(beam: Directivity, axis: npt.NDArray[np.float64], behind_db: float) -> Directivity:
    """Return a directivity that loses so much, dB, behind the opening that the muzzle points through.

    Half of it is lost abreast of the opening, and nothing on the axis; 0 changes nothing.
    """
    if behind_db == 0.0:
        return beam

    def gain(departure: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        off = 0.5 * (1.0 - np.clip(departure @ axis, -1.0, 1.0))
        return beam(departure) * 10.0 ** (-behind_db * off / 20.0)

    return gain


def _projectile(weapon: Weapon, event: Event) -> Projectile | None:
    """Return the weapon's projectile, at the speed that the event says."""
    if weapon.projectile is None:
        return None
    speed = trait(event, "speed_mps", weapon.projectile.speed_mps, 30.0, 3_000.0)
    return replace(weapon.projectile, speed_mps=speed)


def _clipped_normal(rng: np.random.Generator) -> float:
    return float(np.clip(rng.standard_normal(), -_SPREAD_LIMIT, _SPREAD_LIMIT))
