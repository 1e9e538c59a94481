"""Two vocabularies and the judge's map between them: truth kinds ("pistol-9mm") and detector labels ("gunshot")."""

from collections.abc import Mapping

from scenes.weapons import WEAPONS

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
    **dict.fromkeys(
        (
            *(
                "door",
                "dumpster",
                "hammer",
                "nailgun",
                "piledriver",
                "jackhammer",
                "plate",
                "thunder",
                "helicopter",
            ),
            *("siren", "dog", "balloon", "bag", "drop", "impact", "other", "file"),
        ),
        "other",
    ),
}

# Contracts speak of "detectable (outdoor, unsuppressed, over .25 calibre) gunfire". Taken by the letter: a .223 rifle,
# loud as it is, has a bore below it.
LEAST_CALIBRE_IN = 0.25
CALIBRE_IN: Mapping[str, float] = {kind: weapon.calibre_in for kind, weapon in WEAPONS.items()}


def label_of(kind: str, traits: Mapping[str, float | str | bool] | None = None) -> str | None:
    """Return the label of a truth kind, None for a kind of no known family.

    An own recording (kind "file") is what its trait `label` says, "other" where it says nothing.
    """
    said = (traits or {}).get("label")
    if kind == "file" and said in LABELS:
        return str(said)
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
    if label_of(kind, traits) != "gunshot" or "suppressed" in kind.split("-"):
        return False
    calibre = traits.get("calibre_in", CALIBRE_IN.get(kind))
    small = isinstance(calibre, int | float) and calibre <= LEAST_CALIBRE_IN
    return not (small or _is_set(traits.get("suppressed")) or _is_set(traits.get("indoors")))


def _is_set(value: float | str | bool | None) -> bool:
    """Read a flag that may be written as true, 1 or "yes"."""
    return value not in (None, False, 0, "", "no", "false")
