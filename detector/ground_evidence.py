"""How high a bang was above the street, as the reflection from the ground colours it at stations near and far.

The ground's answer comes 2 h H / r later than the direct sound, for a source at height h, a station at H, and a
distance r that is large beside both: it takes away what is half a period late. A gun is held at 1.5 m, so that at 100 m
from a station on a lamp post the octave of 1 kHz is weak, at 50 m that of 500 Hz; a cracker on the ground loses
nothing. Which octave is weak moves with the distance, and no filter of a maker does that.
"""

import numpy as np
import numpy.typing as npt

from detector.features import FEATURES, OCTAVES_HZ
from detector.incident import Incident
from detector.pulse import Pulses
from detector.reach_evidence import NEAREST_M, measure_distance
from detector.site import Site

GROUND = (
    "held_over_ground_nats",
    "held_over_tailpipe_nats",
    "held_under_sky_nats",
    "log10_height_product_m2",
)
# Height of the source times that of the station, m2. Stations hang 4 to 10 m up (A).
PRODUCT_M2 = np.array([0.3, 1.0, 2.4, 4.5, 6.0, 7.5, 9.0, 11.0, 13.0, 15.0, 20.0, 30.0, 60.0])
ON_GROUND, TAILPIPE, HELD, SKY = slice(0, 2), slice(2, 3), slice(4, 10), slice(11, 13)
REFLECTED = 0.85  # of the pressure (A): hard ground at grazing incidence, some of it out of step
FREQUENCY_HZ = np.array(OCTAVES_HZ)[:, None] * 2.0 ** np.linspace(-0.5, 0.5, 12)
AIR_DB_M = np.array([1.13, 2.80, 4.98, 9.02]) / 1e3  # ISO 9613-1, 20 degrees, 70 %, the octaves
LEAST_DB = -25.0
SNR_DB = 8.0  # fainter pulses are asked where there are no others
# Standard deviations (A): an octave beside the others of one path; the tilt that walls and corners give a path, an
# octave; the source's own spectrum and the sensors' colour, which all share; the level of a path, which says nothing.
OCTAVE_DB, TILT_DB, SHARED_DB, PATH_DB = 2.0, 1.5, 12.0, 10.0
_BANDS = [FEATURES.index(f"band_{f:.0f}_db") for f in OCTAVES_HZ]
Floats = npt.NDArray[np.float64]


def measure_ground(site: Site, pulses: Pulses, incident: Incident, place_m: Floats) -> Floats:
    """Return the evidence `GROUND`.

    How much likelier a hand's height is than the ground, than a tailpipe's, than the sky, nats; the mean log10 of
    height times station height. By the louder half of the pulses, for 6 dB a doubling of distance: those paths are
    nearest to free.
    """
    away_m = measure_distance(site, place_m)
    index = _choose(pulses, incident.pulse, away_m)
    station = pulses.station[index]
    heard = np.unique(station)
    octave_db = np.array([_measure_octaves(pulses, index[station == s]) for s in heard])
    octave_db += AIR_DB_M * away_m[heard, None]
    gains_db = interfere(PRODUCT_M2[:, None], away_m[heard], site.air.sound_speed_mps)
    nats = _weigh(octave_db - gains_db)
    share = np.exp(nats - nats.max())

    def mean(window: slice) -> float:
        return float(np.logaddexp.reduce(nats[window]) - np.log(len(nats[window])))

    return np.array(
        [
            mean(HELD) - mean(ON_GROUND),
            mean(HELD) - mean(TAILPIPE),
            mean(HELD) - mean(SKY),
            float(share @ np.log10(PRODUCT_M2) / share.sum()),
        ]
    )


def interfere(product_m2: Floats, away_m: Floats, sound_speed_mps: float) -> Floats:
    """Return what the ground adds to each octave, dB, shape (..., 4): product of heights m2, distance m, (...) each."""
    late_s = 2.0 * product_m2 / np.maximum(away_m, NEAREST_M) / sound_speed_mps
    turn = 2.0 * np.pi * FREQUENCY_HZ * late_s[..., None, None]
    power = 1.0 + REFLECTED**2 + 2.0 * REFLECTED * np.cos(turn)
    return 10.0 * np.log10(power.mean(axis=-1))


def _choose(pulses: Pulses, index: npt.NDArray[np.int64], away_m: Floats) -> npt.NDArray[np.int64]:
    free_db = np.nan_to_num(pulses.level_db[index]) + 20.0 * np.log10(away_m[pulses.station[index]])
    louder = index[free_db >= np.median(free_db)]
    clear = louder[np.nan_to_num(pulses.snr_db[louder]) > SNR_DB]
    return clear if len(clear) else louder


def _measure_octaves(pulses: Pulses, index: npt.NDArray[np.int64]) -> Floats:
    return np.maximum(pulses.features[index][:, _BANDS], LEAST_DB).mean(axis=0)


def _weigh(rest_db: Floats) -> Floats:
    """Return the log-likelihood of what is left of the octaves, (..., stations, 4), nats up to a constant: (...)."""
    place = np.arange(len(OCTAVES_HZ)) - (len(OCTAVES_HZ) - 1) / 2.0
    own = OCTAVE_DB**2 * np.eye(len(place)) + TILT_DB**2 * np.outer(place, place) + PATH_DB**2
    count = rest_db.shape[-2]
    mean_db = rest_db.mean(axis=-2)
    about_db = rest_db - mean_db[..., None, :]
    # What stations share is in their mean alone.
    shared = own + count * SHARED_DB**2 * np.eye(len(place))
    apart = np.einsum("...si,ij,...sj->...", about_db, np.linalg.inv(own), about_db)
    together = count * np.einsum("...i,ij,...j->...", mean_db, np.linalg.inv(shared), mean_db)
    return -0.5 * (apart + together)
