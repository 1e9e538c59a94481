"""Pulses: impulsive arrivals at single stations; and whether a table of them can be used."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detector.errors import BadInput
from detector.site import Site

REFERENCE_PA = 20e-6


@dataclass(frozen=True, eq=False)
class Pulses:
    """n pulses of all stations, sorted by time, then station.

    Attributes
    ----------
    station : ndarray of int32, shape (n,)
        Index into `Site.stations`.
    time_s : ndarray, shape (n,)
        First arrival, s, on the station's own clock.
    sigma_s : ndarray, shape (n,)
        Standard deviation of the onset as measured (not of the straight-line model), s.
    level_db : ndarray, shape (n,)
        Peak pressure level, dB re 20 uPa; NaN where unknown.
    snr_db : ndarray, shape (n,)
        Peak of the onset kernel over the noise floor, dB; NaN where unknown.
    clipped : ndarray of bool, shape (n,)
    features : ndarray, shape (n, f)
        Evidence for the class (`detector.features.FEATURES`); f is 0 for pulse tables.
    azimuth_rad, azimuth_sigma_rad : ndarray, shape (n,), optional
        From where it came, counter-clockwise from east, and the standard deviation of that as measured; NaN where
        unknown, as at stations with a single microphone.
    p_shock : ndarray, shape (n,), optional
        Probability that it is the shock of a bullet and not the sound of a muzzle (`detector.n_wave`); 0 where unknown.
    """

    station: npt.NDArray[np.int32]
    time_s: npt.NDArray[np.float64]
    sigma_s: npt.NDArray[np.float64]
    level_db: npt.NDArray[np.float64]
    snr_db: npt.NDArray[np.float64]
    clipped: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float64]
    azimuth_rad: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    azimuth_sigma_rad: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    p_shock: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        """Say of bearings and shocks that were not given that they are unknown."""
        for name, unknown in (("azimuth_rad", np.nan), ("azimuth_sigma_rad", np.nan), ("p_shock", 0.0)):
            if len(getattr(self, name)) != len(self.time_s):
                object.__setattr__(self, name, np.full(len(self.time_s), unknown))

    def __len__(self) -> int:
        """Return the number of pulses."""
        return len(self.time_s)


def check_pulses(site: Site, pulses: Pulses) -> None:
    """Say what is wrong with pulses.

    Raises
    ------
    BadInput
        Times that are no numbers, stations that are not on the site, standard deviations that are not positive.
    """
    if len(pulses) == 0:
        return
    wrong: list[str] = []
    if not np.all(np.isfinite(pulses.time_s)):
        wrong.append(
            f"pulse {int(np.flatnonzero(~np.isfinite(pulses.time_s))[0])}: time_s is not a finite number"
        )
    if pulses.station.min() < 0 or pulses.station.max() >= len(site.stations):
        wrong.append(f"pulses: station index outside 0 .. {len(site.stations) - 1}")
    if not np.all(np.isfinite(pulses.sigma_s)) or np.any(pulses.sigma_s <= 0.0):
        bad = int(np.flatnonzero(~(pulses.sigma_s > 0.0) | ~np.isfinite(pulses.sigma_s))[0])
        wrong.append(f"pulse {bad}: sigma_s is {pulses.sigma_s[bad]}, not a positive number")
    if wrong:
        raise BadInput("\n".join(wrong))


def first_of_each(pulses: Pulses, duplicate_s: float) -> npt.NDArray[np.bool_]:
    """Mark the pulses (n,) that do not repeat one of the same station."""
    keep = np.ones(len(pulses), bool)
    order = np.lexsort((pulses.time_s, pulses.station))
    same = np.diff(pulses.station[order]) == 0
    close = np.diff(pulses.time_s[order]) < duplicate_s
    keep[order[1:][same & close]] = False
    return keep
