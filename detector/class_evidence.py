"""What an incident sounds like across the network: the evidence for its class, in groups that can be told apart."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from detector.bustle_evidence import BUSTLE, measure_bustle
from detector.cadence_evidence import CADENCE, EVENNESS, measure_cadence, measure_evenness
from detector.clear_evidence import CLEAR, VOTES, measure_clear, measure_votes
from detector.faint_repeat_evidence import FAINT, measure_faint_repeats
from detector.features import FEATURES
from detector.ground_evidence import GROUND, measure_ground
from detector.incident import Incident
from detector.pulse import Pulses
from detector.reach_evidence import DIRECTION, LEVEL, measure_direction, measure_level
from detector.repeat_evidence import REPEATS, measure_repeats
from detector.site import Site
from detector.source_evidence import SOURCE, measure_source
from detector.structure_evidence import STRUCTURE, measure_structure
from detector.travel_evidence import HEIGHT, MOVEMENT, measure_height, measure_movement

PULSE_SCORES = ("pulses_gunshot", "pulses_firework", "pulses_backfire", "pulses_other")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "sound": (*FEATURES, *PULSE_SCORES, *CLEAR, *VOTES),
    "level": (*LEVEL, *SOURCE),
    "direction": DIRECTION,
    "height": (*HEIGHT, *GROUND),
    "cadence": (*CADENCE, *EVENNESS, *REPEATS, *FAINT, *BUSTLE),
    "movement": MOVEMENT,
    "structure": STRUCTURE,
}
EVIDENCE = tuple(name for group in GROUPS.values() for name in group)
DIGITS = 6
WEIGHT_DB = (3.0, 30.0)  # pulses weigh by their SNR in dB within these bounds


def gather_evidence(
    site: Site,
    pulses: Pulses,
    incident: Incident,
    position_m: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64] | None:
    """Describe an incident by its pulses and by how they lie in space and time.

    Parameters
    ----------
    site : Site
    pulses : Pulses
    incident : Incident
    position_m : ndarray, shape (2,) or more
        Its place, m.
    scores : ndarray, shape (m, 4)
        What the tier of single pulses says of the incident's pulses: log-probability of each label.

    Returns
    -------
    ndarray, shape (len(EVIDENCE),), or None
        All finite. None where nothing was heard (pulse tables). A pulse's features weigh by its SNR; clipped pulses
        weigh half, for their spectrum is part the converter's.
    """
    index = incident.pulse
    if pulses.features.shape[1] != len(FEATURES) or not len(index):
        return None
    place = np.asarray(position_m, dtype=np.float64)[:2]
    weight = weigh_pulses(pulses)[index]
    sound = np.average(np.column_stack([pulses.features[index], scores]), axis=0, weights=weight)
    evidence = np.concatenate(
        [
            sound,
            measure_clear(site, pulses, incident, place, weight),
            measure_votes(pulses, incident, weight, scores),
            measure_level(site, pulses, incident, place, weight),
            measure_source(site, pulses, incident, place),
            measure_direction(site, pulses, incident, place),
            measure_height(site, pulses, incident, place),
            measure_ground(site, pulses, incident, place),
            measure_cadence(pulses, incident),
            measure_evenness(site, pulses, incident, place),
            measure_repeats(pulses, incident),
            measure_faint_repeats(pulses, incident),
            measure_bustle(site, pulses, incident, place),
            measure_movement(site, pulses, incident, place),
            measure_structure(pulses, incident),
        ]
    )
    # The last bits of a machine's arithmetic say nothing, and trees would ask for them.
    return np.round(evidence, DIGITS)


def weigh_pulses(pulses: Pulses) -> npt.NDArray[np.float64]:
    """Return the weight of each pulse's sound, shape (n,)."""
    snr_db = np.nan_to_num(pulses.snr_db, nan=WEIGHT_DB[0])
    return np.clip(snr_db, *WEIGHT_DB) * np.where(pulses.clipped, 0.5, 1.0)
