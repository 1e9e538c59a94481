"""What the detector held between ear and alert, for the judge's diagnosis."""

import numpy as np

from detector.detect import DetectionResult
from detector.site import Site
from testbed.cause import Workings


def workings_of(site: Site, result: DetectionResult) -> Workings:
    """Return pulses and associated rounds as plain arrays."""
    names = [station.id for station in site.stations]
    times = [incident.round_times_s for incident in result.incidents]
    places = [np.broadcast_to(i.position_m, (len(i.round_times_s), 2)) for i in result.incidents]
    return Workings(
        pulse_station=[names[i] for i in result.pulses.station],
        pulse_time_s=result.pulses.time_s,
        round_time_s=np.concatenate([np.empty(0), *times]),
        round_position_m=np.concatenate([np.empty((0, 2)), *places]),
    )
