"""How far each sensor pulls an incident's place: where it would lie without that sensor."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import Site

LEAST = 3  # fewer sensors fix no place
Shift = tuple[float, float] | None


def leave_each_out(
    site: Site, pulses: Pulses, incident: Incident, place_of: Callable[[Incident], npt.NDArray[np.float64]]
) -> dict[str, Shift]:
    """Locate an incident once without each of its sensors.

    Parameters
    ----------
    site : Site
    pulses : Pulses
    incident : Incident
    place_of : callable
        Gives the place (2,) of an incident, m.

    Returns
    -------
    dict
        Sensor -> shift [east, north], m; None where the others fix no place.
    """
    station = pulses.station[incident.pulse]
    used = np.unique(station)
    if len(used) <= LEAST:
        return {site.stations[i].id: None for i in used}
    whole = place_of(incident)
    shifts: dict[str, Shift] = {}
    for i in used:
        east, north = place_of(keep_pulses(incident, station != i)) - whole
        shifts[site.stations[i].id] = (float(east), float(north))
    return shifts


def keep_pulses(incident: Incident, kept: npt.NDArray[np.bool_]) -> Incident:
    """Return the incident with some of its pulses, and without the rounds that nobody heard then."""
    left, number = np.unique(incident.round[kept], return_inverse=True)
    return replace(
        incident, round_times_s=incident.round_times_s[left], pulse=incident.pulse[kept], round=number
    )
