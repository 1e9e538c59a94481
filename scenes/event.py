"""What happened: one event is one bang; an incident groups the bangs of one act."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """One bang: a round, one cracker of a string, the burst of a shell.

    Attributes
    ----------
    id, incident : str
        Unique name of the bang, and the name of the act it belongs to.
    kind : str
        The physical thing, a name in the registry of sources ("pistol-9mm", "shell-burst").
    time_s : float
        Emission time at the source, seconds after the scene's start on true time.
    position_m : tuple of float
        [east, north, up] in the block's frame, m.
    traits : mapping
        What the source needs beside its kind: "azimuth_deg" (direction of fire or of the tail pipe,
        counter-clockwise from east), "elevation_deg", "calibre_in", "rpm".
    """

    id: str
    incident: str
    kind: str
    time_s: float
    position_m: tuple[float, float, float]
    traits: Mapping[str, float | str] = field(default_factory=dict)
