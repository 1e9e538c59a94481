"""Materials of facades and of the ground, by name.

Facades are the absorption table that pyroomacoustics ships (Vorländer 2008, *Auralization*, appendix), read as the
JSON file that it is: importing that package costs a second and no code of it is needed here.
"""

import difflib
import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scenes.errors import BadInput

BANDS_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)

# Delany-Bazley flow resistivity, Pa s/m2: ground classes D, F, G, H of CNOSSOS-EU (Directive 2015/996, table 2.5.a).
# "Grass" is the uncompacted meadow of class D; a trodden lawn would be class E, 5e5.
GROUND_FLOW_RESISTIVITY = {"grass": 2e5, "gravel": 2e6, "asphalt": 2e7, "concrete": 2e8}

# (A) The table has no scattering coefficients of facades. Reliefs of 0.1 to 0.5 m (window reveals, sills, cornices,
# balconies) are small against the wavelength at 63 Hz and comparable to it above 1 kHz.
FACADE_SCATTERING = (0.05, 0.05, 0.10, 0.10, 0.15, 0.20, 0.25, 0.30)
# (A) Paved or mown ground is flat against the wavelengths here.
GROUND_SCATTERING = (0.0,) * 8


@dataclass(frozen=True)
class Material:
    """How a surface treats sound, in the octave bands `BANDS_HZ`.

    Attributes
    ----------
    name : str
    absorption : tuple of 8 floats
        Share of the incident energy that does not return, 0 to 1.
    scattering : tuple of 8 floats
        Share of the returned energy that leaves in other than the specular direction, 0 to 1.
    flow_resistivity : float or None
        Of the Delany-Bazley impedance model, Pa s/m2; None for facades.
    """

    name: str
    absorption: tuple[float, ...]
    scattering: tuple[float, ...]
    flow_resistivity: float | None = None


@cache
def load_material(name: str) -> Material:
    """Return the material of that name: a ground surface or a facade.

    Raises
    ------
    BadInput
        When there is no such material; the message names the nearest ones.
    """
    if name in GROUND_FLOW_RESISTIVITY:
        return _ground(name)
    table = _facade_table()
    if name not in table:
        known = sorted({*table, *GROUND_FLOW_RESISTIVITY})
        near = difflib.get_close_matches(name, known, n=4, cutoff=0.4) or ["brick_wall_rough", "asphalt"]
        msg = f"unknown material {name!r}; the nearest known names are {', '.join(near)}"
        raise BadInput(msg)
    return Material(name, table[name], FACADE_SCATTERING)


def material_names() -> tuple[str, ...]:
    """Return all names that `load_material` accepts, sorted."""
    return tuple(sorted({*_facade_table(), *GROUND_FLOW_RESISTIVITY}))


def _ground(name: str) -> Material:
    """Absorption of a ground at normal incidence from its Delany-Bazley impedance.

    Delany and Bazley (1970), in the form Z = 1 + 9.08 X^-0.75 + 11.9i X^-0.73, X = 1000 f / sigma with sigma in
    Pa s/m2; alpha = 1 - |(Z - 1) / (Z + 1)|^2.
    """
    sigma = GROUND_FLOW_RESISTIVITY[name]
    absorption = []
    for frequency in BANDS_HZ:
        ratio = 1000.0 * frequency / sigma
        impedance = complex(1.0 + 9.08 * ratio**-0.75, 11.9 * ratio**-0.73)
        absorption.append(1.0 - abs((impedance - 1.0) / (impedance + 1.0)) ** 2)
    return Material(name, tuple(absorption), GROUND_SCATTERING, sigma)


@cache
def _facade_table() -> dict[str, tuple[float, ...]]:
    """Read name -> absorption in 8 bands from the table beside the installed pyroomacoustics."""
    found = importlib.util.find_spec("pyroomacoustics")
    if found is None or found.origin is None:
        msg = "facade materials need the package pyroomacoustics (its materials.json); install it"
        raise BadInput(msg)
    path = Path(found.origin).parent / "data" / "materials.json"
    groups = json.loads(path.read_text(encoding="utf-8"))["absorption"]
    return {name: _eight_bands(entry["coeffs"]) for group in groups.values() for name, entry in group.items()}


def _eight_bands(coefficients: list[float]) -> tuple[float, ...]:
    """Extend 125 Hz to 4 or 8 kHz to 63 Hz to 8 kHz by holding the end values."""
    held = [coefficients[0], *coefficients]
    held += [held[-1]] * (len(BANDS_HZ) - len(held))
    return tuple(float(value) for value in held)
