"""Two vocabularies and the judge's map between them: truth kinds ("pistol-9mm") and detector labels ("gunshot")."""

from collections.abc import Mapping

LABELS = ("gunshot", "firework", "backfire", "other")
UNCERTAIN = "uncertain"
CALLS = (*LABELS, UNCERTAIN)

# The family of a kind is its first word: "rifle-556-suppressed" is of the family "rifle".
FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(
        ("pistol", "revolver", "rifle", "carbine", "shotgun", "smg", "gun", "handgun"), "gunshot"
    ),
    **dict.fromkeys(("firecracker", "firework", "m80", "mortar", "shell", "rocket"), "firework"),
    **dict.fromkeys(("backfire", "afterfire"), "backfire"),
    **dict.fromkeys(("door", "hammer", "nailgun", "plate", "thunder", "drop", "impact", "other"), "other"),
}

# Contracts speak of "detectable (outdoor, unsuppressed, over .25 calibre) gunfire". Taken by the letter: a .223 rifle,
# loud as it is, has a bore below it.
LEAST_CALIBRE_IN = 0.25
CALIBRE_IN: Mapping[str, float] = {
    "pistol-9mm": 0.355,
    "pistol-40": 0.40,
    "pistol-45": 0.45,
    "pistol-380": 0.355,
    "revolver-357": 0.357,
    "rifle-22": 0.22,
    "rifle-223": 0.223,
    "rifle-762": 0.30,
    "shotgun-12": 0.729,
}


def label_of(kind: str) -> str | None:
    """Return the label of a truth kind, None for a kind of no known family."""
    return FAMILIES.get(kind.split("-", 1)[0])


def is_detectable(kind: str, traits: Mapping[str, float | str | bool]) -> bool:
    """Tell whether an event is gunfire that a contract counts.

    Parameters
    ----------
    kind : str
        Truth kind.
    traits : mapping
        "calibre_in" (inches; else that of the kind), "suppressed", "indoors": any may be absent. An unknown
        calibre counts as detectable, which is the reading that is hard on the detector.
    """
    if label_of(kind) != "gunshot" or "suppressed" in kind.split("-"):
        return False
    calibre = traits.get("calibre_in", CALIBRE_IN.get(kind))
    small = isinstance(calibre, int | float) and calibre <= LEAST_CALIBRE_IN
    return not (small or _is_set(traits.get("suppressed")) or _is_set(traits.get("indoors")))


def _is_set(value: float | str | bool | None) -> bool:
    """Read a flag that may be written as true, 1 or "yes"."""
    return value not in (None, False, 0, "", "no", "false")
