"""What a source radiates."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.errors import BadInput
from scenes.event import Event

EMISSION_RATE_HZ = 192_000
REFERENCE_PA = 20e-6

Directivity = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Emission:
    """Sound that leaves from one point.

    Attributes
    ----------
    position_m : ndarray, shape (3,)
    delay_s : float
        Start of the waveform after the event's time, s, 0 or more.
    waveform : ndarray, shape (n,)
        Pressure at 1 m in the free field on the axis, Pa, at `EMISSION_RATE_HZ`.
    directivity : callable
        Unit vectors of departure (k, 3) -> pressure gain (k,), 1 on the axis.
    ageing : float
        How fast a blast ages (`sim.sources.blast_wave.ageing`); 0 is sound too weak to.
    """

    position_m: npt.NDArray[np.float64]
    delay_s: float
    waveform: npt.NDArray[np.float64]
    directivity: Directivity
    ageing: float = 0.0


@dataclass(frozen=True, eq=False)
class Shock:
    """A ballistic shock: every receiver hears it from another point of the trajectory, with another waveform.

    Attributes
    ----------
    muzzle_m, direction : ndarray, shape (3,)
        Where the trajectory starts and the unit vector along it.
    range_m : float
        Length of the supersonic trajectory over open ground, m; what stands in the way ends it sooner.
    trace : callable
        Receivers (m, 3), speed of sound m/s, free length of the trajectory m -> one `Emission` each, or None where the
        shock does not pass. The emission's waveform is scaled so that the receiver, at the straight-line distance
        r from `position_m`, gets waveform / r.
    left : callable
        The same arguments -> how far from the muzzle each receiver's shock left, m, NaN where it does not pass.
    """

    muzzle_m: npt.NDArray[np.float64]
    direction: npt.NDArray[np.float64]
    range_m: float
    trace: Callable[[npt.NDArray[np.float64], float, float], tuple["Emission | None", ...]]
    left: Callable[[npt.NDArray[np.float64], float, float], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Source:
    """A plug-in: what a kind of event radiates.

    Attributes
    ----------
    emit : callable
        Event and random generator -> emissions and shocks; the loudest first.
    peak_db : tuple of float
        Lowest and highest peak level of the first emission at 1 m over 99 % of the draws, dB re 20 uPa ...
    reference_deg : float
        ... at this angle off the axis.
    """

    emit: Callable[[Event, np.random.Generator], tuple[Emission | Shock, ...]]
    peak_db: tuple[float, float]
    reference_deg: float = 0.0

    def __call__(self, event: Event, rng: np.random.Generator) -> tuple[Emission | Shock, ...]:
        """Return what the event radiates."""
        return self.emit(event, rng)


def omnidirectional(departure: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the gain 1 for every direction (k, 3)."""
    return np.ones(len(departure))


def pascal(level_db: float) -> float:
    """Return the pressure of a peak level, Pa; dB re 20 uPa."""
    return REFERENCE_PA * 10.0 ** (level_db / 20.0)


def trait(event: Event, name: str, default: float, least: float = -np.inf, most: float = np.inf) -> float:
    """Return a numeric trait of the event, or the default.

    Raises
    ------
    BadInput
        When the trait is not a finite number, or less or more than it can be.
    """
    value = event.traits.get(name, default)
    try:
        number = float(value)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        msg = f"event {event.id}: trait {name} must be a finite number, not {value!r}"
        raise BadInput(msg)
    if name in event.traits and not least <= number <= most:
        msg = f"event {event.id}: trait {name} must be {least:g} to {most:g}, not {number:g}"
        raise BadInput(msg)
    return number


def choice(event: Event, name: str, known: Collection[str], default: str) -> str:
    """Return a trait of the event that is one of some words, or the default.

    Raises
    ------
    BadInput
        When it is another word.
    """
    value = event.traits.get(name, default)
    if value not in known:
        msg = f"event {event.id}: trait {name} must be one of {', '.join(known)}, not {value!r}"
        raise BadInput(msg)
    return str(value)


def aim(event: Event, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the unit vector of the traits `azimuth_deg` (drawn when absent) and `elevation_deg` (0 when absent)."""
    azimuth = np.radians(trait(event, "azimuth_deg", rng.uniform(0.0, 360.0)))
    elevation = np.radians(trait(event, "elevation_deg", 0.0))
    return np.array(
        [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
    )
