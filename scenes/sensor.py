"""Sensors as they truly are (what their operator believes is a `detector.site.Station`)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clock:
    """Time on the sensor = t + offset_s + skew * t + jitter, with t the true time in seconds.

    `jitter_s` is the standard deviation of the white timing error of one time stamp, s. At the true time
    `step_at_s` the clock jumps ahead by `step_s` (back, where that is negative).
    """

    offset_s: float = 0.0
    skew: float = 0.0
    jitter_s: float = 0.0
    step_s: float = 0.0
    step_at_s: float = 0.0


@dataclass(frozen=True)
class Microphone:
    """A microphone and its converter.

    Attributes
    ----------
    model : str
        Name of the model ("street", "mems", "measurement").
    full_scale_pa : float
        Peak pressure of sample value 1.0, Pa; louder sounds clip.
    noise_floor_db : float
        Self noise, A-weighted equivalent, dB re 20 uPa rms.
    sensitivity_db : float
        Departure of this specimen from its model's sensitivity, dB; the operator does not know it.
    bits : int
        16 or 24.
    rate_hz : int
        Sampling rate, Hz.
    capsules_m : tuple of (x, y, z)
        Position of each capsule relative to the sensor, m; one at the origin is the usual case.
    high_pass_hz, high_pass_order : float, int
        Corner, Hz, and order of its Butterworth high-pass.
    low_pass_hz : float
        Corner of a first-order low-pass at its top, Hz; 0 is none.
    anti_alias : float
        Share of the sampling rate up to which the filter before the converter passes; at half the rate it stops.
    baffle_db, facing_deg : float
        What the mount takes from high notes from behind, dB, and the bearing it faces, counter-clockwise from east.
    limiter_db, release_s : float
        Peak level above which a limiter turns the gain down, dB re 20 uPa (0 is none), and the time constant with
        which it comes back, s.
    companding : str
        "none", or "mu-law": 8 bits on a logarithmic scale (ITU-T G.711) on the way.
    windscreen_db, windscreen_hz : float
        What a wet windscreen takes from low notes, dB, and from where it takes more, by 6 dB an octave, Hz;
        a dry one (0 dB) takes nothing.
    """

    model: str = "street"
    full_scale_pa: float = 0.9
    noise_floor_db: float = 32.0
    sensitivity_db: float = 0.0
    bits: int = 24
    rate_hz: int = 48_000
    capsules_m: tuple[tuple[float, float, float], ...] = ((0.0, 0.0, 0.0),)
    high_pass_hz: float = 20.0
    high_pass_order: int = 1
    low_pass_hz: float = 0.0
    anti_alias: float = 0.4
    baffle_db: float = 0.0
    facing_deg: float = 0.0
    limiter_db: float = 0.0
    release_s: float = 0.3
    companding: str = "none"
    windscreen_db: float = 0.0
    windscreen_hz: float = 400.0

    @property
    def sampling(self) -> tuple[int, float]:
        """What decides which filters sound meets on its way into samples: rate, Hz, and `anti_alias`."""
        return self.rate_hz, self.anti_alias


@dataclass(frozen=True)
class Sensor:
    """A sensor: its name, TRUE position [x, y, z] m, clock, microphone, and whether it delivers anything."""

    id: str
    position_m: tuple[float, float, float]
    clock: Clock = field(default_factory=Clock)
    microphone: Microphone = field(default_factory=Microphone)
    alive: bool = True
