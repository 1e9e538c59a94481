"""What an import read, mended, united and left out."""

from dataclasses import dataclass

Notes = tuple[tuple[str, str], ...]
SHOWN = 8


@dataclass(frozen=True)
class ImportAccount:
    """The account of one import of footprints.

    Attributes
    ----------
    source : str
        The file.
    read : int
        Features in it.
    footprints : int
        Polygons that stand in the block (a MultiPolygon counts for each of its parts).
    buildings : int
        Prisms that they became.
    united : tuple of tuple of str
        Ids of the footprints in each building that was made of several.
    repaired, dropped : tuple of (str, str)
        Id and what was done or why, one entry for each feature (or part of one).
    heights_measured, heights_from_levels, heights_guessed : int
        Footprints by where their height comes from.
    ground : str
        Where the ground's heights come from and what they are; empty where it is flat.
    """

    source: str
    read: int
    footprints: int
    buildings: int
    united: tuple[tuple[str, ...], ...]
    repaired: Notes
    dropped: Notes
    heights_measured: int
    heights_from_levels: int
    heights_guessed: int
    ground: str = ""

    def lines(self, shown: int = SHOWN) -> list[str]:
        """Return the account for people, at most `shown` ids for each matter."""
        in_groups = sum(len(group) for group in self.united)
        guessed = f"{self.heights_guessed} of {self.footprints} are guesses"
        lines = [
            f"{self.source}: {self.read} features read, {self.footprints} footprints kept, {self.buildings} buildings",
            f"heights: {self.heights_measured} measured, {self.heights_from_levels} from levels, {guessed}",
        ]
        if self.ground:
            lines.append(self.ground)
        if self.united:
            lines.append(
                f"united: {in_groups} touching footprints of equal height into {len(self.united)} buildings"
            )
        return lines + _notes("repaired", self.repaired, shown) + _notes("dropped", self.dropped, shown)


def _notes(verb: str, notes: Notes, shown: int) -> list[str]:
    if not notes:
        return []
    lines = [f"{verb}: {len(notes)}"]
    lines += [f"  {name}: {why}" for name, why in notes[:shown]]
    if len(notes) > shown:
        lines.append(f"  and {len(notes) - shown} more")
    return lines
