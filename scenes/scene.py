"""A scene: everything that is true about one recording."""

from dataclasses import dataclass, field

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block
from scenes.event import Event
from scenes.sensor import Sensor


@dataclass(frozen=True, eq=False)
class Scene:
    """The truth of one recording: block, air, events (in time order), sensors, duration s, seed, ambient noise."""

    block: Block
    sensors: tuple[Sensor, ...]
    events: tuple[Event, ...] = ()
    duration_s: float = 60.0
    seed: int = 0
    air: Air = field(default_factory=Air)
    ambient: Ambient = field(default_factory=Ambient)
