"""What the judge may know of a scene and of who heard what in it."""

import math
from collections import defaultdict
from collections.abc import Iterable

from scenes.scene import Scene
from sim.simulate import Heard
from testbed.truth import Hearing, Truth, TruthEvent, Watch


def truth_of(scene: Scene, heard: Iterable[Heard]) -> Truth:
    """Return the truth of a simulated scene.

    Parameters
    ----------
    scene : Scene
    heard : iterable of Heard
        First arrivals, one for each event and sensor that it reached.
    """
    hearings: dict[str, dict[str, Hearing]] = defaultdict(dict)
    for one in heard:
        hearings[one.event][one.sensor] = Hearing(one.time_s, one.level_db, one.path, one.clipped)
    events = tuple(
        TruthEvent(e.id, e.incident, e.kind, e.time_s, e.position_m, e.traits, hearings[e.id])
        for e in scene.events
    )
    octaves = sum(10.0 ** (level / 10.0) for level in scene.ambient.octave_db_rms)
    sensors = {s.id: s.position_m for s in scene.sensors if s.alive}
    return Truth(events, Watch(scene.duration_s, scene.block.bounds_m, sensors, 10.0 * math.log10(octaves)))
