"""Kinds of microphones and their specimens; `sim.converter` is what they do to sound."""

from dataclasses import dataclass

import numpy as np

from scenes.errors import BadInput
from scenes.sensor import Microphone

REFERENCE_PA = 20e-6
RESOLUTIONS = (16, 24)


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
        Corner of its first-order high-pass, Hz.
    bits : int
        16 or 24.
    capsules : int
        Number of capsules: one in the middle, or several on a level circle ...
    radius_m : float
        ... of this radius, m.
    """

    model: str = "street"
    full_scale_db: float = 93.0
    noise_floor_db: float = 32.0
    sensitivity_sigma_db: float = 1.5
    high_pass_hz: float = 20.0
    bits: int = 24
    capsules: int = 1
    radius_m: float = 0.0

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
        ]
        if mistakes:
            raise BadInput("\n".join(mistakes))
        turns = 2.0 * np.pi * np.arange(self.capsules) / self.capsules
        radius = self.radius_m if self.capsules > 1 else 0.0
        places = [(radius * np.cos(turn), radius * np.sin(turn), 0.0) for turn in turns]
        return Microphone(
            model=self.model,
            full_scale_pa=REFERENCE_PA * 10.0 ** (self.full_scale_db / 20.0),
            noise_floor_db=self.noise_floor_db,
            sensitivity_db=self.sensitivity_sigma_db * rng.standard_normal(),
            bits=self.bits,
            rate_hz=rate_hz,
            capsules_m=tuple((float(x), float(y), z) for x, y, z in places),
            high_pass_hz=self.high_pass_hz,
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
}


def sensitivity(microphone: Microphone) -> float:
    """Return the factor between what the converter takes a pressure for and the pressure."""
    return 10.0 ** (microphone.sensitivity_db / 20.0)
