"""The site as its operator knows it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.detour import Detours


@dataclass(frozen=True)
class AirReading:
    """The thermometer and the anemometer: degC, percent, m/s [east, north] where the air goes."""

    temperature_c: float = 15.0
    humidity: float = 60.0
    wind_mps: tuple[float, float] = (0.0, 0.0)

    @property
    def sound_speed_mps(self) -> float:
        """Speed of sound at the read temperature, m/s: 331.3 sqrt(1 + T / 273.15 K)."""
        return 331.3 * (1.0 + self.temperature_c / 273.15) ** 0.5


@dataclass(frozen=True)
class AudioPiece:
    """One file of a station: path relative to the folder, time of its first sample s (station clock), samples."""

    file: str
    start_s: float
    samples: int


@dataclass(frozen=True, eq=False)
class Station:
    """A station as surveyed.

    Attributes
    ----------
    id : str
    position_m : tuple of float
        [east, north, up], m, as surveyed.
    position_sigma_m : float
        Standard deviation of each coordinate of the survey, m.
    microphones_m : ndarray, shape (channels, 3)
        Capsules relative to the position, m.
    rate_hz : float
        Sampling rate of its audio, Hz; 0 where there is none.
    full_scale_pa : float
        Peak pressure of sample value 1.0, Pa.
    clock_sigma_s : float
        Standard deviation of its clock, s.
    audio : tuple of AudioPiece
        In time order; empty for a dead station and for pulse tables.
    """

    id: str
    position_m: tuple[float, float, float]
    position_sigma_m: float
    microphones_m: npt.NDArray[np.float64]
    rate_hz: float
    full_scale_pa: float
    clock_sigma_s: float
    audio: tuple[AudioPiece, ...] = ()


@dataclass(frozen=True, eq=False)
class Site:
    """Stations, the air as read, the epoch (ISO 8601 UTC or None), the origin (lon, lat or None), a map's delays."""

    stations: tuple[Station, ...]
    air: AirReading
    epoch_utc: str | None = None
    origin: tuple[float, float] | None = None
    detours: Detours | None = None

    @property
    def positions_m(self) -> npt.NDArray[np.float64]:
        """Positions of the stations, shape (n, 3), m."""
        return np.array([s.position_m for s in self.stations], dtype=np.float64).reshape(-1, 3)
