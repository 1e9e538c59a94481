"""The paths of a pair as rows, as CSV and as a table for people."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from sim.propagation.paths import BANDS_HZ
from testbed.pair_sound import HeardPath, PairSound


def path_rows(paths: Sequence[HeardPath]) -> pl.DataFrame:
    """Return one row a path, in order of arrival.

    Parameters
    ----------
    paths : sequence of HeardPath

    Returns
    -------
    polars.DataFrame
        `number, part, kind, order, ground_bounces, delay_s, length_m, level_db`, `gain_63hz_db` ... `gain_8000hz_db`
        (re the free field at 1 m, air included), and `vertices_m` as "x y z; x y z; ...".
    """
    plain = pl.DataFrame(
        {
            "number": [p.number for p in paths],
            "part": [p.part for p in paths],
            "kind": [p.kind.name.lower() for p in paths],
            "order": [p.order for p in paths],
            "ground_bounces": [p.ground_bounces for p in paths],
            "delay_s": [p.delay_s for p in paths],
            "length_m": [p.length_m for p in paths],
            "level_db": [p.level_db for p in paths],
        }
    )
    bands = [pl.Series(f"gain_{hz:.0f}hz_db", [p.gain_db[i] for p in paths]) for i, hz in enumerate(BANDS_HZ)]
    places = ["; ".join(" ".join(f"{c:.2f}" for c in vertex) for vertex in p.vertices_m) for p in paths]
    return plain.with_columns(*bands, pl.Series("vertices_m", places))


def format_paths(sound: PairSound, distance_m: float, shown: int) -> str:
    """Return the strongest paths as a table.

    Parameters
    ----------
    sound : PairSound
    distance_m : float
        Straight from source to sensor, m.
    shown : int
        Number of rows at most.
    """
    several = len({path.part for path in sound.paths}) > 1
    strongest = sorted(sound.paths, key=lambda path: -path.level_db)[:shown]
    bands = "".join(f"{_short(hz):>5s}" for hz in BANDS_HZ)
    head = f"  no   time ms  level dB  {'way':26s} length m  detour m   gain re 1 m, dB, at{bands} Hz"
    lines = [head + ("   part" if several else "")]
    for path in strongest:
        gains = "".join(f"{round(g):5d}" for g in np.maximum(path.gain_db, -999.0))
        lines.append(
            f"{path.number:4d} {1e3 * path.delay_s:9.1f} {path.level_db:9.1f}  {way(path):26s}"
            f" {path.length_m:8.1f} {path.length_m - distance_m:9.1f} {'':22s}"
            f"{gains}{f'{path.part:10d}' if several else ''}"
        )
    return "\n".join(lines)


def way(path: HeardPath) -> str:
    """Return in words what a path met: "corner x2 + ground"."""
    name = {
        "direct": "direct",
        "reflected": "reflected",
        "corner": "corner",
        "roof": "roof",
        "reflected_diffracted": "reflected + corner",
        "tail": "scattered",
    }[path.kind.name.lower()]
    times = f" x{path.order}" if path.order > 1 and "+" not in name else ""
    ground = ["", " + ground", " + ground x2"][min(path.ground_bounces, 2)]
    return f"{name}{times}{ground}"


def _short(hz: float) -> str:
    return f"{hz / 1000:.0f}k" if hz >= 1000 else f"{hz:.0f}"
