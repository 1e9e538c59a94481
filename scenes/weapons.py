"""Weapons as data: `weapons.csv`, one line a weapon with its usual load, each with its source or marked (A).

Levels are peak levels 1 m beside the muzzle (90 degrees off the line of fire). Dater (2014, Firearm Sound
Suppression) measured .40, 9 mm, .357 and .223 with a fast microphone at that place. The directivity index m was
never measured by weapon: 0.4 for handguns (7 dB front to back), 0.75 for long guns (17 dB) are assumptions in the
range of Fansler's fits. Drag is -d(ln V)/dx from ballistic coefficients (G1) of common loads: an assumption to 20 %.
Paces are mean times between aimed rounds: the Pittsburgh live fire gives 0.56 s for semi-automatic pistols, the rest is
assumed about it; automatic rates are makers' cyclic rates, 1,200 a minute for pistols with a conversion switch. Shares
of weapons in street shootings are assumptions: mostly pistols.

A suppressor takes 17 to 24 dB off the blast and nothing off the shock. That it rounds the blast's directivity and
makes it half as long again are assumptions.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

SUPPRESSED = "-suppressed"
_SUPPRESSION_DB = (24.0, 17.0)
_SUPPRESSED_DIRECTIVITY = 0.5
_SUPPRESSED_LENGTH = 1.5


@dataclass(frozen=True)
class Projectile:
    """A projectile: muzzle speed m/s, diameter and length m, drag 1/m (V = V0 exp(-drag x))."""

    speed_mps: float
    diameter_m: float
    length_m: float
    drag_per_m: float


@dataclass(frozen=True)
class Weapon:
    """What a weapon and its usual load are.

    Attributes
    ----------
    calibre_in : float
        Bore, inches.
    level_db : tuple of float
        Lowest and highest peak level of the blast 1 m beside the muzzle, dB re 20 uPa.
    directivity : float
        Fansler's m, 0 (round) to below 1.
    positive_s : float
        Duration of the positive phase, s.
    projectile : Projectile or None
        None where no ballistic shock is modelled.
    pace_s : float
        Mean time between aimed rounds, s.
    auto_s : float or None
        Time between rounds of automatic fire, s; None where the weapon has none.
    share : float
        Of the shootings of a street.
    source : str
        Where the numbers come from.
    """

    calibre_in: float
    level_db: tuple[float, float]
    directivity: float
    positive_s: float
    projectile: Projectile | None
    pace_s: float
    auto_s: float | None
    share: float
    source: str


def _read() -> Iterator[tuple[str, Weapon]]:
    text = files("scenes").joinpath("weapons.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        weapon = _weapon(row)
        yield row["kind"], weapon
        if row["suppressor"] == "yes":
            low, high = weapon.level_db
            yield (
                row["kind"] + SUPPRESSED,
                replace(
                    weapon,
                    level_db=(low - _SUPPRESSION_DB[0], high - _SUPPRESSION_DB[1]),
                    directivity=_SUPPRESSED_DIRECTIVITY * weapon.directivity,
                    positive_s=_SUPPRESSED_LENGTH * weapon.positive_s,
                    share=0.0,
                ),
            )


def _weapon(row: Mapping[str, str]) -> Weapon:
    projectile = None
    if row["speed_mps"]:
        projectile = Projectile(
            float(row["speed_mps"]),
            1e-3 * float(row["diameter_mm"]),
            1e-3 * float(row["length_mm"]),
            1e-3 * float(row["drag_per_km"]),
        )
    return Weapon(
        float(row["calibre_in"]),
        (float(row["level_low_db"]), float(row["level_high_db"])),
        float(row["directivity"]),
        1e-3 * float(row["positive_ms"]),
        projectile,
        float(row["pace_s"]),
        60.0 / float(row["auto_per_min"]) if row["auto_per_min"] else None,
        float(row["share"]),
        row["source"],
    )


WEAPONS: Mapping[str, Weapon] = dict(_read())
