"""Several incidents within seconds in simulated streets: each keeps its own pulses, and its region holds it."""

import numpy as np

from tests.bench.streets_bench import hear_places

TUNING = 77_001


def test_a_stronger_incident_leaves_the_rounds_of_a_weaker_one():
    """One shot, then three from 140 m away 5 s later, then two more shooters: five incidents, five places.

    All sensors hear all of them; from one place the others' pulses look like late arrivals of its own.
    """
    places, _, _ = hear_places(0, TUNING)
    errors = np.array([place.error_m for place in places])
    assert len(places) == 5
    assert errors.max() < 10.0
    assert sum(place.held[2] for place in places) >= 4
