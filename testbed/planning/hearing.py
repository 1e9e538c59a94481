"""From levels to the probability that a sensor reports a shot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from scenes.ambient import OCTAVES_HZ, Ambient
from scenes.sensor import Microphone
from sim.ambient import noise_levels
from testbed.planning.blast_band import band_pass
from testbed.planning.gunfire import SharedDraws, aim_gain_db, mean_aim_gain

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Hearing:
    """When a sensor reports a shot: p = works * plain * Phi((SNR - threshold) / sigma).

    SNR is the level 1 m beside the muzzle (`SharedDraws`), plus what ways and facades that scatter leave of the energy
    in the detector's band, less the noise in that band.

    Attributes
    ----------
    threshold_db : float
        SNR of an even chance, dB.
    sigma_db : float
        What levels scatter by beyond what the paths and the weapon explain, dB.
    plain : float
        Nothing is heard more surely than this: masked by other sounds, in dead time.
    works : float
        Share of the time that a sensor works.

    Notes
    -----
    The defaults were fitted by maximum likelihood to shots in the authored blocks crossroads-v1 and grid-v1 with the
    default detector (`tests/bench/hearing_bench.py`); no real neighbourhood had a part in them.
    """

    threshold_db: float = 29.0
    sigma_db: float = 7.5
    plain: float = 0.995
    works: float = 1.0


def noise_db(ambient: Ambient, microphone: Microphone) -> float:
    """Return the noise of street and microphone in the detector's band, dB re 20 uPa rms."""
    octaves = np.array(OCTAVES_HZ)
    levels = noise_levels(ambient, 0.0, microphone)
    return float(10.0 * np.log10(np.sum(band_pass(octaves) * 10.0 ** (levels / 10.0))))


def signal_to_noise_db(
    gain_db: npt.NDArray[np.floating],
    bearing_rad: npt.NDArray[np.floating],
    noise_in_band_db: float | Floats,
    draws: SharedDraws,
) -> Floats:
    """Return the SNR at each sensor, dB, given what all sensors share.

    Parameters
    ----------
    gain_db : ndarray, shape (...)
        From `testbed.planning.levels`: level in the detector's band re that at 1 m, dB; -inf where no way leads.
    bearing_rad : ndarray, shape (...)
        From the source to the sensor, counter-clockwise from east.
    noise_in_band_db : float or ndarray broadcastable to (...)
    draws : SharedDraws

    Returns
    -------
    ndarray, shape (..., d)
    """
    snr = gain_db[..., None] + aim_gain_db(bearing_rad, draws) + draws.level_db
    return snr - np.asarray(noise_in_band_db)[..., None]


def total_to_noise_db(
    gain_db: npt.NDArray[np.floating],
    way_db: npt.NDArray[np.floating],
    bearing_rad: npt.NDArray[np.floating],
    noise_in_band_db: float | Floats,
    draws: SharedDraws,
) -> Floats:
    """Return the SNR of all that arrives at each sensor, dB, shape (..., d).

    As `signal_to_noise_db`, but only the ways (`way_db`) are louder in the line of fire. What facades scatter left the
    gun in every direction of the street.
    """
    way = 10.0 ** (way_db / 10.0)
    tail = np.maximum(10.0 ** (gain_db / 10.0) - way, 0.0)
    aimed = 10.0 ** (aim_gain_db(bearing_rad, draws) / 10.0)
    power = way[..., None] * aimed + tail[..., None] * mean_aim_gain(draws)
    level = 10.0 * np.log10(np.maximum(power, 1e-30)) + draws.level_db
    return level - np.asarray(noise_in_band_db)[..., None]


def chances(snr_db: npt.NDArray[np.floating], hearing: Hearing) -> Floats:
    """Return the probability that a sensor reports a shot of some SNR, of the array's shape."""
    return hearing.works * hearing.plain * ndtr((snr_db - hearing.threshold_db) / hearing.sigma_db)
