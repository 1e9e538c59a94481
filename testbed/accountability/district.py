"""A district: what bangs in it, how often and when, and the network that listens."""

import calendar
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenes.errors import BadInput
from testbed.labels import LABELS

HOURS, MONTHS = 24, 12
SHARES = (
    "suppressed_share", "doorway_share", "car_share", "rain_share", "outage_share", "call_least", "recovery_rate",
    "dismissal_rate",
)  # fmt: skip
POSITIVE = ("area_km2", "gunshots_per_km2_year", "wind_mps", "sensors_per_km2", "holiday_factor")
# (A) Shape of a day in steps of three hours from midnight: gunfire at night, fireworks after dusk, backfires, slams and
# works with the traffic. Only the shares matter, not their sum.
NIGHTLY = (1.9, 0.9, 0.35, 0.35, 0.5, 0.8, 1.3, 2.0)
AT_DUSK = (0.5, 0.1, 0.1, 0.15, 0.3, 0.5, 2.5, 3.8)
DAILY = (0.25, 0.4, 1.4, 1.4, 1.4, 1.6, 1.1, 0.5)
SUMMER = (0.7, 0.7, 0.8, 0.9, 1.1, 1.3, 1.5, 1.3, 1.1, 1.0, 0.8, 0.8)
EVEN = (1.0,) * MONTHS
# (A) Street noise over the night's, dB, in the same steps: it goes with the traffic.
NOISE_DB = (0.0, 1.5, 7.5, 9.0, 9.0, 10.0, 7.0, 2.0)
STEP_H = 3


@dataclass(frozen=True)
class District:
    """What happens in a district and who listens.

    The shares of classes are those of the loud impulses that a detector reports (a city pilot dismissed 88 % of 16,102
    detections); how the rest divides, and all shapes over day and year, are assumptions (A) to be swept.

    Attributes
    ----------
    area_km2 : float
    gunshots_per_km2_year : float
        Incidents of gunfire, outdoors.
    fireworks_per_gunshot, backfires_per_gunshot, others_per_gunshot : float
        Incidents of the other classes for each of gunfire, over a year.
    holidays : tuple of (month, day)
        Evenings of fireworks ...
    holiday_factor : float
        ... with so many times the fireworks of a mean day, from 18 h to 2 h.
    suppressed_share, doorway_share, car_share : float
        Shares of gunfire with a suppressor, out of a doorway, out of a car.
    wind_mps : float
        Mean speed of the wind (A); single hours follow Rayleigh's law, as winds over land roughly do.
    rain_share : float
        Share of the time that it rains (A).
    sensors_per_km2 : float
    outage_share : float
        Share of the time for which each sensor is out.
    call_least : float
        Belief in gunfire from which an alert is sent out; the detector's own call where 0.
    recovery_rate : float
        Share of alerts to gunfire at which evidence is found: UNKNOWN, a parameter.
    dismissal_rate : float
        Share of alerts to anything else that somebody shows to be false: UNKNOWN, a parameter.
    """

    area_km2: float = 10.0
    gunshots_per_km2_year: float = 80.0
    fireworks_per_gunshot: float = 4.0
    backfires_per_gunshot: float = 1.67
    others_per_gunshot: float = 1.67
    holidays: tuple[tuple[int, int], ...] = ((7, 3), (7, 4), (12, 31))
    holiday_factor: float = 60.0
    suppressed_share: float = 0.02
    doorway_share: float = 0.1
    car_share: float = 0.15
    wind_mps: float = 3.0
    rain_share: float = 0.06
    sensors_per_km2: float = 10.0
    outage_share: float = 0.05
    call_least: float = 0.0
    recovery_rate: float = 0.2
    dismissal_rate: float = 0.5

    def __post_init__(self) -> None:
        """Refuse numbers that no district has."""
        mistakes = [
            f"{name} is {value:g}; accepted is 0 to 1"
            for name in SHARES
            if not 0.0 <= (value := getattr(self, name)) <= 1.0
        ]  # fmt: skip
        mistakes += [
            f"{name} is {value:g}; accepted is above 0"
            for name in POSITIVE
            if not (value := getattr(self, name)) > 0.0
        ]
        for month, day in self.holidays:
            if not (1 <= month <= MONTHS and 1 <= day <= calendar.monthrange(2024, month)[1]):
                mistakes.append(f"holidays: month {month}, day {day} is no day")
        if mistakes:
            raise ValueError("\n".join(mistakes))

    @property
    def per_year(self) -> dict[str, float]:
        """Incidents of each label in the whole district and a mean year."""
        guns = self.area_km2 * self.gunshots_per_km2_year
        factors = (1.0, self.fireworks_per_gunshot, self.backfires_per_gunshot, self.others_per_gunshot)
        return {label: guns * factor for label, factor in zip(LABELS, factors, strict=True)}


