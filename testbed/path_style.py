"""How each kind of path is drawn, and what it is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sim.propagation.paths import PathKind

# From the loudest path down to this much less, lines get thinner, dB.
_THINNEST_AT_DB = 40.0


@dataclass(frozen=True)
class Style:
    """Name, colour and dashes (as matplotlib takes them) of a kind of path."""

    name: str
    colour: str
    dashes: tuple[float, tuple[float, ...]] | Literal["-"]


# Okabe and Ito (2008), told apart by all common kinds of colour vision, and by dashes where there is no colour.
STYLES: Mapping[PathKind, Style] = {
    PathKind.DIRECT: Style("direct", "#000000", "-"),
    PathKind.REFLECTED: Style("reflected", "#0072B2", "-"),
    PathKind.CORNER: Style("corner", "#D55E00", (0, (6.0, 1.8))),
    PathKind.ROOF: Style("roof", "#009E73", (0, (6.0, 1.5, 1.0, 1.5))),
    PathKind.REFLECTED_DIFFRACTED: Style("reflected + corner", "#9A3D78", (0, (1.2, 1.2))),
    PathKind.TAIL: Style("scattered", "#777777", (0, (1.0, 3.0))),
}


def loudness_width(level_db: float, loudest_db: float) -> float:
    """Return the width of a line, points: thick for the loudest, thin from 40 dB below it."""
    share = min(max((loudest_db - level_db) / _THINNEST_AT_DB, 0.0), 1.0)
    return 2.8 - 2.1 * share
