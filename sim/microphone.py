"""Kinds of microphones and their specimens; `sim.converter` is what they do to sound."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.errors import BadInput
from scenes.sensor import Microphone

REFERENCE_PA = 20e-6
RESOLUTIONS = (16, 24)
COMPANDING = ("none", "mu-law")
# Share of the baffle's loss at 63 Hz to 8 kHz: a box of 0.1 to 0.2 m hides what is shorter (A).
_BAFFLED = np.array([0.0, 0.0, 0.1, 0.5, 1.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True)
class MicrophoneModel:
    """A kind of microphone; each sensor draws its own specimen.

    Attributes
    ----------
    model : str
        Name of the kind.
    full_scale_db : float
        Peak level of sample value 1.0, dB re 20 uPa.
    noise_floor_db : float
        Self noise, A-weighted equivalent, dB re 20 uPa rms.
    sensitivity_sigma_db : float
        Standard deviation of the sensitivity from specimen to specimen, dB.
    high_pass_hz : float
        Corner of its high-pass, Hz.
    bits : int
        16 or 24.
    capsules : int
        Number of capsules: one in the middle, or several on a level circle ...
    radius_m : float
        ... of this radius, m.
    low_pass_hz : float
        Corner of a first-order low-pass at the top of its response, Hz; 0 is none.
    anti_alias : float
        Share of the sampling rate up to which the filter before the converter passes, 0.05 to 0.45; it stops 100 dB at
        half the rate.
    baffle_db : float
        What its mount, a pole or a wall, takes from notes above 1 kHz from behind, dB; each faces any way.
    limiter_db : float
        Peak level above which its limiter turns the gain down, dB re 20 uPa; 0 is none.
    release_s : float
        Time constant with which the gain comes back, s.
    companding : str
        "none", or "mu-law" (ITU-T G.711).
    high_pass_order : int
        Order of the high-pass (Butterworth), 1 to 4: a capsule alone has 1, a codec of telephony about 3.
    """

    model: str = "street"
    full_scale_db: float = 93.0
    noise_floor_db: float = 32.0
    sensitivity_sigma_db: float = 1.5
    high_pass_hz: float = 20.0
    bits: int = 24
    capsules: int = 1
    radius_m: float = 0.0
    low_pass_hz: float = 0.0
    anti_alias: float = 0.4
    baffle_db: float = 0.0
    limiter_db: float = 0.0
    release_s: float = 0.3
    companding: str = "none"
    high_pass_order: int = 1

    def draw(self, rate_hz: int, rng: np.random.Generator) -> Microphone:
        """Draw one specimen that samples at a rate, Hz.

        Raises
        ------
        BadInput
            When there is no such microphone, one line a mistake.
        """
        mistakes = [
            *([] if self.bits in RESOLUTIONS else [f"sensor.bits must be 16 or 24, not {self.bits}"]),
            *([] if self.capsules >= 1 else [f"sensor.capsules must be 1 or more, not {self.capsules}"]),
            *(
                []
                if self.high_pass_hz > 0.0
                else [f"sensor.high_pass_hz must be above 0, not {self.high_pass_hz}"]
            ),
            *(
                []
                if self.companding in COMPANDING
                else [f"sensor.companding must be one of {', '.join(COMPANDING)}, not {self.companding!r}"]
            ),
        ]
        if mistakes:
            raise BadInput("\n".join(mistakes))
        turns = 2.0 * np.pi * np.arange(self.capsules) / self.capsules
        radius = self.radius_m if self.capsules > 1 else 0.0
        places = [(radius * np.cos(turn), radius * np.sin(turn), 0.0) for turn in turns]
        sensitivity_db = self.sensitivity_sigma_db * rng.standard_normal()
        return Microphone(
            model=self.model,
            full_scale_pa=REFERENCE_PA * 10.0 ** (self.full_scale_db / 20.0),
            noise_floor_db=self.noise_floor_db,
            sensitivity_db=sensitivity_db,
            bits=self.bits,
            rate_hz=rate_hz,
            capsules_m=tuple((float(x), float(y), z) for x, y, z in places),
            high_pass_hz=self.high_pass_hz,
            high_pass_order=self.high_pass_order,
            low_pass_hz=self.low_pass_hz,
            anti_alias=self.anti_alias,
            baffle_db=self.baffle_db,
            facing_deg=float(rng.uniform(0.0, 360.0)) if self.baffle_db > 0.0 else 0.0,
            limiter_db=self.limiter_db,
            release_s=self.release_s,
            companding=self.companding,
        )


MICROPHONES: dict[str, MicrophoneModel] = {
    # Street sensors of a city-wide network clip at 93 dB; electret specimens within +-3 dB (two sigma).
    "street": MicrophoneModel(),
    # MEMS: acoustic overload point 120 dB, 65 dB signal-to-noise ratio at 94 dB; specimens within +-1 dB.
    "mems": MicrophoneModel("mems", 120.0, 29.0, 0.5, 35.0, 24),
    # Quarter-inch measurement microphone: calibrated, loud, and noisier for it.
    "measurement": MicrophoneModel("measurement", 140.0, 35.0, 0.1, 5.0, 24),
    # Four street capsules on a circle (the size is an assumption).
    "array": MicrophoneModel("array", capsules=4, radius_m=0.15),
    # A street sensor whose box hides it from what comes from behind, 6 dB above 1 kHz (A).
    "wall": MicrophoneModel("wall", baffle_db=6.0),
    # A telephone as a sensor: MEMS with a limiter that answers loud sound, no bass, 16 bits (A: threshold, release).
    "phone": MicrophoneModel(
        "phone", 115.0, 32.0, 2.0, 100.0, 16, low_pass_hz=12_000.0, limiter_db=95.0, release_s=0.4
    ),
    # A street microphone at the end of a telephone line: 8 bits, mu-law, 300 to 3400 Hz.
    "line": MicrophoneModel("line", 100.0, 35.0, 2.0, 300.0, 16, low_pass_hz=3_400.0, companding="mu-law"),
}


def sensitivity(microphone: Microphone) -> float:
    """Return the factor between what the converter takes a pressure for and the pressure."""
    return 10.0 ** (microphone.sensitivity_db / 20.0)


def facing_gain(microphone: Microphone, direction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what a microphone's mount leaves of sound that travels in directions, per octave band.

    Parameters
    ----------
    microphone : Microphone
    direction : ndarray, shape (..., 3)
        Unit vectors.

    Returns
    -------
    ndarray, shape (..., 8)
        Pressure gain, 63 Hz to 8 kHz: 1 from where it faces, `baffle_db` less from behind above 1 kHz, half of that
        abreast; below 250 Hz sound goes round the mount.
    """
    bearing = np.radians(microphone.facing_deg)
    behind = 0.5 * (1.0 + direction @ np.array([np.cos(bearing), np.sin(bearing), 0.0]))
    return 10.0 ** (-microphone.baffle_db / 20.0 * behind[..., None] * _BAFFLED)