@dataclass(frozen=True, eq=False)
class Acts:
    """Incidents of some months, one entry each.

    Attributes
    ----------
    label : ndarray of int, shape (n,)
        Index into `LABELS`.
    month, hour : ndarray of int, shape (n,)
        Months count from 0 at the beginning of the simulation.
    holiday : ndarray of bool, shape (n,)
    noise_db : ndarray, shape (n,)
        Street noise, without that of the weather, over the night's, dB.
    wind_mps : ndarray, shape (n,)
        Speed of the wind, m/s.
    rain : ndarray of bool, shape (n,)
    nearest_m, fourth_m : ndarray, shape (n,)
        Distance to the nearest and the fourth nearest sensor that worked, m.
    nearest_any_m : ndarray, shape (n,)
        To the nearest sensor, working or not, m.
    suppressed, doorway, car : ndarray of bool, shape (n,)
    """

    label: npt.NDArray[np.int64]
    month: npt.NDArray[np.int64]
    hour: npt.NDArray[np.int64]
    holiday: npt.NDArray[np.bool_]
    noise_db: npt.NDArray[np.float64]
    wind_mps: npt.NDArray[np.float64]
    rain: npt.NDArray[np.bool_]
    nearest_m: npt.NDArray[np.float64]
    fourth_m: npt.NDArray[np.float64]
    nearest_any_m: npt.NDArray[np.float64]
    suppressed: npt.NDArray[np.bool_]
    doorway: npt.NDArray[np.bool_]
    car: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of incidents."""
        return len(self.label)


def draw_acts(district: District, months: int, rng: np.random.Generator) -> Acts:
    """Draw what happens in so many months, from January on; Poisson in number, the clock and the calendar as shaped.

    Raises
    ------
    BadInput
        When there would be more than ten million incidents.
    """
    expected = sum(district.per_year.values()) * months / MONTHS
    if expected > 1e7:
        raise BadInput(f"the district would have {expected:.0f} incidents; accepted are up to 10 million")
    parts = [_draw_label(district, months, i, rng) for i in range(len(LABELS))]
    label, month, hour, holiday = (np.concatenate(column) for column in zip(*parts, strict=True))
    n = len(label)
    nearest, fourth, any_m = _draw_distances(district, n, rng)
    gun = label == 0
    where = rng.uniform(size=n)
    doorway = gun & (where < district.doorway_share)
    car = gun & ~doorway & (where < district.doorway_share + district.car_share)
    suppressed = gun & (rng.uniform(size=n) < district.suppressed_share)
    noise = np.array(NOISE_DB)[hour // STEP_H] + rng.normal(0.0, 2.0, n)
    # Acts are days apart: each has weather of its own.
    wind = rng.rayleigh(district.wind_mps / np.sqrt(0.5 * np.pi), n)
    rain = rng.uniform(size=n) < district.rain_share
    return Acts(
        label, month, hour, holiday, noise, wind, rain, nearest, fourth, any_m, suppressed, doorway, car
    )


def _draw_label(
    district: District, months: int, index: int, rng: np.random.Generator
) -> tuple[npt.NDArray, ...]:
    label = LABELS[index]
    day = {"gunshot": NIGHTLY, "firework": AT_DUSK}.get(label, DAILY)
    year = SUMMER if label in {"gunshot", "firework"} else EVEN
    monthly = district.per_year[label] / MONTHS * np.array([year[m % MONTHS] for m in range(months)])
    counts = rng.poisson(monthly)
    month = np.repeat(np.arange(months), counts)
    hour = rng.choice(HOURS, len(month), p=np.repeat(day, STEP_H) / (STEP_H * sum(day)))
    holiday = np.zeros(len(month), bool)
    if label == "firework":
        # A mean day's fireworks times the factor, in the eight hours from 18 h.
        nights = [m for m in range(months) for wanted, _ in district.holidays if m % MONTHS == wanted - 1]
        more = rng.poisson(district.per_year[label] / 365.0 * district.holiday_factor, len(nights))
        extra = np.repeat(np.array(nights, dtype=np.int64), more)
        month = np.concatenate([month, extra])
        hour = np.concatenate([hour, (18 + rng.integers(0, 8, len(extra))) % HOURS])
        holiday = np.concatenate([holiday, np.ones(len(extra), bool)])
    return np.full(len(month), index), month, hour, holiday


def _draw_distances(
    district: District, n: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], ...]:
    """Distances to working sensors of a jittered square grid, each out for a share of the time."""
    pitch = 1000.0 / np.sqrt(district.sensors_per_km2)
    steps = np.arange(-3, 4)
    grid = pitch * np.array([(x, y) for x in steps for y in steps], float)
    result = np.empty((3, n))
    for start in range(0, n, 20_000):
        size = min(20_000, n - start)
        spot = rng.uniform(-0.5, 0.5, (size, 1, 2)) * pitch
        there = grid[None] + rng.normal(0.0, 0.2 * pitch, (size, len(grid), 2))
        away = np.hypot(*(there - spot).transpose(2, 0, 1))
        works = rng.uniform(size=away.shape) >= district.outage_share
        heard = np.sort(np.where(works, away, 1e4), axis=1)
        result[:, start : start + size] = heard[:, 0], heard[:, 3], away.min(axis=1)
    return tuple(result)
