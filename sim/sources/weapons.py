"""Weapons as data.

Levels are peak levels 1 m beside the muzzle (90 degrees off the line of fire). Dater (2014, Firearm Sound
Suppression) measured .40, 9 mm, .357 and .223 with a fast microphone at that place; the others are marked. The
directivity index m was never measured by weapon: 0.4 for handguns (7 dB front to back), 0.75 for long guns (17 dB)
are assumptions in the range of Fansler's fits. Drag is -d(ln V)/dx from ballistic coefficients (G1) of common
loads: an assumption to 20 %.
"""

from dataclasses import dataclass

HANDGUN_M = 0.4
LONG_GUN_M = 0.75


@dataclass(frozen=True)
class Projectile:
    """A projectile: muzzle speed m/s, diameter and length m, drag 1/m (V = V0 exp(-drag x))."""

    speed_mps: float
    diameter_m: float
    length_m: float
    drag_per_m: float


@dataclass(frozen=True)
class Weapon:
    """What a weapon and its usual load radiate.

    Attributes
    ----------
    level_db : tuple of float
        Lowest and highest peak level of the blast 1 m beside the muzzle, dB re 20 uPa.
    directivity : float
        Fansler's m, 0 (round) to below 1.
    positive_s : float
        Duration of the positive phase, s.
    projectile : Projectile or None
        None where no ballistic shock is modelled.
    """

    level_db: tuple[float, float]
    directivity: float
    positive_s: float
    projectile: Projectile | None


WEAPONS: dict[str, Weapon] = {
    # 7.5 g at 360 m/s from a service pistol; level Dater (2014).
    "pistol-9mm": Weapon((159.0, 162.0), HANDGUN_M, 0.35e-3, Projectile(360.0, 9.01e-3, 14.5e-3, 2.0e-3)),
    # 11.7 g at 300 m/s: subsonic; level Dater (2014).
    "pistol-40": Weapon((161.0, 162.0), HANDGUN_M, 0.38e-3, Projectile(300.0, 10.2e-3, 15.5e-3, 1.3e-3)),
    # 14.9 g at 255 m/s: subsonic; level 157 dB with an assumed spread of 1 dB.
    "pistol-45": Weapon((156.0, 158.0), HANDGUN_M, 0.45e-3, Projectile(255.0, 11.5e-3, 17.0e-3, 0.9e-3)),
    # 6.2 g at 290 m/s: subsonic; level 158 dB with an assumed spread of 1 dB.
    "pistol-380": Weapon((157.0, 159.0), HANDGUN_M, 0.32e-3, Projectile(290.0, 9.01e-3, 11.5e-3, 1.6e-3)),
    # 10.2 g at 380 m/s from a 100 mm barrel; level of .357 in Dater (2014).
    "revolver-357": Weapon((162.0, 164.0), HANDGUN_M, 0.40e-3, Projectile(380.0, 9.07e-3, 16.5e-3, 1.6e-3)),
    # 3.6 g at 930 m/s; level Dater (2014).
    "rifle-223": Weapon((162.0, 164.0), LONG_GUN_M, 0.38e-3, Projectile(930.0, 5.69e-3, 19.0e-3, 1.3e-3)),
    # 8.0 g (7.62 x 39) at 715 m/s; level an assumption between .223 and the rifles of Murphy et al. (2012).
    "rifle-762": Weapon((163.0, 166.0), LONG_GUN_M, 0.45e-3, Projectile(715.0, 7.92e-3, 26.6e-3, 1.2e-3)),
    # 2.6 g at 375 m/s; level 140 dB (Murphy et al. 2012) with an assumed spread of 1.5 dB.
    "rifle-22": Weapon((138.5, 141.5), LONG_GUN_M, 0.30e-3, Projectile(375.0, 5.7e-3, 11.7e-3, 2.5e-3)),
    # 12 gauge; pellets leave the speed of sound behind within metres, so no shock is modelled (assumption).
    "shotgun-12": Weapon((152.0, 162.0), LONG_GUN_M, 0.9e-3, None),
}
