"""The ground's answer tells a hand's height from the street's: known answers, made with two rays."""

import numpy as np
import pytest

from detector.features import FEATURES, OCTAVES_HZ
from detector.ground_evidence import GROUND, interfere, measure_ground
from detector.incident import Incident
from detector.pulse import Pulses
from detector.site import AirReading, Site, Station

STATION_M, SPEED = 6.0, AirReading().sound_speed_mps
AWAY_M = np.array([50.0, 90.0, 140.0, 200.0])


def make_site() -> Site:
    stations = [
        Station(f"S{k}", (float(a), 0.0, STATION_M), 0.1, np.zeros((1, 3)), 48e3, 0.9, 1e-3)
        for k, a in enumerate(AWAY_M)
    ]
    return Site(tuple(stations), AirReading())


def measure(height_m: float, colour_db: np.ndarray | None = None, faint: bool = False) -> dict[str, float]:
    """Return the evidence of a white bang by a direct ray and one from hard ground, coloured alike at all stations."""
    octave_db = np.array([two_rays_db(height_m, float(a)) for a in AWAY_M])
    octave_db += 0.0 if colour_db is None else colour_db
    features = np.zeros((4, len(FEATURES)))
    bands = [FEATURES.index(f"band_{f:.0f}_db") for f in OCTAVES_HZ]
    features[:, bands] = octave_db - 10.0 * np.log10((10.0 ** (octave_db / 10.0)).sum(axis=1))[:, None]
    n = len(AWAY_M)
    level_db = np.full(n, 150.0) - 20.0 * np.log10(AWAY_M)
    snr_db = np.full(n, 3.0 if faint else 20.0)
    pulses = Pulses(
        np.arange(n, dtype=np.int32), AWAY_M / SPEED, np.full(n, 1e-3), level_db, snr_db, np.zeros(n, np.bool_),
        features,
    )  # fmt: skip
    incident = Incident(np.zeros(2), np.zeros(1), np.arange(n), np.zeros(n, dtype=np.int64), 9.0)
    said = measure_ground(make_site(), pulses, incident, np.zeros(2))
    return dict(zip(GROUND, said.tolist(), strict=True))


def two_rays_db(height_m: float, away_m: float) -> np.ndarray:
    """Return the octaves' mean power of both rays, by their lengths, dB (4,)."""
    direct_m, ground_m = (np.hypot(away_m, STATION_M + sign * height_m) for sign in (-1.0, 1.0))
    frequency_hz = np.array(OCTAVES_HZ)[:, None] * np.linspace(2**-0.5, 2**0.5, 200)
    late = 2.0j * np.pi * frequency_hz * (ground_m - direct_m) / SPEED
    power = np.abs(1.0 + 0.9 * np.exp(late)) ** 2
    return 10.0 * np.log10(power.mean(axis=1))


def test_the_octave_half_a_period_late_is_weak() -> None:
    # 2 * 1.5 m * 6 m / 100 m is half of a wave of 0.36 m, that is of 950 Hz.
    held_db = interfere(np.array([9.0]), np.array([100.0]), SPEED)[0]
    assert int(np.argmin(held_db)) == OCTAVES_HZ.index(1000.0)
    assert held_db[0] - held_db[2] > 6.0
    near_ground_db = interfere(np.array([0.1]), np.array([100.0]), SPEED)[0]
    assert np.ptp(near_ground_db) < 0.1


@pytest.mark.parametrize(
    "colour_db", [np.zeros(4), np.array([0.0, -3.0, -6.0, -9.0]), np.array([-9.0, 0.0, 2.0, 0.0])]
)
def test_a_gun_is_held_and_a_cracker_lies_whatever_colours_the_sound(colour_db: np.ndarray) -> None:
    gun, cracker = measure(1.5, colour_db), measure(0.05, colour_db)
    assert gun["held_over_ground_nats"] > 2.0
    assert cracker["held_over_ground_nats"] < -2.0
    assert gun["log10_height_product_m2"] == pytest.approx(np.log10(1.5 * STATION_M), abs=0.2)


def test_a_tailpipe_is_told_from_a_hand() -> None:
    assert measure(0.4)["held_over_tailpipe_nats"] < 0.0 < measure(1.5)["held_over_tailpipe_nats"]


def test_a_burst_in_the_sky_is_not_held() -> None:
    assert measure(8.0)["held_under_sky_nats"] < 0.0 < measure(1.5)["held_under_sky_nats"]


def test_faint_pulses_are_asked_where_there_are_no_others() -> None:
    assert measure(1.5, faint=True) == measure(1.5)
