"""Acts of fireworks by name, beside those of `scenes.schedules.incidents`: bottle rockets and whole shows."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from scenes.schedules.incidents import Act, Bang, aerial_shell, single_cracker, string

STRINGS = (8, 25)
CLIMB_S, CLIMB_MPS = (0.5, 1.0), (20.0, 40.0)
LEAN = 0.3
SHOW_S = (6.0, 15.0)
SHOW_PER_S = (0.8, 5.0)
SHOW_MOST = 40


def bottle_rocket(rng: np.random.Generator) -> Act:
    """Launch a bottle rocket: 0.5 to 1 s of whistle on the way up, the report 10 to 40 m above (A)."""
    climb_s, climb_mps = float(rng.uniform(*CLIMB_S)), float(rng.uniform(*CLIMB_MPS))
    height, bearing = climb_s * climb_mps, rng.uniform(0.0, 2.0 * np.pi)
    lean = LEAN * height * rng.uniform()
    top = (float(lean * np.cos(bearing)), float(lean * np.sin(bearing)), height)
    traits = {"length_s": round(climb_s, 3), "climb_mps": round(climb_mps, 2)}
    return (
        Bang("rocket-whistle", 0.0, (0.0, 0.0, 0.5), traits),
        Bang("rocket-report", climb_s, top),
    )


def show(rng: np.random.Generator) -> Act:
    """Fire a show: 6 to 15 s of shells from one place, 0.8 to 5 bangs a second, Poisson in time, each with its lift."""
    length_s, rate = rng.uniform(*SHOW_S), rng.uniform(*SHOW_PER_S)
    # A shell is two bangs.
    shells = int(np.clip(rng.poisson(0.5 * rate * length_s), 2, SHOW_MOST))
    bangs: list[Bang] = []
    for start_s in np.sort(rng.uniform(0.0, length_s, shells)):
        bangs += [replace(bang, after_s=bang.after_s + float(start_s)) for bang in aerial_shell(rng)]
    first_s = min(bang.after_s for bang in bangs)
    moved = [replace(bang, after_s=bang.after_s - first_s) for bang in bangs]
    return tuple(sorted(moved, key=lambda bang: bang.after_s))


def long_string(rng: np.random.Generator) -> Act:
    """Burn a string of 8 to 24 crackers."""
    return string(int(rng.integers(*STRINGS)), rng)


FIREWORKS: Mapping[str, Callable[[np.random.Generator], Act]] = {
    "string": long_string,
    "shell": aerial_shell,
    "cracker": single_cracker,
    "rocket": bottle_rocket,
    "show": show,
}
