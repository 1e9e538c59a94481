"""Heights of buildings as people write them into maps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FOOT_M = 0.3048
LOWEST_M, HIGHEST_M = 1.0, 830.0
"""Below 1 m there is no building to speak of; the highest in the world has 828 m."""
MOST_LEVELS = 170.0
LONGEST_TEXT = 64

_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
_FEET = re.compile(rf"({_NUMBER})\s*(?:'|ft|feet)\s*(?:({_NUMBER})\s*(?:\"|''|in))?", re.IGNORECASE)
_METRES = re.compile(rf"~?\s*({_NUMBER})\s*(?:m|metres|meters)?\.?", re.IGNORECASE)


@dataclass(frozen=True)
class Height:
    """A height, m, where it comes from ("height", "levels", "guess") and what had to be mended, if anything."""

    metres: float
    source: str
    note: str = ""


def read_height(properties: Mapping[str, Any], storey_m: float, default_m: float) -> Height:
    """Return the height that a feature's properties give.

    Parameters
    ----------
    properties : mapping
        `height` (m, or text such as "12 m", "40'", "12;14": of several the highest), `height_source` ("default"
        marks a guess), `levels` or `building:levels`; any of them may be absent or absurd.
    storey_m, default_m : float
        Height of a storey; height of a building that gives none, m.
    """
    said = properties.get("height")
    metres = parse_length(said)
    note = ""
    if metres is not None and LOWEST_M <= metres <= HIGHEST_M:
        if isinstance(said, str) and not _plain(said):
            note = f"height {said!r} read as {metres:g} m"
        source = {"default": "guess", "levels": "levels"}.get(str(properties.get("height_source")), "height")
        return Height(metres, source, note)
    if said not in (None, ""):
        note = f"height {said!r} is not {LOWEST_M:g} to {HIGHEST_M:g} m"
    levels = parse_length(properties.get("building:levels", properties.get("levels")))
    if levels is not None and 0.0 < levels <= MOST_LEVELS:
        return Height(max(levels * storey_m, LOWEST_M), "levels", note and f"{note}; took {levels:g} levels")
    return Height(default_m, "guess", note and f"{note}; took the default {default_m:g} m")


def parse_length(said: object) -> float | None:
    """Return a length in m from a number or a text in metres or feet; None when it is neither.

    Of several values ("12;14") the highest counts: a roof is as high as its highest part.
    """
    if isinstance(said, bool) or said is None:
        return None
    if isinstance(said, int | float):
        return float(said) if abs(said) < 1e9 else None
    text = str(said)
    if len(text) > LONGEST_TEXT:
        return None
    found = [_one_length(part.strip()) for part in text.split(";")]
    known = [value for value in found if value is not None]
    return max(known) if known else None


def _one_length(text: str) -> float | None:
    feet = _FEET.fullmatch(text)
    if feet:
        return FOOT_M * (_number(feet[1]) + (_number(feet[2]) / 12.0 if feet[2] else 0.0))
    metres = _METRES.fullmatch(text)
    return _number(metres[1]) if metres else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _plain(text: str) -> bool:
    """Tell whether a text is just a number, as map keys are all text."""
    return re.fullmatch(r"\d+(?:\.\d+)?(?: ?m)?", text.strip()) is not None
